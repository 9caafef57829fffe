"""What is told: written with what happened or not at all, only where somebody asks, in the form that is published."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from django.db import IntegrityError, InternalError, connection, transaction
from django.utils import timezone

from customers.documents import mask
from loyalty.models import PointsProgram
from loyalty.services.adjustments import adjust
from messaging.models import Message, MessageEvent, MessageState
from messaging.webhooks.event_types import EVENT_TYPES, TEST
from messaging.webhooks.models import WebhookDelivery, WebhookEvent
from pos_api.services.credentials import issue_terminal_key
from pos_api.services.customer_merges import merge_customers, undo_merge
from retail.models import Sale
from tests import builders
from tests.messaging.builders import build_endpoint, build_message
from tests.pos_api.till import Till, basket, line, publish, sale

CPF = "39053344705"
EVERYTHING = list(EVENT_TYPES)


def told(*kinds: str) -> list[WebhookEvent]:
    """Return what was told, in order; what waits for the end of the transaction, too."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    found = WebhookEvent.objects.order_by("pk")
    return list(found.filter(kind__in=kinds) if kinds else found)


def read(event: WebhookEvent) -> Any:
    """Return an event's document as its published type; fails for a member too many or of another form."""
    return msgspec.convert(event.data, EVENT_TYPES[event.kind].document, strict=True)


@pytest.fixture
def till(db) -> Till:
    publish()
    return Till.open()


@pytest.fixture
def customer(db):
    return builders.build_customer(document=CPF, code="C-1")


class TestSale:
    def test_is_told_with_its_totals_and_no_more_of_its_customer_than_needed(self, till, customer):
        build_endpoint(event_types=EVERYTHING)

        sold = till.sell(sale(total="90.00", customer={"document": CPF})).json()

        [event] = told("sale.recorded")
        document = read(event)
        assert str(document.sale) == sold["sale"]
        assert (document.totals.gross, document.totals.discount, document.totals.charged) == (
            "100.00",
            "10.00",
            "90.00",
        )
        assert (document.state, document.terminal) == ("committed", till.terminal.code)
        assert event.store_code == till.terminal.store.code
        assert event.occurred_at == Sale.objects.get().occurred_at
        assert document.customer.id == customer.pk
        assert document.customer.document == mask(CPF)
        assert customer.name not in str(event.data)
        assert CPF not in str(event.data)

    def test_is_told_before_what_it_was_granted_and_of_the_same_subject(self, till, customer):
        build_endpoint(event_types=EVERYTHING)

        sold = till.sell(sale(total="90.00", customer={"document": CPF})).json()

        assert [event.kind for event in told()] == ["sale.recorded", "activation.recorded"]
        assert set(WebhookDelivery.objects.values_list("subject", flat=True)) == {f"sale:{sold['sale']}"}
        [event] = told("activation.recorded")
        document = read(event)
        assert (document.campaign, document.discount, document.applications) == ("DEZ", "10.00", 1)
        assert document.customer.id == customer.pk

    def test_is_told_once_however_often_it_is_sent(self, till):
        build_endpoint()
        document = sale(total="90.00")

        assert [till.sell(document).status_code for _time in range(3)] == [201, 200, 200]

        assert len(told("sale.recorded")) == 1

    def test_that_is_refused_is_not_told(self, till):
        build_endpoint(event_types=EVERYTHING)

        assert till.sell(sale(total="80.00")).status_code == 409

        assert told() == []

    def test_of_a_test_key_is_not_told(self, till):
        build_endpoint(event_types=EVERYTHING)
        _key, till.credential = issue_terminal_key(terminal=till.terminal, at=timezone.now(), is_test=True)

        sold = till.sell(sale(total="90.00")).json()
        till.give_back(sold["sale"], {1: "1"})

        assert told() == []

    def test_that_came_after_its_cancellation_is_told_as_cancelled(self, till):
        build_endpoint(event_types=EVERYTHING)
        document = sale(total="100.00")
        day = timezone.localdate().isoformat()
        assert till.cancel_ticket(document["ticket"], day).status_code == 200
        assert told() == []

        assert till.sell(document).status_code == 201

        [event] = told()
        assert (event.kind, read(event).state) == ("sale.recorded", "cancelled")

    def test_that_is_cancelled_is_told_with_its_refund(self, till):
        build_endpoint(event_types=EVERYTHING)
        sold = till.sell(sale(total="90.00")).json()

        till.cancel(sold["sale"])
        till.cancel(sold["sale"])

        [event] = told("sale.cancelled")
        assert (read(event).refund.amount, read(event).refund.withheld) == ("90.00", "0.00")
        [undone] = told("activation.undone")
        assert (read(undone).undone, read(undone).is_reversed) == ("10.00", True)

    def test_that_comes_back_is_told_with_its_units(self, till):
        build_endpoint(event_types=EVERYTHING)
        sold = till.sell(sale(line(quantity="2"), total="180.00")).json()

        till.quote_return(sold["sale"], {1: "1"})
        assert told("sale.returned") == []
        till.give_back(sold["sale"], {1: "1"}, name="D-1")
        till.give_back(sold["sale"], {1: "1"}, name="D-1")
        till.give_back(sold["sale"], {1: "1"}, name="D-2")

        first, last = [read(event) for event in told("sale.returned")]
        assert (first.reference, first.state, first.refund.amount) == ("D-1", "partially_returned", "90.00")
        assert [(one.line, one.quantity, one.returned) for one in first.lines] == [(1, "1", "1")]
        assert (last.reference, last.state) == ("D-2", "returned")
        undone = [read(event) for event in told("activation.undone")]
        assert [(one.undone, one.is_reversed) for one in undone] == [("10.00", False), ("20.00", True)]


