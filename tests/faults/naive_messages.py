"""The negative controls of messages: what somebody would write first, against the same provider."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg2

from config.environment import parse_redis_url
from config.local.processes import kill_group, start_child
from tests.faults.naive_call import call
from tests.faults.provider import Provider
from tests.faults.rig import Rig
from tests.loyalty.spenders import fresh

CHECKOUT = Path(__file__).resolve().parents[2]
_TASKS = 200
_AT_ONCE = 20
_PATIENCE_SECONDS = 30.0


def tasks_of_an_emptied_broker(rig: Rig) -> int:
    """Return how many of 200 messages are lost whose tasks wait in a broker that is emptied once."""
    provider = rig.provider
    provider.begin()
    provider.behave(seconds=[0.005, 0.01])
    environment = naive_environment(rig.redis.url, provider)
    _queue(environment, _TASKS)
    worker = start_worker(environment)
    _wait(provider, beyond=provider.did()["accepted"] + 20)
    rig.empty_redis()
    _wait_until_silent(provider)
    kill_group(worker)
    return _TASKS - len(provider.received())


# --- T13: a mailing that remembers how far it came ---------------------------------------------------


def _send_from_cursor(url: str, provider: str, people: int) -> None:
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT reached FROM naive_mailing")
            [reached] = cursor.fetchone()
            for number in range(reached, min(reached + _AT_ONCE, people)):
                call(provider, number)
            cursor.execute("UPDATE naive_mailing SET reached = %s", [reached + _AT_ONCE])
            connection.commit()
            if reached + _AT_ONCE >= people:
                return


def mailing_with_a_cursor(provider: Provider, url: str, *, people: int = 200, kills: int = 5) -> int:
    """Return how many people are written to again by a mailing that is killed and goes on where it last noted to be."""
    provider.begin()
    provider.behave(seconds=[0.005, 0.01])
    with contextlib.closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE naive_mailing (reached int); INSERT INTO naive_mailing VALUES (0)")
    for kill in range(kills + 1):
        sender = fresh.Process(
            target=_send_from_cursor, args=(url, provider.environment["TWILIO_API_BASE"], people)
        )
        sender.start()
        if kill < kills:
            _wait(provider, beyond=provider.did()["accepted"] + random.randint(10, 30))
            sender.kill()
        sender.join()
    return sum(times > 1 for times in provider.received().values())


def naive_environment(redis_url: str, provider: Provider) -> dict[str, str]:
    broker, _cache = parse_redis_url(redis_url)
    return os.environ | {
        "NAIVE_BROKER": broker,
        "NAIVE_PROVIDER": provider.environment["TWILIO_API_BASE"],
    }


def start_worker(environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    return start_child(
        [
            *(sys.executable, "-m", "celery", "-q", "-A", "tests.faults.naive_celery:app", "worker"),
            *("-c", "2", "-l", "CRITICAL", "--without-gossip", "--without-mingle"),
        ],
        environment=environment,
        death_signal=signal.SIGKILL,
        output=subprocess.DEVNULL,
        cwd=CHECKOUT,
    )


def _queue(environment: dict[str, str], tasks: int) -> None:
    code = f"from tests.faults.naive_celery import send\nfor n in range({tasks}): send.delay(n)"
    subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, env=environment, check=True, timeout=60)


def _wait(provider: Provider, *, beyond: int) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while provider.did()["accepted"] < beyond and time.monotonic() < deadline:
        time.sleep(0.01)


def _wait_until_silent(provider: Provider) -> None:
    """Wait until nothing has been sent for some seconds: whoever would send has had the time."""
    accepted, since = provider.did()["accepted"], time.monotonic()
    while time.monotonic() - since < 8:
        time.sleep(0.1)
        found = provider.did()["accepted"]
        if found != accepted:
            accepted, since = found, time.monotonic()
