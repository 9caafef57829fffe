"""Review requests: asked once about each purchase that stands, by a link that changes nothing until it is answered."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from loyalty.models import AnswerSource, SurveyAnswer
from loyalty.services.surveys import answer_survey
from loyalty.surveys import survey_path
from messaging.models import Message, MessageState
from messaging.services.delivery import deliver_due
from messaging.services.planning import plan
from messaging.services.previews import todays_messages
from retail.models import Sale
from tests.builders import NOON, build_account, build_credit, build_customer, build_sale, build_store
from tests.messaging.builders import build_automation, build_reachable_customer

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def waiting(customer, amount=12_90, **values) -> Sale:
    """A purchase whose cashback waits for its survey."""
    sale = build_sale(customer=customer, **values)
    lot = {"sale_id": sale.pk, "cause": f"sale:{sale.pk}", "awaits_review": True}
    build_credit(build_account(customer=customer), amount, **lot)
    return sale


def send(at):
    return deliver_due(clock=lambda: at)


class TestPlanning:
    @pytest.mark.parametrize(
        ("at", "planned"),
        [
            (NOON + DAY - timedelta(seconds=1), 0),
            (NOON + DAY, 1),
            (NOON + 2 * DAY, 1),
            # A planner that was down for longer leaves it unsaid.
            (NOON + 2 * DAY + timedelta(seconds=1), 0),
        ],
    )
    def test_asks_so_many_hours_after_the_purchase(self, at, planned):
        build_automation(occasion="review_request")
        build_sale(customer=build_reachable_customer())

        assert plan("review_request", at=at) == planned

    def test_twice_planned_is_asked_once_about_each_purchase(self, sms):
        build_automation(occasion="review_request")
        customer = build_reachable_customer()
        sales = [build_sale(customer=customer), build_sale(customer=customer)]

        counts = [
            plan("review_request", at=NOON + DAY + timedelta(minutes=5 * number)) for number in range(3)
        ]
        send(NOON + DAY + timedelta(minutes=15))

        assert counts == [2, 0, 0]
        assert len(sms.sent) == 2
        keys = {f"sale:{sale.pk}" for sale in sales}
        assert set(Message.objects.values_list("occasion_key", flat=True)) == keys

    def test_asks_nobody_about_tests_strangers_and_stores_where_it_is_off(self):
        off = build_store()
        build_automation(occasion="review_request", stores_off=[off])
        build_sale(customer=build_reachable_customer(), is_test=True)
        build_sale()
        build_sale(customer=build_reachable_customer(), store=off)
        build_sale(customer=build_customer(phone="", email=""))

        assert plan("review_request", at=NOON + DAY) == 0

    def test_does_not_make_up_for_the_time_while_it_was_off(self):
        build_automation(occasion="review_request", enabled_at=NOON + DAY + timedelta(minutes=1))
        build_sale(customer=build_reachable_customer())

        assert plan("review_request", at=NOON + DAY + timedelta(hours=1)) == 0

    def test_asks_only_about_waiting_cashback_where_that_is_wanted(self):
        build_automation(occasion="review_request", settings={"only_with_cashback": True})
        sale = waiting(build_reachable_customer())
        build_sale(customer=build_reachable_customer())

        plan("review_request", at=NOON + DAY)

        assert Message.objects.get().occasion_key == f"sale:{sale.pk}"

    def test_says_why_somebody_is_not_asked(self):
        build_automation(occasion="review_request")
        returned = build_sale(customer=build_reachable_customer(), state="partially_returned")
        answered = build_sale(customer=build_reachable_customer())
        SurveyAnswer.objects.create(sale=answered, score=9, source="till", answered_at=NOON)
        silent = build_sale(customer=build_reachable_customer(channels=[]))

        plan("review_request", at=NOON + DAY)

        assert dict(Message.objects.values_list("occasion_key", "reason")) == {
            f"sale:{returned.pk}": "sale_undone",
            f"sale:{answered.pk}": "answered",
            f"sale:{silent.pk}": "no_consent",
        }

    def test_shows_who_is_asked_today(self):
        automation = build_automation(occasion="review_request")
        sale = waiting(build_reachable_customer(name="Ana Souza"))

        [shown] = todays_messages(automation, at=NOON + DAY - timedelta(hours=2))

        assert shown.candidate.occasion_key == f"sale:{sale.pk}"
        assert "R$ 12,90" in shown.text
        assert not Message.objects.exists()


class TestLastLook:
    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"state": "cancelled", "cancelled_at": NOON}, "sale_undone"),
            ({"state": "returned"}, "sale_undone"),
            ({"state": "partially_returned"}, "sale_undone"),
        ],
    )
    def test_asks_nobody_about_what_came_back_meanwhile(self, sms, change, reason):
        build_automation(occasion="review_request")
        sale = build_sale(customer=build_reachable_customer())
        plan("review_request", at=NOON + DAY)
        Sale.objects.filter(pk=sale.pk).update(**change)

        send(NOON + DAY)

        assert Message.objects.get().reason == reason
        assert not sms.sent

    def test_who_reads_messages_cannot_answer_for_the_customer(self, sms):
        build_automation(occasion="review_request")
        sale = waiting(build_reachable_customer())
        plan("review_request", at=NOON + DAY)

        send(NOON + DAY)

        assert survey_path(sale) in sms.sent[0].text
        assert survey_path(sale) not in Message.objects.get().text

    def test_asks_nobody_who_answered_meanwhile(self, sms):
        build_automation(occasion="review_request")
        sale = waiting(build_reachable_customer())
        plan("review_request", at=NOON + DAY)
        answer_survey(sale=sale, score=9, comment="", source=AnswerSource.TILL, at=NOON + DAY)

        send(NOON + DAY)

        assert Message.objects.get().reason == "answered"
        assert not sms.sent


class TestLink:
    def test_the_answer_releases_the_cashback_and_opening_it_does_nothing(self, sms, settings):
        at = timezone.now()
        build_automation(occasion="review_request", enabled_at=at - 3 * DAY)
        customer = build_reachable_customer()
        waiting(customer, occurred_at=at - DAY, received_at=at - DAY)
        plan("review_request", at=at)
        send(at)
        [sent] = sms.sent
        link = next(word for word in sent.text.split() if word.startswith("http"))
        path = link.removeprefix(settings.PUBLIC_URL)

        opened = Client().get(path)
        assert opened.status_code == 200
        assert not SurveyAnswer.objects.exists()
        Client().post(path, {"score": "10"})

        assert SurveyAnswer.objects.get().released == Decimal("12.90")
        assert opened["Cache-Control"].startswith("no-store") or "no-store" in opened["Cache-Control"]
        assert customer.email not in link
        assert customer.phone not in link
        assert Message.objects.get().state == MessageState.SENT
