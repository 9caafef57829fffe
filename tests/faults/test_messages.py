"""The fault runs of messages: their provider, their clocks, and what they call wrong."""

import http.client
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.utils import timezone
from twilio.request_validator import RequestValidator

from messaging.models import Message, MessageState
from tests.faults import clocks, naive_messages, naive_schedulers
from tests.faults.people import compare, fill_people, queue_greetings
from tests.faults.provider import Provider
from tests.messaging.builders import build_automation
from tests.messaging.receiver import Receiver


@pytest.fixture
def provider(tmp_path) -> Iterator[Provider]:
    started = Provider(tmp_path)
    yield started
    started.stop()


def ask(provider: Provider, name: str) -> int:
    """Ask the provider for a message; return the status of its answer, 0 without one."""
    address = urlsplit(provider.environment["TWILIO_API_BASE"]).netloc
    connection = http.client.HTTPConnection(address, timeout=10)
    fields = {"To": "+5511900000001", "StatusCallback": f"https://fiel.example.com/status/{name}/"}
    try:
        connection.request("POST", "/", urlencode(fields))
        return connection.getresponse().status
    except http.client.RemoteDisconnected:
        return 0
    finally:
        connection.close()


class TestProvider:
    @pytest.mark.parametrize(
        ("fault", "status", "is_received"),
        [
            (None, 201, True),
            ("too_many", 429, False),
            ("error_before", 500, False),
            ("error_after", 500, True),
            ("dropped_after", 0, True),
        ],
    )
    def test_log_says_what_customers_received_whatever_it_answers(self, provider, fault, status, is_received):
        provider.begin()
        provider.behave(faults={fault: 1} if fault else {})

        assert ask(provider, "A") == status
        assert provider.received() == ({"A": 1} if is_received else {})

    def test_takes_no_more_in_a_second_than_it_is_told(self, provider):
        provider.begin()
        provider.behave(per_second=2)

        statuses = Counter(ask(provider, f"A{number}") for number in range(30))

        assert statuses[429] > 0
        assert len(provider.received()) == statuses[201]

    def test_forgets_what_was_received_before_another_test(self, provider):
        ask(provider, "A")

        provider.begin()

        assert provider.received() == {}

    def test_reports_what_was_received_when_it_is_told_to_whom(self, provider, settings):
        settings.TWILIO_AUTH_TOKEN = "token"
        provider.begin()
        ask(provider, "A")
        receiver = Receiver()
        try:
            provider.behave(reports_to=receiver.url)
            while provider.did()["unreported"]:
                pass
        finally:
            receiver.stop()

        reports = [dict(parse_qsl(call.body.decode())) for call in receiver.calls]
        assert {report["MessageStatus"] for report in reports} == {"sent", "delivered"}
        signature = receiver.calls[0].headers["x-twilio-signature"]
        url = "https://fiel.example.com/status/A/"
        assert RequestValidator("token").validate(url, reports[0], signature)


class TestCompare:
    @pytest.fixture
    def messages(self, db) -> list[Message]:
        build_automation(occasion="birthday")
        queue_greetings(fill_people(3))
        sent = {"state": MessageState.SENT, "sent_at": timezone.now()}
        Message.objects.update(**sent)
        return list(Message.objects.order_by("pk"))

    def test_finds_nothing_wrong_where_each_was_received_once(self, messages):
        found = compare(Counter(str(message.uuid) for message in messages))

        assert found == {"sent": 3, "twice": 0, "lost": 0, "unknown": 0, "unheard": 0, "refused": 0}

    def test_finds_what_was_received_twice_and_what_never_was(self, messages):
        first, second, _third = (str(message.uuid) for message in messages)

        found = compare(Counter({first: 2, second: 1}))

        assert (found["twice"], found["lost"]) == (1, 1)

    def test_tells_doubts_that_reached_the_provider_from_those_that_did_not(self, messages):
        Message.objects.update(state=MessageState.IN_DOUBT)

        found = compare(Counter([str(messages[0].uuid)]))

        assert (found["unknown"], found["unheard"], found["lost"]) == (1, 2, 0)

    def test_calls_lost_what_nobody_sends_any_more(self, messages):
        Message.objects.update(state=MessageState.QUEUED, sent_at=None)

        assert compare(Counter())["lost"] == 3


class TestClocks:
    def test_jump_there_and_back(self):
        track = clocks.moments_around(clocks.CHANGES[0], hours=3)

        steps = {later - earlier for earlier, later in pairwise(track)}
        assert max(steps) > timedelta(hours=1.5)
        assert min(steps) < -timedelta(hours=1.5)


def test_the_naive_ways_fail(committed_db, provider):
    doubled, missed = naive_schedulers.by_local_time(committed_db, clocks.CHANGES[:2])
    repeated = naive_messages.mailing_with_a_cursor(provider, committed_db, people=100, kills=3)

    assert doubled > 0
    assert missed > 0
    assert repeated > 0
