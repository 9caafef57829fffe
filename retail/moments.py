"""Which moments the database can keep, and how far clocks may differ. Pure: no Django, no database."""

from datetime import datetime, timedelta
from typing import Any

# Further away, a time zone may have no such moment.
FIRST_YEAR, LAST_YEAR = 1900, 9000
# Beyond it PostgreSQL takes no offset, whatever RFC 3339 allows; no place on earth is further than 14 hours from UTC.
MOST_OFFSET = timedelta(hours=16)
# How far the clock of a till may be off before it is noted.
SKEW_NOTED = timedelta(minutes=10)


def is_too_far(moment: datetime) -> bool:
    """Say whether it lies in a year that cannot be written, whatever its offset."""
    return not FIRST_YEAR <= moment.year <= LAST_YEAR


def can_be_stored(moment: Any) -> bool:
    """Say whether a moment can be written to the database and read back, whatever the time zone. What is none, can.

    PostgreSQL takes 9999-12-31T23:59:59-03:00, which is the year 10000 in UTC, and no reader of that row could open it.
    """
    if not isinstance(moment, datetime):
        return True
    offset = moment.utcoffset()
    return not is_too_far(moment) and (offset is None or abs(offset) < MOST_OFFSET)
