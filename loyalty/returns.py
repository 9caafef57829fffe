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
    shares: dict[int, dict[int, SpentShare]] = {}
    # What pays some lines only comes first: the others have room elsewhere.
    for place in sorted(range(len(redeemed)), key=lambda place: not _is_pinned(redeemed[place])):
        used = redeemed[place]
        shares[place] = {}
        if used.amount and used.target == "sale":
            amounts = _spread(used, refundable, rooms)
            units = _whole_parts(used.units or 0, list(amounts.values()))
            for (number, amount), part in zip(amounts.items(), units, strict=True):
                rooms[number] -= amount
                if amount or part:
                    shares[place][number] = SpentShare(amount=amount, units=part)
    return [shares[place] for place in range(len(redeemed))]


def _is_pinned(used: Redeemed) -> bool:
    return used.line is not None or bool(used.lines)


def _spread(used: Redeemed, refundable: Mapping[int, int], rooms: Mapping[int, int]) -> dict[int, int]:
    """Return the cents of one value by line. The lines that it paid carry it, as far as they are worth it in a return."""
    if used.line is not None:
        return {used.line: min(used.amount, rooms[used.line])}
    paid = sorted(number for number, _cents in used.lines)
    own = [rooms[number] for number in paid]
    parts = dict(zip(paid, money.prorate_within(used.amount, own, own), strict=True))
    left = used.amount - sum(parts.values())
    if left:
        numbers = sorted(rooms)
        others = [rooms[number] - parts.get(number, 0) for number in numbers]
        rest = money.prorate_within(left, [refundable[number] for number in numbers], others)
        parts = {number: parts.get(number, 0) + cents for number, cents in zip(numbers, rest, strict=True)}
    return parts


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
