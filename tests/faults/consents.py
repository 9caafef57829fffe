"""T43: people who agree and take it back all the time while senders send, each in a process of its own.

What the database does at the very moment at which a call begins is noted by a trigger of the test, the answers by those who give
them, right before they are asked to be recorded and right after that was committed: all by the one clock of the machine.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg2

from config.local.processes import die_with_parent
from tests.faults.results import Outcome, Result, Stopwatch
from tests.faults.rig import CHECKOUT, Rig

CUSTOMERS = 10
ANSWERERS = SENDERS = 2
_FINISH_SECONDS = 1_200

# Between the look at the consent and the end of its transaction something else may happen: the pause makes it happen.
_NOTE = """
CREATE TABLE noted_call (message_id bigint NOT NULL, customer_id bigint NOT NULL, at double precision NOT NULL);
CREATE FUNCTION note_call() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_sleep(random() * 0.004);
  INSERT INTO noted_call VALUES (NEW.id, NEW.customer_id, extract(epoch FROM clock_timestamp()));
  RETURN NEW;
END $$;
CREATE TRIGGER note_call BEFORE UPDATE ON messaging_message FOR EACH ROW
  WHEN (OLD.call_began_at IS NULL AND NEW.call_began_at IS NOT NULL) EXECUTE FUNCTION note_call();
"""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer of a customer: recorded between two moments."""

    began: float
    committed: float
    granted: bool


@dataclass(frozen=True, kw_only=True)
class Raced:
    """What a race came to. `late`: calls that began after a no was committed; `unlike`: messages that the provider and we tell differently."""

    revocations: int
    sent: int
    held_back: int
    late: int
    unlike: int


def consents(rig: Rig, *, quick: bool) -> list[Result]:
    """T43: a thousand messages between yes and no."""
    messages, took = (200 if quick else 1_000), Stopwatch("T43")
    raced = race(rig.clone("t43", "fiel"), rig.folder / "t43", messages=messages)
    took.note("our senders")
    naive = race(
        rig.clone("t43_naive", "fiel"), rig.folder / "t43_naive", messages=messages // 4, is_naive=True
    )
    took.note("control")
    outcome = Outcome(
        what=f"{messages:,} messages to {CUSTOMERS} customers, {SENDERS} senders, and {ANSWERERS} processes that record at random that they agree, or "
        f"do not any more: {raced.revocations:,} times not",
        figure=f"{raced.sent:,} sent, {raced.held_back:,} held back for want of consent, {raced.late} begun after a no was committed; "
        f"{raced.unlike} that the provider tells differently",
        is_reached=not (raced.late or raced.unlike)
        and raced.sent + raced.held_back == messages
        and min(raced.sent, raced.held_back) > messages / 20,
    )
    return [
        outcome.against(
            test="T43",
            target="no call begins after a revocation was committed",
            control=f"look at the consent, then send: {naive.late} of {naive.sent} begun after a no was committed",
            control_failed=naive.late > 0,
        )
    ]


def race(database_url: str, folder: Path, *, messages: int, is_naive: bool = False) -> Raced:
    """Have everybody answer and everything sent at once, and return what came of it. The database is Django's, and empty."""
    from messaging.models import Message
    from tests.messaging.processes import Provider, manage
    from tests.processes import output

    folder.mkdir(parents=True, exist_ok=True)
    people = _fill(messages)
    _watch(database_url)
    provider = Provider(folder, hold=0)
    try:
        with _answering(database_url, folder, people) as answers:
            # A run ends after five minutes, whatever is left.
            while Message.objects.filter(state="queued").exists():
                senders = [
                    _naive(database_url) if is_naive else manage(database_url, "drain", provider=provider)
                    for _sender in range(SENDERS)
                ]
                for sender in senders:
                    output(sender, seconds=_FINISH_SECONDS)
    finally:
        provider.stop()
    calls = _calls(database_url)
    given = answers()
    left = set(Message.objects.filter(state="sent").values_list("uuid", flat=True))
    return Raced(
        revocations=sum(not one.granted for answered in given.values() for one in answered),
        sent=len(calls),
        held_back=Message.objects.filter(reason="no_consent").count(),
        late=sum(_is_late(at, given[customer]) for customer, at in calls),
        unlike=0
        if is_naive
        else len({str(uuid) for uuid in left} ^ set(provider.accepted()))
        + abs(len(calls) - len(provider.accepted())),
    )


def _is_late(at: float, answered: list[Answered]) -> bool:
    """Whether a call began between the commit of a no and the moment at which the next answer could first have counted."""
    for place, one in enumerate(answered):
        following = answered[place + 1].began if place + 1 < len(answered) else float("inf")
        if not one.granted and one.committed < at < following:
            return True
    return False


def _fill(messages: int) -> list[int]:
    """Queue greetings, one year of birthdays after the other, and return the keys of the customers."""
    from django.utils import timezone

    from messaging.models import Message
    from tests.messaging.builders import build_automation, build_reachable_customer

    build_automation(occasion="birthday", channels=["sms"])
    people = [build_reachable_customer() for _person in range(CUSTOMERS)]
    due_at = timezone.now() - timedelta(minutes=1)
    Message.objects.bulk_create(
        Message(
            occasion="birthday",
            occasion_key=str(2000 + place),
            person=f"c:{people[place % CUSTOMERS].pk}",
            customer=people[place % CUSTOMERS],
            channels=["sms"],
            due_at=due_at,
            planned_at=due_at,
        )
        for place in range(messages)
    )
    return [person.pk for person in people]


def _watch(database_url: str) -> None:
    with (
        contextlib.closing(psycopg2.connect(database_url)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(_NOTE)


def _calls(database_url: str) -> list[tuple[int, float]]:
    """Return who was called when."""
    with contextlib.closing(psycopg2.connect(database_url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT customer_id, at FROM noted_call")
        return list(cursor.fetchall())


@contextmanager
def _answering(database_url: str, folder: Path, people: list[int]) -> Iterator[Any]:
    """Have processes answer for their part of the people until the block is left; yields how to read what they said."""
    from tests.processes import output

    over, logs = folder / "over", [folder / f"answers-{number}" for number in range(ANSWERERS)]
    over.unlink(missing_ok=True)
    running = [
        _start(
            database_url, "tests.faults.answering", str(over), str(log), *map(str, people[number::ANSWERERS])
        )
        for number, log in enumerate(logs)
    ]

    def read() -> dict[int, list[Answered]]:
        found = defaultdict(list)
        for log in logs:
            for line in log.read_text().splitlines():
                customer, began, committed, granted = json.loads(line)
                found[customer].append(Answered(began, committed, granted))
        return found

    try:
        yield read
    finally:
        over.touch()
        for process in running:
            output(process)


def _naive(database_url: str) -> "subprocess.Popen[str]":
    return _start(database_url, "tests.faults.naive_consents")


def _start(database_url: str, module: str, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=CHECKOUT,
        env=os.environ | {"DATABASE_URL": database_url, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=die_with_parent,
    )
