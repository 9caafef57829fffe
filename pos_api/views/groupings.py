"""Groupings of products, stores and customers, and their members."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from campaigns.selectors import campaigns_with_grouping
from customers.documents import mask
from customers.models import Customer
from customers.services.groupings import CUSTOMERS
from pos_api.decoding import MAX_BULK_BODY
from pos_api.errors import field_problems
from pos_api.openapi import PAGE_PARAMETERS, ROW_RESULTS, operation, page_of, query, rows_of
from pos_api.pagination import paginated
from pos_api.problems import BadRequest, Conflict, FieldProblem, Invalid, NotFound
from pos_api.views.base import ManagerView, answer, no_content, read_json
from pos_api.views.resources import find_or_404, read_changes, save_answer, saved
from retail.models import Grouping, Product
from retail.rows import FieldError, RowResult, schema_of
from retail.services.groupings import (
    COLUMNS,
    MAX_MEMBERS,
    PRODUCTS,
    STORES,
    GroupingKind,
    Members,
    MembersRefused,
    change_members,
    upsert_groupings,
)

TAG = "Groupings"
KINDS: dict[str, GroupingKind] = {kind.name: kind for kind in (PRODUCTS, STORES, CUSTOMERS)}
EXAMPLE = {
    "type": "product",
    "code": "produtos-inverno",
    "name": "Produtos Inverno",
    "members": [{"code": "JAQUETA"}, {"sku": "TRICO-BG-M"}],
}
TYPE = {"enum": list(KINDS)}
ROW = schema_of({**COLUMNS, "members": Members()}, required=[])
TYPED_ROW = {**ROW, "required": ["type"], "properties": {"type": TYPE, **ROW["properties"]}}
SHOWN: dict[str, Any] = {
    "type": "object",
    "properties": {
        "type": TYPE,
        "code": {"type": "string"},
        "name": {"type": "string"},
        "members": {"type": "integer", "description": "How many members it has."},
        "updated_at": {"type": "string", "format": "date-time"},
    },
}
_ENTRIES = {"type": "array", "items": {"type": "object"}, "maxItems": MAX_MEMBERS}
CHANGE = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"add": _ENTRIES, "remove": _ENTRIES, "replace": _ENTRIES},
}
CHANGED = {
    "type": "object",
    "properties": {
        "added": {"type": "integer"},
        "removed": {"type": "integer"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldProblem"}},
    },
}


def represent(kind: GroupingKind, grouping: Grouping) -> dict[str, Any]:
    """Return a grouping with the number of its members."""
    return {
        "type": kind.name,
        "code": grouping.code,
        "name": grouping.name,
        "members": kind.through._default_manager.filter(**{kind.grouping_column: grouping.pk}).count(),
        "updated_at": grouping.updated_at,
    }


def represent_member(member: Any) -> dict[str, Any]:
    """Return a member by the words in which it would be added."""
    if isinstance(member, Product):
        return {"sku": member.sku, "code": member.code, "name": member.name}
    if isinstance(member, Customer):
        document = mask(member.document) if member.document else None
        return {"id": member.pk, "code": member.code, "document": document, "name": member.name}
    return {"code": member.code, "name": member.name}


def find_kind(name: str) -> GroupingKind:
    if name not in KINDS:
        raise NotFound
    return KINDS[name]


def require(request: Request, kind: GroupingKind, *actions: str) -> None:
    """Raise PermissionDenied unless the caller may do this with groupings of this kind."""
    meta = kind.model._meta
    wanted = [f"{meta.app_label}.{action}_{meta.model_name}" for action in actions]
    if not all(request.user.has_perm(permission) for permission in wanted):
        raise PermissionDenied


def upsert_typed(request: Request, rows: Sequence[Any]) -> list[RowResult]:
    """Save rows of several kinds; each row names its kind in ``type``."""
    results: dict[int, RowResult] = {}
    by_kind: dict[str, list[tuple[int, Mapping[str, Any]]]] = {name: [] for name in KINDS}
    for index, raw in enumerate(rows):
        name = raw.get("type") if isinstance(raw, Mapping) else None
        if isinstance(name, str) and name in KINDS:
            by_kind[name].append((index, {key: value for key, value in raw.items() if key != "type"}))
        else:
            message = _("This must be one of %(choices)s.") % {"choices": ", ".join(KINDS)}
            results[index] = RowResult(index, "error", None, (FieldError("type", "choice", message),))
    for name, group in by_kind.items():
        if not group:
            continue
        require(request, KINDS[name], "add", "change")
        saved_rows = upsert_groupings(kind=KINDS[name], rows=[row for _index, row in group])
        for (index, _row), result in zip(group, saved_rows, strict=True):
            results[index] = RowResult(index, result.status, result.instance, result.errors)
    return [results[index] for index in range(len(rows))]


def kind_of(grouping: Grouping) -> GroupingKind:
    return next(kind for kind in KINDS.values() if isinstance(grouping, kind.model))


class GroupingListView(ManagerView):
    @operation(
        id="groupings_list",
        tag=TAG,
        summary="List the groupings of one type",
        responses={200: page_of(SHOWN)},
        parameters=(
            query("type", "Which groupings.", TYPE, required=True),
            query("q", "A part of the name or the exact code."),
            *PAGE_PARAMETERS,
        ),
    )
    def get(self, request: Request) -> HttpResponse:
        name = request.query_params.get("type", "")
        if name not in KINDS:
            raise BadRequest(_("type must be one of: %(types)s.") % {"types": ", ".join(KINDS)})
        kind = KINDS[name]
        require(request, kind, "view")
        groupings = kind.model._default_manager.all()
        if text := request.query_params.get("q", "").strip()[:120]:
            groupings = groupings.filter(name__icontains=text) | groupings.filter(code=text)
        return paginated(request, groupings, lambda one: represent(kind, one), ordering=("code", "pk"))

    @operation(
        id="groupings_save",
        tag=TAG,
        summary="Create or change one grouping or many",
        description=(
            "Groupings are recognised by `type` and `code`; without a code, by the name as a code (`Clientes VIP` is "
            "`clientes-vip`). `members`, when given, becomes the whole list: products by `sku` or `code` (all SKUs of a "
            "product code), stores by `code`, customers by `document`, `code` or `card`."
        ),
        request=rows_of(TYPED_ROW),
        responses={200: {"anyOf": [SHOWN, ROW_RESULTS]}, 201: SHOWN},
        examples={"A grouping of products": EXAMPLE},
    )
    def post(self, request: Request) -> HttpResponse:
        return save_answer(
            request,
            lambda rows: upsert_typed(request, rows),
            lambda grouping: represent(kind_of(grouping), grouping),
            lambda grouping: {"type": kind_of(grouping).name, "code": grouping.code},
        )


class GroupingView(ManagerView):
    @operation(id="groupings_get", tag=TAG, summary="Read a grouping", responses={200: SHOWN})
    def get(self, request: Request, name: str, code: str) -> HttpResponse:
        kind = find_kind(name)
        require(request, kind, "view")
        return answer(represent(kind, find(kind, code)))

    @operation(
        id="groupings_replace",
        tag=TAG,
        summary="Create or replace a grouping",
        request={**ROW, "required": ["name"]},
        responses={200: SHOWN, 201: SHOWN},
        examples={"With its members": {"name": EXAMPLE["name"], "members": EXAMPLE["members"]}},
    )
    def put(self, request: Request, name: str, code: str) -> HttpResponse:
        kind = find_kind(name)
        require(request, kind, "add", "change")
        row = {"members": [], **read_changes(request, {"code": code})}
        return saved(upsert_groupings(kind=kind, rows=[row])[0], lambda one: represent(kind, one))

    @operation(
        id="groupings_change",
        tag=TAG,
        summary="Rename a grouping, or give it other members",
        request=ROW,
        responses={200: SHOWN},
        examples={"Another name": {"name": "Inverno 2026"}},
    )
    def patch(self, request: Request, name: str, code: str) -> HttpResponse:
        kind = find_kind(name)
        require(request, kind, "change")
        find(kind, code)
        row = read_changes(request, {"code": code})
        return saved(upsert_groupings(kind=kind, rows=[row])[0], lambda one: represent(kind, one))

    @operation(
        id="groupings_delete",
        tag=TAG,
        summary="Remove a grouping that no campaign names",
        responses={204: None},
        problems={409: "Campaigns name it (`in_use`); `campaigns` lists them."},
    )
    def delete(self, request: Request, name: str, code: str) -> HttpResponse:
        kind = find_kind(name)
        require(request, kind, "delete")
        grouping = find(kind, code)
        users = list(
            campaigns_with_grouping(kind=kind.name, code=code).order_by("code").values_list("code", flat=True)
        )
        if users:
            raise Conflict(_("Campaigns use this grouping."), code="in_use", extra={"campaigns": users[:100]})
        grouping.delete()
        return no_content()


class GroupingMembersView(ManagerView):
    @operation(
        id="grouping_members_list",
        tag=TAG,
        summary="List the members of a grouping",
        responses={200: page_of({"type": "object"})},
        parameters=PAGE_PARAMETERS,
    )
    def get(self, request: Request, name: str, code: str) -> HttpResponse:
        kind = find_kind(name)
        require(request, kind, "view")
        members = kind.member._default_manager.filter(groupings=find(kind, code).pk)
        return paginated(request, members, represent_member)

    @operation(
        id="grouping_members_change",
        tag=TAG,
        summary="Add, remove or replace up to 100,000 members",
        description=(
            "`replace` makes the members exactly those listed; it stands alone, and is refused when none of them exists. Entries that name nothing are reported in "
            "`errors`, one for each, by their place (`add[17].sku`), and stop nothing. What is in the list already stays "
            "once."
        ),
        request=CHANGE,
        responses={200: CHANGED},
        examples={
            "A season ends": {"add": [{"code": "MOLETOM"}], "remove": [{"sku": "TRICO-BG-M"}]},
            "The whole list": {"replace": [{"code": "MOLETOM"}, {"sku": "TRICO-BG-M"}]},
        },
        answer={"added": 8, "removed": 1, "errors": []},
    )
    def post(self, request: Request, name: str, code: str) -> HttpResponse:
        kind = find_kind(name)
        require(request, kind, "change")
        grouping = find(kind, code)
        raw = read_json(request, MAX_BULK_BODY)
        lists = _read_lists(raw)
        try:
            change = change_members(kind=kind, grouping=grouping, **lists)
        except MembersRefused as refusal:
            raise Invalid(errors=field_problems(refusal.errors)) from refusal
        return answer(
            {"added": change.added, "removed": change.removed, "errors": field_problems(change.errors)}
        )


def find(kind: GroupingKind, code: str) -> Any:
    return find_or_404(kind.model._default_manager.all(), code=code)


def _read_lists(raw: Any) -> dict[str, list[Any]]:
    errors = []
    if not isinstance(raw, dict):
        raise Invalid(errors=[FieldProblem("", "type", _("This must be an object."))])
    for name, value in raw.items():
        if name not in ("add", "remove", "replace"):
            errors.append(FieldProblem(name, "unknown_field", _("There is no such field.")))
        elif not isinstance(value, list):
            errors.append(FieldProblem(name, "type", _("This must be a list.")))
        elif len(value) > MAX_MEMBERS:
            message = _("This has more than %(limit)d entries.") % {"limit": MAX_MEMBERS}
            errors.append(FieldProblem(name, "too_long", message))
    if "replace" in raw and len(raw) > 1:
        message = _("Give either the whole list, or what to add and remove.")
        errors.append(FieldProblem("replace", "not_alone", message))
    if errors:
        raise Invalid(errors=errors)
    return raw
