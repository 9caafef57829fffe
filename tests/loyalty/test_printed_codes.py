"""Cards, slips and sheets: who may print codes, what is on the paper, and who was shown which code."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.services import issuing_jobs
from loyalty.models import IssuingEvent, IssuingRun, StoredValueEvent
from loyalty.selectors.issuing import issued
from loyalty.services.issuing_runs import close_codes
from loyalty.services.stored_values import code_again
from loyalty.views import stored_value_print
from tests.builders import build_card, build_customer, build_issuing_run, build_user
from tests.campaigns.code_work import run as run_job

pytestmark = pytest.mark.django_db
PRINT = "/loyalty/stored-values/print/"
PRINTER = ("loyalty.issue_storedvalue", "loyalty.view_storedvalue", "loyalty.view_issuingrun")


def sign_in(*permissions: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(build_user(permissions=permissions))
    return client


@pytest.fixture
def manager() -> Client:
    return sign_in(*PRINTER)


def issued_run(**values: Any) -> tuple[IssuingRun, list[str]]:
    """Issue a run; return it with its codes."""
    at = timezone.now()
    run = build_issuing_run(at=at, **values)
    run_job(issuing_jobs.request_issue(run=run, version=run.version, accepts_overlap=True, user=None, at=at))
    return run, [code for _grant, code in issued(run, with_codes=True)]


class TestValues:
    def test_are_printed_with_their_codes_and_it_is_noted_who_was_shown_them(self, manager):
        card, other = build_card(50_00), build_card(code="CARTAO-1")

        answer = manager.get(PRINT, {"values": f"{card.pk},{other.pk},x"})
        page = answer.content.decode()

        assert code_again(card) in page
        assert "R$\xa050.00" in page
        assert "CARTAO-1" not in page
        assert "The code of 1 was closed" in page
        assert answer["Cache-Control"] == "no-store"
        [event] = StoredValueEvent.objects.all()
        assert (event.stored_value, event.kind, event.actor.pk) == (
            card,
            StoredValueEvent.Kind.PRINTED,
            int(manager.session["_auth_user_id"]),
        )
        assert "Code printed" in manager.get(f"/stored-values/{card.pk}/").content.decode()

    def test_lead_to_the_paper_as_long_as_their_code_can_be_read(self, manager):
        card, closed = build_card(), build_card(code="CARTAO-1")

        assert (
            f'href="{PRINT}?values={card.pk}"' in manager.get(f"/stored-values/{card.pk}/").content.decode()
        )
        assert PRINT not in manager.get(f"/stored-values/{closed.pk}/").content.decode()
        reader = sign_in("loyalty.view_storedvalue")
        assert PRINT not in reader.get(f"/stored-values/{card.pk}/").content.decode()
        assert reader.get(PRINT, {"values": card.pk}).status_code == 403


class TestRun:
    def test_is_printed_part_by_part(self, manager, monkeypatch):
        monkeypatch.setattr(stored_value_print, "MOST", 2)
        for _number in range(3):
            build_customer()
        run, codes = issued_run()

        pages = [manager.get(PRINT, {"run": run.pk, "page": page}).content.decode() for page in (1, 2)]

        assert [[code in page for code in codes] for page in pages] == [
            [True, True, False],
            [False, False, True],
        ]
        assert f"?run={run.pk}&amp;page=2" in pages[0]
        noted = IssuingEvent.objects.filter(run=run, action="printed").order_by("pk")
        assert [event.details for event in noted] == [{"codes": 2}, {"codes": 1}]
        assert not StoredValueEvent.objects.exists()

    def test_its_page_leads_there_until_the_codes_are_closed(self, manager):
        build_customer()
        run, [code] = issued_run()
        page = f"/loyalty/issuing-runs/{run.pk}/"
        client = sign_in(*PRINTER, "loyalty.change_issuingrun")
        assert f'href="{PRINT}?run={run.pk}"' in client.get(page).content.decode()

        close_codes(run, user=None, at=timezone.now())

        assert PRINT not in client.get(page).content.decode()
        printed = manager.get(PRINT, {"run": run.pk}).content.decode()
        assert code not in printed
        assert "The code of 1 was closed" in printed
        assert not IssuingEvent.objects.filter(action="printed").exists()

    @pytest.mark.parametrize("number", ["", "x", "0", "9" * 30])
    def test_that_does_not_exist_is_not_found(self, manager, number):
        assert manager.get(PRINT, {"run": number}).status_code == 404

    def test_is_for_whoever_may_see_it(self):
        build_customer()
        run, _codes = issued_run()

        assert sign_in("loyalty.issue_storedvalue").get(PRINT, {"run": run.pk}).status_code == 403
