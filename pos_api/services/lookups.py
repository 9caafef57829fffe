"""Guessing codes and documents is slowed down: ten different failures within a minute lock a terminal's look-ups.

The count lives in PostgreSQL, so that emptying the cache does not give a guesser a fresh start. Recording sales is not
locked, but for those that are paid with a stored value: whether its code is right, nobody may learn then.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from math import ceil

from django.db import connection
from django.utils.translation import ngettext

from loyalty.stored_codes import canonical
from pos_api.models import LookupGuard
from pos_api.problems import TooManyRequests

WINDOW = timedelta(minutes=1)
FAILURES = 10
LOCK = timedelta(minutes=15)

_RECORD = """
INSERT INTO pos_api_lookupguard AS g (terminal_id, window_started_at, tried, locked_until)
VALUES (%(terminal)s, %(at)s, %(tried)s::varchar[],
        CASE WHEN cardinality(%(tried)s::varchar[]) >= %(failures)s THEN %(locked)s::timestamptz END)
ON CONFLICT (terminal_id) DO UPDATE SET
    window_started_at = CASE WHEN g.window_started_at > %(since)s THEN g.window_started_at ELSE %(at)s END,
    tried = CASE WHEN g.window_started_at > %(since)s
        THEN ARRAY(SELECT DISTINCT unnest(g.tried || %(tried)s::varchar[])) ELSE %(tried)s::varchar[] END,
    locked_until = CASE WHEN cardinality(CASE WHEN g.window_started_at > %(since)s
        THEN ARRAY(SELECT DISTINCT unnest(g.tried || %(tried)s::varchar[])) ELSE %(tried)s::varchar[] END)
            >= %(failures)s THEN %(locked)s::timestamptz ELSE g.locked_until END
"""


def record_failures(*, terminal_id: int, looked_up: Iterable[str], at: datetime) -> None:
    """Count look-ups that found nothing usable, each different one once a minute, however it was written."""
    tried = sorted({hashlib.sha256(canonical(text).encode()).hexdigest()[:16] for text in looked_up})
    if not tried:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _RECORD,
            {
                "terminal": terminal_id,
                "at": at,
                "since": at - WINDOW,
                "tried": tried,
                "failures": FAILURES,
                "locked": at + LOCK,
            },
        )


def refuse_locked(*, terminal_id: int, at: datetime) -> None:
    """Raise TooManyRequests (429) while the terminal's look-ups are locked."""
    guard = LookupGuard.objects.filter(terminal_id=terminal_id, locked_until__gt=at).first()
    if guard is not None and guard.locked_until is not None:
        raise locked(guard.locked_until, at=at)


def locked(until: datetime, *, at: datetime) -> TooManyRequests:
    """Return the refusal of a terminal whose look-ups are locked: it says for how many minutes more."""
    seconds = max(1, ceil((until - at).total_seconds()))
    minutes = ceil(seconds / 60)
    text = ngettext(
        "Too many codes or documents were not found. This terminal can look none up for %(minutes)d minute.",
        "Too many codes or documents were not found. This terminal can look none up for %(minutes)d minutes.",
        minutes,
    )
    return TooManyRequests(text % {"minutes": minutes}, code="lookups_locked", retry_after=seconds)
