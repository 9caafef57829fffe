"""How the lines of a sale share the value that it used: what a return of each gives back as value, not as money.

Pure: no Django, no database, no clock. Money is integer cents, points and stamps are integer hundredths.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from loyalty.redeemed import Redeemed
from retail import money


class SpentShare(Struct, frozen=True, kw_only=True, gc=False):
    """What one line carries of one redeemed value: cents, and units where it is points or stamps."""

    amount: int
    units: int = 0


def spent_shares(redeemed: Sequence[Redeemed], refundable: Mapping[int, int]) -> list[dict[int, SpentShare]]:
    """Return for each redeemed value its shares by line number, in proportion to what the lines are worth in a return.

    No line carries more than it is worth, whatever was redeemed together. A reward stands on its own line; a gift and
    what was taken off the delivery fee stand on none, and a return gives nothing of them back. Whole points and stamps
    are spread whole.
    """
    rooms = dict(refundable)
    found = []
    for used in redeemed:
        numbers = sorted(rooms) if used.line is None else [used.line]
        shares: dict[int, SpentShare] = {}
        if used.amount and used.target == "sale":
            amounts = money.prorate_within(
                used.amount, [refundable[n] for n in numbers], [rooms[n] for n in numbers]
            )
            units = _whole_parts(used.units or 0, amounts)
            for number, amount, part in zip(numbers, amounts, units, strict=True):
                rooms[number] -= amount
                if amount or part:
                    shares[number] = SpentShare(amount=amount, units=part)
        found.append(shares)
    return found


def _whole_parts(total: int, weights: Sequence[int]) -> list[int]:
    unit = whole_unit(total)
    return [part * unit for part in money.prorate(total // unit, weights)]


def whole_unit(hundredths: int) -> int:
    """Return in what steps a number of points or stamps is split: whole ones when it is whole."""
    return 1 if hundredths % 100 else 100


def units_after_returns(total: int, quantity: Decimal, returned: Decimal) -> int:
    """Return the hundredths of `total` that belong to the first `returned` of `quantity` units, as `retail.money` does."""
    unit = whole_unit(total)
    return money.share_after_returns(total // unit, quantity, returned) * unit
