"""Receipts by e-mail, SMS and WhatsApp, as the customer answers at the till."""

import re
from typing import Annotated, Any, Literal

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from msgspec import Meta, Struct
from rest_framework.request import Request

from customers.phones import to_e164
from messaging.models import Channel
from messaging.services.receipts import request_receipt
from messaging.services.verifications import masked_address
from messaging.tasks import wake_senders
from pos_api.decoding import Decoder
from pos_api.fields import UNCLEAN
from pos_api.openapi import Json, operation
from pos_api.problems import invalid_field
from pos_api.sales import find_sale
from pos_api.views.base import Body, PosView, answer, terminal_of
from pos_api.views.sales import sale_id

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_TEXT: Json = {"type": "string"}
_RECEIPT: Json = {
    "type": "object",
    "properties": {
        "message": {**_TEXT, "format": "uuid"},
        "channel": {"enum": ["email", "sms", "whatsapp"]},
        "sent_to": {**_TEXT, "description": "Masked."},
    },
}


class ReceiptDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """How the customer wants the receipt, and where, when that is not the address that is known."""

    channel: Literal["email", "sms", "whatsapp"]
    address: (
        Annotated[
            str, Meta(min_length=3, max_length=254, description="An e-mail address, or a telephone number.")
        ]
        | None
    ) = None
    own: Annotated[
        bool,
        Meta(
            description="The customer says that the address is their own: their record keeps it where it has none."
        ),
    ] = False


class SaleReceiptView(PosView):
    body: Body[ReceiptDocument] = Body(Decoder(ReceiptDocument))

    @operation(
        id="sendReceipt",
        tag="Point of sale",
        summary="Send the receipt of a sale",
        description=(
            "What the customer answered when the till offered it; `GET terminal/` says on which channels it may. Without an "
            "address it goes to the one that the customer's record has. One that the customer says to be `own` is "
            "kept there where it has none, and what they agreed to holds for it; any other is for this receipt alone. The same again is answered 200 with `Idempotency-Replayed: true`."
        ),
        request=ReceiptDocument,
        responses={201: _RECEIPT, 200: _RECEIPT},
        examples={
            "To an address that is told": {"channel": "email", "address": "ana@example.com"},
            "To an address that the customer's record is to keep": {
                "channel": "email",
                "address": "ana@example.com",
                "own": True,
            },
            "To the customer's own number": {"channel": "whatsapp"},
        },
        answer={
            "message": "5f0c8a52-2d0e-4e56-9d3f-1c2a5b7e8f90",
            "channel": "email",
            "sent_to": "a····@example.com",
        },
        problems={
            404: "The store has no such sale.",
            409: "`receipts_off`, `sale_undone`, `too_many_receipts`: five of one sale.",
            422: "`channel_off`, `no_address`, `no_provider`: choose another channel.",
        },
    )
    def post(self, request: Request, sale: str) -> HttpResponse:
        document = self.body.read(request)
        found = find_sale(sale_id(sale), caller=terminal_of(request))
        requested = request_receipt(
            sale=found,
            channel=document.channel,
            address=_address(document),
            is_own=document.own,
            at=timezone.now(),
        )
        wake_senders()
        body: dict[str, Any] = {
            "message": str(requested.message.uuid),
            "channel": document.channel,
            "sent_to": masked_address(document.channel, _sent_to(requested.message, document)),
        }
        if requested.replayed:
            return answer(body, headers={"Idempotency-Replayed": "true"})
        return answer(body, 201)


def _address(document: ReceiptDocument) -> str:
    """Return the address as it is stored; empty without one."""
    given = document.address
    if given is None:
        return ""
    if document.channel == Channel.EMAIL:
        if UNCLEAN.search(given) or not _EMAIL.fullmatch(given):
            raise invalid_field("address", "email", _("Must be an e-mail address."))
        return given.lower()
    try:
        if UNCLEAN.search(given) or len(given) > 32 or not given.isascii():
            raise ValueError(given)
        return to_e164(given)
    except ValueError:
        raise invalid_field(
            "address", "phone", _("Must be a telephone number such as +5511987654321.")
        ) from None


def _sent_to(message: Any, document: ReceiptDocument) -> str:
    """Return where it goes; of a receipt that was on its way already, the customer's own address."""
    if message.to:
        return str(message.to)
    customer = message.customer
    return str(customer.email if document.channel == Channel.EMAIL else customer.phone) if customer else ""
