from datetime import date, timedelta
from decimal import Decimal

import pytest

from messaging.channels.base import DeliveryFailed, DeliveryInDoubt
from messaging.models import (
    CartState,
    Message,
    MessageEvent,
    MessageState,
    Suppression,
    SuppressionReason,
    Template,
)
from messaging.occasions.recovery import Recovery
from messaging.services.composition import compose
from messaging.services.delivery import LEASE, claim, deliver, deliver_due, sweep_expired_leases
from messaging.services.verifications import start
from retail.models import Company
from tests.builders import NOON, build_consent, build_sale
from tests.messaging.builders import (
    build_automation,
    build_cart,
    build_message,
    build_reachable_customer,
    build_template,
)

pytestmark = pytest.mark.django_db


def noon():
    return NOON


def send(at=NOON):
    return deliver_due(clock=lambda: at)


def reload(message):
    return Message.objects.get(pk=message.pk)


class TestDeliverDue:
    def test_sends_and_records_what_the_person_got(self, sms):
        build_automation()
        message = build_message()

        summary = send()

        message = reload(message)
        assert summary.sent == 1
        assert (message.state, message.channel, message.provider_id) == ("sent", "sms", "R1")
        assert message.text == "Ana, seu carrinho: https://loja.example.com/c/1"
        assert message.to == message.customer.phone == sms.sent[0].to
        assert message.sent_at == NOON
        assert message.lease is None

    def test_sends_each_message_once(self, sms):
        build_automation()
        build_message()

        for minute in range(5):
            send(NOON + timedelta(minutes=minute))

        assert len(sms.sent) == 1

    def test_leaves_what_is_not_due_yet(self, sms):
        build_automation()
        build_message(due_at=NOON + timedelta(seconds=1))

        assert send().sent == 0

    def test_speaks_the_language_of_the_person(self, sms):
        build_automation()
        build_template(language="en", text="Hi {{ customer.first_name }}, {{ cart.total }} is waiting")
        customer = build_reachable_customer(language="en", name="MARY JONES")
        build_message(cart=build_cart(customer=customer, last_interaction_at=NOON - timedelta(minutes=30)))

        send()

        assert sms.sent[0].text == "Hi Mary, R$ 159.90 is waiting"

    def test_an_error_that_nobody_foresaw_leaves_the_message_in_doubt(self, sms):
        build_automation()
        message = build_message()
        sms.fail(RuntimeError("boom"))

        assert send().in_doubt == 1
        assert reload(message).state == MessageState.IN_DOUBT

    def test_a_long_run_ends_and_gives_back_what_it_has_not_begun(self, sms):
        build_automation()
        for _ in range(4):
            build_message(expires_at=None)
        moments = iter(NOON + timedelta(minutes=minute) for minute in range(0, 1000))

        summary = deliver_due(clock=lambda: next(moments))

        assert 0 < summary.sent < 4
        given_back = Message.objects.filter(state=MessageState.QUEUED)
        assert given_back.count() == 4 - summary.sent
        # What was not begun was not tried.
        assert {message.attempt for message in given_back} == {0}

    def test_a_code_that_somebody_waits_for_goes_before_what_fell_due_earlier(self, sms):
        build_automation(occasion="birthday")
        build_automation()
        customer = build_reachable_customer()
        Message.objects.bulk_create(
            Message(
                occasion="birthday",
                occasion_key=str(year),
                person="c:1",
                channels=["sms"],
                due_at=NOON - timedelta(hours=1),
                planned_at=NOON,
            )
            for year in range(1_000)
        )
        cart = build_message(urgency=Recovery.urgency, due_at=NOON - timedelta(minutes=2))
        start(customer=customer, channel="sms", at=NOON)

        _lease, claimed = claim(at=NOON, limit=20)

        code = Message.objects.get(occasion="verification")
        assert claimed[:2] == [code.pk, cart.pk]
        assert len(claimed) == 20

    def test_a_long_name_in_the_subject_costs_nobody_the_message(self, recorders):
        build_automation(channels=["email"])
        Template.objects.update(subject="{{ customer.name }} " + "x" * 170)
        customer = build_reachable_customer(name="A" * 160)
        build_message(
            cart=build_cart(customer=customer, last_interaction_at=NOON - timedelta(minutes=30)),
            channels=["email"],
        )

        assert send().sent == 1
        assert len(recorders["email"].sent[0].subject) == 300

    def test_keeps_no_address_in_what_is_never_erased(self, sms):
        build_automation()
        message = build_message()
        phone = message.customer.phone
        sms.fail(DeliveryFailed("21211", f"{phone} is no number", permanent=True))

        send()

        assert phone not in MessageEvent.objects.get().detail
        assert phone in reload(message).error

    def test_one_bad_message_does_not_stop_the_others(self, sms):
        build_automation()
        for _ in range(3):
            build_message()
        sms.fail(RuntimeError("boom"))

        assert send().in_doubt == 3

    def test_one_that_cannot_be_prepared_does_not_stop_the_others(self, sms, monkeypatch):
        build_automation()
        first, second = build_message(), build_message()

        def broken(template, facts, **options):
            if facts.recipient.customer_id == first.customer_id:
                raise RuntimeError("boom")
            return compose(template, facts, **options)

        monkeypatch.setattr("messaging.services.preparation.compose", broken)
        summary = send()

        assert (summary.sent, summary.retried) == (1, 1)
        assert reload(second).state == MessageState.SENT
        assert (reload(first).state, reload(first).due_at > NOON) == (MessageState.QUEUED, True)


