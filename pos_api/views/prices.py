"""Prices of many products changed at once, with a preview, and the history of every price."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from pos_api.decoding import MAX_BULK_BODY
from pos_api.errors import field_problems
from pos_api.openapi import operation, page_of
from pos_api.problems import invalid_field
from pos_api.views.base import ManagerView, answer, read_json
from pos_api.views.resources import Listing, by, user_of
from retail.models import PriceChangeLine
from retail.services.price_rules import SCHEMA, read_price_request
from retail.services.prices import PriceOutcome, PriceResult, change_prices, preview_prices

TAG = "Catalogue"
REQUEST: dict[str, Any] = {
    **SCHEMA,
    "properties": {
        **SCHEMA["properties"],
        "dry_run": {"type": "boolean", "default": False, "description": "Show old and new, write nothing."},
        "expected": {
            "type": "string",
            "description": "The `fingerprint` of a preview: 409 `prices_changed` when it would not be the same now.",
        },
    },
}
_PRICES = {"type": "object", "additionalProperties": {"type": ["string", "null"]}}
RESULT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "row": {
            "type": "integer",
            "description": "The place in `prices`, or in the selection ordered by SKU.",
        },
        "sku": {"type": "string"},
        "status": {"enum": ["changed", "unchanged", "error"]},
        "old": _PRICES,
        "new": _PRICES,
        "warnings": {
            "type": "array",
            "items": {"enum": ["zero", "below_cost", "below_floor", "large_change"]},
        },
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldProblem"}},
    },
}
OUTCOME: dict[str, Any] = {
    "type": "object",
    "properties": {
        "dry_run": {"type": "boolean"},
        "change": {"type": ["integer", "null"], "description": "Its number in the history, once written."},
        "fingerprint": {"type": "string"},
        "summary": {"type": "object", "additionalProperties": {"type": "integer"}},
        "results": {"type": "array", "items": RESULT},
    },
}
LINE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "change": {"type": "integer"},
        "sku": {"type": "string"},
        "field": {"type": "string"},
        "old": {"type": ["string", "null"]},
        "new": {"type": ["string", "null"]},
        "changed_by": {"type": ["string", "null"]},
        "changed_at": {"type": "string", "format": "date-time"},
        "note": {"type": "string"},
    },
}
ANSWER = {
    "dry_run": True,
    "change": None,
    "fingerprint": "3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8551",
    "summary": {"changed": 1, "unchanged": 0, "error": 0, "warnings": 0},
    "results": [
        {
            "row": 0,
            "sku": "CAM-BASICA-PR-M",
            "status": "changed",
            "old": {"price": "49.90"},
            "new": {"price": "44.99"},
        }
    ],
}


def _number(queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        return queryset.none()
    return queryset.filter(change=int(text))


LISTING = Listing(
    filters={"sku": ("Prices of this SKU.", by("sku")), "change": ("Prices of this change.", _number)},
    orders={"-changed_at": ("-pk",)},
    order="-changed_at",
)


class PricesView(ManagerView):
    permissions = {"GET": ("retail.view_pricechange",), "POST": ("retail.change_product",)}

    @operation(
        id="prices_history",
        tag=TAG,
        summary="List what changed of prices, newest first",
        description="Who changed which price of which SKU, from what to what, when; also by single saves and imports.",
        responses={200: page_of(LINE)},
        parameters=LISTING.parameters(),
    )
    def get(self, request: Request) -> HttpResponse:
        lines = PriceChangeLine.objects.select_related("change__changed_by")
        return LISTING.page(request, lines, represent)

    @operation(
        id="prices_change",
        tag=TAG,
        summary="Change the prices of many products",
        description=(
            "Either `prices`, a list of up to 100,000 SKUs with their `price`, `original_price` or `cost`, or `select` with "
            "`rule`: all products of a category, grouping, code, words or range of prices (or `all`), and a `percent`, an "
            "`amount` or a fixed `value` for one field (`base`: from another field), with an optional `ending` such as "
            "`99`. A wrong row never stops the others. With `dry_run` nothing is written."
        ),
        request=REQUEST,
        responses={200: OUTCOME},
        examples={
            "Look at ten percent off a category": {
                "select": {"category": "camisetas"},
                "rule": {"field": "price", "percent": "-10", "ending": "99"},
                "dry_run": True,
            },
            "A list": {"prices": [{"sku": "CAM-BASICA-PR-M", "price": "44.90", "cost": "19.00"}]},
        },
        answer=ANSWER,
        problems={409: "Prices have changed since the preview (`prices_changed`)."},
    )
    def post(self, request: Request) -> HttpResponse:
        raw = read_json(request, MAX_BULK_BODY)
        if not isinstance(raw, dict):
            raise invalid_field("", "type", _("This must be an object."))
        dry_run, expected = raw.pop("dry_run", False), raw.pop("expected", "")
        if not isinstance(dry_run, bool):
            raise invalid_field("dry_run", "type", _("This must be true or false."))
        if not isinstance(expected, str):
            raise invalid_field("expected", "type", _("This must be a text."))
        wanted = read_price_request(raw)
        if dry_run:
            outcome = preview_prices(request=wanted)
        else:
            outcome = change_prices(
                request=wanted, user=user_of(request), at=timezone.now(), expected=expected
            )
        return answer(represent_outcome(outcome, dry_run=dry_run))


def represent(line: PriceChangeLine) -> dict[str, Any]:
    """Return one changed price with who changed it."""
    change = line.change
    return {
        "change": change.pk,
        "sku": line.sku,
        "field": line.field,
        "old": line.old,
        "new": line.new,
        "changed_by": change.changed_by.get_username() if change.changed_by else None,
        "changed_at": change.changed_at,
        "note": change.note,
    }


def represent_outcome(outcome: PriceOutcome, *, dry_run: bool) -> dict[str, Any]:
    """Return what a change of prices did or would do, one result per product."""
    summary = {"changed": 0, "unchanged": 0, "error": 0, "warnings": 0}
    for result in outcome.results:
        summary[result.status] += 1
        summary["warnings"] += bool(result.warnings)
    return {
        "dry_run": dry_run,
        "change": outcome.change.pk if outcome.change else None,
        "fingerprint": outcome.fingerprint,
        "summary": summary,
        "results": [_represent_result(result) for result in outcome.results],
    }


def _represent_result(result: PriceResult) -> dict[str, Any]:
    row: dict[str, Any] = {"row": result.row, "sku": result.sku, "status": result.status}
    if result.new:
        row |= {"old": result.old, "new": result.new}
    if result.warnings:
        row["warnings"] = result.warnings
    if result.errors:
        row["errors"] = field_problems(result.errors)
    return row
