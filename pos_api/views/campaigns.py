"""Campaigns for managers' programs: documents in, documents out."""

import logging
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from campaigns import selectors
from campaigns.engine.document import decode_campaign
from campaigns.engine.kinds import BENEFITS
from campaigns.models import Campaign
from campaigns.querysets import STATUSES
from campaigns.services import campaigns as services
from campaigns.services.conflicts import check_campaign
from pos_api.document_schema import document_components
from pos_api.openapi import PAGE_PARAMETERS, Described, Json, operation, page_of, query
from pos_api.pagination import paginated
from pos_api.problems import FieldProblem, Invalid, NotFound
from pos_api.views.base import ManagerView, answer, no_content, read_json
from pos_api.views.campaign_warnings import WARNINGS, caution_body
from pos_api.views.documents import ASKED_SCHEMA, split_document
from pos_api.views.resources import user_of
from pos_api.views.reviews import ASKED, read_asked

logger = logging.getLogger(__name__)

EXAMPLE: Json = {
    "code": "INVERNO10",
    "name": "Inverno 10%",
    "description": "10% off coats paid with Pix",
    "starts_at": "2026-06-01T00:00:00-03:00",
    "ends_at": "2026-07-01T00:00:00-03:00",
    "conditions": {
        "all": [
            {"kind": "product", "by": "category", "values": ["coats"]},
            {"kind": "payment", "methods": ["pix"]},
        ]
    },
    "limits": [{"scope": "customer", "counts": "sale", "max": 2, "per": "month"}],
    "benefits": [{"kind": "item_percent", "percent": "10.00"}],
}
# What only answers say beside the document.
ANSWERED = (
    "status",
    "state",
    "revision",
    "has_changes",
    "created_at",
    "updated_at",
    "plan_version",
    "warnings",
)

INSTANT: Json = {"type": "string", "format": "date-time"}
_ENVELOPE: Json = {
    "version": {"type": "integer", "description": "Goes up with every change; stops lost updates."},
    "status": {"enum": list(STATUSES), "description": "As of now."},
    "state": {"enum": ["draft", "published", "paused"]},
    "revision": {"type": ["integer", "null"], "description": "The number of the live revision."},
    "has_changes": {"type": "boolean", "description": "The document differs from the live revision."},
    "created_at": INSTANT,
    "updated_at": INSTANT,
}


def _with(properties: Json) -> Described:
    components = document_components()
    document = components["CampaignDocument"]
    schema = {**document, "properties": {**document["properties"], **properties}}
    return Described(schema, components)


CHECK_SCHEMA: Json = {
    "type": "boolean",
    "default": True,
    "description": "Look at it beside the live campaigns and answer with `warnings`; false spares that.",
}
REQUEST = _with({**ASKED_SCHEMA, "check": CHECK_SCHEMA})
RESPONSE = _with(_ENVELOPE)
CHECKED = _with({**_ENVELOPE, "warnings": WARNINGS})

VIEW = ("campaigns.view_campaign",)
PUBLISH = ("campaigns.publish_campaign",)


def represent(campaign: Campaign) -> Json:
    """Return a campaign as the API shows it: its working copy and what became of it."""
    live = campaign.live_revision
    return {
        **campaign.document,
        "version": campaign.version,
        "status": campaign.shown_status,  # type: ignore[attr-defined]
        "state": campaign.status,
        "revision": live.number if live else None,
        "has_changes": live is not None and live.document != campaign.document,
        "created_at": campaign.created_at,
        "updated_at": campaign.updated_at,
    }


def with_warnings(campaign: Campaign, at: datetime, *, wanted: bool = True) -> Json:
    """Return a campaign as the API shows it, with what to look at twice; the check never fails what was done."""
    if not wanted:
        return represent(campaign)
    try:
        found = [
            caution_body(caution)
            for caution in check_campaign(decode_campaign(campaign.document), at=at).cautions
        ]
    except Exception:
        logger.exception("A campaign could not be checked", extra={"campaign": campaign.code})
        found = []
    return {**represent(campaign), "warnings": found}


