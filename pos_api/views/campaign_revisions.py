"""What was published of a campaign, and going back to it."""

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from campaigns import selectors
from campaigns.services import campaigns as services
from pos_api.openapi import Described, Json, operation
from pos_api.problems import FieldProblem, Invalid
from pos_api.views.base import ManagerView, answer, read_json
from pos_api.views.campaigns import INSTANT, PUBLISH, RESPONSE, VIEW, find, represent
from pos_api.views.resources import user_of
from pos_api.views.reviews import APPROVAL_SCHEMA, represent_approval

_CHANGE: Json = {
    "type": "object",
    "properties": {"path": {"type": "string", "examples": ["benefits.0.percent"]}, "old": {}, "new": {}},
}
_REVISION: Json = {
    "type": "object",
    "properties": {
        "number": {"type": "integer"},
        "comment": {"type": "string"},
        "published_by": {"type": ["string", "null"]},
        "published_at": INSTANT,
        **APPROVAL_SCHEMA,
        "changes": {"type": "array", "items": _CHANGE, "description": "Against the revision before."},
        "document": {"$ref": "#/components/schemas/CampaignDocument"},
    },
}


class RevisionsView(ManagerView):
    permissions = {"GET": VIEW, "POST": PUBLISH}

    @operation(
        id="list_campaign_revisions",
        tag="Campaigns",
        summary="List what was published, newest first, with what each revision changed",
        responses={
            200: Described(
                {"type": "object", "properties": {"results": {"type": "array", "items": _REVISION}}},
                RESPONSE.components,
            )
        },
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        steps = selectors.revision_history(find(code, timezone.now()))
        return answer({"results": [_represent_step(step) for step in steps]})

    @operation(
        id="roll_back_campaign",
        tag="Campaigns",
        summary="Publish an earlier revision again",
        request={
            "type": "object",
            "additionalProperties": False,
            "required": ["revision"],
            "properties": {"revision": {"type": "integer", "minimum": 1}},
        },
        responses={201: RESPONSE},
        examples={"Back to the first": {"revision": 1}},
        problems={404: "`revision_unknown`", 409: "`approval_required`"},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        at = timezone.now()
        body = read_json(request)
        number = body.get("revision") if isinstance(body, dict) else None
        if not isinstance(number, int) or isinstance(number, bool) or set(body) != {"revision"}:
            raise Invalid(errors=[FieldProblem("revision", "type", _("Must be the number of a revision."))])
        find(code, at)
        services.roll_back_campaign(code=code, number=number, user=user_of(request), at=at)
        return answer(represent(find(code, at)), 201)


def _represent_step(step: selectors.RevisionStep) -> Json:
    revision = step.revision
    return {
        "number": revision.number,
        "comment": revision.comment,
        "published_by": revision.published_by.get_username() if revision.published_by else None,
        "published_at": revision.published_at,
        **represent_approval(revision),
        "changes": [{"path": change.path, "old": change.old, "new": change.new} for change in step.changes],
        "document": revision.document,
    }
