"""Real processes: planners side by side, senders that are killed, and all of it without Redis."""

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from messaging.contact_policy import CapDocument, Policy
from messaging.models import Message, MessageState
from messaging.schedule import State
from messaging.services.contact_policies import save_policy
from messaging.services.delivery import LEASE, sweep_expired_leases
from messaging.services.reports import Report, record_report
from tests.messaging.builders import (
    build_automation,
    build_cart,
    build_message,
    build_reachable_customer,
    build_shop,
)
from tests.messaging.processes import Provider, manage
from tests.processes import output, wait_for


@pytest.fixture
def start_provider(tmp_path) -> Iterator[Callable[..., Provider]]:
    started: list[Provider] = []

    def start(*, hold: int = 0) -> Provider:
        started.append(Provider(tmp_path, hold=hold))
        return started[-1]

    yield start
    for provider in started:
        provider.stop()


def queue_messages(count: int) -> datetime:
    """Queue recovery messages of different people, due now and useful for an hour."""
    now = timezone.now()
    build_automation(channels=["sms"])
    store = build_shop()
    for _ in range(count):
        customer = build_reachable_customer()
        cart = build_cart(customer=customer, store=store, last_interaction_at=now - timedelta(minutes=31))
        build_message(
            cart=cart, due_at=now - timedelta(minutes=1), expires_at=now + timedelta(hours=1), planned_at=now
        )
    return now


def kill_each_time_an_answer_is_held(
    database_url: str, provider: Provider, *, times: int, after_kill: Callable[[], object]
) -> None:
    """Run a sender, kill -9 it between the provider's yes and our record, settle, start again; then finish."""
    for kill in range(1, times + 1):
        sender = manage(database_url, "drain", provider=provider)
        wait_for(lambda: provider.held() >= kill)  # noqa: B023
        sender.send_signal(signal.SIGKILL)
        sender.communicate()
        after_kill()


class TestPlanners:
    def test_three_at_once_plan_each_greeting_once(self, committed_db):
        build_automation(occasion="birthday", settings={"send_at": "09:00:00"})
        for _ in range(120):
            build_reachable_customer(birth_date=date(1990, 11, 20))

        planners = [
            manage(committed_db, "plan_messages", "--at", "2026-11-20T12:30:00+00:00") for _ in range(3)
        ]
        planned = [int(output(planner).split("birthday=")[1].split()[0]) for planner in planners]

        assert sum(planned) == 120
        assert Message.objects.count() == 120


class TestSenders:
    def test_two_at_once_send_each_message_once_with_redis_down(self, committed_db, start_provider):
        provider = start_provider()
        queue_messages(60)

        senders = [manage(committed_db, "drain", provider=provider) for _ in range(2)]
        sent = [int(output(sender).split("sent=")[1].split()[0]) for sender in senders]

        assert sum(sent) == 60
        assert sorted(provider.accepted()) == sorted(
            str(uuid) for uuid in Message.objects.values_list("uuid", flat=True)
        )
        assert Message.objects.filter(state=MessageState.SENT).count() == 60

    def test_a_kill_between_the_yes_and_its_record_sends_nothing_twice(self, committed_db, start_provider):
        provider = start_provider(hold=8)
        now = queue_messages(20)
        kills = 2

        kill_each_time_an_answer_is_held(
            committed_db,
            provider,
            times=kills,
            after_kill=lambda: sweep_expired_leases(at=timezone.now() + LEASE),
        )
        output(manage(committed_db, "drain", provider=provider))

        accepted = Counter(provider.accepted())
        assert len(accepted) == 20
        assert set(accepted.values()) == {1}
        states = Counter(Message.objects.values_list("state", flat=True))
        assert states == {MessageState.SENT: 20 - kills, MessageState.IN_DOUBT: kills}

        # The provider's reports prove what we could not know.
        for message in Message.objects.filter(state=MessageState.IN_DOUBT):
            assert message.reason == "worker_died"
            report = Report(
                provider="twilio",
                event_key=f"{message.uuid}:delivered",
                kind="delivered",
                occurred_at=now,
                state=State.DELIVERED,
            )
            assert record_report(message_uuid=message.uuid, report=report)
        assert not Message.objects.filter(state=MessageState.IN_DOUBT).exists()

    def test_the_same_kill_would_send_twice_if_claims_were_simply_given_back(
        self, committed_db, start_provider
    ):
        # The control: without "in doubt" this very scenario shows duplicates, so the test above can fail.
        provider = start_provider(hold=4)
        queue_messages(6)

        def give_back() -> None:
            Message.objects.filter(state=MessageState.CLAIMED).update(
                state=MessageState.QUEUED, lease=None, lease_until=None
            )

        kill_each_time_an_answer_is_held(committed_db, provider, times=1, after_kill=give_back)
        output_of_last = manage(committed_db, "drain", "--limit", "3", provider=provider)
        output(output_of_last)

        assert max(Counter(provider.accepted()).values()) == 2


class TestContactPolicy:
    def test_two_senders_at_once_keep_to_the_cap_of_each_person(self, committed_db, start_provider):
        provider = start_provider()
        now = queue_messages(25)
        build_automation(occasion="birthday", channels=["sms"])
        save_policy(policy=Policy(caps={"all": CapDocument(most=1, days=7)}), by=None, at=now)
        for message in Message.objects.select_related("customer"):
            Message.objects.create(
                occasion="birthday",
                occasion_key="2026",
                person=message.person,
                customer=message.customer,
                channels=["sms"],
                due_at=message.due_at,
                planned_at=now,
            )

        senders = [manage(committed_db, "drain", provider=provider) for _ in range(3)]
        for sender in senders:
            output(sender)
        # What gave way is looked at again.
        later = (timezone.now() + timedelta(minutes=2)).isoformat()
        output(manage(committed_db, "drain", "--at", later, provider=provider))

        assert len(provider.accepted()) == 25
        sent = Message.objects.filter(state=MessageState.SENT)
        assert set(Counter(sent.values_list("person", flat=True)).values()) == {1}
        # Greetings go first by themselves; the carts' messages are too old when there is room again.
        assert {message.occasion for message in sent} == {"birthday"}
        held_back = Message.objects.filter(occasion="recovery")
        assert Counter(held_back.values_list("state", "reason")) == {("suppressed", "frequency_cap"): 25}
