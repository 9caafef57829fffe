"""Background jobs on pages: the bar that any page may include, the page of one job, and stopping it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.views import View

from campaigns.models import Job, JobState
from campaigns.querysets import JOB_ABANDONED, JOB_SILENCE
from campaigns.services import jobs as services
from retail.views.access import PageMixin

TONES = {
    JobState.QUEUED: "",
    JobState.RUNNING: "info",
    JobState.FINISHED: "success",
    JobState.FAILED: "danger",
    JobState.CANCELLED: "warning",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownJob:
    """A job as templates/components/job_progress.html draws it.

    `page_url` is the page of what it works on, empty for none, and `page_label` says what that is.

    `ahead` is the job that it waits for, called `ahead_label`, with `more_ahead` others; `silent` says that its worker
    shows no sign of life, `abandoned` that no other took it up either.
    """

    job: Job
    label: Promise | str
    tone: str
    may_cancel: bool
    page_url: str
    page_label: Promise | str
    ahead: Job | None
    ahead_label: Promise | str
    more_ahead: int
    silent: bool
    abandoned: bool


def show_job(job: Job, user: Any) -> ShownJob:
    """Return what the component needs."""
    return show_jobs([job], user)[0]


def show_jobs(jobs: Sequence[Job], user: Any) -> list[ShownJob]:
    """Return what the component needs of several jobs."""
    waiting = any(job.state == JobState.QUEUED for job in jobs)
    queue = list(Job.objects.unfinished()) if waiting else []
    at = timezone.now()
    return [_shown(job, user, queue, at) for job in jobs]


def _shown(job: Job, user: Any, queue: Sequence[Job], at: datetime) -> ShownJob:
    kind = services.KINDS.get(job.kind)
    page_url = ""
    if kind is not None and kind.url_name and kind.url_argument in job.arguments:
        page_url = reverse(kind.url_name, args=[job.arguments[kind.url_argument]])
    ahead = _ahead_of(job, queue)
    silence = job.silence(at=at)
    return ShownJob(
        job=job,
        label=_label(job),
        tone="warning" if silence > JOB_SILENCE else TONES[JobState(job.state)],
        may_cancel=job.is_active and not job.cancel_requested and services.may_cancel_job(user, job),
        page_url=page_url,
        page_label=kind.url_label if kind is not None else "",
        ahead=ahead[0] if ahead else None,
        ahead_label=_label(ahead[0]) if ahead else "",
        more_ahead=max(0, len(ahead) - 1),
        silent=silence > JOB_SILENCE,
        abandoned=silence > JOB_ABANDONED,
    )


def _ahead_of(job: Job, queue: Sequence[Job]) -> list[Job]:
    """Return what workers take before a job that waits, what runs first."""
    if job.state != JobState.QUEUED:
        return []
    place = (job.created_at, job.pk)
    ahead = [other for other in queue if (other.created_at, other.pk) < place]
    return sorted(ahead, key=lambda other: other.state != JobState.RUNNING)


def _label(job: Job) -> Promise | str:
    kind = services.KINDS.get(job.kind)
    return kind.label if kind else job.kind


class JobDetail(PageMixin, View):
    """One job; only its bar when the bar asks for itself."""

    permission_required = ()

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        job = get_object_or_404(Job, pk=pk)
        if not services.may_view_job(request.user, job):
            raise PermissionDenied
        shown = show_job(job, request.user)
        if request.headers.get("HX-Request"):
            return _bar(request, shown)
        return render(request, "campaigns/job_detail.html", {"shown": shown, "trail": []})


class JobCancel(PageMixin, View):
    permission_required = ()

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        job = get_object_or_404(Job, pk=pk)
        if not services.may_cancel_job(request.user, job):
            raise PermissionDenied
        try:
            job = services.cancel_job(job=job, at=timezone.now())
        except services.JobEnded:
            job.refresh_from_db()
        if request.headers.get("HX-Request"):
            return _bar(request, show_job(job, request.user))
        return HttpResponseRedirect(reverse("campaigns:job_detail", args=[job.pk]))


def _bar(request: HttpRequest, shown: ShownJob) -> HttpResponse:
    response = render(request, "components/job_progress.html", {"shown": shown})
    if not shown.job.is_active:
        # What came out belongs to the page around the bar: that is drawn anew, once.
        response["HX-Refresh"] = "true"
    return response
