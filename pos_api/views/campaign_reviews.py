"""Approval by a second person: asking for it, giving it, sending a campaign back."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from campaigns.models import CampaignReview, ReviewState
from campaigns.services import approval
from pos_api.decoding import refuse_unclean
from pos_api.openapi import Described, Json, operation
from pos_api.problems import FieldProblem, Invalid
from pos_api.views.base import ManagerView, answer, read_json
from pos_api.views.campaigns import INSTANT, VIEW, find, manager

_PERSON: Json = {"type": ["string", "null"], "description": "A username."}
_REVIEW: Json = {
    "type": "object",
    "properties": {
        "campaign": {"type": "string"},
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
_ASKED: Json = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "comment": {"type": "string", "maxLength": 240},
        "version": {"type": "integer", "description": "Refused with 409 when another was stored meanwhile."},
    },
}


def represent_review(review: CampaignReview, code: str) -> Json:
    return {
        "campaign": code,
        "version": review.version,
        "state": review.state,
        "comment": review.comment,
        "requested_by": review.requested_by.get_username(),
        "requested_at": review.requested_at,
        "decision_comment": review.decision_comment,
        "decided_by": review.decided_by.get_username() if review.decided_by else None,
        "decided_at": review.decided_at,
    }


class ReviewsView(ManagerView):
    permissions = {"GET": VIEW}

    @operation(
        id="list_campaign_reviews",
        tag="Campaigns",
        summary="List the requests for approval, newest first, with what was decided",
        responses={
            200: Described(
                {"type": "object", "properties": {"results": {"type": "array", "items": _REVIEW}}}, {}
            )
        },
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        reviews = find(code, timezone.now()).reviews.select_related("requested_by", "decided_by")
        return answer({"results": [represent_review(review, code) for review in reviews.order_by("-pk")]})


class SubmitView(ManagerView):
    permissions = {"POST": ("campaigns.change_campaign",)}

    @operation(
        id="submit_campaign",
        tag="Campaigns",
        summary="Ask for approval of the working copy",
        request=_ASKED,
        responses={201: Described(_REVIEW, {})},
        examples={"With a note for the reader": {"comment": "Like last year, from 1 December"}},
        problems={409: "`already_submitted`, `nothing_to_approve`, `version_conflict`"},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        at = timezone.now()
        asked = _read(request)
        find(code, at)
        review = approval.submit_campaign(code=code, user=manager(request), at=at, **asked)
        return answer(represent_review(review, code), 201)


class ApproveView(ManagerView):
    permissions = {"POST": ("campaigns.approve_campaign",)}

    @operation(
        id="approve_campaign",
        tag="Campaigns",
        summary="Approve what somebody else submitted",
        description="Whoever may publish can publish it then; a change of the working copy needs another approval.",
        request=_ASKED,
        responses={200: Described(_REVIEW, {})},
        examples={"Approved": {}},
        problems={409: "`not_submitted`, `second_person_needed`, `version_conflict`"},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        at = timezone.now()
        asked = _read(request)
        find(code, at)
        review = approval.approve_campaign(code=code, user=manager(request), at=at, **asked)
        return answer(represent_review(review, code))


class RejectView(ManagerView):
    permissions = {"POST": ("campaigns.approve_campaign",)}

    @operation(
        id="reject_campaign",
        tag="Campaigns",
        summary="Send what somebody else submitted back, saying what has to change",
        request={**_ASKED, "required": ["comment"]},
        responses={200: Described(_REVIEW, {})},
        examples={"Sent back": {"comment": "30 % is too much beside the VIP discount"}},
        problems={409: "`not_submitted`, `second_person_needed`, `version_conflict`"},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        at = timezone.now()
        asked = _read(request)
        find(code, at)
        review = approval.reject_campaign(code=code, user=manager(request), at=at, **asked)
        return answer(represent_review(review, code))


def _read(request: Request) -> dict[str, Any]:
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