def find(code: str, at: Any) -> Campaign:
    campaign = Campaign.objects.with_status(at=at).select_related("live_revision").filter(code=code).first()
    if campaign is None:
        raise NotFound
    return campaign


def read_document(request: Request) -> tuple[Any, Json]:
    """Return the document of a request and what it asks for beside it. Raises Invalid."""
    body = read_json(request)
    check = True
    if isinstance(body, dict) and "check" in body:
        check = body["check"]
        body = {name: value for name, value in body.items() if name != "check"}
    document, asked = split_document(body, ANSWERED)
    if not isinstance(check, bool):
        raise Invalid(errors=[FieldProblem("check", "type", _("Must be true or false."))])
    return _texts(document), {**asked, "check": check}


def _texts(value: Any) -> Any:
    """Write decimal numbers as texts, the form in which documents are kept."""
    if isinstance(value, Decimal):
        return format(value, "f") if abs(value.adjusted()) < 30 else str(value)
    if isinstance(value, list):
        return [_texts(item) for item in value]
    if isinstance(value, dict):
        return {name: _texts(item) for name, item in value.items()}
    return value


class CampaignsView(ManagerView):
    permissions = {"GET": VIEW, "POST": ("campaigns.add_campaign",)}

    @operation(
        id="list_campaigns",
        tag="Campaigns",
        summary="List campaigns",
        parameters=(
            *PAGE_PARAMETERS,
            query("q", "Words of code, name or description."),
            query("status", "As of now.", {"enum": list(STATUSES)}),
            query("category", "Code of a campaign category."),
            query("type", "Kind of a benefit.", {"enum": list(BENEFITS)}),
            query("store", "Code of a store in which it runs."),
            query("created_from", "First day of creation.", {"type": "string", "format": "date"}),
            query("created_until", "Last day of creation.", {"type": "string", "format": "date"}),
            query("order", "Ordering.", {"enum": ["code", "-updated_at", "-created_at", "priority"]}),
        ),
        responses={200: Described(page_of(RESPONSE.schema), RESPONSE.components)},
    )
    def get(self, request: Request) -> HttpResponse:
        wanted, order = _filter(request)
        found = selectors.campaigns(wanted, at=timezone.now()).select_related("live_revision")
        return paginated(request, found, represent, ordering=order)

    @operation(
        id="create_campaign",
        tag="Campaigns",
        summary="Create a campaign, as a draft or live at once",
        request=REQUEST,
        responses={201: CHECKED},
        examples={"10 percent off coats, live at once": {**EXAMPLE, "publish": True}},
        answer={
            **EXAMPLE,
            "version": 2,
            "status": "active",
            "state": "published",
            "revision": 1,
            "has_changes": False,
            "warnings": [],
        },
        problems={409: "The code is taken, or publishing needs approval (`approval_required`)."},
    )
    def post(self, request: Request) -> HttpResponse:
        at = timezone.now()
        document, asked = read_document(request)
        if asked["publish"]:
            self._require(request, PUBLISH)
        campaign = services.create_campaign(
            document=document,
            publish=asked["publish"],
            comment=asked["comment"],
            user=user_of(request),
            at=at,
        )
        body = with_warnings(find(campaign.code, at), at, wanted=asked["check"])
        return answer(body, 201, {"Location": f"/api/v1/campaigns/{campaign.code}/"})

    def _require(self, request: Request, permissions: tuple[str, ...]) -> None:
        if not all(request.user.has_perm(permission) for permission in permissions):
            self.permission_denied(request)


