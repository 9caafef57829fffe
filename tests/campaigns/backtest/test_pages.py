"""The pages of back-tests: the form on a campaign's page, progress, the report, its files."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from campaigns import backtest_presentation as presentation
from campaigns.explanations import REASONS
from campaigns.models import Backtest, JobState
from campaigns.services import jobs
from tests.builders import build_campaign, build_product, build_user
from tests.campaigns.backtest.recorded import record
from tests.pos_api.till import Till, line, publish

ALL = ("campaigns.view_campaign", "campaigns.view_backtest", "campaigns.add_backtest")


@pytest.fixture
def browser(db: None) -> Client:
    client = Client(headers={"Accept-Language": "pt-br"})
    client.force_login(build_user(permissions=ALL))
    return client


def ask(browser: Client, code: str, **fields: str) -> Backtest:
    today = timezone.now().date()
    form = {
        "from_date": (today - timedelta(days=7)).isoformat(),
        "until_date": (today + timedelta(days=1)).isoformat(),
        "together": "live",
        "ignore_dates": "on",
    }
    answer = browser.post(f"/campaign/{code}/backtests/", form | fields)
    assert answer.status_code == 302, answer.content.decode()
    return Backtest.objects.order_by("-pk")[0]


class TestForm:
    def test_asks_for_the_working_copy_with_other_drafts(self, browser: Client, till: Till) -> None:
        campaign, other = build_campaign(), build_campaign()

        backtest = ask(
            browser, campaign.code, others=other.code, stores=till.terminal.store.code, together="alone"
        )

        assert [document["code"] for document in backtest.document["campaigns"]] == [
            campaign.code,
            other.code,
        ]
        assert (backtest.document["live"], backtest.document["ignore_dates"]) == (False, True)
        assert backtest.document["stores"] == [till.terminal.store.code]
        assert backtest.job.requested_by == backtest.requested_by

    def test_asks_again_what_was_asked_before(self, browser: Client, till: Till) -> None:
        campaign, other = build_campaign(), build_campaign()
        store = till.terminal.store.code
        asked = {"others": other.code, "stores": store, "together": "alone", "ignore_dates": ""}
        backtest = ask(browser, campaign.code, from_date="2026-02-01", until_date="2026-02-02", **asked)

        again = browser.get(f"/backtests/{backtest.pk}/").content.decode()
        page = browser.get(f"/campaign/{campaign.code}/backtests/?again={backtest.pk}")

        assert f"?again={backtest.pk}" in again
        shown = {field.html_name: field.value() for field in page.context["form"]}
        assert (shown["from_date"], shown["until_date"]) == (date(2026, 2, 1), date(2026, 2, 2))
        assert (shown["stores"], shown["together"], shown["ignore_dates"]) == (store, "alone", False)
        assert other.code in shown["others"]

    @pytest.mark.parametrize("again", ["0", "x", "99999999999999999999", "²"])
    def test_begins_anew_where_nothing_was_asked_before(self, browser: Client, again: str) -> None:
        campaign = build_campaign()

        page = browser.get(f"/campaign/{campaign.code}/backtests/", {"again": again})

        assert page.context["form"]["together"].value() == "live"

    def test_shows_what_is_wrong_at_its_field(self, browser: Client) -> None:
        campaign = build_campaign()

        answer = browser.post(
            f"/campaign/{campaign.code}/backtests/",
            {"from_date": "2026-02-02", "until_date": "2026-02-01", "together": "live"},
        )

        assert answer.context["form"].errors.keys() == {"until_date"}
        assert not Backtest.objects.exists()

    @pytest.mark.parametrize("field", ["from_date", "until_date"])
    @pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
    def test_refuses_a_day_that_cannot_be_right(self, browser: Client, field: str, day: str) -> None:
        campaign = build_campaign()
        form = {"from_date": "2026-02-01", "until_date": "2026-02-02", "together": "live", field: day}

        answer = browser.post(f"/campaign/{campaign.code}/backtests/", form)

        assert answer.context["form"].errors.keys() == {field}
        assert not Backtest.objects.exists()

    def test_is_for_who_may_ask(self, db: None) -> None:
        client = Client()
        client.force_login(build_user(permissions=ALL[:2]))
        campaign = build_campaign()

        assert b"together" not in client.get(f"/campaign/{campaign.code}/backtests/").content
        assert client.post(f"/campaign/{campaign.code}/backtests/", {}).status_code == 403


class TestReport:
    def test_shows_progress_then_the_report_then_files(self, browser: Client, till: Till) -> None:
        build_product(sku="CAMISA", name="Camisa azul", cost=Decimal("60.00"))
        publish("DEZ")
        record(till, line(1, quantity="20"))
        campaign = build_campaign(minimum_amount="500.00")

        backtest = ask(browser, campaign.code)
        waiting = browser.get(f"/backtests/{backtest.pk}/").content.decode()
        early = browser.get(f"/backtests/{backtest.pk}/days.csv")
        jobs.run_due_jobs(clock=timezone.now)
        report = browser.get(f"/backtests/{backtest.pk}/").content.decode()
        listed = browser.get(f"/campaign/{campaign.code}/backtests/").content.decode()

        assert "hx-get" in waiting
        assert early.status_code == 404
        assert "R$\N{NO-BREAK SPACE}200,00" in report
        assert "Camisa azul" in report
        assert "R$\N{NO-BREAK SPACE}200,00" in listed
        for table in presentation.TABLES:
            text = b"".join(browser.get(f"/backtests/{backtest.pk}/{table}.csv").streaming_content).decode()
            assert "200,00" in text, table
        assert browser.get(f"/backtests/{backtest.pk}/nothing.csv").status_code == 404

    def test_shows_a_cancelled_one_and_one_of_a_campaign_that_is_gone(self, browser: Client) -> None:
        campaign = build_campaign()
        backtest = ask(browser, campaign.code)
        browser.post(f"/jobs/{backtest.job.pk}/cancel/")
        campaign.delete()

        answer = browser.get(f"/backtests/{backtest.pk}/")

        backtest.job.refresh_from_db()
        assert (answer.status_code, backtest.job.state) == (200, JobState.CANCELLED)


class TestPresentation:
    def test_names_every_reason(self) -> None:
        assert presentation.REASONS.keys() == REASONS.keys()

    def test_says_why_other_campaigns_change_in_the_reader_s_words(self) -> None:
        def change(reason: str, by: str, sales: int) -> dict[str, Any]:
            return {"reason": reason, "by": by, "sales": sales, "difference": "-9.00"}

        reasons = [change("outranked", "NOVA", 2), change("outranked", "", 1), change("less", "", 1)]
        report = {
            "campaigns": [
                {"campaign": "NOVA", "name": "Nova", "draft": True, "difference": "20.00"},
                {"campaign": "ANTES", "name": "Antes", "draft": False, "difference": "0.00"},
                {
                    "campaign": "DEZ",
                    "name": "Dez",
                    "draft": False,
                    "difference": "-27.00",
                    "changes": reasons,
                },
            ]
        }

        with translation.override("en"):
            found = [(row["campaign"], row["why"]) for row in presentation.other_rows(report)]

        amount = "\N{MINUS SIGN}R$\N{NO-BREAK SPACE}9.00"
        assert found == [
            (
                "DEZ",
                [
                    f"The associated Nova is given instead: in 2 sales, {amount}",
                    f"An associated campaign is given instead: in one sale, {amount}",
                    f"Computed on what the drafts leave: in one sale, {amount}",
                ],
            ),
            ("ANTES", []),
        ]

    @pytest.mark.parametrize(("days", "bars"), [(45, 45), (60, 10), (800, 27)])
    def test_gathers_days_that_are_too_many_to_draw(self, days: int, bars: int) -> None:
        first = date(2024, 1, 1)
        amounts = {"cost": "1.50", "reduction_before": "1.00", "reduction_after": "2.00", "reached": 1}
        rows = [{"day": (first + timedelta(days=number)).isoformat()} | amounts for number in range(days)]

        spans = presentation.spans(rows)

        assert abs(len(spans) - bars) <= 1
        assert sum(span.cost for span in spans) == Decimal("1.50") * days
        assert sum(span.reached for span in spans) == days