class TestBalance:
    @pytest.fixture
    def program(self, db):
        return PointsProgram.objects.create(
            code="pontos", name="Pontos", points=1, per_amount=10, point_value="0.10", redeem_step=1
        )

    def test_that_a_sale_moves_is_told_by_kind_with_what_it_came_to(self, till, customer, program):
        build_endpoint(event_types=["balance.changed"])

        first = till.sell(sale(total="90.00", customer={"document": CPF})).json()
        redeeming = {"customer": {"document": CPF}, "redeem": {"points": {"pontos": "max"}}}
        net = till.evaluate(basket(**redeeming)).json()["totals"]["net"]
        till.sell(sale(total=net, **redeeming))

        documents = [read(event) for event in told()]
        assert [(one.movement, one.amount, one.balance) for one in documents] == [
            ("earn", "9.00", "9.00"),
            ("redeem", "-9.00", "0.00"),
            ("earn", "9.00", "9.00"),
        ]
        assert {(one.kind, one.program, one.customer.id, one.by_hand) for one in documents} == {
            ("points", "pontos", customer.pk, False)
        }
        assert str(documents[0].sale) == first["sale"]

    def test_that_a_manager_moves_is_told_as_by_hand(self, customer, program):
        build_endpoint(event_types=["balance.changed"])

        adjust(
            customer_id=customer.pk,
            key=("points", program.pk),
            amount=5_00,
            reason="Sorry",
            actor_id=builders.build_user().pk,
            operation="1",
            at=timezone.now(),
        )

        [event] = told()
        assert (read(event).movement, read(event).amount, read(event).by_hand) == ("adjust", "5.00", True)
        assert (read(event).sale, event.store_code) == (None, "")

    def test_of_a_stored_value_is_told_without_its_code(self, customer):
        build_endpoint(event_types=["balance.changed"])

        card = builders.build_card(customer=customer)

        document = read(told()[0])
        assert (document.stored_value.id, document.stored_value.type) == (card.pk, card.type.code)
        assert document.customer.id == customer.pk


class TestMessage:
    @pytest.mark.parametrize(
        ("state", "kind", "values"),
        [
            ("sent", "message.sent", {"sent_at": timezone.now()}),
            ("delivered", "message.delivered", {"sent_at": timezone.now(), "delivered_at": timezone.now()}),
            ("read", "message.read", {"sent_at": timezone.now(), "read_at": timezone.now()}),
            ("failed", "message.failed", {"reason": "undelivered", "closed_at": timezone.now()}),
            ("in_doubt", "message.in_doubt", {"reason": "outcome_unknown"}),
            ("suppressed", "message.not_sent", {"reason": "no_consent", "closed_at": timezone.now()}),
        ],
    )
    def test_that_comes_into_another_state_is_told(self, db, state, kind, values):
        build_endpoint(event_types=EVERYTHING)
        message = build_message()

        Message.objects.update(state=state, **values)
        Message.objects.update(state=state)

        [event] = told()
        document = read(event)
        assert event.kind == kind
        assert (document.message, document.state, document.reason) == (
            message.uuid,
            state,
            values.get("reason", ""),
        )
        assert event.store_code == message.store.code
        assert message.customer.phone not in str(event.data)

    def test_that_is_written_as_not_sent_is_told(self, db):
        build_endpoint(event_types=["message.not_sent"])

        build_message(state=MessageState.SUPPRESSED, reason="no_consent", closed_at=builders.NOON)

        assert [read(event).reason for event in told()] == ["no_consent"]

    def test_that_was_opened_or_followed_is_told(self, db):
        build_endpoint(event_types=EVERYTHING)
        message = build_message()

        for place, kind in enumerate(("opened", "clicked", "delivered")):
            MessageEvent.objects.create(
                message=message, provider="esp", event_key=str(place), kind=kind, occurred_at=builders.NOON
            )

        assert [(event.kind, read(event).message) for event in told()] == [
            ("message.opened", message.uuid),
            ("message.clicked", message.uuid),
        ]

    def test_that_somebody_sends_to_himself_to_try_it_is_not_told(self, db):
        build_endpoint(event_types=EVERYTHING)
        message = build_message(occasion="test")

        Message.objects.update(state="sent", sent_at=timezone.now())
        MessageEvent.objects.create(
            message=message, provider="esp", event_key="1", kind="opened", occurred_at=builders.NOON
        )

        assert told() == []


