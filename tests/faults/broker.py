"""T10: Redis killed and emptied while tills sell and ask for receipts; nothing of it was written down."""

import os
import random
import threading
import time
from collections.abc import Callable
from typing import Any

from tests.faults import naive_messages, scene
from tests.faults.audit import all_there, world
from tests.faults.crew import Crew, manage
from tests.faults.people import compare
from tests.faults.results import Outcome, Result, Stopwatch
from tests.faults.rig import Rig
from tests.faults.senders import settle
from tests.faults.tills import Tills

SENDERS = 4


class Desk:
    """Tills that sell and ask for the receipt of each sale by SMS; `promised` are the messages that they were told of."""

    def __init__(self, tills: Tills, customers: list[str]) -> None:
        self.tills, self._customers = tills, customers
        self.promised: list[str] = []
        # How long each answer took: with Redis, and without.
        self.seconds: dict[bool, list[float]] = {True: [], False: []}
        self.has_redis = True
        self.stopped = threading.Event()

    def work(self, number: int) -> None:
        for step in range(10**6):
            if self.stopped.is_set():
                return
            time.sleep(random.uniform(0, 0.2))
            _status, sold = self._timed("sales/", scene.plain_sale(random.choice(self._customers)))
            if "sale" in sold:
                address = f"+55119{number:02d}{step:06d}"
                receipt = {"channel": "sms", "address": address}
                status, body = self._timed(f"sales/{sold['sale']}/receipt/", receipt)
                if status in (200, 201):
                    self.promised.append(body["message"])

    def _timed(self, path: str, document: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        began, with_redis = time.monotonic(), self.has_redis
        answer = self.tills.sell(document) if path == "sales/" else self.tills.insist(path, document)
        self.seconds[with_redis].append(time.monotonic() - began)
        return answer

    def busy(self, disturb: Callable[[], None]) -> None:
        """Have all tills work while `disturb` runs in the main thread, which owns the processes."""
        threads = [threading.Thread(target=self.work, args=(number,)) for number in range(SENDERS)]
        for thread in threads:
            thread.start()
        try:
            disturb()
        finally:
            self.stopped.set()
            for thread in threads:
                thread.join()


def lost_broker(rig: Rig, *, quick: bool) -> list[Result]:
    """T10: kill -9 of Redis and FLUSHALL under sales; the web server, the senders and the scheduler go on by themselves."""
    from tests.messaging.builders import build_automation

    times = 2 if quick else 5
    provider, took = rig.provider, Stopwatch("T10")
    url = rig.clone("t10", "fiel")
    rig.empty_redis()
    provider.begin()
    key, customers = scene.fill_limited(limit=None, each=None, customers=50)
    build_automation(occasion="receipt", channels=["sms"])
    environment = os.environ | {"DATABASE_URL": url}
    drained = 0

    def disturb() -> None:
        nonlocal drained
        for _time in range(times):
            time.sleep(random.uniform(2, 4))
            rig.kill_redis()
            desk.has_redis = False
            time.sleep(1)
            # What somebody runs who does not want to wait; the tills go on asking, so that it would not end by itself.
            before = provider.did()["accepted"]
            manage(environment, "drain", "--limit", "50")
            drained += provider.did()["accepted"] - before
            rig.start_redis()
            desk.has_redis = True
            time.sleep(random.uniform(2, 4))
            rig.empty_redis()

    with (
        rig.web(url) as web,
        Crew(rig.folder, environment, senders=2, schedulers=1, workers=1).at_work() as crew,
    ):
        desk = Desk(Tills(web.port, key), customers)
        desk.busy(disturb)
        took.note(f"selling while Redis is lost {times} times")
        settle(crew)
        took.note("sending what waited")
    received, found = provider.received(), compare(provider.received())
    lost, different = all_there(desk.tills)
    broken, said = world()
    unsent = sum(uuid not in received for uuid in desk.promised)
    lost_tasks = naive_messages.tasks_of_an_emptied_broker(rig)
    failures = desk.tills.failures()
    outcome = Outcome(
        what=f"kill -9 of Redis, which writes nothing down, and FLUSHALL when it is back, {times} times while {SENDERS} tills sell and ask for receipts; "
        "2 senders, a scheduler, a worker; `manage.py drain` while there is no Redis",
        figure=f"{len(desk.tills.acknowledged):,} sales and {len(desk.promised):,} receipts acknowledged, {failures} 5xx, {desk.tills.lost} cut off, 99 of "
        f"100 answered within {_percentile(desk.seconds[True])} ms with Redis, {_percentile(desk.seconds[False])} ms without: {lost} lost, {different} different, {said}; {unsent + found['lost']} messages lost, "
        f"{found['twice']} sent twice, {found['unknown'] + found['unheard']} in doubt; {drained} left without Redis",
        is_reached=not (failures or desk.tills.lost or lost or different or broken or unsent)
        and not (found["twice"] or found["lost"] or found["unknown"] or found["unheard"])
        and drained > 0
        and bool(desk.seconds[False]),
    )
    return [
        outcome.against(
            test="T10",
            target="sales unaffected, no 5xx, no message lost",
            control=f"a Celery task a message, and the broker is emptied once: {lost_tasks} of 200 lost",
            control_failed=lost_tasks > 0,
        )
    ]


def _percentile(seconds: list[float]) -> int:
    """Return within how many milliseconds 99 of 100 were answered."""
    return round(1000 * sorted(seconds)[int(0.99 * (len(seconds) - 1))]) if seconds else 0
