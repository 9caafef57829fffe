"""Background jobs on pages: the bar that any page may include, the page of one job, and stopping it."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.views import View

from campaigns.models import Job, JobState
from campaigns.services import jobs as services
from retail.views.access import PageMixin

TONES = {
    JobState.QUEUED: "",
    JobState.RUNNING: "info",
    JobState.FINISHED: "success",
    JobState.FAILED: "danger",
    JobState.CANCELLED: "warning",
}


@dataclass(frozen=True, slots=True)
class ShownJob:
    """A job as templates/components/job_progress.html draws it. `page_url` is where it belongs, empty for nowhere."""

    job: Job
    label: Promise | str
    tone: str
    may_cancel: bool
    page_url: str


def show_job(job: Job, user: Any) -> ShownJob:
    """Return what the component needs."""
    kind = services.KINDS.get(job.kind)
    page_url = ""
    if kind is not None and kind.url_name and kind.url_argument in job.arguments:
        page_url = reverse(kind.url_name, args=[job.arguments[kind.url_argument]])
    return ShownJob(
        job=job,
        label=kind.label if kind else job.kind,
        tone=TONES[JobState(job.state)],
        may_cancel=job.is_active and not job.cancel_requested and services.may_cancel_job(user, job),
        page_url=page_url,
    )


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
