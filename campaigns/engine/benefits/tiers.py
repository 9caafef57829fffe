"""Tiers: from a measure on, a percentage or a value."""

from collections.abc import Iterable
from decimal import Decimal
from math import ceil

from campaigns.engine import fields
from campaigns.engine.marks import gettext_noop


@fields.declared
class Tier:
    """A step: from so many units, or so much money, this percentage or value."""

    from_: Decimal = fields.decimal(
        label=gettext_noop("From"), help=gettext_noop("Quantity or value reached.")
    )
    percent: int | None = fields.percent(label=gettext_noop("Percentage"), default=None)
    amount: int | None = fields.money(label=gettext_noop("Value"), default=None)

    def faults(self) -> list[tuple[str, str, str]]:
        if (self.percent is None) == (self.amount is None):
            return [("percent", "exactly_one", gettext_noop("Give either a percentage or a value."))]
        return []


def reached(tiers: Iterable[Tier], measure: Decimal) -> Tier | None:
    """Return the highest tier that the measure reaches (inclusive), or None."""
    return max((tier for tier in tiers if tier.from_ <= measure), key=lambda tier: tier.from_, default=None)


def first_step(tiers: Iterable[Tier]) -> int | None:
    """Return in cents from where on tiers of amounts give something, None without tiers."""
    lowest = min((tier.from_ for tier in tiers), default=None)
    return None if lowest is None else ceil(lowest * 100)


def repeated_steps(tiers: Iterable[Tier]) -> list[tuple[str, str, str]]:
    """Return the fault of two tiers that begin at the same point, if there are such."""
    steps = [tier.from_ for tier in tiers]
    if len(set(steps)) != len(steps):
        return [("tiers", "repeated", gettext_noop("Two tiers begin at the same point."))]
    return []
