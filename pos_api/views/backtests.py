"""Back-tests: documents over the recorded sales of a period, as a job with progress."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from campaigns.models import Backtest
from campaigns.services import backtests, jobs
from campaigns.tasks import wake_jobs
from pos_api.backtest_schema import BACKTEST, EXAMPLES, QUESTION
from pos_api.decoding import refuse_unclean
from pos_api.openapi import PAGE_PARAMETERS, operation, page_of, query
from pos_api.pagination import paginated
from pos_api.problems import NotFound
from pos_api.views.base import ManagerView, answer, read_json
from pos_api.views.jobs import represent_job
from pos_api.views.resources import user_of

_READ = Backtest.objects.select_related("job__requested_by", "requested_by")


def represent_backtest(backtest: Backtest) -> dict[str, Any]:
    return {
        "id": backtest.pk,
        "name": backtest.name,
        "from": backtest.from_date,
        "until": backtest.until_date,
        "requested_by": backtest.requested_by.get_username() if backtest.requested_by else None,
        "requested_at": backtest.requested_at,
        "job": represent_job(backtest.job),
        "report": backtest.report,
    }


def _listed(backtest: Backtest) -> dict[str, Any]:
    return {name: value for name, value in represent_backtest(backtest).items() if name != "report"}


def _find(pk: int) -> Backtest:
    backtest = _READ.filter(pk=pk).first()
    if backtest is None:
        raise NotFound
    return backtest


class BacktestsView(ManagerView):
    permissions = {"GET": ("campaigns.view_backtest",), "POST": ("campaigns.add_backtest",)}

    @operation(
        id="list_backtests",
        tag="Campaigns",
        summary="List back-tests, the newest first, without their reports",
        parameters=(*PAGE_PARAMETERS, query("campaign", "Only those asked from this campaign's page.")),
        responses={200: page_of(BACKTEST)},
    )
    def get(self, request: Request) -> HttpResponse:
        found = _READ.defer("report", "document")
        if campaign := request.query_params.get("campaign", ""):
            found = found.filter(campaign=campaign)
        return paginated(request, found, _listed, ordering=("-pk",))

    @operation(
        id="request_backtest",
        tag="Campaigns",
        summary="Evaluate campaigns over the recorded sales of a period",
        description=(
            "The documents of a simulation over recorded sales, as a job: ask for its address until `job.state` is "
            "finished. Limits, budgets, codes and earlier purchases are what they were when each sale was recorded; "
            "groupings, floor prices and costs are today's. Nothing is written but the report."
        ),
        request=QUESTION,
        responses={202: BACKTEST},
        examples=EXAMPLES,
    )
    def post(self, request: Request) -> HttpResponse:
        document = read_json(request)
        refuse_unclean(document)
        backtest = backtests.request_backtest(document=document, user=user_of(request), at=timezone.now())
        wake_jobs()
        location = f"/api/v1/backtests/{backtest.pk}/"
        return answer(represent_backtest(backtest), status=202, headers={"Location": location})


class BacktestView(ManagerView):
    permissions = {"GET": ("campaigns.view_backtest",)}

    @operation(
        id="read_backtest",
        tag="Campaigns",
        summary="Read a back-test: how far it is, and its report",
        responses={200: BACKTEST},
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        return answer(represent_backtest(_find(pk)))


class CancelBacktestView(ManagerView):
    permissions = {"POST": ("campaigns.view_backtest",)}

    @operation(
        id="cancel_backtest",
        tag="Campaigns",
        summary="Stop a back-test; it leaves no report",
        responses={200: BACKTEST},
        problems={409: "`job_ended`"},
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        backtest = _find(pk)
        if not jobs.may_cancel_job(request.user, backtest.job):
            self.permission_denied(request)
        jobs.cancel_job(job=backtest.job, at=timezone.now())
        return answer(represent_backtest(_find(pk)))
