"""Codes and value that a till keeps for a basket until its sale is recorded."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from pos_api.openapi import Json, header, operation
from pos_api.reservation_documents import RESERVATION_DECODER, ReservationDocument
from pos_api.services.reservations import give_up_reservation, show
from pos_api.services.reserving import reserve
from pos_api.views.base import Body, PosView, answer, terminal_of
from pos_api.views.sales import REPLAYED, idempotency_key

TAG = "Point of sale"
_TEXT: Json = {"type": "string"}
RESERVATION: Json = {
    "type": "object",
    "properties": {
        "reservation": {**_TEXT, "format": "uuid", "description": "Goes into the basket and the sale."},
        "state": {
            "enum": ["open", "used", "released", "expired"],
            "description": "`expired`: nobody has ended it, and it keeps nothing any more.",
        },
        "reference": _TEXT,
        "expires_at": {**_TEXT, "format": "date-time"},
        "promo_codes": {"type": "array", "items": _TEXT},
        "redeem": {
            "type": "object",
            "description": "What is kept, as the basket's `redeem` takes it. Codes are masked in later answers.",
            "properties": {
                "cashback": _TEXT,
                "points": {"type": "object", "additionalProperties": {"type": ["integer", "string"]}},
                "stored_values": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "code": _TEXT,
                            "kind": {"enum": ["gift_card", "e_purse", "voucher", "credit_note"]},
                            "amount": _TEXT,
                        },
                    },
                },
            },
        },
        "flags": {"type": "array", "items": _TEXT},
    },
}
EXAMPLE: dict[str, Any] = {
    "reservation": "5f0c8a52-2d0e-4e56-9d3f-1c2a5b7e8f90",
    "state": "open",
    "reference": "CART-0042",
    "expires_at": "2026-11-23T12:15:00+00:00",
    "promo_codes": ["BEMVINDO"],
    "redeem": {
        "cashback": "10.00",
        "stored_values": [{"code": "7GK2-M0ZD-4T9A-XW3C", "kind": "gift_card", "amount": "50.00"}],
    },
}
_MASKED = EXAMPLE | {
    "redeem": {
        "cashback": "10.00",
        "stored_values": [{"code": "····XW3C", "kind": "gift_card", "amount": "50.00"}],
    }
}


class ReservationsView(PosView):
    body: Body[ReservationDocument] = Body(RESERVATION_DECODER)

    @operation(
        id="reserve",
        tag=TAG,
        summary="Keep codes and value for a basket",
        description=(
            "Nobody else can use them until the sale is recorded with `reservation`, it is given up or it expires. All that "
            "is asked for is kept, or nothing. With the same `reference` again the first answer comes back. The terms of "
            "what is kept are judged when the sale is."
        ),
        request=ReservationDocument,
        responses={201: RESERVATION, 200: RESERVATION},
        examples={
            "A basket of the online shop": {
                "reference": "CART-0042",
                "minutes": 15,
                "customer": {"document": "390.533.447-05"},
                "promo_codes": ["BEMVINDO"],
                "redeem": {"cashback": "10.00", "stored_values": [{"code": "7GK2-M0ZD-4T9A-XW3C"}]},
            }
        },
        answer=EXAMPLE,
        problems={
            409: "`not_available`: `unavailable` names what is wanting, and nothing was kept. `reservation_conflict`: this "
            "reference has other content.",
            422: "A field is wrong, or there is no such program.",
            429: "Too many codes were not found (`lookups_locked`).",
        },
        parameters=(header("Idempotency-Key", "An id of this request, where `reference` is not given."),),
    )
    def post(self, request: Request) -> HttpResponse:
        caller, key = terminal_of(request), idempotency_key(request)
        made = reserve(self.body.read(request), caller, key=key, now=timezone.now())
        if made.replayed:
            return answer(made.body, headers={REPLAYED: "true"})
        return answer(made.body, 201)


class ReservationView(PosView):
    @operation(
        id="findReservation",
        tag=TAG,
        summary="Read a reservation",
        responses={200: RESERVATION},
        answer=_MASKED,
    )
    def get(self, request: Request, reservation: str) -> HttpResponse:
        return answer(show(reservation, terminal_of(request), now=timezone.now()))

    @operation(
        id="giveUpReservation",
        tag=TAG,
        summary="Give up what was kept",
        description="What was kept can be used by others at once. Sending it again changes nothing; a used one stays used.",
        responses={200: RESERVATION},
        answer=_MASKED | {"state": "released"},
    )
    def delete(self, request: Request, reservation: str) -> HttpResponse:
        return answer(give_up_reservation(reservation, terminal_of(request), now=timezone.now()))
