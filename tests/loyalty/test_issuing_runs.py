"""Issuing runs: who is given what, exactly once, whatever happens to the workers."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import JobState
from campaigns.services import issuing_jobs
from customers.models import Customer
from loyalty import issuing
from loyalty.models import (
    Account,
    IssuingGrant,
    IssuingRun,
    RunState,
    StoredValue,
    StoredValueCode,
    StoredValueType,
)
from loyalty.models.account import AccountKind
from loyalty.selectors.issuing import issued, overlapping_runs
from loyalty.selectors.stored_values import find_by_code, usual_type
from loyalty.services import issuing_runs
from loyalty.services.issuing_refusals import (
    RunChanged,
    RunEmpty,
    RunNeedsSecondPerson,
    RunNotOpen,
    RunNotPreviewed,
    RunOutdated,
    RunOverlaps,
)
from loyalty.services.issuing_terms import IssuingInvalid
from retail import money
from retail.models import Company, SaleReturn
from tests.builders import (
    NOON,
    build_customer,
    build_customer_grouping,
    build_sale,
    build_store,
    build_stored_value_type,
    build_user,
)
from tests.campaigns.code_work import AT
from tests.campaigns.code_work import run as run_job
from tests.world import assert_world

pytestmark = pytest.mark.django_db

N15 = [
    {"from": "50.00", "percent": "5"},
    {"from": "100.00", "percent": "10"},
    {"from": "150.00", "percent": "15"},
]


def make_run(**values: Any) -> IssuingRun:
    defaults = {
        "name": "Natal",
        "type": usual_type(AccountKind.VOUCHER),
        "tiers": [{"from": "0.00", "amount": "10.00"}],
    }
    return issuing_runs.save_run(run=None, values=defaults | values, user=None, at=AT)


def preview(run: IssuingRun) -> IssuingRun:
    job = run_job(issuing_jobs.request_preview(run=run, user=None, at=AT))
    assert job.state == JobState.FINISHED
    run.refresh_from_db()
    return run


def issue(run: IssuingRun, *, accepts_overlap: bool = False, **options: Any) -> IssuingRun:
    job = issuing_jobs.request_issue(
        run=run, version=run.version, accepts_overlap=accepts_overlap, user=None, at=AT
    )
    run_job(job, **options)
    run.refresh_from_db()
    return run


def bought(customer: Customer, *amounts: str, **values: Any) -> None:
    for amount in amounts:
        build_sale(customer=customer, lines=[{"unit_price": Decimal(amount)}], **values)


def given(run: IssuingRun) -> dict[int, str]:
    return {
        grant.customer_id: f"{grant.percent.normalize():f} %" if grant.percent else str(grant.amount)
        for grant in run.grants.all()
    }


class TestPreview:
    @pytest.mark.parametrize(
        ("turnover", "percent"),
        [("49.99", None), ("50.00", "5 %"), ("149.99", "10 %"), ("150.00", "15 %")],
    )
    def test_tiers_give_vouchers_in_percent(self, turnover: str, percent: str | None) -> None:
        customer = build_customer()
        bought(customer, turnover)

        run = preview(make_run(tiers=N15, percent_means="voucher"))

        assert given(run) == ({} if percent is None else {customer.pk: percent})
        assert run.rate_count == run.customer_count

    def test_two_visits_and_a_turnover_give_a_share_of_it(self) -> None:
        ana, bia, caio = build_customer(), build_customer(), build_customer()
        bought(ana, "40.00", "60.00")
        bought(bia, "100.00")
        bought(caio, "40.00", "59.99")

        run = preview(
            make_run(minimum_visits=2, minimum_turnover=Decimal("100.00"), tiers=[{"percent": "5"}])
        )

        assert given(run) == {ana.pk: "5.00"}
        assert (run.customer_count, run.total_amount, run.highest_amount) == (1, 5, 5)

    def test_counts_what_was_charged_less_returns_and_no_test_or_cancelled_sale(self) -> None:
        ana = build_customer()
        bought(ana, "100.00")
        returned = build_sale(
            customer=ana,
            lines=[{"unit_price": Decimal("30.00")}],
            refunded=Decimal("15.00"),
            state="partially_returned",
        )
        # Of what came back, 5.00 had been paid with value: money is the rest, whether withheld or not.
        SaleReturn.objects.create(
            sale=returned, reference="R1", value=15, amount=7, withheld=3, returned_at=NOON
        )
        bought(ana, "1000.00", is_test=True)
        bought(ana, "1000.00", state="cancelled", cancelled_at=NOON)
        bought(ana, "1000.00", refunded=Decimal("1000.00"), state="returned")

        run = preview(make_run(tiers=[{"percent": "10"}]))

        grant = run.grants.get()
        assert (grant.turnover, grant.visits, grant.amount) == (Decimal("120.00"), 2, Decimal("12.00"))

    def test_counts_purchases_of_the_period_and_of_the_stores(self) -> None:
        ana, here = build_customer(), build_store()
        bought(ana, "1.00", store=here, occurred_at=NOON - timedelta(seconds=1))
        bought(ana, "2.00", store=here, occurred_at=NOON)
        bought(ana, "4.00", store=here, occurred_at=NOON + timedelta(days=1) - timedelta(seconds=1))
        bought(ana, "8.00", store=here, occurred_at=NOON + timedelta(days=1))
        bought(ana, "16.00", occurred_at=NOON)

        run = preview(
            make_run(
                period_starts_at=NOON,
                period_ends_at=NOON + timedelta(days=1),
                store_codes=[here.code],
                tiers=[{"percent": "100"}],
            )
        )

        assert given(run) == {ana.pk: "6.00"}

    def test_filters_name_one_customer_a_grouping_a_country_a_language(self) -> None:
        ana = build_customer(country="PT", language="pt")
        bia, caio = build_customer(country="PT"), build_customer()
        build_customer(is_active=False)
        grouping = build_customer_grouping(customers=[bia])

        assert given(preview(make_run())) == dict.fromkeys([ana.pk, bia.pk, caio.pk], "10.00")
        assert given(preview(make_run(customer=caio))) == {caio.pk: "10.00"}
        assert given(preview(make_run(grouping=grouping))) == {bia.pk: "10.00"}
        assert given(preview(make_run(country="PT"))) == dict.fromkeys([ana.pk, bia.pk], "10.00")
        assert given(preview(make_run(country="PT", language="pt"))) == {ana.pk: "10.00"}

    def test_no_amount_is_above_the_most_or_the_ceiling_of_the_type(self) -> None:
        kind = usual_type(AccountKind.VOUCHER)
        bought(build_customer(), "1000.00")
        capped = preview(make_run(tiers=[{"percent": "10"}], most=Decimal("25.00")))
        kind.ceiling = Decimal("20.00")
        kind.save()

        assert [*given(capped).values()] == ["25.00"]
        assert [*given(preview(make_run(tiers=[{"percent": "10"}], type=kind))).values()] == ["20.00"]

    @pytest.mark.parametrize("seed", range(4))
    def test_gives_what_the_rules_say(self, seed: int) -> None:
        draw = random.Random(seed)
        starts = sorted(draw.sample(range(0, 300_00), 4))
        terms = issuing.Terms(
            tiers=[
                issuing.Tier(from_cents=start, percent=draw.randint(1, 1_000_000))
                if draw.random() < 0.6
                else issuing.Tier(from_cents=start, amount=draw.randint(1, 50_00))
                for start in starts
            ],
            percent_means=draw.choice(list(issuing.PercentMeans)),
            minimum_turnover=draw.choice([0, 20_00]),
            minimum_visits=draw.choice([0, 2]),
            most=draw.choice([None, 30_00]),
        )
        people = [build_customer() for _ in range(25)]
        amounts = {one.pk: [draw.randint(0, 200_00) for _ in range(draw.randint(0, 3))] for one in people}
        for one in people:
            bought(one, *(money.text(amount) for amount in amounts[one.pk]))

        run = preview(
            make_run(
                tiers=issuing.write_tiers(terms.tiers),
                percent_means=terms.percent_means.value,
                minimum_turnover=money.to_decimal(terms.minimum_turnover),
                minimum_visits=terms.minimum_visits,
                most=None if terms.most is None else money.to_decimal(terms.most),
            )
        )

        expected = {}
        for pk, bought_for in amounts.items():
            found = issuing.given_for(terms, turnover=sum(bought_for), visits=len(bought_for))
            if found.is_something:
                percent = None if found.percent is None else Decimal(found.percent) / 10_000
                expected[pk] = (money.to_decimal(found.amount), percent)
        assert {grant.customer_id: (grant.amount, grant.percent) for grant in run.grants.all()} == expected

    def test_is_one_statement_for_any_number_of_customers(self) -> None:
        run = make_run()
        build_customer()
        with CaptureQueriesContext(connection) as few:
            issuing_runs.preview(run, at=AT)
        for _number in range(20):
            build_customer()
        with CaptureQueriesContext(connection) as many:
            issuing_runs.preview(run, at=AT)

        assert len(many) == len(few)
        assert len([query for query in many if "loyalty_issuinggrant (" in query["sql"]]) == 1


class TestIssue:
    def test_makes_a_voucher_for_each_customer_of_the_preview(self) -> None:
        ana, bia = build_customer(), build_customer()
        store = build_store()
        run = preview(make_run(valid_days=30, usable_store_codes=[store.code]))
        build_customer()  # comes after the preview

        run = issue(run)

        assert (run.state, run.issued_count, run.issued_amount) == (RunState.DONE, 2, Decimal("20.00"))
        made = list(StoredValue.objects.filter(origin=run.origin).order_by("customer_id"))
        assert [one.customer_id for one in made] == [ana.pk, bia.pk]
        assert {one.account.balance for one in made} == {Decimal("10.00")}
        assert {tuple(one.store_codes) for one in made} == {(store.code,)}
        ends = {one.account.lots.get().expires_at for one in made}
        assert ends == {datetime(2026, 12, 23, 3, 0, tzinfo=UTC)}
        codes = [code for _grant, code in issued(run, with_codes=True)]
        assert [find_by_code(code) for code in codes] == made
        assert_world()

    def test_gives_to_the_record_that_stands_and_holds_on_to_it(self) -> None:
        ana, bia = build_customer(document=None), build_customer(document=None)
        run = preview(make_run())
        Customer.objects.filter(pk=bia.pk).update(is_active=False, merged_into=ana)

        with CaptureQueriesContext(connection) as queries:
            run = issue(run)

        assert run.issued_count == 1
        assert {one.customer_id for one in StoredValue.objects.all()} == {ana.pk}
        statements = [query["sql"] for query in queries]
        locked = next(
            n for n, sql in enumerate(statements) if "customers_customer" in sql and "NO KEY" in sql
        )
        assert locked < next(
            n for n, sql in enumerate(statements) if "INSERT INTO loyalty_storedvalue" in sql
        )

    def test_a_grant_that_went_to_another_record_and_back_collides_with_none(self) -> None:
        build_customer(), build_customer()
        run = preview(make_run())
        first, second = run.grants.order_by("pk")
        kept = build_customer()
        run.grants.filter(pk=first.pk).update(customer=kept)
        issuing_jobs.request_issue(run=run, version=run.version, accepts_overlap=False, user=None, at=AT)
        assert issuing_runs.issue_batch(run, limit=1) == 1
        run.grants.filter(pk=first.pk).update(customer=first.customer)
        run.grants.filter(pk=second.pk).update(customer=kept)

        assert issuing_runs.issue_batch(run, limit=1) == 1

    def test_a_killed_worker_issues_nothing_twice(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(issuing_runs, "BATCH", 3)
        people = [build_customer().pk for _ in range(8)]
        run = preview(make_run())

        issue(run, stops_after=2)
        assert StoredValue.objects.count() == 3
        [job] = [job for job in issuing_jobs.jobs_of(run) if job.kind == issuing_jobs.ISSUE]
        run_job(job)

        run.refresh_from_db()
        assert (run.state, run.issued_count) == (RunState.DONE, 8)
        owners = StoredValue.objects.values_list("customer_id", flat=True)
        assert sorted(owners) == people  # type: ignore[type-var]
        assert_world()

    def test_cancelling_stops_before_the_next_batch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(issuing_runs, "BATCH", 3)
        for _number in range(8):
            build_customer()
        run = preview(make_run())
        issue(run, stops_after=2)

        issuing_jobs.cancel_run(run=run, user=None, at=AT)
        [job] = [job for job in issuing_jobs.jobs_of(run) if job.kind == issuing_jobs.ISSUE]
        run_job(job)

        run.refresh_from_db()
        assert (run.state, run.issued_count, StoredValue.objects.count()) == (RunState.CANCELLED, 3, 3)

    def test_closed_codes_can_be_read_by_nobody_and_used_all_the_same(self) -> None:
        build_customer()
        run = issue(preview(make_run()))
        [(_grant, code)] = issued(run, with_codes=True)

        assert issuing_runs.close_codes(run, user=None, at=AT) == 1

        [(_grant, shown)] = issued(run, with_codes=True)
        assert shown == "····" + code[-4:]
        assert not StoredValueCode.objects.filter(nonce__isnull=False).exists()
        assert find_by_code(code) is not None

    def test_vouchers_in_percent_hold_one_use(self) -> None:
        build_customer()
        run = issue(preview(make_run(tiers=[{"percent": "15"}], percent_means="voucher")))

        made = StoredValue.objects.get()
        assert (made.percent, made.account.kind) == (Decimal("15.0000"), AccountKind.RATE_VOUCHER)
        assert run.total_amount == 0
        assert Account.objects.get().balance == 1


class TestConfirmation:
    def test_needs_the_preview_that_was_looked_at(self) -> None:
        build_customer()
        run = make_run()
        with pytest.raises(RunNotPreviewed):
            issue(run)
        preview(run)
        seen = run.version
        preview(run)

        with pytest.raises(RunChanged):
            issuing_jobs.request_issue(run=run, version=seen, accepts_overlap=False, user=None, at=AT)

    def test_gives_nothing_that_has_become_impossible_since_the_preview(self) -> None:
        build_customer()
        kind = build_stored_value_type(kind="voucher")
        switched_off = preview(make_run(type=kind))
        over = preview(make_run(usable_until=AT + timedelta(days=1)))
        StoredValueType.objects.filter(pk=kind.pk).update(is_active=False)

        for run, at in ((switched_off, AT), (over, AT + timedelta(days=1))):
            with pytest.raises(RunOutdated):
                issuing_jobs.request_issue(
                    run=run, version=run.version, accepts_overlap=False, user=None, at=at
                )

        assert not StoredValue.objects.exists()

    def test_runs_are_confirmed_one_after_the_other(self) -> None:
        build_customer()
        run = preview(make_run())

        with CaptureQueriesContext(connection) as queries:
            issuing_jobs.request_issue(run=run, version=run.version, accepts_overlap=False, user=None, at=AT)

        locks = [query["sql"] for query in queries if "lock" in query["sql"] or "FOR UPDATE" in query["sql"]]
        assert ["pg_advisory_xact_lock" in sql for sql in locks[:2]] == [True, False]

    def test_needs_somebody_to_give_something_to(self) -> None:
        with pytest.raises(RunEmpty):
            issue(preview(make_run()))

    def test_warns_of_a_run_that_gave_for_the_same_purchases(self) -> None:
        build_customer()
        first = issue(preview(make_run()))
        again = preview(make_run())

        assert overlapping_runs(again) == [first]
        with pytest.raises(RunOverlaps) as refusal:
            issue(again)
        assert refusal.value.runs == [first]
        assert issue(again, accepts_overlap=True).state == RunState.DONE

    def test_warns_of_a_run_that_is_confirmed_and_has_given_nothing_yet(self) -> None:
        build_customer()
        first, again = preview(make_run()), preview(make_run())
        issuing_jobs.request_issue(run=first, version=first.version, accepts_overlap=False, user=None, at=AT)

        with pytest.raises(RunOverlaps) as refusal:
            issue(again)

        assert refusal.value.runs == [first]

    def test_does_not_warn_of_what_a_cancelled_run_has_not_given(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(issuing_runs, "BATCH", 1)
        _ana, bia = build_customer(), build_customer()
        first = preview(make_run())
        issue(first, stops_after=2)
        issuing_jobs.cancel_run(run=first, user=None, at=AT)

        assert not overlapping_runs(preview(make_run(customer=bia)))
        assert overlapping_runs(preview(make_run())) == [first]

    def test_does_not_warn_of_other_periods_stores_or_customers(self) -> None:
        ana, bia, store = build_customer(), build_customer(), build_store()
        issue(preview(make_run(customer=ana, period_ends_at=NOON, store_codes=[store.code])))

        assert not overlapping_runs(preview(make_run(customer=ana, period_starts_at=NOON)))
        assert not overlapping_runs(preview(make_run(customer=bia)))
        assert not overlapping_runs(preview(make_run(customer=ana, store_codes=[build_store().code])))
        assert overlapping_runs(preview(make_run(customer=ana)))

    def test_a_confirmed_run_cannot_be_changed_or_confirmed_again(self) -> None:
        build_customer()
        run = issue(preview(make_run()))

        with pytest.raises(RunNotOpen):
            issuing_runs.save_run(run=run, values={"name": "x"}, user=None, at=AT)
        with pytest.raises(RunNotOpen):
            issue(run)
        with pytest.raises(RunNotOpen):
            issuing_jobs.request_preview(run=run, user=None, at=AT)


class TestSecondPerson:
    def confirm(self, run: IssuingRun, user: User) -> IssuingRun:
        return issuing_runs.confirm(run, version=None, accepts_overlap=False, user=user, at=AT)

    @pytest.fixture(autouse=True)
    def _above_15(self) -> None:
        Company.objects.update(adjustment_limit=15)
        build_customer()

    def prepared(self, user: User, **values: Any) -> IssuingRun:
        defaults = {"name": "x", "type": usual_type(AccountKind.VOUCHER), "tiers": [{"amount": "10.00"}]}
        return preview(issuing_runs.save_run(run=None, values=defaults | values, user=user, at=AT))

    def test_up_to_the_limit_one_person_is_enough(self) -> None:
        ana = build_user()

        assert self.confirm(self.prepared(ana, most=Decimal("15.00")), ana).state == RunState.ISSUING

    def test_above_it_somebody_else_confirms(self) -> None:
        ana, bia = build_user(), build_user()
        build_customer()
        run = self.prepared(ana)

        for nobody in (ana, None):
            with pytest.raises(RunNeedsSecondPerson, match=r"20.00.*15.00") as refusal:
                self.confirm(run, nobody)  # type: ignore[arg-type]
        assert refusal.value.extra == {"total": "20.00", "limit": "15.00", "prepared_by": ana.get_username()}
        confirmed = self.confirm(run, bia)
        assert (confirmed.state, confirmed.confirmed_by) == (RunState.ISSUING, bia)

    def test_who_changed_it_last_has_prepared_it(self) -> None:
        ana, bia = build_user(), build_user()
        build_customer()
        run = issuing_runs.save_run(run=self.prepared(ana), values={"name": "y"}, user=bia, at=AT)
        preview(run)

        with pytest.raises(RunNeedsSecondPerson):
            self.confirm(run, bia)
        assert self.confirm(run, ana).state == RunState.ISSUING

    def test_vouchers_in_percent_are_above_every_limit(self) -> None:
        ana = build_user()
        run = self.prepared(ana, tiers=[{"percent": "1"}], percent_means="voucher")

        with pytest.raises(RunNeedsSecondPerson):
            self.confirm(run, ana)
        Company.objects.update(adjustment_limit=None)
        assert self.confirm(run, ana).state == RunState.ISSUING


class TestSaving:
    @pytest.mark.parametrize(
        ("values", "path"),
        [
            ({"name": " "}, "name"),
            ({"tiers": []}, "tiers"),
            ({"tiers": [{"amount": "0.00"}]}, "tiers[0].amount"),
            ({"store_codes": ["NADA"]}, "stores[0]"),
            ({"usable_store_codes": ["NADA"]}, "usable_stores[0]"),
            ({"valid_days": 5, "usable_until": NOON}, "valid_days"),
            ({"usable_from": NOON, "usable_until": NOON}, "usable_until"),
            ({"usable_until": AT}, "usable_until"),
            ({"type": "thirty days", "usable_from": AT + timedelta(days=40)}, "usable_until"),
            ({"period_starts_at": NOON, "period_ends_at": NOON}, "period_ends_at"),
        ],
    )
    def test_names_the_wrong_field(self, values: dict[str, Any], path: str) -> None:
        if "type" in values:
            values = values | {"type": build_stored_value_type(kind="voucher", valid_days=30)}
        with pytest.raises(IssuingInvalid) as refusal:
            make_run(**values)

        assert [error.path for error in refusal.value.errors] == [path]

    def test_only_vouchers_and_gift_cards_are_given_and_percentages_are_of_vouchers(self) -> None:
        for kind, values, path in (
            (AccountKind.E_PURSE, {}, "type"),
            (
                AccountKind.GIFT_CARD,
                {"tiers": [{"percent": "5"}], "percent_means": "voucher"},
                "percent_means",
            ),
        ):
            with pytest.raises(IssuingInvalid) as refusal:
                make_run(type=usual_type(kind), **values)
            assert [error.path for error in refusal.value.errors] == [path]

    def test_a_change_drops_the_preview(self) -> None:
        build_customer()
        run = preview(make_run())

        run = issuing_runs.save_run(run=run, values={"name": "Outro"}, user=None, at=AT)

        assert (run.state, run.customer_count, IssuingGrant.objects.count()) == (RunState.DRAFT, 0, 0)
