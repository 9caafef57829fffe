"""T16: what is raced elsewhere, with a connection pooler in transaction mode before PostgreSQL."""

from tests.faults import controls, limits, tickets
from tests.faults.pooler import CONNECTIONS
from tests.faults.results import Result
from tests.faults.rig import WORKERS, Rig


def transaction_pooling(rig: Rig, *, quick: bool) -> list[Result]:
    """T16: T1, T2, T3 and T5 at their small sizes, whatever the size of the run; the pooler changes no outcome."""
    with rig.pooled() as pooler:
        mixed, ordered = tickets.mix(rig, quick=True)
        outcomes = {
            "T1": mixed,
            "T7": ordered,
            "T2": tickets.repeat(rig, quick=True),
            "T3": tickets.cut_off(rig, quick=True),
            "T5": limits.use_up(rig, quick=True),
        }
        transactions = pooler.transactions()
        url = rig.clone("t16_control", "fiel")
        foreign, unheld = controls.session_lost(pooler.in_front_of(url))
    direct = sum(controls.session_lost(url))
    return [
        Result(
            test="T16",
            what=f"T1, T2, T3 and T5 through a pooler in transaction mode (pgbouncer), {WORKERS} web processes on {CONNECTIONS} connections: "
            + "; ".join(f"**{name}** {one.what}" for name, one in outcomes.items() if name != "T7"),
            target="the same as without a pooler",
            figure=f"{transactions:,} transactions through the pooler; "
            + "; ".join(f"**{name}** {one.figure}" for name, one in outcomes.items()),
            is_reached=transactions > 0 and all(one.is_reached for one in outcomes.values()),
            control=f"80 settings and locks of a session, looked for in its next transaction: {foreign} settings were another's, "
            f"{unheld} locks not held ({direct} without the pooler)",
            control_failed=foreign > 0 and unheld > 0 and not direct,
        )
    ]
