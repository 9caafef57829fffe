"""The negative controls: what somebody would write first. Each must fail where Fiel does not, or its test proves nothing.

They run in processes of their own on bare tables, with psycopg2 alone.
"""

import contextlib
import os
import random
import signal
import time
from typing import Any

import psycopg2

from tests.loyalty.spenders import fresh

TABLES = """
CREATE TABLE naive_counter (id int PRIMARY KEY, used int NOT NULL);
INSERT INTO naive_counter SELECT n, 0 FROM generate_series(1, 40) AS n;
CREATE TABLE naive_effect (ticket text NOT NULL);
CREATE TABLE naive_key (ticket text NOT NULL);
CREATE TABLE naive_lot (id int PRIMARY KEY, left_over int NOT NULL);
INSERT INTO naive_lot SELECT n, 1 FROM generate_series(1, 300) AS n;
"""


def _run(work: Any, jobs: list[tuple[Any, ...]]) -> list[Any]:
    with fresh.Pool(len(jobs)) as pool:
        return pool.starmap_async(work, jobs, chunksize=1).get(timeout=120)


def _connect(url: str) -> Any:
    return psycopg2.connect(url)


def prepare(url: str) -> None:
    with contextlib.closing(_connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(TABLES)


def ask(url: str, statement: str) -> int:
    with contextlib.closing(_connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.fetchone()[0])


# --- T5, T6: read, compare, write ------------------------------------------------------------------


def _read_then_write(url: str, steps: list[int], most: int) -> int:
    granted = 0
    with contextlib.closing(_connect(url)) as connection, connection.cursor() as cursor:
        for step in steps:
            cursor.execute("SELECT used FROM naive_counter WHERE id = 1")
            [used] = cursor.fetchone()
            time.sleep(random.uniform(0, 0.01))
            if 0 <= used + step <= most:
                cursor.execute("UPDATE naive_counter SET used = %s WHERE id = 1", [used + step])
                granted += step
            connection.commit()
    return granted


def granted_beyond(url: str, most: int = 20, tries: int = 160) -> int:
    """Return how many more uses than the limit eight processes grant together that read, compare and write."""
    return sum(_run(_read_then_write, [(url, [1] * (tries // 8), most)] * 8)) - most


def lost_updates(url: str) -> int:
    """Return how far the counter is from the truth when uses and releases read and write it."""
    moved = sum(_run(_read_then_write, [(url, [1, 1, -1] * 7, 10_000)] * 8))
    return abs(moved - ask(url, "SELECT used FROM naive_counter WHERE id = 1"))


# --- T2: look whether it is there, then insert -----------------------------------------------------


def _look_then_insert(url: str, barrier: Any, tickets: int) -> None:
    with contextlib.closing(_connect(url)) as connection, connection.cursor() as cursor:
        for number in range(tickets):
            barrier.wait(60)
            cursor.execute("SELECT count(*) FROM naive_key WHERE ticket = %s", [str(number)])
            if not cursor.fetchone()[0]:
                cursor.execute("INSERT INTO naive_key VALUES (%s)", [str(number)])
            connection.commit()


def doubled(url: str) -> int:
    """Return how many tickets more than once were recorded by eight senders that look before they insert."""
    with fresh.Manager() as manager:
        _run(_look_then_insert, [(url, manager.Barrier(8), 10)] * 8)
    return ask(url, "SELECT count(*) - count(DISTINCT ticket) FROM naive_key")


# --- T7: rows locked as the basket names them ------------------------------------------------------


def _lock_as_named(url: str, rounds: int) -> int:
    deadlocks = 0
    with contextlib.closing(_connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SET deadlock_timeout = '50ms'")
        connection.commit()
        for _round in range(rounds):
            try:
                for row in random.sample(range(1, 9), 4):
                    cursor.execute("UPDATE naive_counter SET used = used + 1 WHERE id = %s", [row])
                connection.commit()
            except psycopg2.errors.DeadlockDetected:
                connection.rollback()
                deadlocks += 1
    return deadlocks


def deadlocked(url: str) -> int:
    """Return how many transactions deadlock that lock rows in any order."""
    return sum(_run(_lock_as_named, [(url, 30)] * 8))


# --- T8: the effect and the key in two transactions ------------------------------------------------


def _effect_then_key(url: str, items: int) -> None:
    connection = _connect(url)
    with connection.cursor() as cursor:
        for number in range(items):
            cursor.execute("SELECT count(*) FROM naive_key WHERE ticket = %s", [f"k{number}"])
            if not cursor.fetchone()[0]:
                cursor.execute("INSERT INTO naive_effect VALUES (%s)", [f"k{number}"])
                connection.commit()
                time.sleep(0.01)
                cursor.execute("INSERT INTO naive_key VALUES (%s)", [f"k{number}"])
            connection.commit()


def repeated_after_kill(url: str, kills: int = 15) -> int:
    """Return how many effects happen twice when their key is written in a second transaction."""
    for _kill in range(kills):
        worker = fresh.Process(target=_effect_then_key, args=(url, 400))
        worker.start()
        time.sleep(random.uniform(0.8, 1.4))
        if worker.pid and worker.is_alive():
            os.kill(worker.pid, signal.SIGKILL)
        worker.join()
        worker.close()
        found = ask(url, "SELECT count(*) - count(DISTINCT ticket) FROM naive_effect")
        if found:
            return found
    return 0


# --- T9: acknowledged before it is on disk ---------------------------------------------------------


def write_unflushed(url: str, seconds: float) -> int:
    """Insert rows that are acknowledged before they are flushed; return how many were."""
    acknowledged = 0
    connection = _connect(url)
    until = time.monotonic() + seconds
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute("SET LOCAL synchronous_commit = off; INSERT INTO naive_effect VALUES ('a')")
            connection.commit()
            acknowledged += 1
    return acknowledged


# --- T15: expiry that counts what it saw -----------------------------------------------------------


def _expire_unguarded(url: str, barrier: Any) -> None:
    with contextlib.closing(_connect(url)) as connection, connection.cursor() as cursor:
        for first in range(1, 301, 50):
            barrier.wait(60)
            cursor.execute(
                "SELECT id FROM naive_lot WHERE left_over > 0 AND id BETWEEN %s AND %s", [first, first + 49]
            )
            due = [row for (row,) in cursor.fetchall()]
            for row in due:
                cursor.execute("INSERT INTO naive_effect VALUES (%s)", [f"lot {row}"])
            cursor.execute("UPDATE naive_lot SET left_over = 0 WHERE id = ANY(%s)", [due])
            connection.commit()


def expired_twice(url: str) -> int:
    """Return how many postings too many four expiry jobs make that do not lock what they read."""
    with fresh.Manager() as manager:
        _run(_expire_unguarded, [(url, manager.Barrier(4))] * 4)
    return ask(
        url,
        "SELECT count(*) - count(DISTINCT ticket) FROM naive_effect WHERE ticket LIKE 'lot %'",
    )


# --- T16: what a session keeps -------------------------------------------------------------------------


def _rely_on_session(url: str, barrier: Any, number: int, rounds: int) -> tuple[int, int]:
    foreign = unheld = 0
    with contextlib.closing(_connect(url)) as connection, connection.cursor() as cursor:
        for key in range(number, 8 * rounds, 8):
            barrier.wait(60)
            cursor.execute(
                "SELECT set_config('fiel.sender', %s, false), pg_advisory_lock(%s)", [str(key), key]
            )
            connection.commit()
            barrier.wait(60)
            cursor.execute("SELECT current_setting('fiel.sender', true), pg_advisory_unlock(%s)", [key])
            found, held = cursor.fetchone()
            connection.commit()
            foreign += found != str(key)
            unheld += not held
    return foreign, unheld


def session_lost(url: str) -> tuple[int, int]:
    """Return how often eight senders find another's setting, and their lock gone, in the next transaction.

    A lock that is not found stays where it was taken, so each has a key of its own and nobody waits.
    """
    with fresh.Manager() as manager:
        barrier = manager.Barrier(8)
        found = _run(_rely_on_session, [(url, barrier, number, 10) for number in range(8)])
    return sum(foreign for foreign, _unheld in found), sum(unheld for _foreign, unheld in found)
