"""Who of a mailing's audience, or of an automation's people, is held out, and what the difference between the two parts means.

Plain Python. Whoever is held out follows from the mailing, or the automation, and the customer alone: no chance is asked, so a batch that is written again
after a crash comes to the same people. HELD_OUT_SQL says in SQL what `is_held_out` says here.
"""

import hashlib
from dataclasses import dataclass
from decimal import Decimal

# Why whoever is held out of an automation gets no message: a code of messaging.reasons.
HELD_OUT = "held_out"
# Hundredths of a percent.
PARTS = 10_000
# 1.96 standard deviations on either side: 95 of 100 such intervals hold the true value.
_Z = Decimal("1.959964")
_PLACES = Decimal("0.01")

# `c.id` is the customer; the placeholders are the mailing's uuid as 32 hexadecimal digits, and how many of PARTS are held out.
HELD_OUT_SQL = (
    "mod(('x' || substr(encode(sha256(convert_to(%s || ':' || c.id::text, 'UTF8')), 'hex'), 1, 8))::bit(32)::bigint, 10000)"
    " < %s"
)


def parts_of(percent: Decimal) -> int:
    """Return how many of PARTS a percentage with two places is."""
    return int(percent * 100)


def is_held_out(*, salt: str, customer_id: int, percent: Decimal) -> bool:
    """Say whether a customer is held out: of the mailing whose uuid is `salt` in 32 hexadecimal digits, or what else it names."""
    digest = hashlib.sha256(f"{salt}:{customer_id}".encode()).hexdigest()
    return int(digest[:8], 16) % PARTS < parts_of(percent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One of the two parts: how many people, how many of them bought, and for how much (reais)."""

    people: int
    buyers: int
    revenue: Decimal = Decimal(0)

    @property
    def rate(self) -> Decimal:
        """Buyers in a hundred people, with two places; 0 without people."""
        return _hundredths(Decimal(self.buyers) * 100 / self.people) if self.people else Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Uplift:
    """Buyers in a hundred people more than among those who were held out, with the 95 % interval of that difference.

    `extra_buyers` and `extra_revenue` are what the difference comes to for everybody who was written to. `is_clear` says that the interval
    leaves zero out.
    """

    points: Decimal
    low: Decimal
    high: Decimal
    extra_buyers: Decimal
    extra_revenue: Decimal

    @property
    def is_clear(self) -> bool:
        return self.low > 0 or self.high < 0


def uplift(treated: Group, held_out: Group) -> Uplift | None:
    """Compare everybody who was to be written to with everybody who was held out; None while one of them has nobody.

    The interval is Newcombe's, made of Wilson's for each part: it is right for small parts and for rates near zero, where the usual
    one promises too much.
    """
    if not treated.people or not held_out.people:
        return None
    rate, rate_without = _share(treated), _share(held_out)
    low, high = _wilson(treated)
    low_without, high_without = _wilson(held_out)
    difference = rate - rate_without
    below = ((rate - low) ** 2 + (high_without - rate_without) ** 2).sqrt()
    above = ((high - rate) ** 2 + (rate_without - low_without) ** 2).sqrt()
    per_person = treated.revenue / treated.people - held_out.revenue / held_out.people
    return Uplift(
        points=_hundredths(difference * 100),
        low=_hundredths((difference - below) * 100),
        high=_hundredths((difference + above) * 100),
        extra_buyers=_hundredths(difference * treated.people),
        extra_revenue=_hundredths(per_person * treated.people),
    )


def _share(group: Group) -> Decimal:
    return Decimal(group.buyers) / group.people


def _wilson(group: Group) -> tuple[Decimal, Decimal]:
    people, share, z2 = Decimal(group.people), _share(group), _Z * _Z
    middle = share + z2 / (2 * people)
    spread = _Z * ((share * (1 - share) + z2 / (4 * people)) / people).sqrt()
    scale = 1 + z2 / people
    return max(Decimal(0), (middle - spread) / scale), min(Decimal(1), (middle + spread) / scale)


def _hundredths(value: Decimal) -> Decimal:
    return value.quantize(_PLACES)
