"""When a person may be written to. Plain Python: no Django, no clock, no settings.

docs/algorithms/messages.md, section 7, states the rules in the same order.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from messaging.schedule import first_instant

_SUNDAY = 6
_MIDNIGHT = time(0, 0)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """What the clocks of a person show while nobody writes: from `starts` to before `ends`, past midnight when it is later."""

    starts: time
    ends: time

    def contains(self, moment: time) -> bool:
        if self.starts < self.ends:
            return self.starts <= moment < self.ends
        return moment >= self.starts or moment < self.ends


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many messages within so many times 24 hours."""

    most: int
    days: int

    @property
    def span(self) -> timedelta:
        return timedelta(days=self.days)


def is_quiet(at: datetime, quiet: QuietHours | None, zone: ZoneInfo, *, sundays: bool = False) -> bool:
    """Whether nobody writes at a moment; with `sundays` nobody does on any Sunday."""
    local = at.astimezone(zone)
    return (sundays and local.weekday() == _SUNDAY) or (quiet is not None and quiet.contains(local.time()))


def opens_at(at: datetime, quiet: QuietHours | None, zone: ZoneInfo, *, sundays: bool = False) -> datetime:
    """Return `at` when it is not quiet, else the next moment at which the quiet is over.

    What the clocks show decides: an end that they skip is the instant of the jump, and one that they show twice is over the
    second time.
    """
    if not is_quiet(at, quiet, zone, sundays=sundays):
        return at
    today = at.astimezone(zone).date()
    ends = [_MIDNIGHT] + ([quiet.ends] if quiet else [])
    instants = {
        instant
        for offset in range(4)
        for end in ends
        for instant in _instants(today + timedelta(days=offset), end, zone)
    }
    return min(
        instant
        for instant in instants
        if instant > at and not is_quiet(instant, quiet, zone, sundays=sundays)
    )


def _instants(day: date, moment: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    again = datetime.combine(day, moment, tzinfo=zone).replace(fold=1).astimezone(UTC)
    return first_instant(day, moment, zone), again


def frees_at(sent: Iterable[datetime], cap: Cap, *, at: datetime) -> datetime:
    """Return `at` when one more message keeps to the cap, else the moment at which it will.

    A message counts from its moment to before the same moment `days` later, exact to the microsecond.
    """
    counted = sorted((moment for moment in sent if moment > at - cap.span), reverse=True)
    return at if len(counted) < cap.most else counted[cap.most - 1] + cap.span


def room(sent: Iterable[datetime], cap: Cap, *, at: datetime) -> int:
    """Return how many messages more keep to the cap at a moment."""
    return cap.most - sum(moment > at - cap.span for moment in sent)
