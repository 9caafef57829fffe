"""The negative control of T14: schedulers that act when local clocks show the time, and look before they act."""

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg2

from tests.loyalty.spenders import fresh

_PEOPLE = 10
_MINUTE = timedelta(minutes=1)


def by_local_time(url: str, changes: Sequence[Any], schedulers: int = 3) -> tuple[int, int]:
    """Return how many people are greeted twice, and how many never, on days when clocks change."""
    with contextlib.closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE naive_greeting (day date, person int)")
    with fresh.Manager() as manager:
        barrier = manager.Barrier(schedulers)
        days = [(change.zone.key, change.day, change.shown) for change in changes]
        with fresh.Pool(schedulers) as pool:
            pool.starmap(_greet_by_local_time, [(url, barrier, days)] * schedulers, chunksize=1)
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT (day, person)) FROM naive_greeting")
        greetings, people = cursor.fetchone()
    return greetings - people, _PEOPLE * len(days) - people


def _greet_by_local_time(url: str, barrier: Any, days: list[tuple[str, Any, Any]]) -> None:
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        for zone, day, shown in days:
            at = datetime.combine(day, datetime.min.time(), tzinfo=UTC)
            for _minute in range(30 * 60):
                local = at.astimezone(ZoneInfo(zone))
                if local.date() == day and (local.hour, local.minute) == (shown.hour, shown.minute):
                    for person in range(_PEOPLE):
                        barrier.wait(60)
                        _look_and_greet(connection, cursor, day, person)
                at += _MINUTE


def _look_and_greet(connection: Any, cursor: Any, day: Any, person: int) -> None:
    cursor.execute("SELECT count(*) FROM naive_greeting WHERE day = %s AND person = %s", [day, person])
    if not cursor.fetchone()[0]:
        cursor.execute("INSERT INTO naive_greeting VALUES (%s, %s)", [day, person])
    connection.commit()
