"""New customers with an e-mail are given a voucher once, however they came and however often somebody looks."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import Customer
from loyalty.models import IssuingRule, StoredValue, StoredValueType
from loyalty.services import new_customers
from loyalty.services.issuing_rules import save_rule
from loyalty.services.issuing_terms import IssuingInvalid
from loyalty.services.new_customers import welcome_new_customers
from tests.builders import (
    build_customer,
    build_issuing_rule,
    build_sale,
    build_store,
    build_stored_value_type,
)

pytestmark = pytest.mark.django_db


def make_rule(**values: Any) -> IssuingRule:
    defaults = {"trigger": "new_customer", "tiers": [{"amount": "10.00"}], "valid_days": 30}
    return build_issuing_rule(at=timezone.now(), **defaults | values)


def newcomer(**values: Any) -> Customer:
    return build_customer(**{"email": "ana@example.com"} | values)


def look(days: int = 0) -> int:
    return welcome_new_customers(at=timezone.now() + timedelta(days=days))


class TestWelcome:
    def test_gives_each_one_voucher_however_often_it_looks(self) -> None:
        make_rule()
        ana = newcomer()
        build_customer(email="")

        assert (look(), look()) == (1, 0)
        voucher = StoredValue.objects.get()
        assert (voucher.customer, voucher.account.balance) == (ana, Decimal("10.00"))
        assert voucher.account.lots.get().expires_at is not None

    def test_may_be_a_percentage(self) -> None:
        make_rule(tiers=[{"percent": "10"}], percent_means="voucher")
        newcomer()

        assert look() == 1
        assert StoredValue.objects.get().percent == 10

    def test_an_email_that_comes_later_counts_within_a_week(self) -> None:
        make_rule()
        ana = build_customer(email="")
        assert look() == 0

        Customer.objects.filter(pk=ana.pk).update(email="ana@example.com")
        assert look(days=6) == 1

    def test_leaves_out_who_was_there_before_the_rule_or_is_no_longer_new(self) -> None:
        before = newcomer()
        make_rule()
        Customer.objects.filter(pk=before.pk).update(created_at=timezone.now() - timedelta(hours=1))
        newcomer(is_active=False)
        newcomer()

        assert look(days=8) == 0
        assert look() == 1

    def test_is_for_customers_of_its_stores_also_those_whom_a_sale_made(self) -> None:
        here, there = build_store(), build_store()
        make_rule(store_codes=[here.code])
        at_home = newcomer(home_store=here)
        newcomer(home_store=there)
        by_sale = newcomer()
        build_sale(customer=by_sale, store=here)
        newcomer()

        assert look() == 2
        given = StoredValue.objects.order_by("customer_id").values_list("customer_id", flat=True)
        assert list(given) == [at_home.pk, by_sale.pk]

    def test_is_off_when_it_is_switched_off_or_over(self) -> None:
        make_rule(is_active=False)
        make_rule(ends_at=timezone.now() - timedelta(seconds=1))
        make_rule(starts_at=timezone.now() + timedelta(days=1))
        newcomer()

        assert look() == 0

    def test_goes_on_in_batches_until_everybody_has_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(new_customers, "BATCH", 2)
        make_rule()
        make_rule(tiers=[{"amount": "5.00"}])
        for _number in range(5):
            newcomer()

        assert look() == 10

    def test_looks_at_nobody_again_for_each_batch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(new_customers, "BATCH", 2)
        make_rule()
        people = [newcomer().pk for _number in range(5)]

        with CaptureQueriesContext(connection) as queries:
            look()

        begins = [int(found[1]) for query in queries if (found := re.search(r"c\.id > (\d+)", query["sql"]))]
        assert begins == [0, people[1], people[3], people[4]]

    def test_gives_nothing_that_could_not_be_used_or_is_no_longer_made(self) -> None:
        make_rule(valid_days=None, usable_until=timezone.now() + timedelta(days=1))
        switched_off = make_rule(type=build_stored_value_type(kind="voucher"))
        StoredValueType.objects.filter(pk=switched_off.type_id).update(is_active=False)
        newcomer()

        assert look(days=2) == 0
        assert look() == 1

    def test_a_rule_can_be_switched_off_after_its_vouchers_ended_and_its_type(self) -> None:
        rule = make_rule(type=build_stored_value_type(kind="voucher"))
        StoredValueType.objects.filter(pk=rule.type_id).update(is_active=False)
        over = {"valid_days": None, "usable_until": timezone.now() - timedelta(days=1)}

        with pytest.raises(IssuingInvalid) as refusal:
            save_rule(rule=rule, values=over, user=None, at=timezone.now())
        rule = save_rule(rule=rule, values=over | {"is_active": False}, user=None, at=timezone.now())

        assert [error.path for error in refusal.value.errors] == ["type", "usable_until"]
        assert not rule.is_active

    @pytest.mark.parametrize(
        ("values", "path"),
        [
            ({"minimum_visits": 1}, "minimum_visits"),
            ({"minimum_turnover": Decimal("1.00")}, "minimum_turnover"),
            ({"tiers": [{"percent": "10"}]}, "tiers"),
            ({"tiers": [{"from": "10.00", "amount": "5.00"}]}, "tiers"),
        ],
    )
    def test_refuses_what_nobody_new_could_be_given(self, values: dict[str, Any], path: str) -> None:
        with pytest.raises(IssuingInvalid) as refusal:
            make_rule(**values)

        assert [error.path for error in refusal.value.errors] == [path]
