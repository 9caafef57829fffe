"""Which tier a customer has, as plain values (docs/decisions/0084): what is reached, what is kept, until when.

Tiers are numbers from 1, the lowest; 0 is none. Amounts are hundredths.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Standing:
    """A tier, since when, and the first instant at which it is no longer kept whatever is bought. None: not kept."""

    tier: int = 0
    since: datetime | None = None
    valid_until: datetime | None = None


def add_months(day: date, months: int) -> date:
    """Return the same day so many months later (or earlier), the month's last where it has no such day."""
    place = day.year * 12 + day.month - 1 + months
    year, month = divmod(place, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def window_start(at: datetime, months: int, zone: ZoneInfo) -> datetime:
    """Return from when on purchases count at a moment: the beginning of the same local day, `months` before."""
    return _midnight(add_months(at.astimezone(zone).date(), -months), zone)


def first_end(since: datetime, months: int, zone: ZoneInfo) -> datetime:
    """Return the end of the period of a tier that was reached at a moment: of the same local day, `months` later."""
    return _midnight(add_months(since.astimezone(zone).date(), months) + timedelta(days=1), zone)


def next_end(end: datetime, months: int, zone: ZoneInfo) -> datetime:
    """Return the end of the period that begins where another one ended."""
    return _midnight(add_months(end.astimezone(zone).date(), months), zone)


def reached(counted: int, thresholds: Sequence[int]) -> int:
    """Return the highest tier whose threshold is met; thresholds ascend."""
    return sum(counted >= threshold for threshold in thresholds)


def settle(
    held: Standing, now_reached: int, downgrade: str, *, months: int, zone: ZoneInfo, at: datetime
) -> Standing:
    """Return the standing at a moment of a customer who holds one and reaches `now_reached`.

    A higher tier is given at once and begins a period. A lower one follows `downgrade`: immediately, at_period_end,
    one_level (at each end of a period) or never. Ends that passed unseen are gone through one after the other.
    """
    keeps = downgrade in ("at_period_end", "one_level")
    if now_reached > held.tier:
        return Standing(now_reached, at, first_end(at, months, zone) if keeps else None)
    if held.tier == 0:
        return Standing()
    if downgrade == "immediately" and now_reached < held.tier:
        return Standing(now_reached, at) if now_reached else Standing()
    if not keeps:
        return Standing(held.tier, held.since, None)
    end = held.valid_until or first_end(held.since or at, months, zone)
    tier, since = held.tier, held.since
    while tier and end <= at:
        lower = max(now_reached, tier - 1) if downgrade == "one_level" else now_reached
        if lower != tier:
            tier, since = lower, end
        end = next_end(end, months, zone)
    return Standing(tier, since, end) if tier else Standing()
