"""Associations of campaigns for managers' programs."""

from typing import Any

from django.db.models import QuerySet

from campaigns.models import Association
from campaigns.services import associations as services
from campaigns.services.document_cautions import association_cautions
from pos_api.document_schema import association_schema
from pos_api.openapi import Json
from pos_api.views.document_views import Resource
from pos_api.views.documents import (
    ASKED_SCHEMA,
    Kind,
    answered_schema,
    envelope,
    revisions_schema,
)
from pos_api.views.resources import SINCE, Listing, by

STATUSES = ("draft", "active", "paused")
EXAMPLE: Json = {
    "code": "MELHOR-DE-INVERNO",
    "name": "O melhor desconto de inverno",
    "criterion": "highest",
    "compete_on": "basket",
    "campaigns": ["INVERNO10", "ACIMA200"],
}


def found() -> QuerySet[Association]:
    return Association.objects.with_status().with_changes_flag().select_related("live_revision")


def represent(association: Any) -> Json:
    """Return an association as the API shows it: its working copy and what became of it."""
    return {**association.document, **envelope(association)}


KIND = Kind(
    model=Association,
    found=found,
    represent=represent,
    cautions=association_cautions,
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


RESOURCE = Resource(
    kind=KIND,
    tag="Associations",
    listing=LISTING,
    request=association_schema(**ASKED_SCHEMA),
    response=association_schema(**answered_schema(STATUSES)),
    revisions=revisions_schema(association_schema()),
    texts={
        "list": {"summary": "List associations of campaigns"},
        "upsert": {
            "summary": "Create or change one association or up to 1,000",
            "description": (
                "Recognised by `code`. Of its eligible campaigns the one with the `highest` or `lowest` benefit goes on, the "
                "`first` by priority (then by their order here), or `all`; they compete for the whole sale, or line by line. One "
                "object answers the association; a list answers one result per row, and a wrong row never stops the others."
            ),
            "examples": {"Only the better of two, live at once": {**EXAMPLE, "publish": True}},
            "answer": {
                **EXAMPLE,
                "version": 2,
                "status": "active",
                "state": "published",
                "revision": 1,
                "has_changes": False,
            },
        },
        "read": {"summary": "Read an association as it is kept"},
        "save": {
            "summary": "Replace an association, and publish it if asked",
            "examples": {"The better on each line": {**EXAMPLE, "compete_on": "line"}},
        },
        "publish": {
            "summary": "Make an association live as it is kept",
            "description": "Every evaluation that begins after the answer uses it.",
            "problems": {409: "`approval_required`, `version_conflict`"},
        },
        "pause": {
            "summary": "Stop an association until it is resumed; its campaigns no longer compete",
        },
        "resume": {"summary": "Bring a paused association back as it was"},
        "roll_back": {"summary": "Publish an earlier revision again"},
    },
)
