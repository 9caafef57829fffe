"""Price markdowns for managers' programs. Their products are in `pos_api.views.markdown_items`."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from campaigns.models import Markdown
from campaigns.querysets import STATUSES
from campaigns.services import markdowns as services
from pos_api.document_schema import markdown_schema
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
from retail.models import StoreGrouping

TAG = "Price markdowns"
EXAMPLE: Json = {
    "code": "LIQUIDA-VERAO",
    "name": "Liquidação de verão",
    "starts_at": "2026-11-20T00:00:00-03:00",
    "ends_at": "2026-12-01T00:00:00-03:00",
    "stores": ["0012", "grouping:sul"],
    "by": "sku",
    "items": [
        {"value": "CAM-BASICA-PR-M", "price": "39.90"},
        {"value": "BERMUDA-JEANS-42", "percent": "30.00"},
    ],
    "customers": "loyalty",
}
_HEADER = {name: value for name, value in EXAMPLE.items() if name != "items"}
_COUNT: Json = {"type": "integer", "description": "How many products it has; `items/` lists them."}
REQUEST = markdown_schema(**ASKED_SCHEMA)
RESPONSE: Json = {
    **(_whole := markdown_schema(**answered_schema(STATUSES), item_count=_COUNT)),
    "properties": {name: schema for name, schema in _whole["properties"].items() if name != "items"},
}
ANSWER: Json = {
    **_HEADER,
    "version": 2,
    "status": "active",
    "state": "published",
    "revision": 1,
    "has_changes": False,
    "item_count": 2,
}
VIEW = ("campaigns.view_markdown",)
PUBLISH = ("campaigns.publish_markdown",)


def found() -> QuerySet[Markdown]:
    rows = Markdown.objects.with_status(at=timezone.now()).with_changes_flag()
    return rows.select_related("live_revision")


def represent(markdown: Any) -> Json:
    """Return a markdown as the API shows it, without its products, of which there may be 100,000."""
    return {**markdown.document, **envelope(markdown), "item_count": markdown.item_count}


KIND = Kind(
    model=Markdown,
    found=found,
    represent=represent,
    create=services.create_markdown,
    save=services.save_markdown,
    publish=services.publish_markdown,
    roll_back=services.roll_back_markdown,
)


def _in_store(rows: Any, store: str) -> QuerySet[Markdown]:
    groupings = StoreGrouping.objects.filter(stores__code=store).values_list("code", flat=True)
    in_store: QuerySet[Markdown] = rows.in_store(store, list(groupings))
    return in_store


LISTING = Listing(
    filters={
        "q": ("Words of code or name.", lambda rows, text: rows.search(text)),  # type: ignore[attr-defined]
        "status": ("As of now: " + ", ".join(f"`{s}`" for s in STATUSES) + ".", by("shown_status")),
        "product": ("A SKU or product code that it lists.", by("items__value")),
        "store": ("Code of a store in which it holds.", _in_store),
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


class MarkdownsView(ManagerView):
    permissions = {"GET": VIEW, "POST": ("campaigns.add_markdown", "campaigns.change_markdown")}

    @operation(
        id="list_markdowns",
        tag=TAG,
        summary="List price markdowns",
        parameters=LISTING.parameters(),
        responses={200: page_of(RESPONSE)},
    )
    def get(self, request: Request) -> HttpResponse:
        return LISTING.page(request, found(), represent)

    @operation(
        id="save_markdowns",
        tag=TAG,
        summary="Create or change one markdown or up to 1,000",
        description=(
            "Recognised by `code`. New prices (`price`) or percentages off (`percent`) for products by SKU, by code, or by "
            "either (`by: all`); the line is repriced before any campaign is looked at, and of several markdowns the lowest "
            "price wins. Without `items` the products stay as they are; with them they become exactly these. Extra benefits "
            "for its products (a gift, cashback) are a campaign whose conditions name the same products or their grouping. "
            "One object answers the markdown; a list answers one result per row, and a wrong row never stops the others."
        ),
        request=rows_of(REQUEST),
        responses={200: {"anyOf": [RESPONSE, ROW_RESULTS]}, 201: RESPONSE},
        examples={
            "New prices for loyalty customers of some stores, live at once": {**EXAMPLE, "publish": True}
        },
        answer=ANSWER,
        problems={409: "`version_conflict`, or publishing needs another person (`approval_required`)."},
    )
    def post(self, request: Request) -> HttpResponse:
        return KIND.post(request)


class MarkdownView(ManagerView):
    permissions = {
        "GET": VIEW,
        "PUT": ("campaigns.change_markdown",),
        "DELETE": ("campaigns.delete_markdown",),
    }

    @operation(
        id="read_markdown",
        tag=TAG,
        summary="Read a markdown as it is kept, without its products",
        responses={200: RESPONSE},
        answer=ANSWER,
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        return KIND.shown(code)

    @operation(
        id="save_markdown",
        tag=TAG,
        summary="Replace a markdown, and publish it if asked",
        description="Without `items` the products stay as they are; with them they become exactly these.",
        request=REQUEST,
        responses={200: RESPONSE},
        examples={"For everybody, the products as they are": {**_HEADER, "customers": "all"}},
        problems={409: "`version_conflict` or `approval_required`."},
    )
    def put(self, request: Request, code: str) -> HttpResponse:
        return KIND.put(request, code)

    @operation(
        id="delete_markdown",
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
        id="publish_markdown",
        tag=TAG,
        summary="Make a markdown live as it is kept",
        description="Every evaluation that begins after the answer has the new prices.",
        request=ASKED,
        responses={200: RESPONSE},
        examples={"The version that was read": {"version": 3, "comment": "Like last year"}},
        problems={
            409: "`approval_required`, `version_conflict`",
            422: "`nothing_to_publish`: it has no products.",
        },
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        return KIND.make_live(request, code)


class PauseView(ManagerView):
    permissions = {"POST": PUBLISH}

    @operation(
        id="pause_markdown",
        tag=TAG,
        summary="Stop a markdown until it is resumed",
        responses={200: RESPONSE},
        problems={409: "`not_published`"},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        return KIND.pause(request, code)


class ResumeView(ManagerView):
    permissions = {"POST": PUBLISH}

    @operation(
        id="resume_markdown",
        tag=TAG,
        summary="Bring a paused markdown back as it was",
        responses={200: RESPONSE},
        problems={409: "`not_paused`"},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        return KIND.resume(request, code)


def _about_items(before: Any, revision: Any) -> Json:
    changed = before is not None and before.prices_id != revision.prices_id
    return {"item_count": revision.item_count, "items_changed": changed}


class RevisionsView(ManagerView):
    permissions = {"GET": VIEW, "POST": PUBLISH}

    @operation(
        id="list_markdown_revisions",
        tag=TAG,
        summary="List what was published, newest first, with what each revision changed",
        responses={
            200: revisions_schema(
                {**RESPONSE, "description": "Without its products."},
                item_count={"type": "integer"},
                items_changed={"type": "boolean", "description": "Its products are others than before."},
            )
        },
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        return KIND.revisions(code, _about_items)

    @operation(
        id="roll_back_markdown",
        tag=TAG,
        summary="Publish an earlier revision again, with its products",
        request=ROLL_BACK_SCHEMA,
        responses={201: RESPONSE},
        examples={"Back to the first": {"revision": 1}},
        problems={404: "`revision_unknown`", 409: "`approval_required`"},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        return KIND.roll_back_to(request, code)