class TestCost:
    def test_a_text_message_costs_its_segments_at_the_price_of_the_moment(self, sms):
        message = build_message()
        build_automation()
        Company.objects.update(sms_segment_price=Decimal("0.085"))

        send()

        sent = reload(message)
        assert (sent.segments, sent.cost) == (1, Decimal("0.0850"))

    def test_a_whatsapp_message_costs_its_own_price(self, recorders):
        build_automation(channels=["whatsapp"])
        message = build_message(channels=["whatsapp"])
        Company.objects.update(whatsapp_price=Decimal("0.35"))

        send()

        assert (reload(message).segments, reload(message).cost) == (None, Decimal("0.3500"))

    def test_nothing_is_said_without_a_price(self, sms):
        build_automation()
        message = build_message()

        send()

        assert (reload(message).state, reload(message).cost) == ("sent", None)


class TestLastLook:
    """Everything is looked at again right before the provider is called."""

    def held_back(self, message, reason):
        summary = send()
        message = reload(message)
        assert summary.sent == 0
        assert (message.state, message.reason) == ("suppressed", reason)

    def test_holds_back_after_a_purchase_one_minute_before(self, sms):
        build_automation()
        message = build_message()
        build_sale(customer=message.customer, occurred_at=NOON - timedelta(minutes=1))

        self.held_back(message, "bought")
        assert sms.sent == []
        assert reload(message).cart.state == CartState.BOUGHT

    def test_holds_back_after_a_purchase_between_claim_and_call(self, sms):
        build_automation()
        message = build_message()
        lease, (claimed,) = claim(at=NOON, limit=10)
        build_sale(customer=message.customer, occurred_at=NOON)

        assert deliver(message_id=claimed, lease=lease, clock=noon) == "not_sent"
        assert reload(message).reason == "bought"
        assert sms.sent == []

    def test_holds_back_when_consent_was_withdrawn(self, sms):
        build_automation()
        message = build_message()
        build_consent(customer=message.customer, purpose="marketing", granted=False)

        self.held_back(message, "no_consent")

    def test_holds_back_when_the_address_is_suppressed(self, sms):
        from messaging.services.opt_outs import suppress

        build_automation()
        message = build_message()
        suppress(
            channel="sms", address=message.customer.phone, reason=SuppressionReason.REPLIED_STOP, at=NOON
        )

        self.held_back(message, "opted_out")

    def test_holds_back_from_children(self, sms):
        build_automation()
        customer = build_reachable_customer(birth_date=date(2010, 1, 1))
        cart = build_cart(customer=customer, last_interaction_at=NOON - timedelta(minutes=30))

        self.held_back(build_message(cart=cart), "minor")

    def test_holds_back_when_the_automation_was_switched_off(self, sms):
        build_automation(enabled=False)

        self.held_back(build_message(), "automation_off")

    def test_holds_back_when_the_store_was_taken_out(self, sms):
        automation = build_automation()
        message = build_message()
        automation.stores_off.add(message.store)

        self.held_back(message, "automation_off")

    def test_holds_back_when_the_store_lost_its_shop(self, sms):
        build_automation()
        message = build_message()
        message.store.online_shop = False
        message.store.save()

        self.held_back(message, "no_online_shop")

    def test_holds_back_what_comes_too_late(self, sms):
        build_automation()

        self.held_back(build_message(due_at=NOON - timedelta(minutes=10), expires_at=NOON), "too_late")

    def test_sends_nine_minutes_and_fifty_nine_seconds_late(self, sms):
        build_automation()
        build_message(due_at=NOON - timedelta(minutes=9, seconds=59), expires_at=NOON + timedelta(seconds=1))

        assert send().sent == 1

    def test_waits_anew_when_the_customer_came_back_to_the_cart(self, sms):
        build_automation(settings={"delay_minutes": 30})
        message = build_message()
        message.cart.last_interaction_at = NOON - timedelta(minutes=1)
        message.cart.save()

        send()

        message = reload(message)
        assert (message.state, message.due_at) == ("queued", NOON + timedelta(minutes=29))
        assert send(NOON + timedelta(minutes=29)).sent == 1

    def test_sends_only_one_of_two_carts_of_one_person(self, sms):
        build_automation(settings={"frequency_hours": 24})
        customer = build_reachable_customer()
        for _ in range(2):
            build_message(
                cart=build_cart(customer=customer, last_interaction_at=NOON - timedelta(minutes=30))
            )

        summary = send()

        assert (summary.sent, summary.not_sent) == (1, 1)
        assert Message.objects.get(state="suppressed").reason == "too_frequent"

    def test_refuses_text_beyond_the_companys_limit(self, sms):
        build_automation()
        build_template(language="en", text="x" * 151)
        customer = build_reachable_customer(language="en")
        message = build_message(
            cart=build_cart(customer=customer, last_interaction_at=NOON - timedelta(minutes=30))
        )

        self.held_back(message, "text_too_long")


