"""Nobody is written to about a cart who has bought: carts and sales by the API, messages by planner and sender."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from time import sleep

import pytest
from django.db import connections
from django.utils import timezone

from messaging.models import Cart, CartState, Message
from messaging.services.delivery import claim, deliver, deliver_due
from messaging.services.planning import plan
from pos_api.services.customers import lock_customer
from tests.builders import build_consent, build_customer
from tests.messaging.builders import build_automation, build_reachable_customer, build_shop
from tests.pos_api.till import Till, sale

DOCUMENT, EMAIL, PHONE = "39053344705", "ana@example.com", "+5511987654321"
DELAY = timedelta(minutes=30)
MINUTE = timedelta(minutes=1)
LINES = [{"sku": "CAMISA", "quantity": "1", "unit_price": "100.00"}]


class Shop:
    """An online shop whose visitor left a cart half an hour ago, but for a minute."""

    def __init__(self) -> None:
        build_automation(settings={"delay_minutes": 30}, channels=["email", "sms"])
        self.till = Till.open(store=build_shop())
        self.due_at = timezone.now() + MINUTE

    def leave(self, **document) -> Cart:
        """Report a cart that was left, by the API."""
        left_at = (self.due_at - DELAY).isoformat()
        answer = self.till.send("PUT", "carts/c1/", {"lines": LINES, "occurred_at": left_at} | document)
        assert answer.status_code == 201, answer.content
        return Cart.objects.get()

    def sell(self, *, till=None, **document) -> None:
        """Record a purchase of a minute before the message is due, by the API."""
        answer = (till or self.till).sell(sale(occurred_at=(self.due_at - MINUTE).isoformat(), **document))
        assert answer.status_code == 201, answer.content

    def plan(self) -> Message:
        assert plan("recovery", at=self.due_at) == 1
        return Message.objects.get()

    def send(self) -> None:
        deliver_due(clock=lambda: self.due_at)


@pytest.fixture
def ana():
    return build_reachable_customer(document=DOCUMENT, email=EMAIL, phone=PHONE)


def nothing_left(recorders) -> bool:
    return not any(recorder.sent for recorder in recorders.values())


@pytest.mark.django_db
class TestBought:
    def test_without_a_purchase_the_message_leaves(self, recorders, ana):
        shop = Shop()
        shop.leave(customer={"document": DOCUMENT})
        shop.plan()

        shop.send()

        assert len(recorders["email"].sent) == 1

    def test_a_purchase_one_minute_before_it_is_due_sends_nothing(self, recorders, ana):
        shop = Shop()
        cart = shop.leave(customer={"document": DOCUMENT})
        shop.sell(customer={"document": DOCUMENT})

        message = shop.plan()
        shop.send()

        assert nothing_left(recorders)
        assert (message.state, message.reason) == ("suppressed", "bought")
        cart.refresh_from_db()
        assert cart.state == CartState.BOUGHT

    def test_a_purchase_after_it_was_planned_sends_nothing_and_the_message_says_so(self, recorders, ana):
        shop = Shop()
        shop.leave(customer={"document": DOCUMENT})
        message = shop.plan()
        assert message.state == "queued"

        shop.sell(customer={"document": DOCUMENT})
        shop.send()

        message.refresh_from_db()
        assert nothing_left(recorders)
        assert (message.state, message.reason, message.call_began_at) == ("suppressed", "bought", None)
        assert message.cart.state == CartState.BOUGHT

    def test_a_purchase_between_claim_and_call_sends_nothing(self, recorders, ana):
        shop = Shop()
        shop.leave(customer={"document": DOCUMENT})
        shop.plan()
        lease, [claimed] = claim(at=shop.due_at, limit=1)

        shop.sell(customer={"document": DOCUMENT})

        assert deliver(message_id=claimed, lease=lease, clock=lambda: shop.due_at) == "not_sent"
        assert nothing_left(recorders)
        assert Message.objects.get().reason == "bought"

    def test_a_purchase_in_another_store_counts(self, recorders, ana):
        shop = Shop()
        shop.leave(customer={"document": DOCUMENT})
        shop.plan()

        shop.sell(till=Till.open(), customer={"phone": PHONE})
        shop.send()

        assert nothing_left(recorders)

    def test_a_purchase_that_was_cancelled_does_not_count(self, recorders, ana):
        shop = Shop()
        shop.leave(customer={"document": DOCUMENT})
        shop.plan()

        shop.sell(customer={"document": DOCUMENT}, ticket="T-1")
        sold = shop.till.send("GET", "sales/?ticket=T-1").json()
        assert shop.till.cancel(sold["sale"]).status_code == 200
        shop.send()

        assert len(recorders["email"].sent) == 1


VISITOR = {"name": "Ana", "accepts_marketing": True}


@pytest.mark.django_db
class TestByAnotherContact:
    @pytest.mark.parametrize(
        ("left", "bought"),
        [
            # The record of the document knows the e-mail that the visitor left.
            ({"contact": VISITOR | {"email": EMAIL}}, {"customer": {"document": DOCUMENT}}),
            ({"contact": VISITOR | {"phone": "(11) 98765-4321"}}, {"customer": {"document": DOCUMENT}}),
            ({"customer": {"document": DOCUMENT}}, {"customer": {"email": "Ana@Example.com"}}),
        ],
        ids=["e-mail, then document", "phone, then document", "document, then e-mail"],
    )
    def test_of_a_customer(self, recorders, ana, left, bought):
        shop = Shop()
        shop.leave(**left)
        shop.plan()

        shop.sell(**bought)
        shop.send()

        assert nothing_left(recorders)
        assert Message.objects.get().reason == "bought"

    @pytest.mark.parametrize(
        "told",
        [
            {"customer": {"document": DOCUMENT, "email": "Ana@example.com"}},
            {"customer": {"document": DOCUMENT, "phone": PHONE}},
            {"customer": {"document": DOCUMENT}, "captured": {"email": "ana@EXAMPLE.com"}},
            {"customer": {"document": DOCUMENT}, "captured": {"phone": "(11) 98765-4321"}},
            {"captured": {"email": EMAIL}},
        ],
        ids=["e-mail beside", "phone beside", "e-mail typed", "phone typed", "nobody's e-mail"],
    )
    def test_of_a_visitor_that_the_record_of_the_sale_does_not_know(self, recorders, told):
        build_customer(document=DOCUMENT)
        shop = Shop()
        shop.leave(contact=VISITOR | {"email": EMAIL, "phone": PHONE})
        assert shop.plan().customer is None

        shop.sell(**told)
        shop.send()

        assert nothing_left(recorders)
        assert Message.objects.get().reason == "bought"

    def test_of_two_records_that_share_an_e_mail(self, recorders):
        kept = build_customer(document=None, email=EMAIL)
        build_consent(customer=kept, purpose="marketing", channel="")
        shop = Shop()
        shop.leave(customer={"email": EMAIL})
        build_customer(document=DOCUMENT, email=EMAIL)
        shop.plan()

        shop.sell(customer={"document": DOCUMENT})
        shop.send()

        assert nothing_left(recorders)

    @pytest.mark.parametrize(
        "told",
        [{"captured": {"email": "bia@example.com", "phone": "(11) 98765-0000"}}, {"captured": {"phone": ""}}],
    )
    def test_somebody_else_is_somebody_else(self, recorders, told):
        shop = Shop()
        shop.leave(contact=VISITOR | {"email": EMAIL, "phone": PHONE})
        shop.plan()

        shop.sell(**told)
        shop.send()

        assert len(recorders["email"].sent) == 1


@pytest.mark.django_db(transaction=True)
def test_a_purchase_that_is_being_recorded_is_waited_for(recorders, ana):
    shop = Shop()
    shop.leave(customer={"document": DOCUMENT})
    shop.plan()
    lease, [claimed] = claim(at=shop.due_at, limit=1)
    begun, go_on = Event(), Event()

    def hold_then_sell(*arguments, **values):
        found = lock_customer(*arguments, **values)
        begun.set()
        assert go_on.wait(10)
        return found

    def buy():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("pos_api.services.commit.lock_customer", hold_then_sell)
            try:
                shop.sell(customer={"document": DOCUMENT})
            finally:
                connections.close_all()

    def send():
        try:
            return deliver(message_id=claimed, lease=lease, clock=lambda: shop.due_at)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        bought = pool.submit(buy)
        assert begun.wait(10)
        sent = pool.submit(send)
        sleep(0.3)
        waited = not sent.done()
        go_on.set()
        bought.result(10)
        assert sent.result(10) == "not_sent"

    assert waited
    assert nothing_left(recorders)
    assert Message.objects.get().reason == "bought"
