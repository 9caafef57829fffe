"""Holding a database that was under fire against every promise, and against every answer that was given."""

from typing import Any

from tests.faults.tills import Tills
from tests.world import problems


def world() -> tuple[int, str]:
    """Return how many promises are broken, and which."""
    found = problems()
    return len(found), f"{len(found)} broken promises" + "".join(f"; {check}: {d}" for check, d in found[:3])


def all_there(tills: Tills) -> tuple[int, int]:
    """Return how many acknowledged sales, returns and cards are lost, and how many differ from what was answered."""
    from loyalty.models import Lot
    from retail.models import Sale, SaleReturn

    stored = dict(Sale.objects.values_list("ticket", "response").iterator())
    lost = different = 0
    for ticket, (document, body) in tills.acknowledged.items():
        if ticket not in stored:
            lost += 1
        # A sale's state moves on with its returns.
        elif stored[ticket] | {"state": None} != _as_stored(document, body) | {"state": None}:
            different += 1
    known = {
        (str(sale), reference): response
        for sale, reference, response in SaleReturn.objects.values_list("sale__uuid", "reference", "response")
    }
    for sale, back, body in tills.returns:
        found = known.get((sale, back["return"]))
        lost += found is None
        different += found is not None and found != body
    put_in = {
        cause.rpartition(":")[2]: earned
        for cause, earned in Lot.objects.filter(source="issue").values_list("cause", "earned")
    }
    for reference, amount in (tills.bought | tills.loads).items():
        lost += reference not in put_in
        different += reference in put_in and str(put_in[reference]) != amount
    return lost, different


def _as_stored(document: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """Return an answer without the codes of cards, which stand nowhere."""
    from pos_api.stored_values import masked_answer

    presented = document.get("redeem", {}).get("stored_values", [])
    return masked_answer(body, [one["code"] for one in presented])
