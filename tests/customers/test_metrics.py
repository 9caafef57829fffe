from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from customers.models import CategoryTotal, CustomerMetrics
from customers.services.metrics import let_old_sales_leave, rebuild
from customers.verification import differences, kept
from tests.builders import NOON, build_customer, build_sale

pytestmark = pytest.mark.django_db


@pytest.fixture
def sales() -> None:
    for _number in range(3):
        customer = build_customer()
        build_sale(customer=customer, lines=[{"category": "meias"}])
        build_sale(customer=customer, occurred_at=NOON - timedelta(days=300))
    build_sale(customer=build_customer(), is_test=True)
    build_sale()


def verify(*arguments: str) -> str:
    output = StringIO()
    call_command("verify_metrics", *arguments, stdout=output, stderr=output)
    return output.getvalue()


class TestVerifyMetrics:
    def test_passes_where_everything_adds_up(self, sales: None) -> None:
        assert "2 checks passed: customers=4 categories=3" in verify()

    @pytest.mark.parametrize(
        "fault",
        [
            "UPDATE customers_customermetrics SET turnover_total = turnover_total + 0.01",
            "UPDATE customers_customermetrics SET visits = 1 WHERE visits = 2",
            "UPDATE customers_customermetrics SET last_at = last_at + interval '1 second'",
            "UPDATE customers_customermetrics SET window_starts_at = window_starts_at + interval '200 days',"
            " oldest_at = last_at WHERE visits = 2",
            "DELETE FROM customers_customermetrics",
            "UPDATE customers_categorytotal SET amount = amount + 0.01",
            "DELETE FROM customers_categorytotal",
            "UPDATE retail_sale SET net = net + 1, gross = gross + 1",
            "UPDATE retail_saleline SET returned = 1",
        ],
    )
    def test_names_what_differs_and_the_rebuild_mends_it(self, sales: None, fault: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(fault)
            assert cursor.rowcount

        with pytest.raises(CommandError, match="not what the sales come to"):
            verify()

        assert "customers counted anew" in verify("--rebuild")
        assert differences() == []

    def test_says_how_many_are_behind(self, sales: None) -> None:
        assert kept(at=NOON).behind == 0
        assert kept(at=NOON + timedelta(days=100)).behind == 3

    def test_rebuilds_in_batches(self, sales: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("customers.services.metrics.BATCH", 2)
        CustomerMetrics.objects.all().delete()
        CategoryTotal.objects.all().delete()

        assert rebuild(at=NOON) == 4
        assert differences() == []


class TestLetOldSalesLeave:
    def test_works_through_all_batches_once(self, sales: None) -> None:
        later = NOON + timedelta(days=100)

        assert let_old_sales_leave(at=later, batch=2) == 3
        assert let_old_sales_leave(at=later) == 0

        assert set(CustomerMetrics.objects.filter(visits_total=2).values_list("visits", flat=True)) == {1}
        assert differences() == []


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("visits = visits_total + 1", "customer_metrics_window_within_all"),
        ("turnover = turnover_total + 1", "customer_metrics_window_within_all"),
        ("oldest_at = NULL", "customer_metrics_oldest_is_in_window"),
        ("oldest_at = window_starts_at", "customer_metrics_oldest_is_in_window"),
        ("last_at = NULL", "customer_metrics_purchases_have_moments"),
    ],
)
def test_the_database_refuses_metrics_that_cannot_be(sales: None, change: str, constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE customers_customermetrics SET {change} WHERE visits > 0")  # noqa: S608
