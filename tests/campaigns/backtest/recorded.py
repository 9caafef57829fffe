"""Record sales at a till, run a back-test over them, and compare."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from campaigns.models import Activation, Backtest
from campaigns.services import backtests, jobs
from tests.pos_api.till import Till, sale


def record(till: Till, *lines: dict[str, Any], **fields: Any) -> str:
    """Sell for what it costs, and return the sale's id."""
    document = sale(*lines, **fields)
    if "payments" in document:
        document["payments"] = [{"method": document["payments"]}]
    answer = till.evaluate(
        {name: value for name, value in document.items() if name not in ("ticket", "total", "business_date")}
    ).json()
    document["total"] = answer["totals"]["net"]
    if "payments" in document:
        document["payments"][0]["amount"] = document["total"]
    sold = till.sell(document)
    assert sold.status_code == 201, sold.json()
    return sold.json()["sale"]


def ask(**document: Any) -> Backtest:
    today = timezone.now().date()
    period = {
        "from": (today - timedelta(days=20)).isoformat(),
        "until": (today + timedelta(days=1)).isoformat(),
    }
    return backtests.request_backtest(document=period | document, user=None, at=timezone.now())


def run(**document: Any) -> dict[str, Any]:
    """Ask, run the job, and return the report."""
    backtest = ask(**document)
    assert jobs.run_due_jobs(clock=timezone.now) == {"finished": 1}, backtest.job.error
    backtest.refresh_from_db()
    return backtest.report


def of(report: dict[str, Any], campaign: str) -> dict[str, Any]:
    return next(row for row in report["campaigns"] if row["campaign"] == campaign)


def recorded(campaign: str) -> tuple[int, str]:
    """Return how often a campaign activated and what it gave, in sales that stand."""
    rows = Activation.objects.filter(campaign__code=campaign, reversed_at__isnull=True)
    discounts = rows.values_list("discount", flat=True)
    return len(discounts), str(sum(discounts, Decimal("0.00")))


def assert_equals_what_was_recorded(report: dict[str, Any], *codes: str) -> None:
    for code in codes:
        row = of(report, code)
        assert (row["activations"], row["discount"]) == recorded(code)
        assert (row["activations_before"], row["discount_before"]) == recorded(code)
    assert report["totals"]["extra_cost"] == "0.00"
    assert report["totals"]["unexplained"] == 0
