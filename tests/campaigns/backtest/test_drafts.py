"""What drafts would have come to: cost, cannibalisation, margins, misses, products, and what a back-test leaves alone."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.engine.fields import DocumentError
from campaigns.models import Backtest, Job, JobState
from campaigns.services import backtest_run, jobs
from tests.builders import build_cpf, build_customer, build_product, build_sale, build_store_grouping
from tests.campaigns.backtest.recorded import ask, of, record, run
from tests.pos_api.till import Till, line, publish

CPF = build_cpf()


def draft(code: str = "NOVA", percent: str = "20.00", **fields: Any) -> dict[str, Any]:
    return {
        "code": code, "name": code.title(), "benefits": [{"kind": "item_percent", "percent": percent}]
    } | fields  # fmt: skip


ONE_OF = {"code": "UMA", "criterion": "highest"}


class TestDrafts:
    def test_measures_a_draft_alone(self, till: Till) -> None:
        build_product(sku="CAMISA", cost=Decimal("60.00"))
        publish("DEZ")
        record(till, line(1, quantity="2"), line(2, sku="MEIA", unit_price="50.00"))
        record(till, line(1, sku="MEIA", unit_price="50.00"))
        only = {"all": [{"kind": "product", "by": "sku", "values": ["CAMISA"]}]}

        report = run(campaigns=[draft(conditions=only)])

        totals = report["totals"]
        assert (totals["sales"], totals["reached"], totals["cost"]) == (2, 1, "40.00")
        assert (totals["average_discount"], totals["average_percent"]) == ("40.00", "16.0")
        assert (totals["gross"], totals["share_of_gross"]) == ("300.00", "83.3")
        assert (totals["reduction_before"], totals["reduction_after"]) == ("30.00", "40.00")
        assert totals["extra_cost"] == "10.00"
        # 200.00 of shirts at a cost of 120.00: ten percent off before, twenty after.
        assert (totals["margin_before"], totals["margin_after"]) == ("60.00", "40.00")
        assert totals["cost_known_share"] == "66.7"
        assert of(report, "DEZ")["difference"] == "-30.00"
        assert report["products"] == [{"sku": "CAMISA", "units": "2", "sales": 1, "discount": "40.00"}]
        assert of(report, "NOVA")["not_concerned"] == 1

    def test_shows_what_it_takes_from_live_campaigns(self, till: Till) -> None:
        publish("DEZ")
        publish("FIM", priority=5)
        record(till)

        report = run(campaigns=[draft(exclusive=True)], live=True)

        assert [(row["campaign"], row["difference"]) for row in report["campaigns"]] == [
            ("NOVA", "20.00"),
            ("DEZ", "-10.00"),
            ("FIM", "-9.00"),
        ]
        assert (report["totals"]["cost"], report["totals"]["extra_cost"]) == ("20.00", "1.00")
        assert report["totals"]["unexplained"] == 0
        instead = {"reason": "exclusive_elsewhere", "by": "NOVA", "sales": 1}
        assert of(report, "DEZ")["changes"] == [instead | {"difference": "-10.00"}]
        assert of(report, "FIM")["changes"] == [instead | {"difference": "-9.00"}]
        assert "changes" not in of(report, "NOVA")

    def test_says_why_live_campaigns_give_something_else_beside_it(self, till: Till) -> None:
        publish("DEPOIS", priority=5)
        publish("ACIMA", priority=6, threshold_basis="running", minimum_amount="80.00")
        publish("ABAIXO", priority=6, threshold_basis="running", maximum_amount="80.00")
        for _sale in range(2):
            record(till)

        report = run(campaigns=[draft()], live=True)

        def changes(campaign: str) -> list[tuple[str, str, int, str]]:
            rows = of(report, campaign)["changes"]
            return [(row["reason"], row["by"], row["sales"], row["difference"]) for row in rows]

        assert changes("DEPOIS") == [("less", "", 2, "-4.00")]
        assert changes("ACIMA") == [("minimum_amount", "", 2, "-18.00")]
        assert changes("ABAIXO") == [("added", "", 2, "14.40")]

    def test_lets_a_draft_compete_with_a_live_campaign(self, till: Till) -> None:
        publish("DEZ")
        record(till)
        one_of = ONE_OF | {"campaigns": ["DEZ", "NOVA"]}

        report = run(campaigns=[draft()], associations=[one_of], live=True)

        assert (of(report, "NOVA")["discount"], of(report, "DEZ")["discount"]) == ("20.00", "0.00")
        (change,) = of(report, "DEZ")["changes"]
        assert (change["reason"], change["by"]) == ("outranked", "NOVA")

    def test_replaces_a_live_campaign_by_its_draft(self, till: Till) -> None:
        publish("DEZ")
        record(till)

        report = run(campaigns=[draft("DEZ", "30.00")], live=True)

        assert (of(report, "DEZ")["discount_before"], of(report, "DEZ")["discount"]) == ("10.00", "30.00")

    def test_stops_at_a_limit_and_a_budget(self, till: Till) -> None:
        for _number in range(4):
            record(till, customer={"document": CPF})
        limit = {"scope": "customer", "counts": "sale", "max": 3, "per": "month"}

        limited = run(campaigns=[draft(limits=[limit])])
        budget = run(campaigns=[draft(budget="45.00")])

        assert of(limited, "NOVA")["activations"] == 3
        assert of(budget, "NOVA")["discount"] == "40.00"
        assert [row["reason"] for row in limited["refusals"]] == ["limit_reached"]
        assert [row["sales"] for row in budget["refusals"]] == [2]

    def test_says_how_near_sales_came(self, till: Till) -> None:
        record(till, line(1, unit_price="96.00"))
        record(till, line(1, unit_price="76.00"))
        record(till, line(1, unit_price="30.00"))
        record(till, line(1, unit_price="100.00"))

        report = run(campaigns=[draft(minimum_amount="100.00")])

        assert report["refusals"] == [
            {
                "campaign": "NOVA",
                "reason": "minimum_amount",
                "sales": 3,
                "alone": 3,
                "unit": "money",
                "average_missing": "32.67",
                "near": [
                    {"percent": 5, "sales": 1},
                    {"percent": 10, "sales": 1},
                    {"percent": 25, "sales": 2},
                    {"percent": 50, "sales": 2},
                    {"percent": 100, "sales": 3},
                ],
            }
        ]

    def test_assumes_that_optional_drafts_are_accepted(self, till: Till) -> None:
        record(till)

        assert run(campaigns=[draft(optional=True)])["totals"]["reached"] == 1

    def test_ignores_dates_when_asked(self, till: Till) -> None:
        record(till)
        later = draft(starts_at="2040-01-01T00:00:00-03:00")

        assert run(campaigns=[later])["totals"]["reached"] == 0
        assert run(campaigns=[later], ignore_dates=True)["totals"]["reached"] == 1

    def test_splits_by_store_and_day(self, till: Till) -> None:
        other = Till.open(time_zone="America/Rio_Branco")
        moment = (timezone.now() - timezone.timedelta(days=3)).replace(hour=4, minute=0)
        record(till, occurred_at=moment.isoformat())
        record(other, occurred_at=moment.isoformat())
        record(other, occurred_at=moment.isoformat())
        build_store_grouping(code="norte", stores=[other.terminal.store])

        whole = run(campaigns=[draft()])
        north = run(campaigns=[draft()], stores=["grouping:norte"])

        assert [(row["store"], row["cost"]) for row in whole["stores"]] == [
            (other.terminal.store.code, "40.00"),
            (till.terminal.store.code, "20.00"),
        ]
        yesterday = moment - timezone.timedelta(days=1)
        assert [(row["day"], row["sales"]) for row in whole["days"]] == [
            (yesterday.date().isoformat(), 2),
            (moment.date().isoformat(), 1),
        ]
        assert north["totals"]["sales"] == 2

    def test_leaves_out_gifts_that_the_drafts_do_not_offer(self, till: Till) -> None:
        publish(
            "BRINDE", benefits=[{"kind": "gift", "products": [{"sku": "BOTTON", "quantity": 1}], "choose": 1}]
        )
        record(till, gifts=[{"campaign": "BRINDE", "sku": "BOTTON"}])

        assert run(campaigns=[draft()])["totals"]["cost"] == "20.00"

    def test_takes_sales_that_came_from_elsewhere(self, till: Till) -> None:
        build_sale(
            customer=build_customer(), plan_version=77, occurred_at=timezone.now(), received_at=timezone.now()
        )

        report = run(campaigns=[draft(conditions={"all": [{"kind": "first_purchase"}]})], live=True)

        assert report["totals"]["cost"] == "10.00"

    def test_counts_what_is_earned(self, till: Till) -> None:
        record(till, customer={"document": CPF})

        report = run(campaigns=[draft(benefits=[{"kind": "cashback", "percent": "5.00"}])])

        assert (of(report, "NOVA")["cashback"], report["totals"]["cost"]) == ("5.00", "0.00")


class TestQuestion:
    @pytest.mark.parametrize(
        ("document", "path", "code"),
        [
            ({}, "campaigns", "required"),
            ({"live": True, "from": "2026-02-30"}, "from", "invalid_date"),
            ({"live": True, "from": "2026-02-02", "until": "2026-02-01"}, "until", "empty_period"),
            ({"live": True, "from": "2000-01-01"}, "until", "too_large"),
            ({"live": True, "from": "2999-01-01", "until": "2999-01-02"}, "from", "out_of_range"),
            ({"live": True, "stores": ["NADA"]}, "stores.0", "unknown"),
            (
                {"live": True, "associations": [ONE_OF | {"campaigns": ["NADA", "NOVA"]}]},
                "associations.0.campaigns.1",
                "unknown",
            ),
            (
                {"campaigns": [draft()], "associations": [ONE_OF | {"campaigns": ["NOVA", "NADA"]}]},
                "associations.0.campaigns.1",
                "unknown",
            ),
            ({"live": True, "basket": {}}, "basket", "unknown_field"),
            ({"live": True, "from": "9999-12-31", "until": "9999-12-31"}, "from", "out_of_range"),
            ({"live": True, "until": "9999-12-31"}, "until", "out_of_range"),
            ({"saved": ["NADA"]}, "saved.0", "unknown"),
            ({"campaigns": [{"code": "X"}]}, "campaigns.0.name", "required"),
            ({"live": True, "policy": {"rounding": "up"}}, "policy.rounding", "invalid_choice"),
        ],
    )
    def test_names_the_field_that_is_wrong(
        self, db: None, document: dict[str, Any], path: str, code: str
    ) -> None:
        with pytest.raises(DocumentError) as refused:
            ask(**document)

        assert (path, code) in [(problem.path, problem.code) for problem in refused.value.problems]
        assert not Job.objects.exists()


class TestWork:
    def test_writes_nothing_but_the_report(self, till: Till) -> None:
        publish("DEZ", limits=[{"scope": "total", "counts": "sale", "max": 9, "per": "day"}])
        record(till, customer={"document": CPF})
        ask(campaigns=[draft()], live=True)

        with CaptureQueriesContext(
            connection,
        ) as queries:
            jobs.run_due_jobs(clock=timezone.now)

        written = {
            query["sql"].split()[1]
            for query in queries
            if query["sql"].split()[0] in ("INSERT", "UPDATE", "DELETE")
        }
        assert written == {'"campaigns_job"', '"campaigns_backtest"'}

    def test_starts_again_after_a_crash_and_finds_the_same(
        self, till: Till, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _number in range(3):
            record(till)
        monkeypatch.setattr(backtest_run, "BATCH", 1)
        expected = run(campaigns=[draft()])
        backtest = ask(campaigns=[draft()])
        add = backtest_run.Report.add
        crashes = iter([False, True])

        def die(self: Any, *arguments: Any) -> None:
            if next(crashes, False):
                raise SystemExit
            add(self, *arguments)

        monkeypatch.setattr(backtest_run.Report, "add", die)
        with pytest.raises(SystemExit):
            jobs.run_due_jobs(clock=timezone.now)
        record(till)  # arrives in between, and is not part of the question

        assert jobs.run_due_jobs(clock=timezone.now) == {"finished": 1}
        backtest.refresh_from_db()
        assert backtest.report == expected
        assert backtest.report["totals"]["sales"] == 3

    def test_stops_within_a_batch_when_it_is_cancelled(
        self, till: Till, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _number in range(3):
            record(till)
        monkeypatch.setattr(backtest_run, "BATCH", 1)
        backtest = ask(campaigns=[draft()])
        add = backtest_run.Report.add

        def cancel(self: Any, *arguments: Any) -> None:
            Job.objects.filter(pk=backtest.job.pk).update(cancel_requested=True)
            add(self, *arguments)

        monkeypatch.setattr(backtest_run.Report, "add", cancel)
        jobs.run_due_jobs(clock=timezone.now)

        backtest.refresh_from_db()
        assert (backtest.job.state, backtest.job.done, backtest.report) == (JobState.CANCELLED, 0, None)

    def test_keeps_a_report_for_ever(self, till: Till) -> None:
        run(campaigns=[draft()])

        with pytest.raises(IntegrityError), transaction.atomic():
            Backtest.objects.update(report={})
        with pytest.raises(IntegrityError), transaction.atomic():
            Backtest.objects.update(name="other")

    def test_asks_a_constant_number_of_queries_for_each_batch(self, till: Till) -> None:
        publish("DEZ")
        for number in range(4):
            record(till, line(1, sku=f"SKU-{number}"), customer={"document": build_cpf()})

        def queries_of(size: int) -> int:
            ask(campaigns=[draft(conditions={"all": [{"kind": "first_purchase"}]})], live=True)
            with CaptureQueriesContext(connection) as queries, pytest.MonkeyPatch.context() as patch:
                patch.setattr(backtest_run, "BATCH", size)
                jobs.run_due_jobs(clock=timezone.now)
            return len(queries)

        queries_of(4)
        assert queries_of(4) == queries_of(5)
        # Beside its progress: sales, lines, activations, products, customers and their purchases.
        assert queries_of(2) - queries_of(4) == 7
