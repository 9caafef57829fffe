"""Price markdowns for managers' programs. Their products are in `pos_api.views.markdown_items`."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from campaigns.models import Markdown
from campaigns.querysets import STATUSES
from campaigns.services import markdowns as services
from campaigns.services.document_cautions import markdown_cautions
from pos_api.document_schema import markdown_schema
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
    cautions=markdown_cautions,
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


def _about_items(before: Any, revision: Any) -> Json:
    changed = before is not None and before.prices_id != revision.prices_id
    return {"item_count": revision.item_count, "items_changed": changed}


RESOURCE = Resource(
    kind=KIND,
    tag=TAG,
    listing=LISTING,
    request=markdown_schema(**ASKED_SCHEMA),
    response=RESPONSE,
    revisions=revisions_schema(
        {**RESPONSE, "description": "Without its products."},
        item_count={"type": "integer"},
        items_changed={"type": "boolean", "description": "Its products are others than before."},
    ),
    beside=_about_items,
    texts={
        "list": {"summary": "List price markdowns"},
        "upsert": {
            "summary": "Create or change one markdown or up to 1,000",
            "description": (
                "Recognised by `code`. New prices (`price`) or percentages off (`percent`) for products by SKU, by code, or by "
                "either (`by: all`); the line is repriced before any campaign is looked at, and of several markdowns the lowest "
                "price wins. Without `items` the products stay as they are; with them they become exactly these. Extra benefits "
                "for its products (a gift, cashback) are a campaign whose conditions name the same products or their grouping. "
                "One object answers the markdown; a list answers one result per row, and a wrong row never stops the others."
            ),
            "examples": {
                "New prices for loyalty customers of some stores, live at once": {**EXAMPLE, "publish": True}
            },
            "answer": ANSWER,
        },
        "read": {"summary": "Read a markdown as it is kept, without its products", "answer": ANSWER},
        "save": {
            "summary": "Replace a markdown, and publish it if asked",
            "description": "Without `items` the products stay as they are; with them they become exactly these.",
            "examples": {"For everybody, the products as they are": {**_HEADER, "customers": "all"}},
        },
        "publish": {
            "summary": "Make a markdown live as it is kept",
            "description": "Every evaluation that begins after the answer has the new prices.",
            "problems": {
                409: "`approval_required`, `version_conflict`",
                422: "`nothing_to_publish`: it has no products.",
            },
        },
        "pause": {"summary": "Stop a markdown until it is resumed"},
        "resume": {"summary": "Bring a paused markdown back as it was"},
        "roll_back": {"summary": "Publish an earlier revision again, with its products"},
    },
)
