"""Who is behind a VIP card hears of each sale with it: once, at once, by SMS or e-mail, unless they asked for silence."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import Activation
from loyalty.models import VipCard
from messaging.addresses import address_hash, person_key
from messaging.models import Message, Suppression, SuppressionReason
from messaging.services.delivery import deliver_due
from messaging.services.planning import plan
from tests.builders import NOON, build_customer, build_sale, build_store, build_vip_card
from tests.messaging.builders import build_company
from tests.pos_api.till import Till, sale

pytestmark = pytest.mark.django_db
PHONE, EMAIL = "+5511987654321", "gerente@loja.com.br"


@pytest.fixture(autouse=True)
def _company(db: None) -> None:
    build_company(name="Lojas Aurora")


def card_for(*people: str, name: str = "Ana Souza") -> VipCard:
    return build_vip_card(code="#VIP#ANA1", customer=build_customer(name=name), notify=list(people))


def use(card: VipCard, **values: Any) -> Activation:
    recorded = build_sale(
        store=build_store(name=values.pop("store", "Shopping Iguatemi")),
        ticket="000123",
        lines=[{"unit_price": Decimal(80)}],
        discount=Decimal(8),
        net=Decimal(72),
    )
    facts = {"discount": Decimal("8.00"), "activated_at": NOON} | values
    return Activation.objects.create(sale=recorded, vip_card=card, **facts)


class TestPlanning:
    def test_tells_each_person_of_each_sale_once(self) -> None:
        card = card_for(PHONE, EMAIL)
        first, second = use(card), use(card)

        counts = [plan("vip_card", at=NOON + timedelta(minutes=minute)) for minute in range(3)]

        assert counts == [4, 0, 0]
        assert set(Message.objects.values_list("occasion", "occasion_key", "channel", "to")) == {
            ("vip_card", f"sale:{one.sale_id}", channel, to)
            for one in (first, second)
            for channel, to in (("sms", PHONE), ("email", EMAIL))
        }
        assert set(Message.objects.values_list("person", flat=True)) == {
            person_key(customer_id=None, phone=PHONE),
            person_key(customer_id=None, email=EMAIL),
        }

    def test_says_who_bought_where_for_how_much(self) -> None:
        use(card_for(PHONE, EMAIL))

        plan("vip_card", at=NOON)

        text = Message.objects.get(channel="sms").text
        mail = Message.objects.get(channel="email")
        assert text == "VIP Ana Souza: R$ 72,00 em Shopping Iguatemi, desconto R$ 8,00, 20/11/2026 12:00"
        assert mail.subject == "Cartão VIP de Ana Souza: R$ 72,00"
        for word in ("#VIP#ANA1", "Ana Souza", "Shopping Iguatemi", "000123", "R$ 8,00", "R$ 72,00"):
            assert word in mail.text

    def test_cuts_names_so_that_a_text_message_holds_them(self) -> None:
        use(card_for(PHONE, name="Maximiliano " * 10), store="Shopping Center Norte Sul " * 3)

        plan("vip_card", at=NOON)

        text = Message.objects.get().text
        assert len(text) <= 150
        assert "R$ 72,00" in text

    @pytest.mark.parametrize(
        "values",
        [
            {"reversed_at": NOON},
            {"activated_at": NOON - timedelta(hours=24)},
        ],
    )
    def test_tells_nobody_of_what_was_taken_back_or_is_old(self, values: dict[str, Any]) -> None:
        use(card_for(PHONE), **values)

        assert plan("vip_card", at=NOON) == 0

    def test_tells_nobody_where_nobody_is_to_be_notified(self) -> None:
        use(card_for())

        assert plan("vip_card", at=NOON) == 0

    def test_a_sale_that_is_cancelled_later_sends_nothing_more(self) -> None:
        activation = use(card_for(PHONE))
        plan("vip_card", at=NOON)
        Activation.objects.filter(pk=activation.pk).update(reversed_at=NOON)

        assert plan("vip_card", at=NOON + timedelta(minutes=1)) == 0
        assert Message.objects.count() == 1

    def test_a_sale_at_the_till_is_told(self) -> None:
        card = card_for(PHONE)
        sold = Till.open().sell(sale(total="90.00", promo_codes=[card.code]))
        assert sold.status_code == 201, sold.json()

        assert plan("vip_card", at=timezone.now()) == 1
        assert "R$ 90,00" in Message.objects.get().text


class TestSending:
    def test_needs_no_automation_and_no_consent(self, recorders: Any) -> None:
        use(card_for(PHONE, EMAIL))
        plan("vip_card", at=NOON)

        summary = deliver_due(clock=lambda: NOON)

        assert summary.sent == 2
        assert [(one.to, one.unsubscribe_url) for one in recorders["sms"].sent] == [(PHONE, "")]
        assert recorders["sms"].sent[0].text.startswith("VIP Ana Souza")
        assert [(one.to, one.html) for one in recorders["email"].sent] == [(EMAIL, "")]

    def test_respects_who_asked_for_silence(self, recorders: Any) -> None:
        use(card_for(PHONE))
        plan("vip_card", at=NOON)
        Suppression.objects.create(
            channel="sms",
            address_hash=address_hash("sms", PHONE),
            reason=SuppressionReason.UNSUBSCRIBED,
            suppressed_at=NOON,
        )

        deliver_due(clock=lambda: NOON)

        assert recorders["sms"].sent == []
        assert (Message.objects.get().state, Message.objects.get().reason) == ("suppressed", "opted_out")

    def test_old_news_stays_unsaid(self, recorders: Any) -> None:
        use(card_for(PHONE))
        plan("vip_card", at=NOON)

        deliver_due(clock=lambda: NOON + timedelta(hours=24))

        assert recorders["sms"].sent == []
        assert Message.objects.get().reason == "too_late"
