"""Holding a database that was under fire against every promise, and against every answer that was given."""

from tests.faults.tills import Tills
from tests.world import problems


def world() -> tuple[int, str]:
    """Return how many promises are broken, and which."""
    found = problems()
    return len(found), f"{len(found)} broken promises" + "".join(f"; {check}: {d}" for check, d in found[:3])


def all_there(tills: Tills) -> tuple[int, int]:
    """Return how many acknowledged sales and returns are lost, and how many differ from what was answered."""
    from retail.models import Sale, SaleReturn

    stored = dict(Sale.objects.values_list("ticket", "response").iterator())
    lost = different = 0
    for ticket, (_document, body) in tills.acknowledged.items():
        if ticket not in stored:
            lost += 1
        # A sale's state moves on with its returns.
        elif stored[ticket] | {"state": None} != body | {"state": None}:
            different += 1
    known = {
        (str(sale), reference): response
        for sale, reference, response in SaleReturn.objects.values_list("sale__uuid", "reference", "response")
    }
    for sale, back, body in tills.returns:
        found = known.get((sale, back["return"]))
        lost += found is None
        different += found is not None and found != body
    return lost, different
