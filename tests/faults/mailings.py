"""T13: a mailing that is killed, paused, resumed and slowed down while it leaves; the provider's own log says who received it."""

import contextlib
import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2

from tests.faults import naive_messages
from tests.faults.crew import Crew
from tests.faults.people import compare, fill_people
from tests.faults.provider import Provider
from tests.faults.results import Outcome, Result, Stopwatch
from tests.faults.rig import Rig
from tests.faults.senders import after_the_leases, prepare, settle, wait_for_reports

# Requests a second that the provider takes, at first and later.
SLOW, FASTER = 30, 80
_PATIENCE_SECONDS = 300.0
_FINISHED_TOO_EARLY = """
SELECT count(*) FROM messaging_mailing m WHERE m.state = 'finished'
   AND (SELECT count(*) FROM messaging_message WHERE mailing_id = m.id AND state IN ('queued', 'claimed')) > 0
"""


def interrupted_mailing(rig: Rig, *, quick: bool) -> list[Result]:
    """T13: kills at random moments, pauses, and another rate in the middle."""
    people, kills, pauses = (600, 6, 3) if quick else (5_000, 20, 10)
    provider, took = rig.provider, Stopwatch("T13")
    url = prepare(rig, "t13")
    addresses = {person.phone for person in fill_people(people, city="Santos")}
    environment = os.environ | {"DATABASE_URL": url}
    sent_while_paused = 0
    with rig.web(url, workers=2) as web, too_early(url) as early:
        provider.behave(
            seconds=[0.005, 0.03],
            per_second=SLOW,
            faults={"error_after": 0.01, "dropped_after": 0.01},
            reports_to=f"http://127.0.0.1:{web.port}",
        )
        with Crew(rig.folder, environment, senders=3, schedulers=1, workers=1, jobs=1).at_work() as crew:
            mailing = _confirmed()
            _wait_until(mailing, "sending")
            took.note("starting and gathering the people")
            steps = random.sample(["kill"] * kills + ["pause"] * pauses, kills + pauses)
            steps.insert(len(steps) // 2, "faster")
            for step in steps:
                time.sleep(random.uniform(0.3, 2))
                if step == "kill":
                    while not crew.kill_one():
                        _wake()
                        time.sleep(0.2)
                elif step == "pause":
                    sent_while_paused += _pause_for_a_while(mailing, provider)
                else:
                    provider.behave(per_second=FASTER)
                _wake()
            took.note("killing and pausing")
            state = _state(mailing)
            if not quick:
                settle(crew)
                _wait_until(mailing, "finished")
        if quick:
            after_the_leases(environment)
        took.note("the rest of the mailing")
        wait_for_reports(provider)
    found, by_person = compare(provider.received()), provider.received_by()
    once = sum(by_person[address] == 1 for address in addresses)
    strangers = len(set(by_person) - addresses)
    refused = provider.did()["refused"]
    repeated = naive_messages.mailing_with_a_cursor(provider, url)
    outcome = Outcome(
        what=f"a mailing to {people:,} people, 3 senders, a scheduler, a worker and one of jobs; {sum(crew.kills.values())} times kill -9 of one of "
        f"them, {pauses} times paused and resumed, {SLOW} messages a second and in the middle {FASTER}; one answer in fifty is lost",
        figure=f"{once:,} received it once, {found['twice'] + strangers} twice or by mistake, {found['lost']} silently lost, {found['unheard']} "
        f"in doubt that never reached the provider; {sent_while_paused} received while paused; {early.found} of {early.looked:,} looks "
        f"found it finished with messages left; {refused.get('too_many', 0):,} times too many, "
        f"{refused.get('error_after', 0) + refused.get('dropped_after', 0)} answers lost, {found['unknown']} of them in doubt after the reports",
        is_reached=once == people - found["unheard"]
        and not (found["twice"] or strangers or found["lost"] or found["refused"] or found["unknown"])
        and found["unheard"] <= crew.kills["senders"]
        and not sent_while_paused
        and not early.found
        and state != "finished"
        and _state(mailing) == "finished",
    )
    return [
        outcome.against(
            test="T13",
            target="each received it exactly once, but for who is in doubt and shown; none while paused; finished only when nothing is left",
            control=f"a mailing that remembers how far it came, 20 at a time, killed 5 times: {repeated} of 200 received it again",
            control_failed=repeated > 0,
        )
    ]


class Watch:
    """How often somebody looked, and how often the mailing was finished with messages left."""

    def __init__(self) -> None:
        self.looked = self.found = 0
        self.stopped = threading.Event()

    def look(self, url: str) -> None:
        with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            while not self.stopped.wait(0.05):
                cursor.execute(_FINISHED_TOO_EARLY)
                self.found += cursor.fetchone()[0]
                self.looked += 1


@contextmanager
def too_early(url: str) -> Iterator[Watch]:
    """Look all the time whether a mailing is called finished while messages of it are left."""
    watch = Watch()
    thread = threading.Thread(target=watch.look, args=(url,))
    thread.start()
    try:
        yield watch
    finally:
        watch.stopped.set()
        thread.join()


def _confirmed() -> Any:
    from django.utils import timezone

    from campaigns.tasks import wake_jobs
    from messaging.services.mailing_course import confirm_mailing
    from tests.messaging.builders import build_mailing

    mailing = build_mailing()
    confirm_mailing(mailing=mailing, by=None, at=timezone.now())
    wake_jobs()
    return mailing


def _pause_for_a_while(mailing: Any, provider: Provider) -> int:
    """Pause, wait, resume; return how many were received while nobody should have sent."""
    from django.utils import timezone

    from messaging.services.mailing_course import pause_mailing, resume_mailing

    pause_mailing(mailing=mailing, by=None, at=timezone.now())
    # Calls that had begun end.
    time.sleep(1)
    before = provider.did()["accepted"]
    time.sleep(random.uniform(0.5, 2))
    received = int(provider.did()["accepted"]) - before
    resume_mailing(mailing=mailing, by=None, at=timezone.now())
    return received


def _wait_until(mailing: Any, state: str) -> None:
    """Wait until a mailing sends, or until the clock, which looks each minute, has seen that nothing is left of it."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while _state(mailing) != state:
        if time.monotonic() > deadline:
            raise RuntimeError(f"the mailing is {mailing.state}, not {state}")
        _wake()
        time.sleep(0.5)


def _wake() -> None:
    from campaigns.tasks import wake_jobs
    from messaging.tasks import wake_senders

    wake_senders()
    wake_jobs()


def _state(mailing: Any) -> str:
    mailing.refresh_from_db()
    return str(mailing.state)
