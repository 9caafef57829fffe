"""Issuing runs as background jobs: the preview, and the issue in batches that are recorded together with their progress."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.models import Job, JobState
from campaigns.services.jobs import JobFailed, Progress, request_job
from loyalty.models import IssuingRun, RunState
from loyalty.services import issuing_runs
from loyalty.services.issuing_refusals import RunNotOpen

PREVIEW = "preview_issuing_run"
ISSUE = "issue_run"


class RunConfirmedBefore(RunNotOpen):
    """The very version was confirmed before, and that stands: `job` is the one that was queued for it."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.job = job


def jobs_of(run: IssuingRun) -> list[Job]:
    """Return what was asked for of a run, the newest first."""
    return list(Job.objects.filter(kind__in=(PREVIEW, ISSUE), arguments__run=run.pk).order_by("-pk")[:5])


@transaction.atomic
def request_preview(*, run: IssuingRun, user: User | None, at: datetime) -> Job:
    """Queue the preview of a run; one that is queued already is that one. Raises RunNotOpen."""
    run = IssuingRun.objects.select_for_update(no_key=True).get(pk=run.pk)
    if not run.can_change:
        raise RunNotOpen
    waiting = Job.objects.filter(kind=PREVIEW, arguments__run=run.pk, state=JobState.QUEUED).first()
    return waiting or request_job(kind=PREVIEW, arguments={"run": run.pk}, user=user, at=at)


def work_preview(job: Job, progress: Progress) -> dict[str, str | int]:
    """Freeze who is given what."""
    with transaction.atomic():
        try:
            run = issuing_runs.preview(_run_of(job), at=job.created_at)
        except RunNotOpen as refusal:
            raise JobFailed(str(refusal)) from refusal
        progress(run.customer_count, run.customer_count)
    return {"customers": run.customer_count, "total": str(run.total_amount)}


@transaction.atomic
def request_issue(
    *, run: IssuingRun, version: int | None, accepts_overlap: bool, user: User | None, at: datetime
) -> Job:
    """Confirm a previewed run and queue its issue.

    Raises what `issuing_runs.confirm` raises; RunConfirmedBefore when nothing else is asked for than stands already.
    """
    try:
        run = issuing_runs.confirm(run, version=version, accepts_overlap=accepts_overlap, user=user, at=at)
    except RunNotOpen as refusal:
        job = _job_of_confirmation(run, version)
        if job is None:
            raise
        raise RunConfirmedBefore(job) from refusal
    return request_job(kind=ISSUE, arguments={"run": run.pk}, total=run.customer_count, user=user, at=at)


def _job_of_confirmation(run: IssuingRun, version: int | None) -> Job | None:
    """Return the first job of a run that was confirmed in this version and not ended since."""
    if version is None:
        return None
    same = IssuingRun.objects.filter(pk=run.pk, version=version)
    if not same.filter(state__in=(RunState.ISSUING, RunState.DONE)).exists():
        return None
    return Job.objects.filter(kind=ISSUE, arguments__run=run.pk).order_by("pk").first()


@transaction.atomic
def request_rest(*, run: IssuingRun, user: User | None, at: datetime) -> Job:
    """Queue what is missing of a confirmed run whose job has ended without it. Raises RunNotOpen."""
    run = IssuingRun.objects.select_for_update(no_key=True).get(pk=run.pk)
    if run.state != RunState.ISSUING:
        raise RunNotOpen
    active = Job.objects.unfinished().filter(kind=ISSUE, arguments__run=run.pk).first()
    return active or request_job(
        kind=ISSUE, arguments={"run": run.pk}, total=run.customer_count, user=user, at=at
    )


def work_issue(job: Job, progress: Progress) -> dict[str, int]:
    """Issue what is missing, a batch at a time."""
    while True:
        with transaction.atomic():
            run = _run_of(job)
            if not issuing_runs.issue_batch(run, limit=issuing_runs.BATCH):
                break
            run.refresh_from_db(fields=["issued_count"])
            progress(run.issued_count)
    run.refresh_from_db(fields=["issued_count"])
    return {"issued": run.issued_count}


@transaction.atomic
def cancel_run(*, run: IssuingRun, user: User | None, at: datetime) -> IssuingRun:
    """End a run: its job stops before the next batch. Raises RunCannotCancel."""
    run = issuing_runs.cancel(run, user=user, at=at)
    Job.objects.unfinished().filter(kind__in=(PREVIEW, ISSUE), arguments__run=run.pk).update(
        cancel_requested=True
    )
    return run


def _run_of(job: Job) -> IssuingRun:
    run = IssuingRun.objects.filter(pk=job.arguments["run"]).first()
    if run is None:
        raise JobFailed(_("The run was deleted."))
    return run
