"""Many tills spend one e-purse at the same moment (T4)."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

from tests.faults import controls, scene
from tests.faults.audit import world
from tests.faults.results import Outcome, Result
from tests.faults.rig import Rig
from tests.faults.tills import Tills

SENDERS = 64
# Sales of one request, each a transaction of its own: the request itself is not what is tried here.
BATCH = 25
HELD = 100


def purse(rig: Rig, *, quick: bool) -> list[Result]:
    """T4: far more sales of 1.00 than an e-purse of 100.00 can pay."""
    outcome = spend(rig, quick=quick)
    controls.prepare(rig.url("t4"))
    beyond = controls.granted_beyond(rig.url("t4"), HELD, tries=400)
    return [
        outcome.against(
            test="T4",
            target=f"{HELD}.00 each time, to the cent",
            control=f"read the balance, compare, write it: {beyond}.00 beyond {HELD}.00",
            control_failed=beyond > 0,
        )
    ]


def spend(rig: Rig, *, quick: bool) -> Outcome:
    """Sell an e-purse, spend it from every sender until long after it is empty, and again with another."""
    from tests.pos_api.till import Till

    # Forty tries for each that can be paid: some minutes on two cores. Most find nothing any more.
    repetitions, tries = (2, 1_000) if quick else (20, 4_000)
    url = rig.clone("t4", "fiel")
    statuses: Counter[str] = Counter()
    paid = []
    with rig.web(url) as web, ThreadPoolExecutor(SENDERS) as pool:
        for _repetition in range(repetitions):
            # A till of its own: what finds nothing any more would lock the look-ups of one.
            with closing(Tills(web.port, Till.open().credential)) as tills:
                answers = spend_one(tills, pool, tries)
                paid.append(answers["1.00"])
                statuses += answers
    broken, said = world()
    refused = statuses["409"]
    wrong = statuses.total() - refused - statuses["1.00"]
    return Outcome(
        what=f"{repetitions} times an e-purse of {HELD}.00, each spent by 1.00 in {tries:,} tries from {SENDERS} senders, {BATCH} sales a request",
        figure=f"{statuses.total():,} tries: {min(paid)}.00 to {max(paid)}.00 paid by each, {refused:,} refused, {wrong} wrong answers, {said}",
        is_reached=set(paid) == {HELD} and not (wrong or broken) and refused == repetitions * (tries - HELD),
    )


def spend_one(tills: Tills, pool: ThreadPoolExecutor, tries: int) -> Counter[str]:
    """Sell an e-purse and try so often to pay 1.00 with it; return how often that was paid, and how often what came instead."""
    _status, card = tills.insist("stored-values/", {"kind": "e_purse", "amount": f"{HELD}.00"})
    found = pool.map(_spend_often, [(tills, card["code"])] * (tries // BATCH))
    return sum(found, start=Counter())


def _spend_often(order: tuple[Tills, str]) -> Counter[str]:
    """Send one list of sales; return by what was paid, or by status, how many there were of each."""
    tills, code = order
    redeem = {"stored_values": [{"code": code, "amount": "1.00"}]}
    left = [scene.plain_sale(total="49.00", redeem=redeem) for _sale in range(BATCH)]
    found: Counter[str] = Counter()
    while left:
        _status, answer = tills.insist("sales/batch/", left)
        results: list[dict[str, Any]] = answer["results"]
        found.update(_outcome(one) for one in results if one["status"] < 500)
        # What the database had no time for is sent again, as a till does.
        left = [left[one["row"]] for one in results if one["status"] >= 500]
    return found


def _outcome(result: dict[str, Any]) -> str:
    if result["status"] in (200, 201):
        [used] = result["sale"]["redeemed"]
        return str(used["amount"])
    return str(result["status"])
