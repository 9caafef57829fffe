"""Gift cards and e-purses at the till: sold, loaded, checked, taken back."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from pos_api.openapi import Json, header, operation
from pos_api.services.stored_values import Answered, check, load_value, sell, take_back, types_sold
from pos_api.stored_value_documents import (
    LOAD_DECODER,
    SELL_DECODER,
    TAKE_BACK_DECODER,
    LoadDocument,
    SellDocument,
    TakeBackDocument,
)
from pos_api.views.base import Body, PosView, answer, terminal_of
from pos_api.views.sales import REPLAYED, idempotency_key

TAG = "Stored values"
_TEXT: Json = {"type": "string"}
_OR_NONE: Json = {"type": ["string", "null"]}
STORED_VALUE: Json = {
    "type": "object",
    "properties": {
        "stored_value": {"type": "integer", "description": "Our id of it, which is no secret."},
        "code": {**_TEXT, "description": "Shown when it is sold, and to whoever knows it; stored nowhere."},
        "last4": _TEXT,
        "kind": {"enum": ["gift_card", "e_purse", "voucher", "credit_note"]},
        "type": _TEXT,
        "name": _TEXT,
        "balance": {**_TEXT, "description": "What can be used now."},
        "reserved": {**_TEXT, "description": "What reservations keep, and no part of `balance`."},
        "percent": {**_OR_NONE, "description": "Of a voucher that is worth a part of one sale."},
        "minimum_purchase": _OR_NONE,
        "expires_at": {**_OR_NONE, "description": "When the first of it expires."},
        "reloadable": {"type": "boolean"},
        "stores": {
            "type": "array",
            "items": _TEXT,
            "description": "Where it can be used; empty: in every store.",
        },
        "customer": {"type": ["object", "null"]},
        "price": {**_TEXT, "description": "What was paid for it."},
        "reference": _TEXT,
        "loaded": _TEXT,
    },
}
EXAMPLE: dict[str, Any] = {
    "stored_value": 118,
    "code": "7GK2-M0ZD-4T9A-XW3C",
    "last4": "XW3C",
    "kind": "gift_card",
    "type": "gift-card",
    "name": "Vale-presente",
    "balance": "50.00",
    "reserved": "0.00",
    "percent": None,
    "minimum_purchase": None,
    "expires_at": "2027-11-23T03:00:00+00:00",
    "reloadable": False,
    "stores": [],
    "customer": None,
}
TYPE_EXAMPLE: dict[str, Any] = {
    "type": "kdo",
    "kind": "e_purse",
    "name": "KDO",
    "fixed_load": "60.00",
    "fixed_price": "50.00",
    "ceiling": "150.00",
    "reloadable": True,
    "valid_days": 365,
    "stores": [],
}
TYPES_SOLD: Json = {
    "type": "object",
    "properties": {
        "results": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "type": _OR_NONE,
                    "kind": {"enum": ["gift_card", "e_purse"]},
                    "name": _TEXT,
                    "fixed_load": {**_OR_NONE, "description": "What it holds; null: as the customer wishes."},
                    "fixed_price": {
                        **_OR_NONE,
                        "description": "What is paid for it; null: its value, or as agreed.",
                    },
                    "ceiling": {**_OR_NONE, "description": "The most that one may hold."},
                    "reloadable": {"type": "boolean"},
                    "valid_days": {"type": ["integer", "null"]},
                    "stores": {
                        "type": "array",
                        "items": _TEXT,
                        "description": "Where it can be used; empty: everywhere.",
                    },
                },
            },
        }
    },
}
_KEY = header("Idempotency-Key", "An id of this request, where `reference` is not given.")
NOT_USABLE = "`code_not_usable`: unknown, used up, expired, blocked or of other stores; one answer for all."
LOCKED = "Too many codes were not found (`lookups_locked`)."


def _answered(result: Answered, status: int) -> HttpResponse:
    if result.replayed:
        return answer(result.body, headers={REPLAYED: "true"})
    return answer(result.body, status)


class StoredValuesView(PosView):
    body: Body[SellDocument] = Body(SELL_DECODER)

    @operation(
        id="sellStoredValue",
        tag=TAG,
        summary="Sell a gift card or an e-purse",
        description=(
            "It earns nothing and is no line of a sale: what it pays for will be. With the same `reference` again the first "
            "answer comes back, code included, for a day. A code of your own must be unused and is never shown again."
        ),
        request=SellDocument,
        responses={201: STORED_VALUE, 200: STORED_VALUE},
        examples={
            "A gift card": {"kind": "gift_card", "amount": "50.00", "reference": "GC-000123"},
            "An e-purse for a customer, with the card's own code": {
                "kind": "e_purse",
                "amount": "80.00",
                "code": "7891000123457",
                "customer": {"document": "390.533.447-05"},
                "reference": "GC-000124",
            },
        },
        answer=EXAMPLE | {"price": "50.00", "reference": "GC-000123"},
        problems={
            422: "A field is wrong: `above_ceiling`, `fixed`, `taken`, `unknown_customer` (a card that is nobody's) and others name it.",
            429: LOCKED,
        },
        parameters=(_KEY,),
    )
    def post(self, request: Request) -> HttpResponse:
        caller, key = terminal_of(request), idempotency_key(request)
        return _answered(sell(self.body.read(request), caller, key=key, now=timezone.now()), 201)


class TypesSoldView(PosView):
    @operation(
        id="listStoredValueTypesSold",
        tag=TAG,
        summary="What can be sold: the types of gift cards and e-purses",
        description=(
            "Sell one by its `type`; null is the usual type of its `kind`, which is made when the first is sold. Where `fixed_load` "
            "is given the customer chooses no amount, and `fixed_price` is what is paid for it."
        ),
        responses={200: TYPES_SOLD},
        answer={"results": [TYPE_EXAMPLE]},
    )
    def get(self, request: Request) -> HttpResponse:
        terminal_of(request)
        return answer({"results": types_sold()})


class StoredValueView(PosView):
    @operation(
        id="checkStoredValue",
        tag=TAG,
        summary="Check what a code holds",
        responses={200: STORED_VALUE},
        answer=EXAMPLE,
        problems={404: NOT_USABLE, 429: LOCKED},
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        return answer(check(code, terminal_of(request), now=timezone.now()))


class LoadView(PosView):
    body: Body[LoadDocument] = Body(LOAD_DECODER)

    @operation(
        id="loadStoredValue",
        tag=TAG,
        summary="Load an e-purse",
        description="With the same `reference` again the first answer comes back, whatever has become of the e-purse since.",
        request=LoadDocument,
        responses={201: STORED_VALUE, 200: STORED_VALUE},
        examples={"Load": {"amount": "30.00", "reference": "LOAD-000125"}},
        answer=EXAMPLE
        | {"kind": "e_purse", "type": "e-purse", "name": "Carteira", "reloadable": True, "balance": "80.00"}
        | {"loaded": "30.00", "price": "30.00"},
        problems={404: NOT_USABLE, 422: "A field is wrong: `above_ceiling`, `not_reloadable`.", 429: LOCKED},
        parameters=(_KEY,),
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        caller, key = terminal_of(request), idempotency_key(request)
        document = self.body.read(request)
        return _answered(load_value(code, document, caller, key=key, now=timezone.now()), 201)


class TakeBackView(PosView):
    body: Body[TakeBackDocument] = Body(TAKE_BACK_DECODER)

    @operation(
        id="takeBackStoredValue",
        tag=TAG,
        summary="Take back one that was sold by mistake",
        description=(
            "Only when nothing of it was used, in the store that sold it, and where all of it was paid for there. `refund` is what was "
            "paid, loads included. Sent again, it is answered alike and nothing changes."
        ),
        request=TakeBackDocument,
        responses={
            200: {
                "type": "object",
                "properties": {
                    "stored_value": {"type": "integer"},
                    "state": _TEXT,
                    "refund": {"type": "object", "properties": {"amount": _TEXT}},
                },
            }
        },
        examples={"Sold by mistake": {"reason": "Valor digitado errado"}},
        answer={"stored_value": 118, "state": "voided", "refund": {"amount": "50.00"}},
        problems={
            404: NOT_USABLE,
            409: "`already_used`; `expired`; `reduced` by hand; `reserved` for a sale; `paid_elsewhere`: loaded in another "
            "store, or by hand.",
            429: LOCKED,
        },
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        document = self.body.read(request)
        caller = terminal_of(request)
        return _answered(take_back(code, reason=document.reason, caller=caller, now=timezone.now()), 200)
