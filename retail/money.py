"""Amounts in integer cents: read, write, round and split them.

This is the only module of Fiel that rounds or splits money. Everything here is exact integer arithmetic; a rate is
given in millionths (`10 %` is `100_000`), which holds every percentage of up to four decimals.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from operator import le

MILLION = 1_000_000
CENTS_LIMIT = 10**14  # numeric(14,2) in the database, with room for sums

_PLAIN_AMOUNT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,2})?", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,6})?", re.ASCII)
_LONGEST_NUMBER = 64
_LONG_AMOUNT = re.compile(r"0*[1-9][0-9]{12,}(\.[0-9]{1,2})?", re.ASCII)
_CENT = Decimal("0.01")


class Rounding(StrEnum):
    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    DOWN = "down"


class OddCent(StrEnum):
    """Who gets the cents that an exact division leaves over."""

    LARGEST_REMAINDER = "largest_remainder"
    FIRST_LINES = "first_lines"
    LAST_LINE = "last_line"
    ROUNDED_THEN_FIRST = "rounded_then_first"


class MoneyError(ValueError):
    """The text or number is not an amount of money exact to the cent."""


class AmountTooLarge(MoneyError):
    """It is an amount, but no column of the database holds it."""


def parse(value: object) -> int:
    """Return the cents of `"12.50"`, `12.5`, `12` or a `Decimal`.

    Raises MoneyError for anything that is not exact to the cent: a third decimal, an exponent, NaN, a bool; AmountTooLarge
    from 1,000,000,000,000.00 on.
    """
    if isinstance(value, bool):
        raise MoneyError("not an amount")
    if isinstance(value, int):
        if value >= CENTS_LIMIT // 100:
            raise AmountTooLarge("too large")
        if value <= -CENTS_LIMIT // 100:
            raise MoneyError("too small")
        return value * 100
    if isinstance(value, Decimal | float):
        # repr() of a float is the shortest text that reads back as it: the text that the sender wrote.
        text = str(value) if isinstance(value, Decimal) else repr(value)
    elif isinstance(value, str):
        text = value
    else:
        raise MoneyError("not an amount")
    if not _PLAIN_AMOUNT.fullmatch(text):
        if _LONG_AMOUNT.fullmatch(text):
            raise AmountTooLarge("too large")
        raise MoneyError("not an amount with at most two decimals")
    whole, _, decimals = text.lstrip("-").partition(".")
    cents = int(whole) * 100 + int((decimals + "00")[:2])
    return -cents if text.startswith("-") else cents


class Fault(StrEnum):
    """What is wrong with what should be an amount."""

    NEGATIVE = "negative"
    TOO_LARGE = "too_large"
    EXPONENT = "exponent"
    FORM = "form"


def fault_of(value: object, *, signed: bool = False) -> Fault:
    """Say what is wrong with a value that was refused as an amount; `signed` ones may be below zero."""
    number = _number(value)
    if number is None:
        return Fault.FORM
    if number.is_signed() and not signed:
        return Fault.NEGATIVE
    if number.copy_abs() >= CENTS_LIMIT // 100:
        return Fault.TOO_LARGE
    return Fault.EXPONENT if isinstance(value, str) and "e" in value.lower() else Fault.FORM


def _number(value: object) -> Decimal | None:
    """Return what is written as a number of any size and precision, None for what is none."""
    if isinstance(value, str):
        return Decimal(value) if len(value) <= _LONGEST_NUMBER and _NUMBER.fullmatch(value) else None
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else None


@lru_cache(maxsize=16_384)
def text(cents: int) -> str:
    """Write cents as the API does: `1250` is `"12.50"`. The same few prices are written all day."""
    if cents < 0:
        return "-" + text(-cents)
    return f"{cents // 100}.{cents % 100:02d}"


def from_decimal(amount: Decimal) -> int:
    """Return the cents of a Decimal with at most two places; raises MoneyError when it has more."""
    scaled = amount.scaleb(2)
    cents = int(scaled)
    if cents != scaled:
        raise MoneyError("not exact to the cent")
    return cents


def to_decimal(cents: int) -> Decimal:
    """Return the amount as a Decimal with two places."""
    return Decimal(cents).scaleb(-2).quantize(_CENT)


def divide(numerator: int, denominator: int, rounding: str = Rounding.HALF_UP) -> int:
    """Return numerator / denominator (denominator > 0) as an integer, rounded. `half_up` rounds away from zero."""
    if numerator < 0:
        return -divide(-numerator, denominator, rounding)
    quotient, rest = divmod(numerator, denominator)
    if rounding == "down" or not rest:
        return quotient
    twice = rest * 2
    if twice > denominator or (twice == denominator and (rounding == "half_up" or quotient % 2)):
        return quotient + 1
    return quotient


def percent_of(cents: int, millionths: int, rounding: str = Rounding.HALF_UP) -> int:
    """Return the share of an amount that a rate in millionths takes."""
    return divide(cents * millionths, MILLION, rounding)


def with_ending(cents: int, ending: int) -> int:
    """Return the amount nearest to `cents` (>= 0) whose last two digits are `ending` (0 to 99); of two, the greater.

    12,34 with ending 99 is 11,99; what lies below the smallest such amount becomes that one: 0,10 is 0,99.
    """
    return max(divide(cents - ending, 100) * 100 + ending, ending)


def gross(unit_price: int, quantity: Decimal) -> int:
    """Return quantity x unit price in cents, rounded half up. The quantity has at most three decimals."""
    whole = int(quantity)
    if whole == quantity:
        return unit_price * whole
    return divide(unit_price * int(quantity.scaleb(3)), 1000)


def prorate(total: int, weights: Sequence[int], odd_cent: str = OddCent.LARGEST_REMAINDER) -> list[int]:
    """Split `total` cents (>= 0) in proportion to the weights (each >= 0); the parts always add up to the total.

    By default the cents that are left over go to the largest remainders; ties go to the earlier position. With
    weights that are all zero the first position takes everything, so that no cent is ever lost.
    """
    if not weights:
        if total:
            raise ValueError("nothing to split over")
        return []
    whole = sum(weights)
    if not whole:
        return [total] + [0] * (len(weights) - 1)
    if odd_cent == "rounded_then_first":
        # Half a cent is rounded down here, as in the product that this way of splitting comes from.
        parts = [(2 * total * weight + whole - 1) // (2 * whole) for weight in weights]
        _settle_difference(parts, weights, total)
        return parts
    products = [total * weight for weight in weights]
    parts = [product // whole for product in products]
    left = total - sum(parts)
    if not left:
        return parts
    remainders = [product % whole for product in products]
    if odd_cent == "largest_remainder":
        # A reversed sort keeps equal remainders in line order.
        order = sorted(range(len(parts)), key=remainders.__getitem__, reverse=True)
    else:
        order = [position for position, remainder in enumerate(remainders) if remainder]
        if odd_cent == "last_line":
            parts[order[-1]] += left
            return parts
    for position in order[:left]:
        parts[position] += 1
    return parts


def _settle_difference(parts: list[int], weights: Sequence[int], total: int) -> None:
    """Give the cents that rounding left over, or take those that it gave too much, one each from the first part on."""
    difference = total - sum(parts)
    while difference:
        for position, weight in enumerate(weights):
            if difference > 0 and weight:
                parts[position] += 1
                difference -= 1
            elif difference < 0 and parts[position]:
                parts[position] -= 1
                difference += 1


def prorate_within(
    total: int, weights: Sequence[int], rooms: Sequence[int], odd_cent: str = OddCent.LARGEST_REMAINDER
) -> list[int]:
    """Split like `prorate`, but give no position more than its room; what is blocked goes to those with room.

    The parts add up to `min(total, sum(rooms))`. Positions of weight zero take part only when nothing else has room.
    """
    if not weights:
        return []
    parts = prorate(total, weights, odd_cent)
    if all(map(le, parts, rooms)):
        return parts
    excess = 0
    for position, room in enumerate(rooms):
        if parts[position] > room:
            excess += parts[position] - room
            parts[position] = room
    while excess > 0:
        open_positions = [p for p, room in enumerate(rooms) if parts[p] < room and weights[p]] or [
            p for p, room in enumerate(rooms) if parts[p] < room
        ]
        if not open_positions:
            break
        more = prorate(excess, [weights[p] or 1 for p in open_positions], odd_cent)
        for position, part in zip(open_positions, more, strict=True):
            given = min(part, rooms[position] - parts[position])
            parts[position] += given
            excess -= given
    return parts


def share_after_returns(total: int, quantity: Decimal, returned: Decimal) -> int:
    """Return the cents of `total` that belong to the first `returned` of `quantity` units, rounded down.

    Successive returns take the differences of this function, so that every order and split of returns ends at the
    same amount and the last unit closes it.
    """
    if returned >= quantity:
        return total
    return total * int(returned.scaleb(3)) // int(quantity.scaleb(3))
