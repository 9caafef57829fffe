"""When a message is due and what a provider's report changes. Plain Python: no Django, no clock, no settings.

docs/algorithms/messages.md states the rules in the same order.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from campaigns.engine.conditions.birthday import age_on

SCAN_EVERY = timedelta(minutes=5)
RECOVERY_DELAY_MINUTES = (5, 60)
# A recovery message leaves up to 9:59 after it was due; ten minutes late is too late.
RECOVERY_TOLERANCE = timedelta(minutes=10)
MAX_ATTEMPTS = 5
# Marketing to children needs a guardian's consent, which nobody can record yet.
ADULT_YEARS = 18
_MIDNIGHT = time(0, 0)


class State(StrEnum):
    """The life of one message. The provider's reports move it only forwards."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class Window:
    """From when a message may leave, and from when it may not any more (half-open). Both in UTC."""

    due_at: datetime
    ends_at: datetime

    def is_open(self, at: datetime) -> bool:
        return self.due_at <= at < self.ends_at


def first_instant(day: date, moment: time, zone: ZoneInfo) -> datetime:
    """Return the instant, in UTC, at which the clocks of `zone` first show `moment` or later on `day`.

    A moment that the clocks skip (daylight saving begins) becomes the instant of the jump; of a
    moment that they show twice, the first counts.
    """
    local = datetime.combine(day, moment, tzinfo=zone)
    instant = local.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return instant
    # Skipped: read with the new offset the moment lies before the jump, with the old one after it.
    before = local.replace(fold=1).astimezone(UTC)
    after = instant
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == after.astimezone(zone).utcoffset():
            after = middle
        else:
            before = middle
    return after.replace(microsecond=0)


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a day by the clocks of a zone, in UTC."""
    return first_instant(day, _MIDNIGHT, zone)


def end_of_day(at: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant of the day after the one that the clocks of a zone show at a moment, in UTC."""
    return start_of_day(at.astimezone(zone).date() + timedelta(days=1), zone)


def is_leap_year(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def birthdays_kept_on(day: date) -> list[tuple[int, int]]:
    """Return the (month, day) pairs of birth dates that are celebrated on `day`.

    Who was born on 29 February celebrates on the 28th in common years.
    """
    kept = [(day.month, day.day)]
    if (day.month, day.day) == (2, 28) and not is_leap_year(day.year):
        kept.append((2, 29))
    return kept


def is_minor(birth_date: date | None, day: date) -> bool:
    """Whether somebody is under 18 on `day`; of unknown age nobody is.

    Who was born on 29 February comes of age on the day that they celebrate.
    """
    return birth_date is not None and age_on(birth_date, day) < ADULT_YEARS


def birthday_period(day: date, span: str) -> tuple[date, date]:
    """Return the first and the last day of the day, week (from Monday) or month that `day` lies in."""
    if span == "week":
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=6)
    if span == "month":
        next_month = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
        return day.replace(day=1), next_month - timedelta(days=1)
    return day, day


def period_window(first: date, last: date, send_at: time, zone: ZoneInfo) -> Window:
    """Return when a greeting for some days may leave: from `send_at` of the first one to the end of the last."""
    return Window(
        due_at=first_instant(first, send_at, zone), ends_at=start_of_day(last + timedelta(days=1), zone)
    )


def recovery_window(last_interaction_at: datetime, delay_minutes: int) -> Window:
    """Return when the recovery message of a cart may leave.

    Raises ValueError for a delay outside 5 to 60 minutes.
    """
    shortest, longest = RECOVERY_DELAY_MINUTES
    if not shortest <= delay_minutes <= longest:
        raise ValueError(f"The delay is {shortest} to {longest} minutes, not {delay_minutes}.")
    due_at = last_interaction_at + timedelta(minutes=delay_minutes)
    return Window(due_at=due_at, ends_at=due_at + RECOVERY_TOLERANCE)


def code_expiry(sent_at: datetime, valid_hours: int) -> datetime:
    """Return the first instant at which a code sent at `sent_at` is no longer valid, exact to the second."""
    return sent_at + timedelta(hours=valid_hours)


def next_attempt(at: datetime, attempt: int, *, capped_by_provider: bool = False) -> datetime | None:
    """Return when to try again after refusal number `attempt` (1, 2, ...), or None when it was the last try.

    1, 2, 4, 8 minutes. A provider that limits how much marketing one person gets asks for patience: then
    the steps are 1, 2, 4, 8 hours.
    """
    if attempt >= MAX_ATTEMPTS:
        return None
    step = timedelta(hours=1) if capped_by_provider else timedelta(minutes=1)
    return at + step * 2 ** (attempt - 1)


# How far a message has come. A report never takes it back, so reports may arrive in any order and twice.
# Delivered outranks failed: of two contradicting reports, the one that saw the message arrive is right.
_PROGRESS = {State.SENT: 1, State.FAILED: 2, State.DELIVERED: 3, State.READ: 4}
# Reports about a message that we are about to send, or do not know to have sent, prove that it was sent.
_OPEN = {State.CLAIMED, State.IN_DOUBT}


def after_report(current: State, reported: State) -> State:
    """Return the state of a message after a provider reported `reported` (sent, failed, delivered or read).

    The result does not depend on the order of the reports. Queued and suppressed messages were never
    given to a provider: a report about one changes nothing.
    """
    if reported not in _PROGRESS:
        raise ValueError(f"{reported} is not a state that a provider reports.")
    if current in _OPEN:
        return reported
    if current not in _PROGRESS:
        return current
    return max(current, reported, key=_PROGRESS.__getitem__)
