"""The figures of the first page."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client

from config.overview import first_steps, sales_overview
from retail.models import SaleState
from tests import builders

TODAY = date(2026, 11, 20)


def sell(days_ago: int, amount: str, **values):
    at = builders.NOON - timedelta(days=days_ago)
    return builders.build_sale(
        lines=[{"unit_price": Decimal(amount)}],
        occurred_at=at,
        business_date=TODAY - timedelta(days=days_ago),
        **values,
    )


@pytest.mark.django_db
class TestSalesOverview:
    def test_sums_the_period_and_compares_it_with_the_one_before(self):
        sell(0, "60.00")
        sell(6, "60.00", customer=builders.build_customer())
        sell(7, "100.00")
        sell(14, "1000.00")

        week = sales_overview(at=builders.NOON, today=TODAY, period=7)

        assert (week.net.value, week.net.change) == (Decimal("120.00"), Decimal("20.0"))
        assert (week.count.value, week.count.change) == (2, Decimal("100.0"))
        assert week.identified == Decimal("50.0")

    def test_leaves_cancelled_sales_out(self):
        sell(0, "60.00", state=SaleState.CANCELLED, cancelled_at=builders.NOON)

        assert sales_overview(at=builders.NOON, today=TODAY, period=1).count.value == 0

    def test_compares_with_nothing_when_there_was_nothing(self):
        sell(0, "60.00")

        today = sales_overview(at=builders.NOON, today=TODAY, period=1)

        assert today.net.change is None

    def test_keeps_quiet_about_growth_from_almost_nothing(self):
        sell(0, "600.00")
        sell(1, "1.00")

        assert sales_overview(at=builders.NOON, today=TODAY, period=1).net.change is None

    def test_has_a_place_for_every_day_also_without_sales(self):
        sell(3, "60.00")

        days = sales_overview(at=builders.NOON, today=TODAY, period=7).days

        assert [day.day for day in days] == [TODAY - timedelta(days=back) for back in range(29, -1, -1)]
        assert [day.net for day in days if day.count] == [Decimal("60.00")]


@pytest.mark.django_db
class TestFirstSteps:
    def test_lead_from_nothing_to_the_first_sale(self):
        assert [step.done for step in first_steps()] == [False] * 5

        builders.build_product()
        builders.build_sale()

        assert [step.done for step in first_steps()] == [True, True, False, False, True]


@pytest.mark.django_db
class TestDashboard:
    @pytest.mark.parametrize("period", ["1", "7", "30", "", "x", "999"])
    def test_opens_for_any_period(self, period):
        client = Client()
        client.force_login(User.objects.create_superuser("marina"))

        assert client.get("/", {"period": period}).status_code == 200

    def test_shows_first_steps_until_they_are_done(self):
        client = Client()
        client.cookies["django_language"] = "en"
        client.force_login(User.objects.create_superuser("marina"))

        assert "First steps" in client.get("/").content.decode()

    def test_tells_no_figures_to_who_may_not_see_sales(self):
        client = Client()
        client.force_login(builders.build_user())

        answer = client.get("/")

        assert "sales" not in answer.context
        assert "messages_sent" not in answer.context
