"""The first page: how the chain does, and what needs attention."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from campaigns.selectors import campaign_counts, reviews_waiting_for
from config import overview
from config.health import background_checks
from messaging.selectors.mailings import mailings_waiting_for
from messaging.webhooks.presentation import notice_of
from messaging.webhooks.selectors import endpoints_in_trouble
from messaging.webhooks.views.endpoint import endpoint_url
from retail import formats
from retail.views.access import PageMixin
from retail.views.charts import Chart, Series, bar_chart

PERIODS = {1: gettext_lazy("Today"), 7: gettext_lazy("7 days"), 30: gettext_lazy("30 days")}
_BEFORE = {
    1: gettext_lazy("against yesterday"),
    7: gettext_lazy("against the 7 days before"),
    30: gettext_lazy("against the 30 days before"),
}
_PROCESSES = {
    "redis": gettext_lazy("Cache and queue"),
    "worker": gettext_lazy("Worker"),
    "scheduler": gettext_lazy("Scheduler"),
}
_TONES = {"ok": "success", "unknown": "warning"}


class Dashboard(PageMixin, View):
    """Show sales, discounts, campaigns, messages and the installation's health, each to who may see it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        asked = request.GET.get("period", "")
        period = int(asked) if asked in map(str, PERIODS) else 7
        steps = overview.first_steps()
        may = request.user.has_perm
        context: dict[str, Any] = {
            "period": period,
            "periods": [(days, label, days == period) for days, label in PERIODS.items()],
            "health": _health(now),
            "waiting": [
                (review, reverse(f"campaigns:{review.kind}_publish", args=[review.code]))
                for review in reviews_waiting_for(request.user)
            ],
            "waiting_mailings": mailings_waiting_for(request.user),
        }
        if not all(step.done for step in steps):
            context["steps"] = steps
        if may("retail.view_sale"):
            context |= _sales(now, period)
        if may("campaigns.view_campaign"):
            context |= _campaigns(now, period)
        if may("messaging.view_webhookendpoint"):
            context["webhook_notices"] = [
                (endpoint, notice_of(endpoint), endpoint_url(endpoint))
                for endpoint in endpoints_in_trouble(at=now)
            ]
        if may("messaging.view_message"):
            context["messages_sent"] = overview.message_counts(since=now - timedelta(days=7))
        return render(request, "config/dashboard.html", context)


def _sales(now: datetime, period: int) -> dict[str, Any]:
    sales = overview.sales_overview(at=now, today=timezone.localdate(now), period=period)
    return {
        "sales": sales,
        "before": _BEFORE[period],
        "chart": _chart(sales) if any(day.count for day in sales.days) else None,
    }


def _chart(sales: overview.SalesOverview) -> Chart:
    return bar_chart(
        title=_("Net sales and discounts of the last 30 days"),
        slot_heading=_("Day"),
        slots=[formats.short_day(day.day) for day in sales.days],
        slot_names=[formats.day(day.day) for day in sales.days],
        series=[
            Series(_("Net sales"), [day.net for day in sales.days]),
            Series(_("Discounts"), [day.discount for day in sales.days]),
        ],
        write=formats.money,
        write_axis=formats.compact,
        stacked=True,
    )


def _campaigns(now: datetime, period: int) -> dict[str, Any]:
    since = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(
        days=period - 1
    )
    strongest = overview.strongest_campaigns(since=since)
    return {
        "strongest": strongest,
        "strongest_most": max((campaign.discount for campaign in strongest), default=0),
        "ahead": overview.campaigns_ahead(at=now),
        "campaign_counts": campaign_counts(at=now),
    }


def _health(now: datetime) -> list[dict[str, Any]]:
    """Return (name, tone, text) of what works behind the pages."""
    found = []
    for process, check in background_checks().items():
        status = check["status"]
        if status == "ok":
            seconds = check.get("seconds_ago")
            text = _("Works") if seconds is None else _("Seen %(seconds)s s ago") % {"seconds": seconds}
        else:
            text = {
                "not seen": _("Not running"),
                "unreachable": _("Not reachable"),
            }.get(status, _("Unknown"))
        found.append({"name": _PROCESSES[process], "tone": _TONES.get(status, "danger"), "text": text})
    finished_at = overview.last_job_finished_at()
    if finished_at is not None:
        late = now - finished_at > timedelta(minutes=10)
        found.append(
            {
                "name": _("Last job"),
                "tone": "warning" if late else "success",
                "text": formats.moment(finished_at),
            }
        )
    return found