class TestMerge:
    def test_of_customers_is_told_and_so_is_its_undoing(self, customer):
        build_endpoint(event_types=EVERYTHING)
        other = builders.build_customer(document=None)
        actor = builders.build_user()

        merged = merge_customers(
            kept_id=customer.pk, absorbed_id=other.pk, reason="Same", actor=actor, at=timezone.now()
        )
        undo_merge(merge_id=merged.merge.pk, actor=actor, at=timezone.now())

        first, last = told("customer.merged", "customer.merge_undone")
        assert (read(first).kept.id, read(first).absorbed.id) == (customer.pk, other.pk)
        assert (last.kind, read(last).merge) == ("customer.merge_undone", merged.merge.pk)


class TestReceivers:
    def test_without_any_nothing_is_written(self, till, customer):
        till.sell(sale(total="90.00", customer={"document": CPF}))

        assert told() == []

    @pytest.mark.parametrize(
        "endpoint",
        [
            {"event_types": ["sale.cancelled"]},
            {"is_active": False},
            {"store_codes": ["OTHER"]},
        ],
    )
    def test_that_do_not_want_it_leave_no_trace(self, till, endpoint):
        build_endpoint(**endpoint)

        till.sell(sale(total="90.00"))

        assert told() == []

    def test_each_get_their_own_delivery_of_one_event(self, till):
        code = till.terminal.store.code
        wanted = [build_endpoint(), build_endpoint(store_codes=["OTHER", code])]
        build_endpoint(event_types=["sale.returned"])

        till.sell(sale(total="90.00"))

        assert len(told()) == 1
        assert set(WebhookDelivery.objects.values_list("endpoint", flat=True)) == {one.pk for one in wanted}

    def test_of_some_stores_hear_nothing_that_belongs_to_none(self, customer):
        build_endpoint(event_types=EVERYTHING, store_codes=["A"])

        builders.build_customer_merge(kept=customer)

        assert told("customer.merged") == []


class TestPromises:
    def test_what_is_rolled_back_is_not_told(self, db):
        build_endpoint(event_types=EVERYTHING)
        build_message()
        with transaction.atomic():
            Message.objects.update(state="sent", sent_at=timezone.now())
            assert WebhookEvent.objects.count() == 1
            transaction.set_rollback(True)

        assert told() == []

    def test_an_event_is_never_rewritten(self, till):
        build_endpoint()
        till.sell(sale(total="90.00"))

        with pytest.raises((InternalError, IntegrityError)), transaction.atomic():
            WebhookEvent.objects.update(data={})

    def test_every_kind_has_a_sample_of_its_published_form(self):
        for kind in (*EVENT_TYPES.values(), TEST):
            assert msgspec.convert(dict(kind.sample), kind.document, strict=True), kind.code

    @pytest.mark.parametrize("document", ["39053344705", "11222333000181", "12ABC34501DE35"])
    def test_documents_are_masked_as_everywhere_else(self, db, document):
        customer = builders.build_customer(document=document)
        with connection.cursor() as cursor:
            cursor.execute("SELECT webhook_customer(%s) ->> 'document'", [customer.pk])

            assert cursor.fetchone() == (mask(document),)

    def test_moments_have_their_offset(self, till):
        build_endpoint()
        before = timezone.now()

        till.sell(sale(total="90.00"))

        [event] = told()
        assert before - timedelta(seconds=5) <= event.recorded_at <= timezone.now()
