"""Real processes tell another system while they are killed: nothing is lost, and what comes twice has the same id."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from config.local.processes import start_child
from messaging.webhooks.models import WebhookDelivery, WebhookEvent
from messaging.webhooks.services.delivery import LEASE, sweep
from tests.messaging.builders import build_delivery, build_endpoint
from tests.processes import ROOT, output, start_process, wait_for

HERE = Path(__file__).parent


class ReceiverProcess:
    """The receiver and the ids that it took."""

    def __init__(self, folder: Path, *, hold: int, moment: str) -> None:
        self.log = folder / "taken"
        self.log.touch()
        self.held_log = folder / "taken.held"
        self.held_log.touch()
        port_file = folder / "port"
        self.process = start_child(
            [sys.executable, HERE / "receiver_process.py", port_file, self.log, str(hold), moment],
            environment=os.environ,
            death_signal=signal.SIGKILL,
        )
        wait_for(port_file.exists)
        self.url = f"http://127.0.0.1:{port_file.read_text()}/fiel"

    def taken(self) -> Counter[str]:
        return Counter(self.log.read_text().split())

    def held(self) -> int:
        return len(self.held_log.read_text().split())

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def start_receiver(tmp_path) -> Iterator[Callable[..., ReceiverProcess]]:
    started: list[ReceiverProcess] = []

    def start(*, hold: int = 0, moment: str = "after") -> ReceiverProcess:
        started.append(ReceiverProcess(tmp_path, hold=hold, moment=moment))
        return started[-1]

    yield start
    for receiver in started:
        receiver.stop()


def start(database_url: str, *command: str | Path) -> subprocess.Popen[str]:
    # This machine may be called.
    return start_process(database_url, *command, FIEL_DEBUG="1", PYTHONPATH=str(ROOT))


def drain(database_url: str) -> subprocess.Popen[str]:
    return start(database_url, ROOT / "manage.py", "drain")


def kill_each_time_one_is_held(
    receiver: ReceiverProcess, sender: Callable[[], subprocess.Popen[str]], *, times: int
) -> None:
    """Run a sender, kill -9 it in the middle of a call, let its lease end, start again."""
    for kill in range(1, times + 1):
        process = sender()
        wait_for(lambda: receiver.held() >= kill)  # noqa: B023
        process.send_signal(signal.SIGKILL)
        process.communicate()
        sweep(at=timezone.now() + LEASE + timedelta(seconds=1))


def queue(receiver: ReceiverProcess, count: int) -> set[str]:
    endpoint = build_endpoint(url=receiver.url)
    for _number in range(count):
        build_delivery(endpoint=endpoint)
    return {str(uuid) for uuid in WebhookEvent.objects.values_list("uuid", flat=True)}


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_kill_in_the_middle_of_a_call_loses_nothing(committed_db, start_receiver, moment):
    receiver = start_receiver(hold=8, moment=moment)
    expected = queue(receiver, 20)
    kills = 2

    kill_each_time_one_is_held(receiver, lambda: drain(committed_db), times=kills)
    text = output(drain(committed_db))

    taken = receiver.taken()
    assert set(taken) == expected, text
    # What was taken and not recorded comes again, and the receiver knows it by its id.
    repeated = sum(taken.values()) - len(taken)
    assert repeated == (kills if moment == "after" else 0)
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"delivered"}


def test_two_senders_at_once_tell_each_event_once(committed_db, start_receiver):
    receiver = start_receiver()
    expected = queue(receiver, 60)

    senders = [drain(committed_db) for _number in range(2)]
    for sender in senders:
        output(sender)

    assert receiver.taken() == dict.fromkeys(expected, 1)


def test_the_same_kill_loses_an_event_that_was_noted_as_sent_too_early(committed_db, start_receiver):
    # The control: with the record before the call this very scenario shows a loss, so the test above can fail.
    receiver = start_receiver(hold=4, moment="before")
    expected = queue(receiver, 6)

    kill_each_time_one_is_held(receiver, lambda: start(committed_db, HERE / "careless_sender.py"), times=1)
    output(start(committed_db, HERE / "careless_sender.py"))

    assert len(set(receiver.taken())) == len(expected) - 1
