"""Associations of campaigns for managers' programs."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from campaigns.models import Association
from campaigns.services import associations as services
from pos_api.document_schema import association_schema
from pos_api.openapi import ROW_RESULTS, Json, operation, page_of, rows_of
from pos_api.views.base import ManagerView
from pos_api.views.documents import (
    ASKED_SCHEMA,
    ROLL_BACK_SCHEMA,
    Kind,
    answered_schema,
    envelope,
    revisions_schema,
)
from pos_api.views.resources import SINCE, Listing, by
from pos_api.views.reviews import ASKED

TAG = "Associations"
STATUSES = ("draft", "active", "paused")
EXAMPLE: Json = {
    "code": "MELHOR-DE-INVERNO",
    "name": "O melhor desconto de inverno",
    "criterion": "highest",
    "compete_on": "basket",
    "campaigns": ["INVERNO10", "ACIMA200"],
}
DOCUMENT = association_schema()
REQUEST = association_schema(**ASKED_SCHEMA)
RESPONSE = association_schema(**answered_schema(STATUSES))
VIEW = ("campaigns.view_association",)
PUBLISH = ("campaigns.publish_association",)


def found() -> QuerySet[Association]:
    return Association.objects.with_status().with_changes_flag().select_related("live_revision")


def represent(association: Any) -> Json:
    """Return an association as the API shows it: its working copy and what became of it."""
    return {**association.document, **envelope(association)}


KIND = Kind(
    model=Association,
    found=found,
    represent=represent,
    create=services.create_association,
    save=services.save_association,
    publish=services.publish_association,
    roll_back=services.roll_back_association,
)
LISTING = Listing(
    filters={
        "q": ("Words of code or name.", lambda rows, text: rows.search(text)),  # type: ignore[attr-defined]
        "status": ("`draft`, `active` or `paused`.", by("shown_status")),
        "criterion": ("`highest`, `lowest`, `first` or `all`.", by("document__criterion")),
        "campaign": ("Code of a campaign that it has.", lambda rows, text: rows.naming(text)),  # type: ignore[attr-defined]
        "updated_since": SINCE,
    },
    orders={
        "code": ("code",),
        "-code": ("-code",),
        "updated_at": ("updated_at", "pk"),
        "-updated_at": ("-updated_at", "-pk"),
    },
    order="code",
)


class AssociationsView(ManagerView):
    permissions = {"GET": VIEW, "POST": ("campaigns.add_association", "campaigns.change_association")}

    @operation(
        id="list_associations",
        tag=TAG,
        summary="List associations of campaigns",
        parameters=LISTING.parameters(),
        responses={200: page_of(RESPONSE)},
    )
    def get(self, request: Request) -> HttpResponse:
        return LISTING.page(request, found(), represent)

    @operation(
        id="save_associations",
        tag=TAG,
        summary="Create or change one association or up to 1,000",
        description=(
            "Recognised by `code`. Of its eligible campaigns the one with the `highest` or `lowest` benefit goes on, the "
            "`first` by priority (then by their order here), or `all`; they compete for the whole sale, or line by line. One "
            "object answers the association; a list answers one result per row, and a wrong row never stops the others."
        ),
        request=rows_of(REQUEST),
        responses={200: {"anyOf": [RESPONSE, ROW_RESULTS]}, 201: RESPONSE},
        examples={"Only the better of two, live at once": {**EXAMPLE, "publish": True}},
        answer={
            **EXAMPLE,
            "version": 2,
            "status": "active",
            "state": "published",
            "revision": 1,
            "has_changes": False,
        },
        problems={409: "`version_conflict`, or publishing needs another person (`approval_required`)."},
    )
    def post(self, request: Request) -> HttpResponse:
        return KIND.post(request)


class AssociationView(ManagerView):
    permissions = {
        "GET": VIEW,
        "PUT": ("campaigns.change_association",),
        "DELETE": ("campaigns.delete_association",),
    }

    @operation(
        id="read_association", tag=TAG, summary="Read an association as it is kept", responses={200: RESPONSE}
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        return KIND.shown(code)

    @operation(
        id="save_association",
        tag=TAG,
        summary="Replace an association, and publish it if asked",
        request=REQUEST,
        responses={200: RESPONSE},
        examples={"The better on each line": {**EXAMPLE, "compete_on": "line"}},
        problems={409: "`version_conflict` or `approval_required`."},
    )
    def put(self, request: Request, code: str) -> HttpResponse:
        return KIND.put(request, code)

    @operation(
        id="delete_association",
        tag=TAG,
        summary="Delete a draft that was never published",
        responses={204: None},
        problems={409: "`was_published`: pause it instead."},
    )
    def delete(self, request: Request, code: str) -> HttpResponse:
        return KIND.delete(code)


class PublishView(ManagerView):
    permissions = {"POST": PUBLISH}

    @operation(
        id="publish_association",
        tag=TAG,
        summary="Make an association live as it is kept",
        description="Every evaluation that begins after the answer uses it.",
        request=ASKED,
        responses={200: RESPONSE},
        examples={"The version that was read": {"version": 3, "comment": "Like last year"}},
        problems={409: "`approval_required`, `version_conflict`"},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        return KIND.make_live(request, code)


class PauseView(ManagerView):
    permissions = {"POST": PUBLISH}

    @operation(
        id="pause_association",
        tag=TAG,
        summary="Stop an association until it is resumed; its campaigns no longer compete",
        responses={200: RESPONSE},
        problems={409: "`not_published`"},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        return KIND.pause(request, code)


class ResumeView(ManagerView):
    permissions = {"POST": PUBLISH}

    @operation(
        id="resume_association",
        tag=TAG,
        summary="Bring a paused association back as it was",
        responses={200: RESPONSE},
        problems={409: "`not_paused`"},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        return KIND.resume(request, code)


class RevisionsView(ManagerView):
    permissions = {"GET": VIEW, "POST": PUBLISH}

    @operation(
        id="list_association_revisions",
        tag=TAG,
        summary="List what was published, newest first, with what each revision changed",
        responses={200: revisions_schema(DOCUMENT)},
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        return KIND.revisions(code)

    @operation(
        id="roll_back_association",
        tag=TAG,
        summary="Publish an earlier revision again",
        request=ROLL_BACK_SCHEMA,
        responses={201: RESPONSE},
        examples={"Back to the first": {"revision": 1}},
        problems={404: "`revision_unknown`", 409: "`approval_required`"},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        return KIND.roll_back_to(request, code)
