"""Back-tests: what drafts would have come to over the recorded sales of a period. The report is all that is written."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.engine.backtest_document import Question, read_question
from campaigns.engine.fields import DocumentError, Problem
from campaigns.engine.marks import gettext_noop
from campaigns.models import Backtest, Campaign, Job
from campaigns.recorded_sales import store_ids
from campaigns.references import with_saved
from campaigns.services.backtest_run import run_backtest
from campaigns.services.jobs import JobFailed, Progress, request_job
from retail.models import Sale
from retail.selectors.company import company_zone

KIND = "backtest"


@transaction.atomic
def request_backtest(*, document: Any, user: User | None, at: datetime, campaign: str = "") -> Backtest:
    """Queue a back-test. `campaign` is the code of the campaign whose page asks.

    The campaigns that the document names under `saved` are written out, as they are now. Raises DocumentError with every
    fault.
    """
    whole = with_saved(document) if isinstance(document, Mapping) else document
    zone = company_zone()
    question = read_question(whole, zone=zone)
    _check(question, today=at.astimezone(zone).date())
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


def _check(question: Question, *, today: date) -> None:
    """Refuse a period that has not begun, and stores and campaigns that do not exist. Raises DocumentError with every fault."""
    scope, drafts = question.scope, question.drafts
    problems = []
    if scope.from_ > today:
        message = gettext_noop("The first day lies in the future: nothing has been sold yet.")
        problems.append(Problem("from", "out_of_range", message))
    message = gettext_noop("There is no such store, or none in this grouping.")
    problems += [
        Problem(f"stores.{place}", "unknown", message)
        for place, store in enumerate(scope.stores)
        if not store_ids([store])
    ]
    named = {code for association in drafts.associations for code in association.campaigns}
    known = {draft.code for draft in drafts.campaigns}
    if drafts.live:
        known.update(Campaign.objects.filter(code__in=named).values_list("code", flat=True))
    message = gettext_noop("No campaign of this back-test has this code.")
    problems += [
        Problem(f"associations.{number}.campaigns.{place}", "unknown", message)
        for number, association in enumerate(drafts.associations)
        for place, code in enumerate(association.campaigns)
        if code not in known
    ]
    if problems:
        raise DocumentError(problems)


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
