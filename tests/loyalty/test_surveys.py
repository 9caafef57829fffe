"""The survey of a purchase, and the cashback that waits for it."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone
from django.utils.http import int_to_base36

from loyalty.models import Account, AnswerSource, SurveyAnswer
from loyalty.selectors.balances import balances
from loyalty.services.surveys import SurveyAnswered, SurveyClosed, answer_survey
from loyalty.surveys import survey_path
from retail.models import Sale
from tests import builders
from tests.builders import NOON, build_account, build_credit, build_debt, build_sale

pytestmark = pytest.mark.django_db


def build_waiting(account: Account, amount: int = 20_00, **values) -> Sale:
    """A sale whose cashback waits for the survey."""
    # Its address is good for some months, by the real clock.
    sale = build_sale(customer=account.customer, received_at=timezone.now())
    build_credit(account, amount, sale_id=sale.pk, cause=f"sale:{sale.pk}", awaits_review=True, **values)
    return sale


def answer(sale: Sale, score: int = 9, comment: str = "", at=NOON):
    return answer_survey(sale=sale, score=score, comment=comment, source=AnswerSource.TILL, at=at)


def available(account: Account, at=NOON) -> int:
    return balances(account.customer_id, at=at)[0].available


class TestAnswer:
    def test_makes_the_cashback_of_this_purchase_usable(self):
        account = build_account()
        sale, other = build_waiting(account), build_waiting(account)

        answered = answer(sale)

        assert available(account) == 20_00
        assert answered.answer.released == 20
        assert balances(account.customer_id, at=NOON)[0].awaiting_review == 20_00
        answer(other)
        assert available(account) == 40_00

    def test_counts_once(self):
        account = build_account()
        sale = build_waiting(account)
        answer(sale, comment="Ótimo ")

        again = answer(sale, comment="Ótimo")

        assert again.replayed
        with pytest.raises(SurveyAnswered):
            answer(sale, score=3)
        assert SurveyAnswer.objects.count() == 1

    def test_is_the_same_whatever_ends_its_lines(self):
        sale = build_waiting(build_account())
        answer(sale, comment="Ótimo\r\nVoltarei")

        assert answer(sale, comment="Ótimo\nVoltarei").replayed

    def test_is_refused_for_a_purchase_that_does_not_stand(self):
        for state, cancelled_at in (("cancelled", NOON), ("returned", None)):
            account = build_account()
            sale = build_waiting(account)
            Sale.objects.filter(pk=sale.pk).update(state=state, cancelled_at=cancelled_at)

            with pytest.raises(SurveyClosed):
                answer(sale)

            assert available(account) == 0

    def test_releases_nothing_that_has_expired(self):
        account = build_account()
        sale = build_waiting(account, expires_at=NOON + timedelta(days=1))

        answered = answer(sale, at=NOON + timedelta(days=2))

        assert answered.answer.released == 0

    def test_pays_what_is_owed(self):
        account = build_account()
        build_debt(account, 5_00)
        sale = build_waiting(account)

        answer(sale)

        assert available(account) == 15_00


class TestLink:
    def test_asks_and_records_without_a_sign_in(self):
        account = build_account()
        sale = build_waiting(account, available_from=timezone.now())
        client = Client(headers={"Accept-Language": "en"})

        asked = client.get(survey_path(sale))
        assert not SurveyAnswer.objects.exists()
        thanked = client.post(survey_path(sale), {"score": "10", "comment": "Voltarei"})
        again = client.post(survey_path(sale), {"score": "1"})

        assert "How was your purchase?" in asked.content.decode()
        assert asked["Referrer-Policy"] == "no-referrer"
        assert "R$\xa020.00 is released" in thanked.content.decode()
        assert "Thank you" in again.content.decode()
        assert SurveyAnswer.objects.get().score == 10

    def test_asks_again_for_a_score(self):
        sale = build_waiting(build_account())

        answered = Client(headers={"Accept-Language": "en"}).post(survey_path(sale), {"score": "11"})

        assert answered.status_code == 422
        assert "Choose a score" in answered.content.decode()

    def test_is_of_one_purchase_only(self):
        sale = build_waiting(build_account())
        path = survey_path(sale)

        assert Client().get(path).status_code == 200
        assert Client().get(f"{path[:-5]}AAAA/").status_code == 404
        assert Client().get(f"/survey/{sale.uuid}/").status_code == 404
        other = build_waiting(build_account())
        assert Client().get(f"/survey/{int_to_base36(other.pk)}-{path.partition('-')[2]}").status_code == 404

    def test_ends_after_180_days(self):
        sale = build_waiting(build_account())
        Sale.objects.filter(pk=sale.pk).update(received_at=timezone.now() - timedelta(days=180))

        assert Client().get(survey_path(sale)).status_code == 404

    def test_is_not_opened_without_end(self, monkeypatch):
        monkeypatch.setattr("retail.views.public.MOST_PER_MINUTE", 2)
        path, client = survey_path(build_waiting(build_account())), Client()

        with time_machine.travel(timezone.now().replace(second=1), tick=False):
            statuses = [client.get(path).status_code for _ in range(3)]

        assert statuses == [200, 200, 429]

    def test_opens_with_the_key_of_before(self, settings):
        path = survey_path(build_waiting(build_account()))
        settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = (
            [settings.SECRET_KEY],
            "another key of the installation",
        )

        assert Client().get(path).status_code == 200


class TestAnswers:
    def test_are_listed_filtered_and_counted(self):
        happy, sad = build_sale(customer=builders.build_customer(name="Bia Lima")), build_sale()
        SurveyAnswer.objects.create(sale=happy, score=10, comment="Adorei", source="till", answered_at=NOON)
        SurveyAnswer.objects.create(sale=sad, score=2, comment="Fila longa", source="link", answered_at=NOON)
        tried = build_sale(is_test=True)
        SurveyAnswer.objects.create(sale=tried, score=0, comment="Teste", source="till", answered_at=NOON)
        client = Client(headers={"Accept-Language": "en"})
        client.force_login(
            builders.build_user(permissions=["loyalty.view_surveyanswer", "customers.view_customer"])
        )

        everything = client.get("/surveys/answers/").content.decode()
        low = client.get("/surveys/answers/?score=low").content.decode()
        found = client.get("/surveys/answers/?q=bia+lima").content.decode()

        assert "Adorei" in everything
        assert "Teste" not in everything
        assert '<span class="stat-value">6</span>' in everything
        assert "Fila longa" in low
        assert "Adorei" not in low
        assert "Adorei" in found
        assert "Fila longa" not in found


def test_the_score_is_in_range_whatever_writes_it():
    with pytest.raises(IntegrityError):
        SurveyAnswer.objects.create(
            sale=build_sale(), score=11, source="till", answered_at=NOON, released=Decimal(0)
        )
