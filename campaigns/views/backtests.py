"""Back-tests of a campaign: asking, how far it is, the report, its tables as files."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from campaigns import backtest_presentation as presentation
from campaigns.engine.fields import DocumentError
from campaigns.explanations import problem_text
from campaigns.forms.backtest import BacktestForm, asked_before, first_question
from campaigns.models import Backtest, Campaign
from campaigns.services import backtests as services
from campaigns.tasks import wake_jobs
from campaigns.views.detail import find_campaign, head
from campaigns.views.jobs import show_job, show_jobs
from retail import formats
from retail.selectors.company import company_zone
from retail.views.access import PageMixin, acting_user
from retail.views.charts import Chart, Series, bar_chart
from retail.views.files import csv_response

MOST_LISTED = 20
MOST_ROWS = 12
_FIELDS = {"from": "from_date", "until": "until_date", "stores": "stores"}


class CampaignBacktests(PageMixin, View):
    """The form (`?again=` with what that back-test asked), and those that were asked from this campaign's page."""

    permission_required = ("campaigns.view_campaign", "campaigns.view_backtest")

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        campaign = find_campaign(code)
        again = request.GET.get("again", "")
        known = Backtest.objects.filter(campaign=campaign.code)
        before = known.filter(pk=int(again)).first() if again.isdecimal() and len(again) < 10 else None
        if before is not None:
            initial = asked_before(before)
        else:
            today = timezone.now().astimezone(company_zone()).date()
            initial = first_question(campaign, today=today)
        return self.draw(campaign, BacktestForm(campaign=campaign, initial=initial))

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        if not request.user.has_perm("campaigns.add_backtest"):
            raise PermissionDenied
        campaign = find_campaign(code)
        form = BacktestForm(request.POST, campaign=campaign)
        if form.is_valid():
            try:
                backtest = services.request_backtest(
                    document=form.document(),
                    user=acting_user(request),
                    at=timezone.now(),
                    campaign=campaign.code,
                )
            except DocumentError as error:
                for problem in error.problems:
                    field = _FIELDS.get(problem.path.partition(".")[0])
                    form.add_error(field, problem_text(problem))
            else:
                wake_jobs()
                return HttpResponseRedirect(reverse("campaigns:backtest_detail", args=[backtest.pk]))
        return self.draw(campaign, form)

    def draw(self, campaign: Campaign, form: BacktestForm) -> HttpResponse:
        asked = Backtest.objects.filter(campaign=campaign.code).select_related("job", "requested_by")
        backtests = list(asked.defer("report", "document").order_by("-pk")[:MOST_LISTED])
        jobs = show_jobs([backtest.job for backtest in backtests], self.request.user)
        context = {
            **head(campaign, "campaign_backtests"),
            "form": form,
            "may_ask": self.request.user.has_perm("campaigns.add_backtest"),
            "backtests": [
                {"backtest": backtest, "shown": shown, "result": backtest.job.result}
                for backtest, shown in zip(backtests, jobs, strict=True)
            ],
        }
        return render(self.request, "campaigns/campaign_backtests.html", context)


class BacktestDetail(PageMixin, View):
    """Its progress while it runs, then its report."""

    permission_required = "campaigns.view_backtest"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        backtest = _find(pk)
        campaign = Campaign.objects.filter(code=backtest.campaign).first()
        trail = [(_("Campaigns"), reverse("campaigns:campaign_list"))]
        if campaign is not None:
            trail += [
                (campaign.name, reverse("campaigns:campaign_detail", args=[campaign.code])),
                (_("Back-tests"), reverse("campaigns:campaign_backtests", args=[campaign.code])),
            ]
        context = {
            "backtest": backtest,
            "trail": trail,
            "shown": show_job(backtest.job, request.user),
            "stores": _stores(backtest),
        }
        if backtest.report is not None:
            context |= _report(backtest.report)
        return render(request, "campaigns/backtest_detail.html", context)


class BacktestExport(PageMixin, View):
    """One table of the report as a file."""

    permission_required = "campaigns.view_backtest"

    def get(self, request: HttpRequest, pk: int, table: str) -> HttpResponseBase:
        backtest = _find(pk)
        if backtest.report is None or table not in presentation.TABLES:
            raise Http404
        headings, rows = presentation.table(backtest.report, table)
        return csv_response(f"backtest-{pk}-{table}", headings, rows)


def _find(pk: int) -> Backtest:
    found = Backtest.objects.select_related("job", "requested_by").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _stores(backtest: Backtest) -> str:
    stores = backtest.document.get("stores") or []
    return ", ".join(store.removeprefix("grouping:") for store in stores)


def _report(report: dict[str, Any]) -> dict[str, Any]:
    """Return what the template writes down."""
    totals = report["totals"]
    drafts = [row for row in report["campaigns"] if row["draft"]]
    others = presentation.other_rows(report)
    most = max((Decimal(row["cost"]) for row in report["stores"]), default=Decimal(0))
    return {
        "report": report,
        "totals": totals,
        "drafts": drafts,
        "others": others[:MOST_ROWS],
        "taken": sum((Decimal(row["difference"]) for row in others), Decimal(0)),
        "margin_change": _difference(totals["margin_before"], totals["margin_after"]),
        "charts": _charts(report) if totals["reached"] else [],
        "stores_shown": [
            row | {"bar": int(100 * Decimal(row["cost"]) / most) if most else 0}
            for row in report["stores"][:MOST_ROWS]
        ],
        "products": presentation.product_rows(report)[:MOST_ROWS],
        "refusals": presentation.refusal_rows(report)[:MOST_ROWS],
        "tables": presentation.TABLES,
    }


def _difference(before: str | None, after: str | None) -> Decimal | None:
    return None if before is None or after is None else Decimal(after) - Decimal(before)


def _charts(report: dict[str, Any]) -> list[Chart]:
    spans = presentation.spans(report["days"])

    def draw(title: str, series: list[Series]) -> Chart:
        return bar_chart(
            title=title,
            slot_heading=_("Day"),
            slots=[span.label for span in spans],
            slot_names=[span.name for span in spans],
            series=series,
            write=formats.money,
            write_axis=formats.compact,
        )

    return [
        draw(_("Discount of the drafts by day"), [Series(_("Discount"), [span.cost for span in spans])]),
        draw(
            _("All reductions by day"),
            [
                Series(_("As recorded"), [span.before for span in spans]),
                Series(_("With the drafts"), [span.after for span in spans]),
            ],
        ),
    ]