class TestRefusals:
    def test_tries_again_with_growing_pauses_and_gives_up_after_five(self, sms):
        build_automation()
        message = build_message(expires_at=None)
        sms.fail(DeliveryFailed("20429", "Too many", permanent=False))
        at, waits = NOON, []
        for _ in range(5):
            send(at)
            message = reload(message)
            waits.append((message.due_at - at).total_seconds() / 60)
            at = message.due_at

        assert waits[:4] == [1, 2, 4, 8]
        assert len(sms.sent) == 5
        assert (message.state, message.reason) == ("failed", "gave_up")
        assert "Too many" in message.error

    def test_gives_up_at_once_when_the_refusal_is_permanent(self, sms):
        build_automation()
        message = build_message()
        sms.fail(
            DeliveryFailed("21211", "No such number", permanent=True, suppress=SuppressionReason.BOUNCED)
        )

        send()

        assert (reload(message).state, reload(message).reason) == ("failed", "refused")
        assert Suppression.objects.get().reason == SuppressionReason.BOUNCED

    def test_goes_on_with_the_next_channel_of_the_chain(self, recorders):
        build_automation(channels=["sms", "email"])
        message = build_message(channels=["sms", "email"])
        recorders["sms"].fail(DeliveryFailed("21211", "No such number", permanent=True))

        send()

        message = reload(message)
        assert (message.state, message.channel, message.position) == ("sent", "email", 1)
        assert recorders["email"].sent[0].html

    def test_skips_channels_that_are_closed(self, recorders):
        build_automation(channels=["sms", "email"])
        customer = build_reachable_customer(channels=("email",))
        message = build_message(
            channels=["sms", "email"],
            cart=build_cart(customer=customer, last_interaction_at=NOON - timedelta(minutes=30)),
        )

        send()

        assert reload(message).channel == "email"
        assert recorders["sms"].sent == []

    def test_says_the_moment_passed_when_there_is_no_time_for_another_try(self, sms):
        build_automation()
        message = build_message(
            due_at=NOON - timedelta(minutes=9, seconds=30), expires_at=NOON + timedelta(seconds=30)
        )
        sms.fail(DeliveryFailed("20429", "Too many", permanent=False))

        send()
        send(NOON + timedelta(minutes=1))

        assert (reload(message).state, reload(message).reason) == ("failed", "too_late")
        assert len(sms.sent) == 1


class TestInDoubt:
    def test_is_never_sent_again_by_itself(self, sms):
        build_automation()
        message = build_message(expires_at=None)
        sms.fail(DeliveryInDoubt("ReadTimeout", "no answer"))
        send()
        sms.answer = None

        for hour in range(48):
            send(NOON + timedelta(hours=hour))
            sweep_expired_leases(at=NOON + timedelta(hours=hour))

        assert len(sms.sent) == 1
        assert (reload(message).state, reload(message).reason) == ("in_doubt", "outcome_unknown")

    def test_counts_for_how_often_the_person_is_written_to(self, sms):
        build_automation(settings={"frequency_hours": 24})
        message = build_message()
        sms.fail(DeliveryInDoubt("ReadTimeout", "no answer"))
        send()
        build_message(
            cart=build_cart(customer=message.customer, last_interaction_at=NOON - timedelta(minutes=30))
        )

        assert send().not_sent == 1


class TestSweep:
    def test_returns_a_claim_whose_call_never_began(self, sms):
        build_automation()
        message = build_message()
        lease, (claimed,) = claim(at=NOON, limit=1)

        assert sweep_expired_leases(at=NOON + LEASE - timedelta(seconds=1)) == (0, 0)
        assert sweep_expired_leases(at=NOON + LEASE) == (1, 0)

        assert (reload(message).state, reload(message).attempt) == (MessageState.QUEUED, 0)
        # The old sender wakes up late: its claim is gone, so it must not send.
        assert deliver(message_id=claimed, lease=lease, clock=noon) == "lost"
        assert sms.sent == []

    def test_puts_a_call_that_did_not_come_back_in_doubt(self, sms):
        build_automation()
        message = build_message()

        def die(_outgoing):
            raise KeyboardInterrupt

        sms.answer = die
        with pytest.raises(KeyboardInterrupt):
            send()

        assert sweep_expired_leases(at=NOON + LEASE) == (0, 1)
        assert (reload(message).state, reload(message).reason) == ("in_doubt", "worker_died")
        assert MessageEvent.objects.filter(message=message, kind="worker_died").exists()
