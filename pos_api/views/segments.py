"""Segments: questions about customers, their counts and customers, groupings of them, and files that are taken out."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from campaigns.services.segment_exports import request_export
from campaigns.tasks import wake_jobs
from campaigns.views.segment_exports import export_file
from customers.documents import mask
from customers.models import Customer, ExportFormat, Segment, SegmentExport
from customers.segments.registry import fields
from customers.segments.statements import customers_of, limited
from customers.segments.tree import TreeInvalid, stored_tree
from customers.services.segment_groupings import make_grouping
from customers.services.segments import (
    SegmentChanged,
    SegmentInUse,
    SegmentInvalid,
    change_segment,
    count_segment,
    count_tree,
    create_segment,
    delete_segment,
)
from customers.tasks import wake_groupings
from messaging.services.verifications import masked_address
from pos_api.errors import field_problems
from pos_api.openapi import PAGE_PARAMETERS, Json, operation, page_of, query
from pos_api.pagination import paginated
from pos_api.problems import BadRequest, Conflict, FieldProblem, Invalid, invalid_field
from pos_api.views.base import ManagerView, answer, no_content, read_json
from pos_api.views.jobs import JOB, represent_job
from pos_api.views.resources import (
    Listing,
    find_or_404,
    read_moment,
    refuse_unknown_fields,
    updated_since,
    user_of,
)
from retail.selectors.company import company_zone

TAG = "Segments"
_LONGEST_PAGE = timedelta(seconds=20)
_TEXT: Json = {"type": "string"}
_MOMENT: Json = {"type": ["string", "null"], "format": "date-time"}
TREE: Json = {
    "type": "object",
    "description": (
        "A group, `all` or `any` of its parts. A part is a group or a condition: `field`, `operator`, and as the field asks "
        "(`segments/fields/`) `value`, `of`, `measure`, `period`. Lists for `in` and `not_in`, two values for `between`. "
        '`more than` and `less than` (`gt`, `lt`) leave the bound out. `{"all": []}` is every active customer.'
    ),
    "properties": {
        "all": {"type": "array", "items": {"type": "object"}},
        "any": {"type": "array", "items": {"type": "object"}},
    },
}
SHOWN: Json = {
    "type": "object",
    "properties": {
        "code": _TEXT,
        "name": _TEXT,
        "tree": TREE,
        "revision": {"type": "integer"},
        "count": {
            "type": ["integer", "null"],
            "description": "How many customers, when it was counted last.",
        },
        "counted_at": _MOMENT,
        "groupings": {"type": "array", "items": _TEXT, "description": "Customer groupings of it."},
        "updated_at": {"type": "string", "format": "date-time"},
    },
}
NEW: Json = {
    "type": "object",
    "required": ["name", "tree"],
    "additionalProperties": False,
    "properties": {
        "code": {"type": "string", "maxLength": 64},
        "name": {"type": "string", "maxLength": 120},
        "tree": TREE,
    },
}
CHANGE: Json = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "maxLength": 120},
        "tree": TREE,
        "revision": {
            "type": "integer",
            "description": "The revision that was looked at: 409 when there is a newer one.",
        },
    },
}
COUNT: Json = {
    "type": "object",
    "required": ["tree"],
    "additionalProperties": False,
    "properties": {"tree": TREE},
}
COUNTED: Json = {
    "type": "object",
    "properties": {"count": {"type": "integer"}, "at": {"type": "string", "format": "date-time"}},
}
FIELD: Json = {
    "type": "object",
    "properties": {
        "code": _TEXT,
        "label": _TEXT,
        "group": _TEXT,
        "value": {"enum": ["text", "number", "money", "day", "day_of_year", "select", "code", ""]},
        "operators": {"type": "object", "additionalProperties": _TEXT},
        "values": {"type": "array", "description": "The values of a `select`.", "items": {"type": "object"}},
        "of": {"enum": ["none", "optional", "required"]},
        "measures": {"type": "object", "additionalProperties": _TEXT},
        "period": {"enum": ["", "days", "months"]},
        "note": _TEXT,
    },
}
CUSTOMER: Json = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "code": {"type": ["string", "null"]},
        "name": _TEXT,
        "document": {"type": ["string", "null"], "description": "Masked."},
        "email": {"type": "string", "description": "Masked."},
        "phone": {"type": "string", "description": "Masked."},
        "card": {"type": ["string", "null"]},
        "city": _TEXT,
        "state": _TEXT,
    },
}
EXPORT: Json = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "segment": _TEXT,
        "format": {"enum": ["csv", "xlsx"]},
        "whole_documents": {"type": "boolean", "description": "CPF and CNPJ stand in it in full."},
        "rows": {"type": ["integer", "null"]},
        "requested_by": _TEXT,
        "requested_at": {"type": "string", "format": "date-time"},
        "finished_at": _MOMENT,
        "removed_at": _MOMENT,
        "job": JOB,
    },
}
EXAMPLE: Json = {
    "name": "Sumidos de Curitiba",
    "tree": {
        "all": [
            {"field": "city", "operator": "eq", "value": "Curitiba"},
            {"field": "last_purchase_days", "operator": "gte", "value": 90},
            {
                "any": [
                    {"field": "turnover", "operator": "gte", "value": "1500.00"},
                    {
                        "field": "bought_category",
                        "of": ["casacos"],
                        "measure": "quantity",
                        "operator": "gte",
                        "value": "2",
                        "period": {"months": 6},
                    },
                ]
            },
        ]
    },
}
SHOWN_EXAMPLE: Json = EXAMPLE | {
    "code": "sumidos-de-curitiba",
    "revision": 1,
    "count": 1284,
    "counted_at": "2026-11-23T13:00:00Z",
    "groupings": [],
    "updated_at": "2026-11-23T12:59:00Z",
}
GONE = {409: "The segment asks for something that is gone (`segment_invalid`); `errors` name it."}
SLOW = {503: "Counting took too long (`too_slow`)."}
LISTING = Listing(
    filters={"updated_since": ("Only what changed at or after this moment (RFC 3339).", updated_since)},
    orders={"code": ("code", "pk"), "name": ("name", "pk"), "-updated_at": ("-updated_at", "pk")},
    order="code",
)


def represent(segment: Segment) -> Json:
    return {
        "code": segment.code,
        "name": segment.name,
        "tree": segment.tree,
        "revision": segment.revision,
        "count": segment.count,
        "counted_at": segment.counted_at,
        "groupings": sorted(grouping.code for grouping in segment.groupings.all()),
        "updated_at": segment.updated_at,
    }


def represent_field(code: str) -> Json:
    field = fields()[code]
    is_select = field.kind.input == "select"
    return {
        "code": code,
        "label": str(field.label),
        "group": str(field.group),
        "value": field.kind.input,
        "operators": {name: str(label) for name, label in field.kind.operators.items()},
        "values": [{"value": value, "label": str(label)} for value, label in field.kind.choices()]
        if is_select
        else [],
        "of": "none" if field.subject is None else "required" if field.subject_required else "optional",
        "measures": {name: str(label) for name, label in field.measures.items()},
        "period": field.period,
        "note": str(field.note),
    }


def represent_customer(customer: Customer) -> Json:
    return {
        "id": customer.pk,
        "code": customer.code,
        "name": customer.name,
        "document": mask(customer.document) if customer.document else None,
        "email": masked_address("email", customer.email) if customer.email else "",
        "phone": masked_address("sms", customer.phone) if customer.phone else "",
        "card": customer.card,
        "city": customer.city,
        "state": customer.state,
    }


def represent_export(export: SegmentExport) -> Json:
    return {
        "id": export.pk,
        "segment": export.segment_code,
        "format": export.format,
        "whole_documents": export.whole_documents,
        "rows": export.rows,
        "requested_by": export.requested_by.get_username(),
        "requested_at": export.requested_at,
        "finished_at": export.finished_at,
        "removed_at": export.removed_at,
    }


def _read(request: Request, shape: Json) -> dict[str, Any]:
    """Return the body as an object with known members and all that are required. Raises Invalid."""
    raw = read_json(request)
    if not isinstance(raw, Mapping):
        raise Invalid(errors=[FieldProblem("", "type", _("This must be an object."))])
    refuse_unknown_fields(raw, shape["properties"])
    missing = [name for name in shape.get("required", ()) if name not in raw]
    if missing:
        raise Invalid(errors=[FieldProblem(name, "required", _("This is required.")) for name in missing])
    return dict(raw)


def _moment_of(request: Request) -> datetime:
    """Return the moment at which a page asks: that of the first page, or now. Raises BadRequest."""
    now, text = timezone.now(), request.query_params.get("at")
    if text is None:
        return now
    at = read_moment("at", text)
    if not now - timedelta(days=1) <= at <= now:
        raise BadRequest(_("at must be a moment of the last 24 hours. Begin with the first page again."))
    return at


def _find(code: str) -> Segment:
    return find_or_404(Segment.objects.prefetch_related("groupings"), code=code)


class SegmentListView(ManagerView):
    permissions = {"GET": ("customers.view_segment",), "POST": ("customers.add_segment",)}

    @operation(
        id="segments_list",
        tag=TAG,
        summary="List segments",
        responses={200: page_of(SHOWN)},
        parameters=LISTING.parameters(),
    )
    def get(self, request: Request) -> HttpResponse:
        return LISTING.page(request, Segment.objects.prefetch_related("groupings"), represent)

    @operation(
        id="segments_create",
        tag=TAG,
        summary="Save a segment",
        description="Without a code it is made of the name. What is wrong in the tree is named by its path, `tree.all[1].value`.",
        request=NEW,
        responses={201: SHOWN},
        examples={"Who stopped coming": EXAMPLE},
        answer=SHOWN_EXAMPLE,
    )
    def post(self, request: Request) -> HttpResponse:
        raw = _read(request, NEW)
        code = raw.get("code", "")
        if not isinstance(code, str):
            raise invalid_field("code", "type", _("This must be a text."))
        try:
            segment = create_segment(
                name=raw["name"], code=code, tree=raw["tree"], user=user_of(request), at=timezone.now()
            )
        except SegmentInvalid as invalid:
            raise Invalid(errors=field_problems(invalid.errors)) from invalid
        return answer(represent(segment), 201, {"Location": f"/api/v1/segments/{segment.code}/"})


class SegmentFieldsView(ManagerView):
    permissions = {"GET": ("customers.view_segment",)}

    @operation(
        id="segments_fields",
        tag=TAG,
        summary="List what conditions may ask for",
        responses={200: {"type": "object", "properties": {"fields": {"type": "array", "items": FIELD}}}},
    )
    def get(self, request: Request) -> HttpResponse:
        return answer({"fields": [represent_field(code) for code in fields()]})


class SegmentCountView(ManagerView):
    permissions = {"POST": ("customers.view_segment",)}

    @operation(
        id="segments_count",
        tag=TAG,
        summary="Count whom conditions mean, without saving them",
        request=COUNT,
        responses={200: COUNTED},
        examples={"Who stopped coming": {"tree": EXAMPLE["tree"]}},
        answer={"count": 1284, "at": "2026-11-23T13:00:00Z"},
        problems=SLOW,
    )
    def post(self, request: Request) -> HttpResponse:
        raw, at = _read(request, COUNT), timezone.now()
        try:
            return answer({"count": count_tree(tree=raw["tree"], at=at), "at": at})
        except TreeInvalid as invalid:
            raise Invalid(errors=field_problems(invalid.errors)) from invalid


class SegmentView(ManagerView):
    permissions = {
        "GET": ("customers.view_segment",),
        "PATCH": ("customers.change_segment",),
        "DELETE": ("customers.delete_segment",),
    }

    @operation(
        id="segments_get", tag=TAG, summary="Read a segment", responses={200: SHOWN}, answer=SHOWN_EXAMPLE
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        return answer(represent(_find(code)))

    @operation(
        id="segments_change",
        tag=TAG,
        summary="Rename a segment, or give it other conditions",
        request=CHANGE,
        responses={200: SHOWN},
        examples={"Another name": {"name": "Sumidos do Paraná"}},
        problems={409: "Somebody saved another revision (`segment_changed`)."},
    )
    def patch(self, request: Request, code: str) -> HttpResponse:
        segment, raw = _find(code), _read(request, CHANGE)
        revision = raw.get("revision")
        if revision is not None and (isinstance(revision, bool) or not isinstance(revision, int)):
            raise invalid_field("revision", "type", _("This must be a whole number."))
        for name in ("name", "tree"):
            if name in raw and raw[name] is None:
                raise invalid_field(name, "type", _("This cannot be null."))
        try:
            changed = change_segment(
                segment=segment,
                name=raw.get("name"),
                tree=raw.get("tree"),
                revision=revision,
                user=user_of(request),
                at=timezone.now(),
            )
        except SegmentInvalid as invalid:
            raise Invalid(errors=field_problems(invalid.errors)) from invalid
        except SegmentChanged as refusal:
            raise Conflict(str(refusal), code=refusal.code) from refusal
        return answer(represent(changed))

    @operation(
        id="segments_delete",
        tag=TAG,
        summary="Remove a segment that no grouping is of",
        responses={204: None},
        problems={409: "Groupings are of it (`in_use`); `groupings` lists them."},
    )
    def delete(self, request: Request, code: str) -> HttpResponse:
        try:
            delete_segment(segment=_find(code))
        except SegmentInUse as refusal:
            raise Conflict(
                str(refusal), code=refusal.code, extra={"groupings": refusal.groupings}
            ) from refusal
        return no_content()


class SegmentRecountView(ManagerView):
    permissions = {"POST": ("customers.view_segment",)}

    @operation(
        id="segments_recount",
        tag=TAG,
        summary="Count a saved segment and remember the number",
        responses={200: COUNTED},
        answer={"count": 1284, "at": "2026-11-23T13:00:00Z"},
        problems=GONE | SLOW,
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        at = timezone.now()
        return answer({"count": count_segment(segment=_find(code), at=at), "at": at})


class SegmentCustomersView(ManagerView):
    permissions = {"GET": ("customers.view_segment", "customers.view_customer")}

    @operation(
        id="segments_customers",
        tag=TAG,
        summary="List the customers of a segment, as it is answered at one moment",
        description=(
            "`next` asks the same moment again, so that what depends on the day keeps to the day of the first page. Each page asks "
            "the whole segment: whoever needs all of a large one, or addresses in full, takes an export, which is logged."
        ),
        responses={200: page_of(CUSTOMER)},
        parameters=(
            *PAGE_PARAMETERS,
            query("at", "The moment that is asked about, at most a day ago; now, unless `next` says it."),
        ),
        problems=GONE | SLOW,
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        at = _moment_of(request)
        found = customers_of(stored_tree(_find(code).tree), at=at, zone=company_zone())
        with limited(_LONGEST_PAGE):
            return paginated(request, found, represent_customer, carried={"at": at.isoformat()})


class SegmentGroupingView(ManagerView):
    permissions = {"POST": ("customers.change_segment", "customers.add_customergrouping")}

    @operation(
        id="segments_grouping",
        tag=TAG,
        summary="Make the customers of a segment a grouping that campaigns can name",
        description=(
            "It has the segment's code and name; asked for again, the same. Its members are gathered within minutes "
            "(`refreshed_at` is null until then) and follow the segment: they are at most a quarter of an hour old."
        ),
        responses={200: {"type": "object", "properties": {"grouping": _TEXT, "refreshed_at": _MOMENT}}},
        answer={"grouping": "sumidos-de-curitiba", "refreshed_at": None},
        problems={
            409: "A grouping that is kept by hand has this code (`taken`); the segment asks for its own members (`cycle`); "
            "it asks for something that is gone (`segment_invalid`)."
        },
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        grouping = make_grouping(segment=_find(code))
        if grouping.refreshed_at is None:
            wake_groupings()
        return answer({"grouping": grouping.code, "refreshed_at": grouping.refreshed_at})


class SegmentExportListView(ManagerView):
    permissions = {
        "GET": ("customers.view_segment", "customers.export_segment"),
        "POST": ("customers.view_segment", "customers.export_segment"),
    }

    @operation(
        id="segment_exports_list",
        tag=TAG,
        summary="List who took the customers of a segment out",
        responses={200: page_of(EXPORT)},
        parameters=PAGE_PARAMETERS,
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        found = SegmentExport.objects.filter(segment_code=_find(code).code).select_related("requested_by")
        return paginated(request, found, represent_export, ordering=("-pk",))

    @operation(
        id="segment_exports_create",
        tag=TAG,
        summary="Have the customers of a segment written to a file",
        description=(
            "A background job writes it (`job`). CPF and CNPJ are masked unless the caller may export them in full. The file is "
            "kept for three days; who asked for it and who fetched it, for ever."
        ),
        request={
            "type": "object",
            "required": ["format"],
            "additionalProperties": False,
            "properties": {"format": {"enum": ["csv", "xlsx"]}},
        },
        responses={202: EXPORT},
        examples={"For Excel": {"format": "xlsx"}},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        segment = _find(code)
        raw = _read(request, {"properties": {"format": {}}, "required": ["format"]})
        if raw["format"] not in ExportFormat.values:
            message = _("This must be one of %(choices)s.") % {"choices": ", ".join(ExportFormat.values)}
            raise invalid_field("format", "choice", message)
        export, job = request_export(
            segment=segment, format=raw["format"], user=user_of(request), at=timezone.now()
        )
        wake_jobs()
        return answer(represent_export(export) | {"job": represent_job(job)}, 202)


class SegmentExportFileView(ManagerView):
    permissions = {"GET": ("customers.view_segment", "customers.export_segment")}

    @operation(
        id="segment_exports_file",
        tag=TAG,
        summary="Fetch the file of an export",
        responses={200: {"type": "string", "format": "binary"}},
        problems={403: "CPF and CNPJ stand in it in full, and the caller may not export them."},
    )
    def get(self, request: Request, pk: int) -> StreamingHttpResponse:
        kept = SegmentExport.objects.filter(finished_at__isnull=False, removed_at__isnull=True)
        return export_file(find_or_404(kept, pk=pk), user_of(request))
