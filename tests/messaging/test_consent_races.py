"""Nobody is written to who has said no: random interleavings of answers and sends, on real connections (T43)."""

import random
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Lock
from time import monotonic, sleep

import pytest
from django.db import connections
from django.utils import timezone

from customers.models import Customer
from customers.services.consents import record_consent
from messaging.models import Message
from messaging.services import preparation, replies
from messaging.services.delivery import claim, deliver, deliver_due
from tests.messaging.builders import build_automation, build_reachable_customer

pytestmark = pytest.mark.django_db(transaction=True)
CUSTOMERS = 10
MESSAGES = 1_000


@contextmanager
def own_connection():
    """Close what a thread opened: its database goes away with the test."""
    try:
        yield
    finally:
        connections.close_all()


def answer(customer, granted):
    record_consent(
        customer=customer,
        values={"purpose": "marketing", "channel": "sms", "granted": granted},
        source="web",
        at=timezone.now(),
    )


def queue(customers, number, *, due_at):
    """Queue greetings, one year of birthdays after the other: an occasion without conditions of its own."""
    Message.objects.bulk_create(
        Message(
            occasion="birthday",
            occasion_key=str(2000 + place),
            person=f"c:{customers[place % len(customers)].pk}",
            customer=customers[place % len(customers)],
            channels=["sms"],
            due_at=due_at,
            planned_at=due_at,
        )
        for place in range(number)
    )


def test_no_send_begins_after_a_revocation_was_committed(recorders, monkeypatch):
    build_automation(occasion="birthday", channels=["sms"])
    customers = [build_reachable_customer() for _ in range(CUSTOMERS)]
    queue(customers, MESSAGES, due_at=timezone.now() - timedelta(minutes=1))
    decided: list[tuple[int, float]] = []
    answers: dict[int, list[tuple[float, float, bool]]] = defaultdict(list)
    guard, over = Lock(), Event()
    begin = preparation._start_call

    def noted_begin(message, *rest, **values):
        # What was looked at must still hold here, right before `call_began_at` is committed.
        sleep(random.random() / 500)
        with guard:
            decided.append((message.customer_id, monotonic()))
        return begin(message, *rest, **values)

    monkeypatch.setattr(preparation, "_start_call", noted_begin)

    def keep_sending():
        with own_connection():
            while deliver_due(clock=timezone.now, limit=50).as_document() != dict.fromkeys(
                ("sent", "not_sent", "retried", "failed", "in_doubt", "lost"), 0
            ):
                pass

    def keep_answering(seed):
        # Each customer has one person who answers, so that their answers have an order.
        rng, mine = random.Random(seed), customers[seed::2]
        with own_connection():
            while not over.is_set():
                customer, granted = rng.choice(mine), rng.random() < 0.5
                began = monotonic()
                answer(customer, granted)
                answers[customer.pk].append((began, monotonic(), granted))
                sleep(rng.random() / 500)

    with ThreadPoolExecutor(4) as pool:
        answering = [pool.submit(keep_answering, seed) for seed in range(2)]
        sending = [pool.submit(keep_sending) for _ in range(2)]
        try:
            for one in sending:
                one.result()
        finally:
            over.set()
        for one in answering:
            one.result()

    assert not Message.objects.filter(state__in=["queued", "claimed"]).exists()
    assert len(recorders["sms"].sent) == len(decided) > MESSAGES // 20
    assert Message.objects.filter(reason="no_consent").count() > MESSAGES // 20
    late = [
        (customer, moment)
        for customer, moment in decided
        for place, (_began, committed, granted) in enumerate(answers[customer])
        # From when a revocation was surely committed until the next answer could have been.
        if not granted
        and committed < moment
        and (place + 1 == len(answers[customer]) or moment < answers[customer][place + 1][0])
    ]
    assert late == []


@pytest.mark.parametrize("way", ["consent", "opt_out"])
def test_saying_no_waits_for_a_last_look_that_is_under_way(recorders, monkeypatch, way):
    build_automation(occasion="birthday", channels=["sms"])
    customer = build_reachable_customer()
    queue([customer], 1, due_at=timezone.now() - timedelta(minutes=1))
    looked, go_on = Event(), Event()
    begin = preparation._start_call

    def held(message, *rest, **values):
        looked.set()
        assert go_on.wait(10)
        return begin(message, *rest, **values)

    monkeypatch.setattr(preparation, "_start_call", held)

    def send():
        with own_connection():
            lease, [claimed] = claim(at=timezone.now(), limit=1)
            return deliver(message_id=claimed, lease=lease, clock=timezone.now)

    def say_no():
        with own_connection():
            if way == "consent":
                answer(Customer.objects.get(), False)
            else:
                replies.receive_reply(
                    channel="sms", address=customer.phone, text="SAIR", event_key="1", at=timezone.now()
                )

    with ThreadPoolExecutor(2) as pool:
        sent = pool.submit(send)
        assert looked.wait(10)
        said = pool.submit(say_no)
        sleep(0.3)
        waited = not said.done()
        go_on.set()
        assert sent.result(10) == "sent"
        said.result(10)

    assert waited
