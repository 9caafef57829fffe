"""What offline sales gave that could not be granted, and how managers settle it."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from pos_api.models import ExceptionKind, Resolution, SaleException
from pos_api.models.sale_exception import SETTLEMENTS
from pos_api.openapi import operation, page_of
from pos_api.problems import Conflict, FieldProblem, Invalid
from pos_api.services.sale_exceptions import SettlementRefused, settle_exception
from pos_api.views.base import ManagerView, answer
from pos_api.views.resources import (
    Listing,
    by,
    find_or_404,
    read_changes,
    read_own_text,
    refuse_unknown_fields,
    user_of,
)

TAG = "Offline exceptions"
SHOWN: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "sale": {"type": "string", "format": "uuid"},
        "ticket": {"type": "string"},
        "store": {"type": "string"},
        "kind": {"enum": ExceptionKind.values},
        "subject": {"type": "string", "description": "The campaign, code or program."},
        "cost": {
            "type": "string",
            "description": "Money that the company did not get; negative: got too much.",
        },
        "created_at": {"type": "string", "format": "date-time"},
        "resolution": {
            "enum": ["", *Resolution.values],
            "description": "`cancelled`, `returned`: the sale was cancelled or wholly returned, which settles what was open of it.",
        },
        "note": {"type": "string"},
        "settled_by": {
            "type": ["string", "null"],
            "description": "Nobody where the cancellation or return did.",
        },
        "settled_at": {"type": ["string", "null"], "format": "date-time"},
    },
}
MAX_NOTE = 240
GIVEN: dict[str, Any] = {
    "resolution": {"enum": [choice.value for choice in SETTLEMENTS]},
    "note": {"type": "string", "minLength": 1, "maxLength": MAX_NOTE},
}
SETTLEMENT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["resolution", "note"],
    "properties": GIVEN,
}


def represent(exception: SaleException) -> dict[str, Any]:
    sale = exception.sale
    return {
        "id": exception.pk,
        "sale": str(sale.uuid),
        "ticket": sale.ticket,
        "store": sale.store.code,
        "kind": exception.kind,
        "subject": exception.subject,
        "cost": str(exception.cost),
        "created_at": exception.created_at,
        "resolution": exception.resolution,
        "note": exception.note,
        "settled_by": None if exception.settled_by is None else exception.settled_by.get_username(),
        "settled_at": exception.settled_at,
    }


def _open(queryset: QuerySet[SaleException], text: str) -> QuerySet[SaleException]:
    return queryset.filter(resolution="") if text == "true" else queryset.exclude(resolution="")


LISTING = Listing(
    filters={
        "open": ("`true`: those that are still to settle; `false`: the others.", _open),
        "store": ("Code of a store.", by("sale__store__code")),
        "kind": ("What could not be granted.", by("kind")),
    },
    orders={"-created_at": ("-created_at", "-pk"), "created_at": ("created_at", "pk")},
    order="-created_at",
)


def _all() -> QuerySet[SaleException]:
    return SaleException.objects.select_related("sale__store", "settled_by")


class SaleExceptionListView(ManagerView):
    permissions = {"GET": ("pos_api.view_saleexception",)}

    @operation(
        id="sale_exceptions_list",
        tag=TAG,
        summary="List what offline sales gave and could not be granted",
        responses={200: page_of(SHOWN)},
        parameters=LISTING.parameters(),
    )
    def get(self, request: Request) -> HttpResponse:
        return LISTING.page(request, _all(), represent)


class SaleExceptionSettleView(ManagerView):
    permissions = {"POST": ("pos_api.settle_saleexception",)}

    @operation(
        id="sale_exceptions_settle",
        tag=TAG,
        summary="Settle one of them",
        description=(
            "Where more value was redeemed than there was, the customer owes it until it is settled as `accepted`, "
            "`collected` or `waived`. The same settlement again changes nothing."
        ),
        request=SETTLEMENT,
        responses={200: SHOWN},
        examples={"The company bears it": {"resolution": "accepted", "note": "A promessa foi nossa."}},
        problems={409: "It was settled in another way (`settled`)."},
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        find_or_404(_all(), pk=pk)
        given = read_changes(request, {})
        refuse_unknown_fields(given, GIVEN)
        try:
            settle_exception(
                exception_id=pk,
                resolution=read_own_text(given, "resolution", MAX_NOTE),
                note=read_own_text(given, "note", MAX_NOTE),
                user=user_of(request),
                at=timezone.now(),
            )
        except SettlementRefused as refusal:
            if refusal.code == "settled":
                raise Conflict(refusal.message, code="settled") from refusal
            raise Invalid(errors=[FieldProblem(refusal.field, refusal.code, refusal.message)]) from refusal
        return answer(represent(_all().get(pk=pk)))
