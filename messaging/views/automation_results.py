"""What came of an automation's messages: a part of its page, a page of its own without scripts, and a file."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views import View

from messaging.selectors.outcomes import automation_results
from messaging.views.automation import SHOWN, find_automation
from messaging.views.results import (
    FILES,
    attribution_context,
    automation_figures,
    file_of,
    outcome_figures,
    sent_chart,
    untracked,
)
from retail.views.access import PageMixin


class AutomationResultsView(PageMixin, View):
    """The results of the messages that were planned in thirty days; `?export=csv` or `xlsx` as a file."""

    permission_required = "messaging.view_automation"

    def get(self, request: HttpRequest, occasion: str) -> HttpResponseBase:
        automation = find_automation(occasion)
        since = timezone.now() - SHOWN
        results = automation_results(occasion, since=since)
        if (kind := request.GET.get("export")) in FILES:
            return file_of(f"{occasion}-results", automation_figures(results), kind)
        context = {
            "automation": automation,
            "results": results,
            "outcome": outcome_figures(results.outcome),
            "untracked": untracked() if results.attribution else "",
            "sent": sent_chart(results.by_day) if results.by_day else None,
            "attribution": attribution_context(results.attribution) if results.attribution else None,
        }
        return render(request, "messaging/automation_results.html", context)
