"""Back-tests: what drafts would have come to over the recorded sales of a period. The report is all that is written."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.engine.backtest_document import read_question
from campaigns.engine.fields import DocumentError, Problem
from campaigns.engine.marks import gettext_noop
from campaigns.models import Backtest, Job
from campaigns.recorded_sales import store_ids
from campaigns.references import with_saved
from campaigns.services.backtest_run import run_backtest
from campaigns.services.jobs import JobFailed, Progress, request_job
from retail.models import Company, Sale

KIND = "backtest"


def company_zone() -> ZoneInfo:
    """Return the time zone in which the days of a back-test begin."""
    return ZoneInfo(Company.objects.values_list("time_zone", flat=True).get())


@transaction.atomic
def request_backtest(*, document: Any, user: User | None, at: datetime, campaign: str = "") -> Backtest:
    """Queue a back-test. `campaign` is the code of the campaign whose page asks.

    The campaigns that the document names under `saved` are written out, as they are now. Raises DocumentError with every
    fault.
    """
    whole = with_saved(document) if isinstance(document, Mapping) else document
    question = read_question(whole, zone=company_zone())
    _check_stores(question.scope.stores)
    last = Sale.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    backtest = Backtest(
        name=question.scope.name or ", ".join(draft.name for draft in question.drafts.campaigns)[:160],
        campaign=campaign,
        document=whole,
        from_date=question.scope.from_,
        until_date=question.scope.until,
        last_sale=last,
        requested_by=user,
        requested_at=at,
    )
    backtest.job = request_job(kind=KIND, arguments={}, user=user, at=at)
    backtest.save()
    Job.objects.filter(pk=backtest.job.pk).update(arguments={"backtest": backtest.pk})
    backtest.job.refresh_from_db()
    return backtest


def _check_stores(stores: tuple[str, ...]) -> None:
    unknown = [place for place, store in enumerate(stores) if not store_ids([store])]
    if unknown:
        message = gettext_noop("There is no such store, or none in this grouping.")
        raise DocumentError([Problem(f"stores.{place}", "unknown", message) for place in unknown])


def work(job: Job, progress: Progress) -> dict[str, Any]:
    """Run a back-test and keep its report, once; started again after a crash it begins anew and finds the same.

    Returns the headline of the report as the job's result.
    """
    backtest = Backtest.objects.get(pk=job.arguments["backtest"])
    if backtest.report is None:
        try:
            question = read_question(backtest.document, zone=company_zone())
        except DocumentError as error:
            raise JobFailed(
                _("This question can no longer be read: %(problem)s") % {"problem": error}
            ) from error
        report = run_backtest(question, last=backtest.last_sale, progress=progress)
        with transaction.atomic():
            progress.alive()
            Backtest.objects.filter(pk=backtest.pk, report__isnull=True).update(report=report)
        backtest.report = report
    totals = backtest.report["totals"]
    return {"backtest": backtest.pk} | {
        name: totals[name] for name in ("sales", "reached", "cost", "extra_cost")
    }
