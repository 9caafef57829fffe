"""Two records are merged between the preview of an issuing run and its issue: the person is given one voucher."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from customers.models import Customer
from loyalty.models import CustomerMerge, IssuingRun, RunState, StoredValue
from loyalty.services import issuing_runs
from pos_api.services import customer_merges
from pos_api.services.customer_merges import merge_customers, undo_merge
from tests.builders import NOON, build_customer, build_issuing_run, build_sale, build_user
from tests.pos_api.test_customer_merges import wait_for_a_lock
from tests.world import assert_world

pytestmark = pytest.mark.django_db
EACH = [{"amount": "10.00"}]


def person() -> Customer:
    """A record without a document: two different ones are two persons."""
    return build_customer(document=None)


def merge(kept: Customer, absorbed: Customer) -> CustomerMerge:
    user = build_user()
    assert isinstance(user, User)
    return merge_customers(kept_id=kept.pk, absorbed_id=absorbed.pk, reason="Same", actor=user, at=NOON).merge


def confirm(run: IssuingRun) -> IssuingRun:
    with transaction.atomic():
        return issuing_runs.confirm(run, version=run.version, accepts_overlap=False, user=None, at=NOON)


def issue(run: IssuingRun, *, limit: int = 100) -> int:
    with transaction.atomic():
        return issuing_runs.issue_batch(run, limit=limit)


def issue_all(run: IssuingRun) -> IssuingRun:
    while issue(run):
        pass
    run.refresh_from_db()
    return run


def given(run: IssuingRun) -> dict[int, str]:
    return {
        grant.customer_id: f"{grant.percent.normalize():f} %" if grant.percent else str(grant.amount)
        for grant in run.grants.all()
    }


def buys(customer: Customer, amount: str) -> None:
    build_sale(customer=customer, lines=[{"unit_price": Decimal(amount)}], occurred_at=NOON)


class TestBeforeTheConfirmation:
    @pytest.mark.parametrize(
        ("terms", "bought", "both", "together"),
        [
            ({"tiers": EACH}, ("1.00", "1.00"), ["10.00", "10.00"], "10.00"),
            ({"tiers": [{"percent": "5"}]}, ("100.00", "60.00"), ["5.00", "3.00"], "8.00"),
            (
                {"tiers": [{"from": "50.00", "amount": "5.00"}, {"from": "100.00", "amount": "20.00"}]},
                ("60.00", "60.00"),
                ["5.00", "5.00"],
                "10.00",
            ),
            (
                {
                    "tiers": [{"from": "50.00", "percent": "5"}, {"from": "100.00", "percent": "8"}],
                    "percent_means": "voucher",
                },
                ("60.00", "60.00"),
                ["5 %", "5 %"],
                "8 %",
            ),
            # The terms say an amount for both together: nobody has agreed to one.
            (
                {
                    "tiers": [
                        {"from": "50.00", "percent": "5"},
                        {"from": "70.00", "percent": "6"},
                        {"from": "100.00", "amount": "20.00"},
                    ],
                    "percent_means": "voucher",
                },
                ("60.00", "70.00"),
                ["5 %", "6 %"],
                "6 %",
            ),
            (
                {"tiers": [{"percent": "10"}], "most": Decimal("7.00")},
                ("60.00", "60.00"),
                ["6.00", "6.00"],
                "7.00",
            ),
        ],
    )
    def test_both_together_are_given_one_and_never_more(
        self, terms: dict[str, Any], bought: tuple[str, str], both: list[str], together: str
    ) -> None:
        kept, absorbed = person(), person()
        for customer, amount in zip((kept, absorbed), bought, strict=True):
            buys(customer, amount)
        run = build_issuing_run(**terms)
        assert sorted(given(run).values()) == sorted(both)
        before = run.total_amount
        merge(kept, absorbed)

        run = issue_all(confirm(run))

        assert given(run) == {kept.pk: together}
        assert (run.state, run.customer_count, run.issued_count) == (RunState.DONE, 1, 1)
        assert run.issued_amount == run.total_amount <= before
        assert StoredValue.objects.get().customer == kept
        grant = run.grants.get()
        assert (grant.turnover, grant.visits) == (sum(map(Decimal, bought)), 2)
        assert list(run.events.values_list("action", flat=True).order_by("pk")) == ["joined", "confirmed"]

    def test_three_records_of_one_person_are_one(self) -> None:
        first, second, third, other = (person() for _number in range(4))
        run = build_issuing_run()
        merge(second, first)
        merge(third, second)

        run = issue_all(confirm(run))

        assert given(run) == {third.pk: "10.00", other.pk: "10.00"}
        assert sorted(StoredValue.objects.values_list("customer", flat=True)) == [third.pk, other.pk]
        assert_world()

    def test_what_one_of_the_two_was_to_be_given_goes_to_the_one_that_stands(self) -> None:
        kept, absorbed = person(), person()
        buys(absorbed, "60.00")
        run = build_issuing_run(minimum_turnover=Decimal("50.00"))
        merge(kept, absorbed)

        assert given(issue_all(confirm(run))) == {kept.pk: "10.00"}
        assert StoredValue.objects.get().customer == kept

    def test_a_merge_during_the_preview_is_seen(self) -> None:
        kept, absorbed = person(), person()
        merge(kept, absorbed)
        run = build_issuing_run()
        # The preview had read the customers before they were merged.
        run.grants.filter(customer=kept).update(customer=absorbed)

        assert given(issue_all(confirm(run))) == {kept.pk: "10.00"}
        assert StoredValue.objects.get().customer == kept

    def test_a_merge_that_was_undone_changes_nothing(self) -> None:
        kept, absorbed = person(), person()
        run = build_issuing_run()
        merged = merge(kept, absorbed)
        undo_merge(merge_id=merged.pk, actor=merged.actor, at=NOON)

        assert given(issue_all(confirm(run))) == {kept.pk: "10.00", absorbed.pk: "10.00"}


class TestWhileItIsIssued:
    @pytest.mark.parametrize("first_stays", [True, False])
    def test_who_was_given_one_is_given_no_other(self, first_stays: bool) -> None:
        first, second = person(), person()
        run = confirm(build_issuing_run())
        assert issue(run, limit=1) == 1
        assert StoredValue.objects.get().customer == first
        kept, absorbed = (first, second) if first_stays else (second, first)
        merge(kept, absorbed)

        run = issue_all(run)

        assert StoredValue.objects.get().customer == kept
        assert (run.state, run.customer_count, run.issued_count) == (RunState.DONE, 1, 1)
        assert run.issued_amount == run.total_amount == 10
        assert_world()


class TestAtTheSameTime:
    def test_a_merge_waits_for_the_batch_and_takes_what_it_made(self, committed_db: str) -> None:
        kept, absorbed = person(), person()
        run = confirm(build_issuing_run())

        def merge_them() -> None:
            merge(kept, absorbed)
            connection.close()

        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                assert issuing_runs.issue_batch(run, limit=100) == 2
                waiting = pool.submit(merge_them)
                wait_for_a_lock()
            waiting.result()

        assert set(StoredValue.objects.values_list("customer", flat=True)) == {kept.pk}
        assert issue_all(run).state == RunState.DONE

    def test_a_batch_waits_for_the_merge_and_gives_one(self, committed_db: str) -> None:
        kept, absorbed = person(), person()
        run = confirm(build_issuing_run())
        user = build_user()
        assert isinstance(user, User)

        def issue_them() -> int:
            made = issue(run)
            connection.close()
            return made

        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                customer_merges._merge(kept.pk, absorbed.pk, "Same", user, NOON)
                waiting = pool.submit(issue_them)
                wait_for_a_lock()
            assert waiting.result() == 1

        assert StoredValue.objects.get().customer == kept
