"""Background jobs: how far they are, what came out, and stopping them."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from campaigns.models import Job
from campaigns.services import jobs as services
from pos_api.openapi import PAGE_PARAMETERS, Json, operation, page_of, query
from pos_api.pagination import paginated
from pos_api.problems import NotFound
from pos_api.views.base import ManagerView, answer

JOB: Json = {
    "type": "object",
    "description": "A piece of background work. Ask again until `state` is finished, failed or cancelled.",
    "properties": {
        "id": {"type": "integer"},
        "kind": {"type": "string"},
        "arguments": {"type": "object"},
        "state": {"enum": ["queued", "running", "finished", "failed", "cancelled"]},
        "done": {"type": "integer"},
        "total": {"type": ["integer", "null"], "description": "Null while it is not known."},
        "result": {"type": "object", "description": "What came out so far, by kind."},
        "error": {"type": "string", "description": "Why it failed, in the language of the request."},
        "cancel_requested": {"type": "boolean"},
        "requested_by": {"type": ["string", "null"]},
        "created_at": {"type": "string", "format": "date-time"},
        "started_at": {"type": ["string", "null"], "format": "date-time"},
        "finished_at": {"type": ["string", "null"], "format": "date-time"},
        "heartbeat_at": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "The worker's last sign of life. When it is a minute old, another worker takes the job up.",
        },
    },
}
EXAMPLE: Json = {
    "id": 7,
    "kind": "generate_promo_codes",
    "arguments": {"pool": "natal", "count": 1000000},
    "state": "running",
    "done": 340000,
    "total": 1000000,
    "result": {},
    "error": "",
    "cancel_requested": False,
    "requested_by": "marina",
    "created_at": "2026-11-22T13:00:00Z",
    "started_at": "2026-11-22T13:00:00Z",
    "finished_at": None,
    "heartbeat_at": "2026-11-22T13:00:12Z",
}


def represent_job(job: Job) -> Json:
    return {
        "id": job.pk,
        "kind": job.kind,
        "arguments": job.arguments,
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "result": job.result,
        "error": job.error,
        "cancel_requested": job.cancel_requested,
        "requested_by": job.requested_by.get_username() if job.requested_by else None,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "heartbeat_at": job.heartbeat_at,
    }


def find(request: Request, pk: int) -> Job:
    """Return a job that the caller may see. Raises NotFound for any other."""
    job = Job.objects.select_related("requested_by").filter(pk=pk).first()
    if job is None or not services.may_view_job(request.user, job):
        raise NotFound
    return job


def visible_jobs(user: Any) -> QuerySet[Job]:
    """Return the jobs that somebody asked for or may view."""
    kinds = [kind.code for kind in services.KINDS.values() if user.has_perm(kind.view_permission)]
    own = Job.objects.filter(requested_by=user)
    return (own | Job.objects.filter(kind__in=kinds)).select_related("requested_by")


class JobsView(ManagerView):
    permissions = {"GET": ()}

    @operation(
        id="list_jobs",
        tag="Jobs",
        summary="List background jobs, the newest first",
        description="Those that the caller asked for, and those of kinds that the caller may view.",
        parameters=(
            *PAGE_PARAMETERS,
            query("kind", "Only of this kind."),
            query("state", "Only in this state."),
        ),
        responses={200: page_of(JOB)},
    )
    def get(self, request: Request) -> HttpResponse:
        found = visible_jobs(request.user)
        for name in ("kind", "state"):
            if wanted := request.query_params.get(name, ""):
                found = found.filter(**{name: wanted})
        return paginated(request, found, represent_job, ordering=("-pk",))


class JobView(ManagerView):
    permissions = {"GET": ()}

    @operation(
        id="read_job", tag="Jobs", summary="Read how far a job is", responses={200: JOB}, answer=EXAMPLE
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        return answer(represent_job(find(request, pk)))


class CancelJobView(ManagerView):
    permissions = {"POST": ()}

    @operation(
        id="cancel_job",
        tag="Jobs",
        summary="Stop a job; what it has done so far stays",
        description="A running job stops at its next step. Whoever asked for it may, and who may change what it concerns.",
        responses={200: JOB},
        problems={409: "`job_ended`"},
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        job = find(request, pk)
        if not services.may_cancel_job(request.user, job):
            self.permission_denied(request)
        return answer(represent_job(services.cancel_job(job=job, at=timezone.now())))
