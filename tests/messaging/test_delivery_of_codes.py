from datetime import timedelta

import pytest

from campaigns.models import Activation, Campaign, CampaignRevision, PromoCode
from messaging.channels.base import DeliveryFailed
from messaging.models import Message, MessageState
from messaging.services.delivery import deliver_due
from tests.builders import NOON, build_sale
from tests.messaging.builders import (
    build_automation,
    build_cart,
    build_message,
    build_pool,
    build_reachable_customer,
    build_template,
)

pytestmark = pytest.mark.django_db


def send(at=NOON):
    return deliver_due(clock=lambda: at)


def reload(message):
    return Message.objects.get(pk=message.pk)


class TestCodes:
    def test_issues_a_code_for_this_person_that_ends_hours_after_the_send(self, sms):
        build_automation(pool=build_pool(), settings={"code_valid_hours": 48})
        message = build_message()

        send()

        message = reload(message)
        code = message.promo_code
        assert code.code.startswith("VOLTE")
        assert code.code in message.text
        assert (code.customer, code.max_uses) == (message.customer, 1)
        assert (code.starts_at, code.expires_at) == (NOON, NOON + timedelta(hours=48))
        assert code.expires_at - message.sent_at == timedelta(hours=48)

    def test_offers_the_link_with_the_code(self, sms):
        build_automation(pool=build_pool())
        build_template(language="en", text="{{ coupon.link }}")
        customer = build_reachable_customer(language="en")
        cart = build_cart(
            customer=customer,
            last_interaction_at=NOON - timedelta(minutes=30),
            link="https://loja.example.com/c?id=1",
        )
        message = build_message(cart=cart)

        send()

        code = reload(message).promo_code.code
        assert sms.sent[0].text == f"https://loja.example.com/c?id=1&coupon={code}"

    def test_a_repeated_try_keeps_the_code_and_starts_its_time_again(self, sms):
        build_automation(pool=build_pool(), settings={"code_valid_hours": 1})
        message = build_message()
        sms.fail(DeliveryFailed("20429", "Too many", permanent=False))
        send()
        sms.answer = None

        send(NOON + timedelta(minutes=1))

        assert PromoCode.objects.get().expires_at == NOON + timedelta(hours=1, minutes=1)
        assert reload(message).state == MessageState.SENT

    @pytest.mark.parametrize(("days_ago", "reason"), [(6, "code_used"), (7, "")])
    def test_rests_after_a_recovery_code_was_used(self, sms, days_ago, reason):
        pool = build_pool()
        build_automation(pool=pool, settings={"rest_days_after_use": 7, "frequency_hours": 0})
        customer = build_reachable_customer()
        used_at = NOON - timedelta(days=days_ago)
        old_cart = build_cart(
            customer=customer, last_interaction_at=used_at, state="recovered", closed_at=used_at
        )
        code = PromoCode.objects.create(pool=pool, code="VOLTE1", used=1)
        build_message(cart=old_cart, state="sent", sent_at=used_at, call_began_at=used_at, promo_code=code)
        sale = build_sale(customer=customer, occurred_at=used_at, received_at=used_at)
        campaign = Campaign.objects.create(
            code="volte", name="Volte", document={}, created_at=NOON, updated_at=NOON
        )
        revision = CampaignRevision.objects.create(
            campaign=campaign, number=1, document={}, published_at=NOON
        )
        Activation.objects.create(
            sale=sale, campaign=campaign, revision=revision, promo_code=code, activated_at=used_at
        )
        message = build_message(
            cart=build_cart(customer=customer, last_interaction_at=NOON - timedelta(minutes=30))
        )

        send()

        assert reload(message).reason == reason