class CampaignView(CampaignsView):
    permissions = {
        "GET": VIEW,
        "PUT": ("campaigns.change_campaign",),
        "DELETE": ("campaigns.delete_campaign",),
    }
    http_method_names = ["get", "put", "delete", "options"]

    @operation(
        id="read_campaign",
        tag="Campaigns",
        summary="Read the working copy of a campaign",
        responses={200: RESPONSE},
    )
    def get(self, request: Request, code: str) -> HttpResponse:  # type: ignore[override]
        return answer(represent(find(code, timezone.now())))

    @operation(
        id="save_campaign",
        tag="Campaigns",
        summary="Replace the working copy, and publish it if asked",
        request=REQUEST,
        responses={200: CHECKED},
        examples={"The same campaign, live at once": {**EXAMPLE, "publish": True}},
        problems={409: "`version_conflict`: somebody else changed it; or `approval_required`."},
    )
    def put(self, request: Request, code: str) -> HttpResponse:
        at = timezone.now()
        document, asked = read_document(request)
        if asked["publish"]:
            self._require(request, PUBLISH)
        find(code, at)
        check = asked.pop("check")
        services.save_campaign(code=code, document=document, user=user_of(request), at=at, **asked)
        return answer(with_warnings(find(code, at), at, wanted=check))

    @operation(
        id="delete_campaign",
        tag="Campaigns",
        summary="Delete a draft that was never published",
        responses={204: None},
        problems={409: "`was_published`: pause it instead; `in_association`: associations have it."},
    )
    def delete(self, request: Request, code: str) -> HttpResponse:
        find(code, timezone.now())
        services.delete_campaign(code=code)
        return no_content()


class _ActionView(ManagerView):
    permissions = {"POST": PUBLISH}


class PublishView(_ActionView):
    @operation(
        id="publish_campaign",
        tag="Campaigns",
        summary="Make the working copy live",
        description="Every evaluation that begins after the answer uses it. Publishing what is live already changes nothing.",
        request=ASKED,
        responses={200: CHECKED},
        examples={"The version that was read": {"version": 3, "comment": "Like last year"}},
        problems={409: "`approval_required`, `version_conflict`"},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        at = timezone.now()
        asked = read_asked(request)
        find(code, at)
        services.publish_campaign(code=code, user=user_of(request), at=at, **asked)
        return answer(with_warnings(find(code, at), at))


class PauseView(_ActionView):
    @operation(
        id="pause_campaign",
        tag="Campaigns",
        summary="Stop a campaign until it is resumed",
        responses={200: RESPONSE},
        problems={409: "`not_published`"},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        at = timezone.now()
        find(code, at)
        services.pause_campaign(code=code, user=user_of(request), at=at)
        return answer(represent(find(code, at)))


class ResumeView(_ActionView):
    @operation(
        id="resume_campaign",
        tag="Campaigns",
        summary="Bring a paused campaign back as it was",
        responses={200: RESPONSE},
        problems={409: "`not_paused`"},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        at = timezone.now()
        find(code, at)
        services.resume_campaign(code=code, user=user_of(request), at=at)
        return answer(represent(find(code, at)))


API_ORDERS = {
    "code": ("code",),
    "-code": ("-code",),
    "priority": ("priority", "pk"),
    "-priority": ("-priority", "-pk"),
    "created_at": ("created_at", "pk"),
    "-created_at": ("-created_at", "-pk"),
    "updated_at": ("updated_at", "pk"),
    "-updated_at": ("-updated_at", "-pk"),
}


def _filter(request: Request) -> tuple[selectors.CampaignFilter, tuple[str, ...]]:
    given = request.query_params
    problems = [
        FieldProblem(name, "choice", _("Must be one of %(values)s.") % {"values": ", ".join(known)})
        for name, known in (("status", STATUSES), ("type", BENEFITS), ("order", API_ORDERS))
        if given.get(name) and given[name] not in known
    ]
    days: dict[str, date | None] = {}
    for name in ("created_from", "created_until"):
        try:
            days[name] = date.fromisoformat(given[name]) if given.get(name) else None
        except ValueError:
            problems.append(FieldProblem(name, "date", _("Must be a date, such as 2026-11-22.")))
    if problems:
        raise Invalid(errors=problems)
    wanted = selectors.CampaignFilter(
        q=given.get("q", "")[:100],
        status=given.get("status", ""),
        category=given.get("category", ""),
        benefit=given.get("type", ""),
        store=given.get("store", ""),
        created_from=days["created_from"],
        created_until=days["created_until"],
    )
    return wanted, API_ORDERS[given.get("order") or "-updated_at"]
