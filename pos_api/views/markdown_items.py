"""The products of a markdown: listed page by page, changed in bulk, exported."""

from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from campaigns.engine.markdowns import MOST_ITEMS
from campaigns.models import MarkdownItem
from campaigns.services import markdown_files, markdown_items
from pos_api.decoding import MAX_BULK_BODY
from pos_api.document_schema import MARKDOWN_ITEM_SCHEMA
from pos_api.errors import field_problems
from pos_api.openapi import PAGE_PARAMETERS, Json, operation, page_of, query
from pos_api.pagination import paginated
from pos_api.problems import FieldProblem, Invalid
from pos_api.views.base import ManagerView, answer, read_json
from pos_api.views.markdowns import KIND, TAG, VIEW
from pos_api.views.resources import user_of

_ITEMS: Json = {"type": "array", "items": MARKDOWN_ITEM_SCHEMA, "maxItems": MOST_ITEMS}
CHANGE: Json = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "add": {**_ITEMS, "description": "New products, and new prices for those that it has."},
        "remove": {"type": "array", "items": {"type": "string"}, "maxItems": MOST_ITEMS},
        "replace": {**_ITEMS, "description": "Exactly these; stands alone."},
        "version": {"type": "integer", "description": "Refused with 409 when another was stored meanwhile."},
    },
}
_COUNTS = ("added", "changed", "unchanged", "removed")
CHANGED: Json = {
    "type": "object",
    "properties": {
        **{name: {"type": "integer"} for name in _COUNTS},
        "item_count": {"type": "integer"},
        "version": {"type": "integer"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldProblem"}},
    },
}


def represent(item: MarkdownItem) -> Json:
    return {"value": item.value, "price": item.price, "percent": item.percent}


class MarkdownItemsView(ManagerView):
    permissions = {"GET": VIEW, "POST": ("campaigns.change_markdown",)}

    @operation(
        id="list_markdown_items",
        tag=TAG,
        summary="List the products of a markdown as it is kept",
        parameters=(*PAGE_PARAMETERS, query("q", "The beginning of a SKU or product code.")),
        responses={200: page_of(MARKDOWN_ITEM_SCHEMA)},
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        items = MarkdownItem.objects.filter(markdown=KIND.find(code))
        if text := request.query_params.get("q", "").replace("\x00", "")[:200]:
            items = items.filter(value__startswith=text)
        return paginated(request, items, represent, ordering=("value",))

    @operation(
        id="change_markdown_items",
        tag=TAG,
        summary="Add, reprice, remove or replace up to 100,000 products",
        description=(
            "A wrong entry is reported in `errors` by its place (`add[17].price`) and stops nothing. What is live stays live "
            "until the markdown is published again."
        ),
        request=CHANGE,
        responses={200: CHANGED},
        examples={
            "Two new prices, one product less": {
                "add": [
                    {"value": "CAM-BASICA-PR-M", "price": "34.90"},
                    {"value": "BERMUDA-JEANS-44", "percent": "30.00"},
                ],
                "remove": ["BERMUDA-JEANS-42"],
            },
            "The whole list": {"replace": [{"value": "CAM-BASICA-PR-M", "price": "39.90"}]},
        },
        answer={
            "added": 1,
            "changed": 1,
            "unchanged": 0,
            "removed": 1,
            "item_count": 2,
            "version": 3,
            "errors": [],
        },
        problems={409: "`version_conflict`"},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        asked = _read(read_json(request, MAX_BULK_BODY))
        KIND.find(code)
        change = markdown_items.change_items(code=code, user=user_of(request), at=timezone.now(), **asked)
        markdown = KIND.find(code)
        return answer(
            {
                **{name: getattr(change, name) for name in _COUNTS},
                "item_count": markdown.item_count,
                "version": markdown.version,
                "errors": field_problems(change.errors),
            }
        )


class MarkdownExportView(ManagerView):
    permissions = {"GET": VIEW}

    @operation(
        id="export_markdown_items",
        tag=TAG,
        summary="Download the products of a markdown as CSV",
        description="Columns `product`, `price` and `percent`; the file can be imported again.",
        responses={200: None},
    )
    def get(self, request: Request, code: str) -> StreamingHttpResponse:
        markdown = KIND.find(code)
        return StreamingHttpResponse(
            markdown_files.export_items(markdown),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{markdown.code}.csv"'},
        )


def _read(raw: Any) -> dict[str, Any]:
    """Return the arguments of a change. Raises Invalid naming every wrong field."""
    if not isinstance(raw, dict):
        raise Invalid(errors=[FieldProblem("", "type", _("This must be an object."))])
    errors = []
    for name, value in raw.items():
        if name == "version":
            if not isinstance(value, int) or isinstance(value, bool):
                errors.append(FieldProblem(name, "type", _("Must be a whole number.")))
        elif name not in ("add", "remove", "replace"):
            errors.append(FieldProblem(name, "unknown_field", _("There is no such field.")))
        elif not isinstance(value, list):
            errors.append(FieldProblem(name, "type", _("This must be a list.")))
        elif len(value) > MOST_ITEMS:
            message = _("This has more than %(limit)d entries.") % {"limit": MOST_ITEMS}
            errors.append(FieldProblem(name, "too_long", message))
    if "replace" in raw and ("add" in raw or "remove" in raw):
        message = _("Give either the whole list, or what to add and remove.")
        errors.append(FieldProblem("replace", "not_alone", message))
    if errors:
        raise Invalid(errors=errors)
    return raw
