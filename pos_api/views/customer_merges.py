"""Making two records of one customer one, and two again."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from customers.models import Customer
from customers.services.merged_records import MergeRefused, plain
from loyalty.models import CustomerMerge
from loyalty.selectors.balances import Balance
from loyalty.selectors.merges import MovedValue
from pos_api.accounts import account_unit_body, amount_of, amounts_body, unit_body
from pos_api.openapi import operation, page_of
from pos_api.problems import BadRequest, NotFound, invalid_field
from pos_api.services.customer_merges import merge_customers, undo_merge
from pos_api.services.merge_previews import preview_merge, preview_undo
from pos_api.views.base import ManagerView, answer
from pos_api.views.resources import (
    Listing,
    by_flag,
    find_or_404,
    read_changes,
    read_own_text,
    refuse_unknown_fields,
    user_of,
)

TAG = "Customers"
MAX_REASON = 240
MAY = ("customers.merge_customer",)
_ID: dict[str, Any] = {"type": "integer", "minimum": 1}
_TEXT = {"type": "string"}
_MOMENT = {"type": ["string", "null"], "format": "date-time"}
_AMOUNT = {"type": ["integer", "string"], "description": "Points and stamps are numbers, money is a text."}
_UNIT = {"kind": _TEXT, "program": _TEXT, "plan": _TEXT, "name": _TEXT}
PAIR: dict[str, Any] = {
    "type": "object",
    "required": ["absorbed"],
    "additionalProperties": False,
    "properties": {"absorbed": _ID | {"description": "The record that goes into this one."}},
}
MERGE: dict[str, Any] = {
    "type": "object",
    "required": ["absorbed", "reason"],
    "additionalProperties": False,
    "properties": PAIR["properties"]
    | {"reason": {"type": "string", "minLength": 1, "maxLength": MAX_REASON}},
}
_PERSON: dict[str, Any] = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "name": _TEXT, "code": {"type": ["string", "null"]}},
}
_ROWS: dict[str, Any] = {
    "type": "object",
    "description": "How many of what: `sales`, `stored_values`, `promo_codes`, `appointments`, `carts`, `messages` and others.",
    "additionalProperties": {"type": "integer"},
}
_PROBLEMS: dict[str, Any] = {
    "type": "array",
    "description": "Why it cannot be done; empty when it can.",
    "items": {"type": "object", "properties": {"code": _TEXT, "message": _TEXT}},
}
SHOWN: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "kept": _PERSON,
        "absorbed": _PERSON,
        "reason": _TEXT,
        "by": _TEXT,
        "merged_at": {"type": "string", "format": "date-time"},
        "undone_at": _MOMENT,
        "undone_by": {"type": ["string", "null"]},
        "moved": _ROWS,
    },
}
PREVIEW: dict[str, Any] = {
    "type": "object",
    "properties": {
        "kept": _PERSON,
        "absorbed": _PERSON,
        "problems": _PROBLEMS,
        "fields": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "name": _TEXT,
                    "kept": {"type": ["string", "null"]},
                    "absorbed": {"type": ["string", "null"]},
                    "stays": {"enum": ["kept", "absorbed", "equal"], "description": "Whose word stands."},
                },
            },
        },
        "moves": _ROWS,
        "groupings": {"type": "array", "items": _TEXT},
        "consents": {"type": "array", "items": {"type": "object"}},
        "value": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": _UNIT | {"available": _AMOUNT, "pending": _AMOUNT, "owed": _AMOUNT},
            },
        },
    },
}
UNDO_PREVIEW: dict[str, Any] = {
    "type": "object",
    "properties": {
        "merge": SHOWN,
        "problems": _PROBLEMS,
        "empties": {"type": "array", "description": "Fields that the merge had filled.", "items": _TEXT},
        "returns": _ROWS,
        "value": {
            "type": "array",
            "description": "What was moved is what goes back, what has expired and what was used meanwhile.",
            "items": {
                "type": "object",
                "properties": _UNIT
                | {
                    "moved": _AMOUNT,
                    "returns": _AMOUNT,
                    "expired": _AMOUNT,
                    "used": _AMOUNT,
                    "owed": _AMOUNT,
                },
            },
        },
    },
}
EXAMPLE = {"absorbed": 18, "reason": "Mesma pessoa, cadastrada só com o cartão"}
_ANA = {"id": 17, "name": "Ana Souza", "code": "D0001"}
_CARD = {"id": 18, "name": "Ana", "code": None}
SHOWN_EXAMPLE = {
    "id": 3,
    "kept": _ANA,
    "absorbed": _CARD,
    "reason": EXAMPLE["reason"],
    "by": "gerente",
    "merged_at": "2026-11-23T13:00:00Z",
    "undone_at": None,
    "undone_by": None,
    "moved": {"sales": 4, "carts": 1},
}
_POINTS = {"kind": "points", "program": "pontos", "name": "Clube Aurora"}
PREVIEW_EXAMPLE = {
    "kept": _ANA,
    "absorbed": _CARD,
    "problems": [],
    "fields": [
        {"name": "card", "kept": None, "absorbed": "90000001", "stays": "absorbed"},
        {"name": "name", "kept": "Ana Souza", "absorbed": "Ana", "stays": "kept"},
    ],
    "moves": {"sales": 4, "carts": 1},
    "groupings": ["clube-aurora"],
    "consents": [{"purpose": "marketing", "channel": "", "granted": True}],
    "value": [_POINTS | {"available": 120, "pending": 30, "owed": 0}],
}
UNDO_EXAMPLE = {
    "merge": SHOWN_EXAMPLE,
    "problems": [],
    "empties": ["card"],
    "returns": {"sales": 4, "carts": 1},
    "value": [_POINTS | {"moved": 150, "returns": 90, "expired": 0, "used": 60, "owed": 0}],
}


def represent(merge: CustomerMerge) -> dict[str, Any]:
    return {
        "id": merge.pk,
        "kept": _person(merge.kept),
        "absorbed": _person(merge.absorbed),
        "reason": merge.reason,
        "by": merge.actor.get_username(),
        "merged_at": merge.merged_at,
        "undone_at": merge.undone_at,
        "undone_by": None if merge.undone_by is None else merge.undone_by.get_username(),
        "moved": {name: len(ids) for name, ids in merge.moved.get("rows", {}).items() if ids},
    }


def _person(customer: Customer) -> dict[str, Any]:
    return {"id": customer.pk, "name": customer.name, "code": customer.code}


def _problems(refusal: MergeRefused | None) -> list[dict[str, str]]:
    return [] if refusal is None else [{"code": refusal.code, "message": str(refusal)}]


def _held(one: Balance) -> dict[str, Any]:
    return unit_body(one.kind, one.code, one.name) | amounts_body(one, ("available", "pending", "owed"))


def _moved(one: MovedValue) -> dict[str, Any]:
    amounts = {
        "moved": one.moved,
        "returns": one.left,
        "expired": one.expired,
        "used": one.used,
        "owed": one.owed,
    }
    return account_unit_body(one.account) | {
        name: amount_of(one.account.kind, amount) for name, amount in amounts.items()
    }


def _of_customer(queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise BadRequest(_("customer must be an id."))
    return queryset.filter(Q(kept_id=int(text)) | Q(absorbed_id=int(text)))


LISTING = Listing(
    filters={
        "customer": ("Id of either record.", _of_customer),
        "undone": (
            "`true` or `false`.",
            lambda queryset, text: by_flag("undone_at__isnull")(
                queryset, {"true": "false", "false": "true"}.get(text, text)
            ),
        ),
    },
    orders={"-id": ("-pk",), "id": ("pk",)},
    order="-id",
)


def all_merges() -> QuerySet[CustomerMerge]:
    return CustomerMerge.objects.select_related("kept", "absorbed", "actor", "undone_by")


def _read_pair(request: Request, pk: int, known: dict[str, Any]) -> tuple[Customer, Customer, dict[str, Any]]:
    """Return the kept record of the address, the absorbed one of the body, and the body."""
    kept = find_or_404(Customer.objects.select_related("home_store"), pk=pk)
    raw = read_changes(request, {})
    refuse_unknown_fields(raw, known["properties"])
    number = raw.get("absorbed")
    if number is None:
        raise invalid_field("absorbed", "required", _("This is required."))
    if isinstance(number, bool) or not isinstance(number, int) or not 0 < number < 2**63:
        raise invalid_field("absorbed", "type", _("This must be the id of a customer."))
    absorbed = Customer.objects.select_related("home_store").filter(pk=number).first()
    if absorbed is None:
        raise invalid_field("absorbed", "unknown", _("There is no customer with this id."))
    return kept, absorbed, raw


class CustomerMergeView(ManagerView):
    permissions = {"POST": MAY}

    @operation(
        id="customers_merge",
        tag=TAG,
        summary="Merge another record of the same person into this one",
        description=(
            "Sales, points, cashback, stamps, stored values, codes, appointments, carts, messages, groupings and consents go "
            "to this record, which keeps what it says and takes what it does not say. Whatever finds the other "
            "record leads here from now on. The same merge again answers 200 with `Idempotency-Replayed: true`."
        ),
        request=MERGE,
        responses={201: SHOWN, 200: SHOWN},
        examples={"A record with a card only": EXAMPLE},
        answer=SHOWN_EXAMPLE,
        problems={
            409: "`different_documents`: they have two CPF or CNPJ. `already_merged`: one of them was merged into `into`.",
            422: "`same_record`, an unknown `absorbed`, or no `reason`.",
        },
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        kept, absorbed, raw = _read_pair(request, pk, MERGE)
        reason = read_own_text(raw, "reason", MAX_REASON)
        if not reason:
            raise invalid_field("reason", "required", _("This is required."))
        outcome = merge_customers(
            kept_id=kept.pk,
            absorbed_id=absorbed.pk,
            reason=reason,
            actor=user_of(request),
            at=timezone.now(),
        )
        body = represent(all_merges().get(pk=outcome.merge.pk))
        if outcome.replayed:
            return answer(body, headers={"Idempotency-Replayed": "true"})
        return answer(body, status=201)


class CustomerMergePreviewView(ManagerView):
    permissions = {"POST": MAY}

    @operation(
        id="customers_merge_preview",
        tag=TAG,
        summary="See what merging two records would do",
        request=PAIR,
        responses={200: PREVIEW},
        examples={"A record with a card only": {"absorbed": 18}},
        answer=PREVIEW_EXAMPLE,
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        kept, absorbed, _raw = _read_pair(request, pk, PAIR)
        found = preview_merge(kept=kept, absorbed=absorbed, at=timezone.now())
        return answer(
            {
                "kept": _person(found.kept),
                "absorbed": _person(found.absorbed),
                "problems": _problems(found.refusal),
                "fields": [
                    {
                        "name": one.name,
                        "kept": plain(one.kept) or None,
                        "absorbed": plain(one.absorbed) or None,
                        "stays": one.source,
                    }
                    for one in found.fields
                ],
                "moves": found.rows,
                "groupings": found.groupings,
                "consents": [
                    {"purpose": purpose, "channel": channel, "granted": granted}
                    for purpose, channel, granted in found.consents
                ],
                "value": [_held(one) for one in found.value],
            }
        )


class CustomerMergeListView(ManagerView):
    permissions = {"GET": MAY}

    @operation(
        id="customer_merges_list",
        tag=TAG,
        summary="List merges of customers",
        responses={200: page_of(SHOWN)},
        parameters=LISTING.parameters(),
    )
    def get(self, request: Request) -> HttpResponse:
        return LISTING.page(request, all_merges(), represent)


class CustomerMergeUndoView(ManagerView):
    permissions = {"POST": MAY}

    @operation(
        id="customer_merges_undo",
        tag=TAG,
        summary="Make two records of a merged customer again",
        description=(
            "What the merge moved and is still there goes back; what was used meanwhile stays used. Undoing it again "
            "answers the same with `Idempotency-Replayed: true`."
        ),
        responses={200: SHOWN},
        answer=SHOWN_EXAMPLE | {"undone_at": "2026-11-24T09:00:00Z", "undone_by": "gerente"},
        problems={409: "The kept record was merged into another one since: undo that first (`merged_on`)."},
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        find_or_404(CustomerMerge.objects.all(), pk=pk)
        outcome = undo_merge(merge_id=pk, actor=user_of(request), at=timezone.now())
        body = represent(all_merges().get(pk=pk))
        return answer(body, headers={"Idempotency-Replayed": "true"} if outcome.replayed else None)


class CustomerMergeUndoPreviewView(ManagerView):
    permissions = {"POST": MAY}

    @operation(
        id="customer_merges_undo_preview",
        tag=TAG,
        summary="See what undoing a merge would do",
        responses={200: UNDO_PREVIEW},
        answer=UNDO_EXAMPLE,
        problems={404: "Unknown, or undone already."},
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        merge = find_or_404(all_merges(), pk=pk)
        if merge.undone_at is not None:
            raise NotFound(_("This merge was undone."), code="undone")
        found = preview_undo(merge, at=timezone.now())
        return answer(
            {
                "merge": represent(merge),
                "problems": _problems(found.refusal),
                "empties": found.fields,
                "returns": found.rows,
                "value": [_moved(one) for one in found.value],
            }
        )
