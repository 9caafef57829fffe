"""Days as people say them, and moments as they are kept: a period that includes its last day ends with the next one. Pure."""

from datetime import date, datetime, time, timedelta, tzinfo


def start_of(day: date, zone: tzinfo) -> datetime:
    """Return the first instant of a day."""
    return datetime.combine(day, time(), zone)


def end_of(day: date, zone: tzinfo) -> datetime:
    """Return the first instant after a day."""
    return start_of(day + timedelta(days=1), zone)


def first_day(start: datetime | None, zone: tzinfo) -> date | None:
    """Return the day on which something begins."""
    return None if start is None else start.astimezone(zone).date()


def last_day(end: datetime | None, zone: tzinfo) -> date | None:
    """Return the last day of what ends at a moment: `end` is the first one at which it is over."""
    return None if end is None else (end - timedelta(microseconds=1)).astimezone(zone).date()
