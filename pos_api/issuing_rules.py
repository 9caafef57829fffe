"""What this process remembers of the issuing rules: the few that are active, as long as their version is the same.

Each evaluation learns the version in the query that it makes anyway; where there is no rule, nothing more is asked.
"""

from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from msgspec import Struct

from loyalty.issuing import Terms
from loyalty.models import IssuingRule, IssuingTrigger, StoredValueType
from loyalty.rules import end_after


class Rule(Struct, frozen=True, kw_only=True):
    """An issuing rule as sales see it. `window_days` is None where the sale alone decides."""

    id: int
    code: str
    origin: str
    type: StoredValueType
    terms: Terms
    window_days: int | None
    once_in_window: bool
    stores: frozenset[str]
    starts_at: datetime | None
    ends_at: datetime | None
    valid_days: int | None
    usable_from: datetime | None
    usable_until: datetime | None
    usable_stores: tuple[str, ...]

    def holds(self, *, store: str, at: datetime) -> bool:
        """Say whether it gives something in a store at a moment at all."""
        return (
            (not self.stores or store in self.stores)
            and (self.starts_at is None or self.starts_at <= at)
            and (self.ends_at is None or at < self.ends_at)
            # What could not be used any more is not given.
            and (self.usable_until is None or at < self.usable_until)
        )

    def expires_at(self, *, at: datetime, zone: tzinfo) -> datetime | None:
        """Return when what is given at a moment ends; None: never. Days are those of the store."""
        if self.usable_until is not None:
            return self.usable_until
        days = self.valid_days or self.type.valid_days
        # The stores' zones are named ones; nothing else can say when a day ends.
        return end_after(at, days, zone) if days and isinstance(zone, ZoneInfo) else None


_remembered: tuple[str, tuple[Rule, ...]] = ("", ())


def rules_of(version: str) -> tuple[Rule, ...]:
    """Return the active rules for sales, in their order; one query when the version is another than last time."""
    global _remembered
    known, rules = _remembered
    if version != known:
        rules = _read() if version else ()
        _remembered = (version, rules)
    return rules


def _read() -> tuple[Rule, ...]:
    found = (
        IssuingRule.objects.select_related("type")
        .filter(is_active=True, type__is_active=True)
        .exclude(trigger=IssuingTrigger.NEW_CUSTOMER)
        .order_by("priority", "pk")
    )
    return tuple(
        Rule(
            id=rule.pk,
            code=rule.code,
            origin=rule.origin,
            type=rule.type,
            terms=rule.terms(),
            window_days=rule.window_days,
            once_in_window=rule.once_in_window,
            stores=frozenset(rule.store_codes),
            starts_at=rule.starts_at,
            ends_at=rule.ends_at,
            valid_days=rule.valid_days,
            usable_from=rule.usable_from,
            usable_until=rule.usable_until,
            usable_stores=tuple(rule.usable_store_codes),
        )
        for rule in found
    )
