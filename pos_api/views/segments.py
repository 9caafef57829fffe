"""Segments: questions about customers, their counts and customers, and groupings of them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from customers.models import Segment
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
from pos_api import segment_documents as documents
from pos_api.errors import field_problems
from pos_api.openapi import PAGE_PARAMETERS, Json, operation, page_of, query
from pos_api.pagination import paginated
from pos_api.problems import BadRequest, Conflict, FieldProblem, Invalid, invalid_field
from pos_api.views.base import ManagerView, answer, no_content, read_json
from pos_api.views.resources import (
    SINCE,
    Listing,
    find_or_404,
    read_moment,
    refuse_unknown_fields,
    user_of,
)
from retail.selectors.company import company_zone

TAG = "Segments"
_LONGEST_PAGE = timedelta(seconds=20)
GONE = {409: "The segment asks for something that is gone (`segment_invalid`); `errors` name it."}
SLOW = {503: "Counting took too long (`too_slow`)."}
LISTING = Listing(
    filters={"updated_since": SINCE},
    orders={"code": ("code", "pk"), "name": ("name", "pk"), "-updated_at": ("-updated_at", "pk")},
    order="code",
)


def read_members(request: Request, shape: Json) -> dict[str, Any]:
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


def find_segment(code: str) -> Segment:
    """Return a segment with its groupings. Raises NotFound."""
    return find_or_404(Segment.objects.prefetch_related("groupings"), code=code)


class SegmentListView(ManagerView):
    permissions = {"GET": ("customers.view_segment",), "POST": ("customers.add_segment",)}

    @operation(
        id="segments_list",
        tag=TAG,
        summary="List segments",
        responses={200: page_of(documents.SHOWN)},
        parameters=LISTING.parameters(),
    )
    def get(self, request: Request) -> HttpResponse:
        return LISTING.page(request, Segment.objects.prefetch_related("groupings"), documents.represent)

    @operation(
        id="segments_create",
        tag=TAG,
        summary="Save a segment",
        description="Without a code it is made of the name. What is wrong in the tree is named by its path, `tree.all[1].value`.",
        request=documents.NEW,
        responses={201: documents.SHOWN},
        examples={"Who stopped coming": documents.EXAMPLE},
        answer=documents.SHOWN_EXAMPLE,
    )
    def post(self, request: Request) -> HttpResponse:
        raw = read_members(request, documents.NEW)
        code = raw.get("code", "")
        if not isinstance(code, str):
            raise invalid_field("code", "type", _("This must be a text."))
        try:
            segment = create_segment(
                name=raw["name"], code=code, tree=raw["tree"], user=user_of(request), at=timezone.now()
            )
        except SegmentInvalid as invalid:
            raise Invalid(errors=field_problems(invalid.errors)) from invalid
        return answer(documents.represent(segment), 201, {"Location": f"/api/v1/segments/{segment.code}/"})


class SegmentFieldsView(ManagerView):
    permissions = {"GET": ("customers.view_segment",)}

    @operation(
        id="segments_fields",
        tag=TAG,
        summary="List what conditions may ask for",
        responses={
            200: {"type": "object", "properties": {"fields": {"type": "array", "items": documents.FIELD}}}
        },
    )
    def get(self, request: Request) -> HttpResponse:
        return answer({"fields": [documents.represent_field(code) for code in fields()]})


class SegmentCountView(ManagerView):
    permissions = {"POST": ("customers.view_segment",)}

    @operation(
        id="segments_count",
        tag=TAG,
        summary="Count whom conditions mean, without saving them",
        request=documents.COUNT,
        responses={200: documents.COUNTED},
        examples={"Who stopped coming": {"tree": documents.EXAMPLE["tree"]}},
        answer={"count": 1284, "at": "2026-11-23T13:00:00Z"},
        problems=SLOW,
    )
    def post(self, request: Request) -> HttpResponse:
        raw, at = read_members(request, documents.COUNT), timezone.now()
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
        id="segments_get",
        tag=TAG,
        summary="Read a segment",
        responses={200: documents.SHOWN},
        answer=documents.SHOWN_EXAMPLE,
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        return answer(documents.represent(find_segment(code)))

    @operation(
        id="segments_change",
        tag=TAG,
        summary="Rename a segment, or give it other conditions",
        request=documents.CHANGE,
        responses={200: documents.SHOWN},
        examples={"Another name": {"name": "Sumidos do Paraná"}},
        problems={409: "Somebody saved another revision (`segment_changed`)."},
    )
    def patch(self, request: Request, code: str) -> HttpResponse:
        segment, raw = find_segment(code), read_members(request, documents.CHANGE)
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
        return answer(documents.represent(changed))

    @operation(
        id="segments_delete",
        tag=TAG,
        summary="Remove a segment that no grouping is of",
        responses={204: None},
        problems={409: "Groupings are of it (`in_use`); `groupings` lists them."},
    )
    def delete(self, request: Request, code: str) -> HttpResponse:
        try:
            delete_segment(segment=find_segment(code))
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
        responses={200: documents.COUNTED},
        answer={"count": 1284, "at": "2026-11-23T13:00:00Z"},
        problems=GONE | SLOW,
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        at = timezone.now()
        return answer({"count": count_segment(segment=find_segment(code), at=at), "at": at})


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
        responses={200: page_of(documents.CUSTOMER)},
        parameters=(
            *PAGE_PARAMETERS,
            query("at", "The moment that is asked about, at most a day ago; now, unless `next` says it."),
        ),
        problems=GONE | SLOW,
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        at = _moment_of(request)
        found = customers_of(stored_tree(find_segment(code).tree), at=at, zone=company_zone())
        with limited(_LONGEST_PAGE):
            return paginated(request, found, documents.represent_customer, carried={"at": at.isoformat()})


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
        responses={
            200: {
                "type": "object",
                "properties": {"grouping": documents.TEXT, "refreshed_at": documents.MOMENT},
            }
        },
        answer={"grouping": "sumidos-de-curitiba", "refreshed_at": None},
        problems={
            409: "A grouping that is kept by hand has this code (`taken`); the segment asks for its own members (`cycle`); "
            "it asks for something that is gone (`segment_invalid`)."
        },
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        grouping = make_grouping(segment=find_segment(code))
        if grouping.refreshed_at is None:
            wake_groupings()
        return answer({"grouping": grouping.code, "refreshed_at": grouping.refreshed_at})
