"""``python -m bench.replay.backtest``: back-test on the year that ``make replay`` recorded, and print what came of it.

First what was live, as it ran: every campaign must be found with its recorded cost. Then a draft beside it. docs/backtest.md
shows the figures.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from bench.stack import Stack, StackFailed

CHECKOUT = Path(__file__).resolve().parents[2]
DRAFT = {
    "code": "ACIMA40",
    "name": "5 % from 40.00, twice a month",
    "minimum_amount": "40.00",
    "benefits": [{"kind": "order_percent", "percent": "5.00"}],
    "limits": [{"scope": "customer", "counts": "sale", "max": 2, "per": "month"}],
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.replay.backtest", description=__doc__)
    parser.add_argument("--folder", type=Path, default=CHECKOUT / ".local" / "replay")
    parser.add_argument("--port", type=int, default=8240)
    options = parser.parse_args()
    with Stack(CHECKOUT, options.folder.resolve(), port=options.port):
        as_it_ran = run({"live": True})
        show(as_it_ran)
        differing = [row for row in as_it_ran["campaigns"] if row["difference"] != "0.00"]
        print(
            f"{len(as_it_ran['campaigns'])} campaigns activated, {len(differing)} are found with another cost\n"
        )
        show(run({"live": True, "campaigns": [DRAFT]}))
    return 1 if differing else 0


def run(document: dict[str, Any]) -> dict[str, Any]:
    """Back-test all recorded sales in this process, and return the report."""
    from datetime import timedelta

    from django.db.models import Max, Min
    from django.utils import timezone

    from campaigns.services import backtests, jobs
    from retail.models import Sale

    period = Sale.objects.real().aggregate(first=Min("occurred_at"), last=Max("occurred_at"))
    day = timedelta(days=1)
    whole = {
        "from": (period["first"].date() - day).isoformat(),
        "until": (period["last"].date() + day).isoformat(),
    }
    asked = backtests.request_backtest(document=whole | document, user=None, at=timezone.now())
    started = time.process_time()
    jobs.run_job(job_id=asked.job.pk, clock=timezone.now)
    seconds = time.process_time() - started
    asked.refresh_from_db()
    report: dict[str, Any] = asked.report
    sales = report["totals"]["sales"]
    print(f"{sales:,} sales in {seconds:.1f} s of processor time: {sales / seconds:,.0f} a second")
    return report


def show(report: dict[str, Any]) -> None:
    print(json.dumps(report["totals"], indent=2))
    for row in report["refusals"]:
        print(f"not activated, {row['reason']}: {row['sales']:,} sales, {row['near']}")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StackFailed as problem:
        sys.exit(f"The back-test stopped: {problem}")
