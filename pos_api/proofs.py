"""When a sale needs a proof of the person, and what was shown. Values only.

A company asks for one above an amount. It concerns what a customer holds: points, cashback, and stored values that are a
customer's. Money in cents.
"""

from typing import Any

from msgspec import Struct

from campaigns.engine.evaluation import Evaluation
from loyalty.models import AccountKind
from pos_api.selectors import Snapshot

_CUSTOMERS = (AccountKind.POINTS, AccountKind.CASHBACK)


class Proved(Struct, frozen=True, kw_only=True):
    """What was shown: by which method, whose it is (None: nobody's), and else why it does not do.

    `reason` is missing, wrong, locked, no_pin; empty when it is right. `verification` is the one to use up.
    """

    method: str = ""
    customer_id: int | None = None
    reason: str = "missing"
    verification: str = ""


NOT_PROVED = Proved()


class ProofNeeded(Struct, frozen=True, kw_only=True):
    """What the company asks for, and the ids of the customers of stored values that the sale uses."""

    method: str
    customers: frozenset[int]


def without_need(body: dict[str, Any]) -> dict[str, Any]:
    """Return an evaluation's answer without what it says of a proof: a sale that is recorded needs none any more."""
    return {name: value for name, value in body.items() if name not in ("proof_required", "proof_method")}


def proof_needed(evaluation: Evaluation, snapshot: Snapshot) -> ProofNeeded | None:
    """Return what has to be proved for what an evaluation redeems; None when nothing has."""
    asked = snapshot.value.proof or snapshot.presented.proof
    redemption = evaluation.redemption
    if asked is None or redemption is None:
        return None
    above, method = asked
    holders = {row.account: row.customer for row in snapshot.presented.values if row.customer is not None}
    bound = [used for used in redemption.redeemed if used.holder in holders]
    own = [used for used in redemption.redeemed if used.kind in _CUSTOMERS]
    if sum(used.amount + used.forfeited for used in [*own, *bound]) <= above:
        return None
    return ProofNeeded(
        method=method, customers=frozenset(holders[used.holder] for used in bound if used.holder is not None)
    )
