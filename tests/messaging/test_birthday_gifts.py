"""Birthday greetings: a voucher of their own, and greetings for a week or a month."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from loyalty.models import StoredValue
from messaging.channels.base import DeliveryFailed
from messaging.models import Message, MessageState, Template
from messaging.schedule import birthday_period
from messaging.services.automations import AutomationRefused, switch_automation
from messaging.services.delivery import deliver_due
from messaging.services.planning import plan
from messaging.services.previews import todays_messages
from tests.builders import build_stored_value_type
from tests.messaging.builders import build_automation, build_reachable_customer

pytestmark = pytest.mark.django_db

# 9:00 in São Paulo, a Friday.
NINE = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TEXT = "{{ customer.first_name }}: {{ gift.amount }} {{ gift.code }} {{ gift.valid_until }}"


def greetings(**settings):
    build_stored_value_type(code="aniversario", kind="voucher", name="Aniversário", ceiling=Decimal(100))
    values = {"gift": "amount", "gift_type": "aniversario"} | settings
    automation = build_automation(occasion="birthday", settings=values, enabled_at=NINE - timedelta(days=60))
    Template.objects.filter(occasion="birthday").update(text=TEXT)
    return automation


def born(month=11, day=20, **values):
    return build_reachable_customer(name="Ana Souza", birth_date=date(1990, month, day), **values)


def send(at=NINE):
    return deliver_due(clock=lambda: at)


class TestVoucher:
    def test_is_made_when_the_greeting_leaves_and_told_in_full_to_its_customer_alone(self, sms):
        greetings(gift_amount=25, gift_valid_days=10)
        customer = born()
        plan("birthday", at=NINE)
        assert not StoredValue.objects.exists()

        send()

        stored = StoredValue.objects.get()
        assert stored.customer == customer
        assert stored.account.lots.get().earned == 25
        # To the end of the tenth day after, by the company's clocks.
        assert stored.account.lots.get().expires_at == datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
        text = sms.sent[0].text
        assert "R$ 25,00" in text
        assert "30/11/2026" in text
        code = text.split()[3]
        assert len(code.replace("-", "")) == 16
        kept = Message.objects.get().text
        assert code not in kept
        assert f"••••{code[-4:]}" in kept

    def test_may_be_worth_a_percentage(self, sms):
        greetings(gift="percent", gift_percent=15)
        born()
        plan("birthday", at=NINE)

        send()

        assert StoredValue.objects.get().percent == 15
        assert "15" in sms.sent[0].text

    def test_is_the_same_when_the_provider_refuses_at_first(self, sms):
        greetings()
        born()
        plan("birthday", at=NINE)
        sms.fail(DeliveryFailed("503", "later", permanent=False))
        send()
        sms.answer = None

        send(NINE + timedelta(minutes=2))

        assert StoredValue.objects.count() == 1
        assert sms.sent[0].text == sms.sent[1].text

    def test_is_not_made_when_the_text_cannot_be_filled(self, sms):
        greetings()
        born()
        Template.objects.filter(occasion="birthday").update(text=TEXT + " longo" * 40)
        plan("birthday", at=NINE)

        send()

        assert Message.objects.get().reason == "text_too_long"
        assert not StoredValue.objects.exists()

    def test_holds_the_greeting_back_when_its_type_was_switched_off(self, sms):
        greetings(gift_type="outro")
        born()
        plan("birthday", at=NINE)

        send()

        assert Message.objects.get().reason == "gift_unavailable"
        assert not sms.sent

    @pytest.mark.parametrize("settings", [{"gift_type": ""}, {"gift_type": "outro"}, {"gift_amount": 101}])
    def test_cannot_be_switched_on_without_a_type_for_it(self, settings):
        greetings(**settings)

        with pytest.raises(AutomationRefused) as refused:
            switch_automation(occasion="birthday", enabled=True, by=None, at=NINE)

        assert (refused.value.field, refused.value.code) == ("gift_type", "no_voucher_type")

    def test_is_shown_but_not_made_by_who_gets_what_today(self):
        automation = greetings()
        born()

        [shown] = todays_messages(automation, at=NINE - timedelta(hours=3))

        assert "R$ 20,00" in shown.text
        assert not StoredValue.objects.exists()


class TestSpan:
    @pytest.mark.parametrize(
        ("span", "first", "last"),
        [
            ("day", date(2026, 11, 20), date(2026, 11, 20)),
            ("week", date(2026, 11, 16), date(2026, 11, 22)),
            ("month", date(2026, 11, 1), date(2026, 11, 30)),
        ],
    )
    def test_greets_whoever_celebrates_in_it(self, span, first, last):
        greetings(gift="none", span=span)
        before, after = first - timedelta(days=1), last + timedelta(days=1)
        for day in {first, last, before, after}:
            born(day.month, day.day)

        planned = plan("birthday", at=NINE)

        assert planned == len({first, last})
        assert birthday_period(date(2026, 11, 20), span) == (first, last)

    def test_begins_on_the_first_day_at_its_hour_and_goes_on_for_who_is_late(self):
        greetings(gift="none", span="week")
        born(11, 22)
        monday = NINE - timedelta(days=4)

        assert plan("birthday", at=monday - timedelta(seconds=1)) == 0
        assert plan("birthday", at=monday) == 1
        born(11, 16)
        assert plan("birthday", at=NINE) == 1

    def test_wakes_nobody_who_is_found_in_the_night(self):
        greetings(gift="none", span="month")
        born(11, 2)

        assert plan("birthday", at=NINE - timedelta(hours=7)) == 0
        assert plan("birthday", at=NINE) == 1
        assert Message.objects.get().due_at == NINE

    def test_of_two_years_greets_each_birthday_in_its_own_and_once(self):
        greetings(gift="none", span="week")
        born(12, 31)
        born(1, 1)
        # Monday 28 December 2026 to Sunday 3 January 2027.
        for day in range(7):
            plan("birthday", at=datetime(2026, 12, 28, 12, 0, tzinfo=UTC) + timedelta(days=day))

        assert sorted(Message.objects.values_list("occasion_key", flat=True)) == ["2026", "2027"]

    def test_ends_with_the_period(self, sms):
        greetings(gift="none", span="week")
        born(11, 22)
        plan("birthday", at=NINE)

        send(datetime(2026, 11, 23, 3, 0, tzinfo=UTC))

        message = Message.objects.get()
        assert (message.state, message.reason) == (MessageState.SUPPRESSED, "too_late")
