"""Stored values for managers: found, read with their statement, given by hand, blocked, replaced, assigned, adjusted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from loyalty.models import AdjustmentRequest, StoredValue, StoredValueType
from loyalty.selectors.stored_value_records import StoredValueState, history, in_state, records, with_last4
from loyalty.selectors.stored_values import held
from loyalty.services.refusals import InsufficientValue
from loyalty.services.second_person import adjust_stored_value_or_ask, issue_or_ask, void_or_ask
from loyalty.services.stored_value_by_hand import Issue
from loyalty.services.stored_value_states import assign, block, replace_code, unblock
from loyalty.services.stored_value_types import StoredValueKind
from loyalty.stored_codes import written
from pos_api.openapi import Json, operation, page_of
from pos_api.problems import BadRequest, Conflict, invalid_field
from pos_api.stored_value_records import (
    ADJUST_COLUMNS,
    ASSIGN_COLUMNS,
    DETAIL,
    ISSUE_COLUMNS,
    REASON_COLUMNS,
    RECORD,
    RECORD_EXAMPLE,
    REPLACE_COLUMNS,
    adjusted_body,
    history_body,
    read_values,
    record_body,
)
from pos_api.views.adjustment_requests import REQUEST, read_request
from pos_api.views.base import ManagerView, answer
from pos_api.views.resources import Filter, Listing, by, find_or_404, read_moment, user_of
from pos_api.views.sales import REPLAYED
from pos_api.views.stored_values import TAG
from retail import money
from retail.rows import Column, schema_of

VIEW = "loyalty.view_storedvalue"
_CODE: Json = {"type": "string", "description": "Shown here once: tell the customer or print it."}
_ASKED: Json = {"type": "object", "properties": {**RECORD["properties"], "request": REQUEST}}


def _choice(keep: Filter, name: str, choices: list[str]) -> Filter:
    def apply(queryset: QuerySet[StoredValue], text: str) -> QuerySet[StoredValue]:
        if text not in choices:
            raise BadRequest(
                _("%(name)s must be one of: %(all)s.") % {"name": name, "all": ", ".join(choices)}
            )
        return keep(queryset, text)

    return apply


def _of_customer(queryset: QuerySet[StoredValue], text: str) -> QuerySet[StoredValue]:
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise BadRequest(_("customer must be a whole number."))
    return queryset.filter(customer_id=int(text))


LISTING = Listing(
    filters={
        "kind": (
            f"One of {', '.join(StoredValueKind.values)}.",
            _choice(lambda queryset, kind: queryset.filter(type__kind=kind), "kind", StoredValueKind.values),
        ),
        "type": ("The type's code.", by("type__code")),
        "customer": ("The customer's id.", _of_customer),
        "state": (
            f"One of {', '.join(StoredValueState.values)}.",
            _choice(in_state, "state", StoredValueState.values),
        ),
        "last4": ("The last four of the code in use.", with_last4),
        "store": ("The code of the store that made it.", by("store__code")),
        "created_since": (
            "Made at this moment or later (RFC 3339).",
            lambda queryset, text: queryset.filter(created_at__gte=read_moment("created_since", text)),
        ),
        "created_until": (
            "Made before this moment (RFC 3339).",
            lambda queryset, text: queryset.filter(created_at__lt=read_moment("created_until", text)),
        ),
    },
    orders={"-id": ("-pk",), "id": ("pk",)},
    order="-id",
)
ISSUE_EXAMPLE = {
    "operation": "SAC-2026-204",
    "type": "vale-sac",
    "customer": 7,
    "amount": "30.00",
    "reason": "Pedido entregue com atraso",
}


def _read(pk: int, at: datetime) -> dict[str, Any]:
    """Return a stored value as it is now."""
    return record_body(held([records(at=at).get(pk=pk)], at=at)[0])


class StoredValueRecordListView(ManagerView):
    permissions = {"GET": (VIEW,), "POST": (VIEW, "customers.view_customer", "loyalty.issue_storedvalue")}

    @operation(
        id="stored_value_records_list",
        tag=TAG,
        summary="List stored values",
        description="Codes are not among the answers: nobody has them but their holders.",
        responses={200: page_of(RECORD)},
        parameters=LISTING.parameters(),
    )
    def get(self, request: Request) -> HttpResponse:
        at = timezone.now()
        return LISTING.page(request, records(at=at), record_body, lambda rows: held(rows, at=at))

    @operation(
        id="stored_value_records_issue",
        tag=TAG,
        summary="Give a stored value to a customer",
        description=(
            "A voucher takes `amount` or `percent`, the others `amount`, unless the type fixes it. With the same `operation` "
            "again the answer is 200 and nothing is made; the code is in it as long as the server can still make it. Above the "
            "company's limit it is blocked until somebody else approves the `request` of the answer."
        ),
        request=schema_of(ISSUE_COLUMNS),
        responses={
            status: {
                "type": "object",
                "properties": {**RECORD["properties"], "code": _CODE, "request": REQUEST},
            }
            for status in (201, 200)
        },
        examples={"A voucher": ISSUE_EXAMPLE},
        answer=RECORD_EXAMPLE | {"code": "7GK2-M0ZD-4T9A-XW3C"},
        problems={
            422: "A field is wrong: `above_ceiling`, `fixed`, `not_active`, `operation_conflict` name it."
        },
    )
    def post(self, request: Request) -> HttpResponse:
        values, at = read_values(request, ISSUE_COLUMNS), timezone.now()
        kind = StoredValueType.objects.filter(code=values["type"]).first()
        if kind is None:
            raise invalid_field("type", "unknown", _("There is no such type."))
        issued, asked_for = issue_or_ask(
            Issue(
                type=kind,
                customer_id=values["customer"],
                operation=values["operation"],
                reason=values["reason"],
                amount=None if values["amount"] is None else money.from_decimal(values["amount"]),
                percent=values["percent"],
                expires_at=values["expires_at"],
                store_codes=values["stores"],
            ),
            actor_id=user_of(request).pk,
            at=at,
        )
        body = _read(issued.stored.pk, at) | {"code": written(issued.code) if issued.code else ""}
        if asked_for is not None:
            body["request"] = read_request(asked_for.pk)
        if issued.replayed:
            return answer(body, headers={REPLAYED: "true"})
        return answer(body, status=201)


class StoredValueRecordView(ManagerView):
    permissions = {"GET": (VIEW,)}

    @operation(
        id="stored_value_records_get",
        tag=TAG,
        summary="Read a stored value with its statement",
        responses={200: DETAIL},
        answer=RECORD_EXAMPLE | {"entries": [], "events": []},
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        at = timezone.now()
        stored = find_or_404(records(at=at), pk=pk)
        return answer(record_body(held([stored], at=at)[0]) | history_body(history(stored)))


class _ActionView(ManagerView):
    """Do one thing to one stored value, and answer with what it is then."""

    columns: ClassVar[Mapping[str, Column]] = REASON_COLUMNS

    def act(self, stored: StoredValue, values: dict[str, Any], actor_id: int, at: datetime) -> dict[str, Any]:
        """Do it; return what the answer says beside the record."""
        raise NotImplementedError

    def done(self, request: Request, pk: int) -> HttpResponse:
        stored = find_or_404(StoredValue.objects.select_related("type", "account"), pk=pk)
        values, at = read_values(request, self.columns), timezone.now()
        with transaction.atomic():
            more = self.act(stored, values, user_of(request).pk, at)
            return answer(_read(pk, at) | more, status=202 if "request" in more else 200)


_RULED = {409: "`voided`: it was taken back, and ended.", 422: "`reason` is required."}


class BlockView(_ActionView):
    permissions = {"POST": (VIEW, "loyalty.block_storedvalue")}

    @operation(
        id="stored_value_records_block",
        tag=TAG,
        summary="Block a stored value",
        description="Nobody can use it until it is unblocked. Done twice, the first reason stands.",
        request=schema_of(REASON_COLUMNS),
        responses={200: RECORD},
        examples={"A lost card": {"reason": "Cartão perdido"}},
        problems=_RULED,
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        return self.done(request, pk)

    def act(self, stored: StoredValue, values: dict[str, Any], actor_id: int, at: datetime) -> dict[str, Any]:
        block(stored, reason=values["reason"], at=at, actor_id=actor_id)
        return {}


class UnblockView(_ActionView):
    permissions = {"POST": (VIEW, "loyalty.block_storedvalue")}

    @operation(
        id="stored_value_records_unblock",
        tag=TAG,
        summary="Unblock a stored value",
        request=schema_of(REASON_COLUMNS),
        responses={200: RECORD},
        examples={"Found again": {"reason": "Cartão encontrado"}},
        problems=_RULED,
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        return self.done(request, pk)

    def act(self, stored: StoredValue, values: dict[str, Any], actor_id: int, at: datetime) -> dict[str, Any]:
        unblock(stored, reason=values["reason"], at=at, actor_id=actor_id)
        return {}


class VoidView(_ActionView):
    permissions = {"POST": (VIEW, "loyalty.block_storedvalue", "loyalty.adjust_account")}

    @operation(
        id="stored_value_records_void",
        tag=TAG,
        summary="Take back a stored value that was made by mistake",
        description=(
            "Only when nothing of it was used. It ends; doing it again changes nothing. Above the company's limit the answer is 202: "
            "it waits until somebody else approves the `request`."
        ),
        request=schema_of(REASON_COLUMNS),
        responses={200: RECORD, 202: _ASKED},
        examples={"Made twice": {"reason": "Emitido em dobro"}},
        problems={
            409: "`already_used`: something of it was used. `expired`. `reduced`: value was taken by hand or with a return.",
            422: "`reason` is required.",
        },
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        return self.done(request, pk)

    def act(self, stored: StoredValue, values: dict[str, Any], actor_id: int, at: datetime) -> dict[str, Any]:
        done = void_or_ask(stored, reason=values["reason"], at=at, actor_id=actor_id)
        return {"request": read_request(done.pk)} if isinstance(done, AdjustmentRequest) else {}


class ReplaceView(_ActionView):
    permissions = {"POST": (VIEW, "loyalty.block_storedvalue")}
    columns = REPLACE_COLUMNS

    @operation(
        id="stored_value_records_replace",
        tag=TAG,
        summary="Give the holder of a lost card a new code",
        description="The old code ends at once; what it held is at the new one. Sending it again makes another code.",
        request=schema_of(REPLACE_COLUMNS),
        responses={200: {"type": "object", "properties": {**RECORD["properties"], "code": _CODE}}},
        examples={
            "A generated code": {"reason": "Cartão perdido"},
            "The code of another card": {"code": "7891000123457", "reason": "Cartão danificado"},
        },
        answer=RECORD_EXAMPLE | {"code": "7GK2-M0ZD-4T9A-XW3C"},
        problems={422: "`blocked`, or the code is `taken` or `invalid`."},
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        return self.done(request, pk)

    def act(self, stored: StoredValue, values: dict[str, Any], actor_id: int, at: datetime) -> dict[str, Any]:
        code = replace_code(
            stored, reason=values["reason"], code=values["code"] or "", at=at, actor_id=actor_id
        )
        return {"code": written(code)}


class AssignView(_ActionView):
    permissions = {"POST": (VIEW, "customers.view_customer", "loyalty.block_storedvalue")}
    columns = ASSIGN_COLUMNS

    @operation(
        id="stored_value_records_assign",
        tag=TAG,
        summary="Say to whom a stored value belongs",
        description="With a customer it is found again when the card is lost. Null: it belongs to whoever has the code.",
        request=schema_of(ASSIGN_COLUMNS),
        responses={200: RECORD},
        examples={"To a customer": {"customer": 7, "reason": "Identificado no balcão"}},
        problems={422: "`customer` is `unknown`, or `required` by the type."},
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        return self.done(request, pk)

    def act(self, stored: StoredValue, values: dict[str, Any], actor_id: int, at: datetime) -> dict[str, Any]:
        assign(stored, customer_id=values["customer"], reason=values["reason"], at=at, actor_id=actor_id)
        return {}


class AdjustView(_ActionView):
    permissions = {"POST": (VIEW, "loyalty.adjust_account")}
    columns = ADJUST_COLUMNS

    @operation(
        id="stored_value_records_adjust",
        tag=TAG,
        summary="Add to a stored value or take from it by hand",
        description=(
            "With the same `operation` again nothing is posted. Above the company's limit the answer is 202: it waits until somebody "
            "else approves the `request`."
        ),
        request=schema_of(ADJUST_COLUMNS),
        responses={
            200: RECORD,
            202: _ASKED,
        },
        examples={"Add": {"operation": "SAC-2026-118", "amount": "10.00", "reason": "Cobrado em dobro"}},
        problems={
            409: "`insufficient_value`: it does not hold as much. `voided`.",
            422: "A field is wrong: `above_ceiling`, `not_adjustable`, `operation_conflict` name it.",
        },
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        return self.done(request, pk)

    def act(self, stored: StoredValue, values: dict[str, Any], actor_id: int, at: datetime) -> dict[str, Any]:
        try:
            done = adjust_stored_value_or_ask(stored, actor_id=actor_id, at=at, **values)
        except InsufficientValue as refused:
            raise Conflict(str(refused), code=refused.code) from refused
        if isinstance(done, AdjustmentRequest):
            return {"request": read_request(done.pk)}
        return adjusted_body(values["operation"], values["amount"], stored.account.kind)
