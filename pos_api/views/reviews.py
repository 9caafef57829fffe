"""Approval by a second person: asking for it, giving it, sending a document back. The same for every kind of document."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from campaigns.models import Association, Campaign, Markdown, Review, ReviewState
from campaigns.services import approval
from pos_api.decoding import refuse_unclean
from pos_api.openapi import Described, Json, operation
from pos_api.problems import FieldProblem, Invalid
from pos_api.views.base import ManagerView, answer, read_json
from pos_api.views.resources import find_or_404, user_of

INSTANT: Json = {"type": "string", "format": "date-time"}
_PERSON: Json = {"type": ["string", "null"], "description": "A username."}
ASKED: Json = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "comment": {"type": "string", "maxLength": 240},
        "version": {"type": "integer", "description": "Refused with 409 when another was stored meanwhile."},
    },
}
# What a revision says of its approval.
APPROVAL_SCHEMA: Json = {
    "submitted_by": _PERSON,
    "submitted_at": {"anyOf": [INSTANT, {"type": "null"}]},
    "approved_by": {**_PERSON, "description": "The second person, where there was one."},
    "approved_at": {"anyOf": [INSTANT, {"type": "null"}]},
}


def represent_review(review: Review) -> Json:
    return {
        review.kind: review.code,
        "version": review.version,
        "state": review.state,
        "comment": review.comment,
        "requested_by": review.requested_by.get_username(),
        "requested_at": review.requested_at,
        "decision_comment": review.decision_comment,
        "decided_by": review.decided_by.get_username() if review.decided_by else None,
        "decided_at": review.decided_at,
    }


def represent_approval(revision: Any) -> Json:
    """Return what a revision says of its approval; its people are loaded with it."""
    submitter, approver = revision.submitted_by, revision.approved_by
    return {
        "submitted_by": submitter.get_username() if submitter else None,
        "submitted_at": revision.submitted_at,
        "approved_by": approver.get_username() if approver else None,
        "approved_at": revision.approved_at,
    }


def read_asked(request: Request) -> Json:
    """Return comment and version of a body that may be empty. Raises Invalid."""
    body = read_json(request) if request._request.body.strip() else {}
    if not isinstance(body, dict):
        raise Invalid(errors=[FieldProblem("", "type", _("This must be an object."))])
    refuse_unclean(body)
    comment, version = body.get("comment", ""), body.get("version")
    problems = [
        FieldProblem(name, "unknown_field", _("Unknown field."))
        for name in body
        if name not in ("comment", "version")
    ]
    if not isinstance(comment, str) or len(comment) > 240:
        problems.append(FieldProblem("comment", "too_long", _("Must be a text of at most 240 characters.")))
    if version is not None and (isinstance(version, bool) or not isinstance(version, int)):
        problems.append(FieldProblem("version", "type", _("Must be a whole number.")))
    if problems:
        raise Invalid(errors=problems)
    return {"comment": comment, "version": version}


def _review_schema(noun: str) -> Described:
    schema: Json = {
        "type": "object",
        "properties": {
            noun: {"type": "string"},
            "version": {"type": "integer", "description": "The version that it is about."},
            "state": {"enum": list(ReviewState.values)},
            "comment": {"type": "string"},
            "requested_by": _PERSON,
            "requested_at": INSTANT,
            "decision_comment": {"type": "string"},
            "decided_by": _PERSON,
            "decided_at": {"anyOf": [INSTANT, {"type": "null"}]},
        },
    }
    return Described(schema, {})


class _Step(ManagerView):
    """One step of the approval: reads comment and version, calls one service, answers the review."""

    model: type[Campaign | Association | Markdown]

    def take(self, service: Callable[..., Review], request: Request, code: str, status: int) -> HttpResponse:
        asked = read_asked(request)
        find_or_404(self.model._default_manager.all(), code=code)
        review = service(self.model, code=code, user=user_of(request), at=timezone.now(), **asked)
        return answer(represent_review(review), status)


def review_paths(
    resource: str, of: type[Campaign | Association | Markdown], *, tag: str
) -> tuple[URLPattern, ...]:
    """Return the addresses of the approval of one kind of document."""
    noun = str(of._meta.model_name)
    schema = _review_schema(noun)
    view, change, approve = (f"campaigns.{action}_{noun}" for action in ("view", "change", "approve"))

    class ReviewsView(ManagerView):
        permissions = {"GET": (view,)}

        @operation(
            id=f"list_{noun}_reviews",
            tag=tag,
            summary="List the requests for approval, newest first, with what was decided",
            responses={
                200: Described(
                    {
                        "type": "object",
                        "properties": {"results": {"type": "array", "items": schema.schema}},
                    },
                    {},
                )
            },
        )
        def get(self, request: Request, code: str) -> HttpResponse:
            find_or_404(of._default_manager.all(), code=code)
            reviews = Review.objects.filter(kind=noun, code=code).select_related("requested_by", "decided_by")
            return answer({"results": [represent_review(review) for review in reviews.order_by("-pk")]})

    class SubmitView(_Step):
        model = of
        permissions = {"POST": (change,)}

        @operation(
            id=f"submit_{noun}",
            tag=tag,
            summary="Ask for approval of the working copy",
            request=ASKED,
            responses={201: schema},
            examples={"With a note for the reader": {"comment": "Like last year, from 1 December"}},
            problems={409: "`already_submitted`, `nothing_to_approve`, `version_conflict`"},
        )
        def post(self, request: Request, code: str) -> HttpResponse:
            return self.take(approval.submit, request, code, 201)

    class ApproveView(_Step):
        model = of
        permissions = {"POST": (approve,)}

        @operation(
            id=f"approve_{noun}",
            tag=tag,
            summary="Approve what somebody else submitted",
            description="Whoever may publish can publish it then; a change of the working copy needs another approval.",
            request=ASKED,
            responses={200: schema},
            examples={"Approved": {}},
            problems={409: "`not_submitted`, `second_person_needed`, `version_conflict`"},
        )
        def post(self, request: Request, code: str) -> HttpResponse:
            return self.take(approval.approve, request, code, 200)

    class RejectView(_Step):
        model = of
        permissions = {"POST": (approve,)}

        @operation(
            id=f"reject_{noun}",
            tag=tag,
            summary="Send what somebody else submitted back, saying what has to change",
            request={**ASKED, "required": ["comment"]},
            responses={200: schema},
            examples={"Sent back": {"comment": "30 % is too much beside the VIP discount"}},
            problems={409: "`not_submitted`, `second_person_needed`, `version_conflict`"},
        )
        def post(self, request: Request, code: str) -> HttpResponse:
            return self.take(approval.reject, request, code, 200)

    return (
        path(f"{resource}/<str:code>/submit/", SubmitView.as_view()),
        path(f"{resource}/<str:code>/approve/", ApproveView.as_view()),
        path(f"{resource}/<str:code>/reject/", RejectView.as_view()),
        path(f"{resource}/<str:code>/reviews/", ReviewsView.as_view()),
    )
