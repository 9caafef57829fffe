import re
from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from msgspec import Struct
from rest_framework.request import Request

from pos_api.baskets import SALE_DECODER, SaleDocument
from pos_api.decoding import Decoder
from pos_api.examples import (
    CANCEL_ANSWER,
    RETURN_ANSWER,
    RETURN_EXAMPLES,
    SALE_ANSWER,
    SALE_EXAMPLES,
    STORED_SALE_ANSWER,
)
from pos_api.fields import Day, Identifier
from pos_api.openapi import header, operation, query
from pos_api.problems import BadRequest, NotFound, invalid_field
from pos_api.returned_units import RETURN_DECODER, ReturnDocument
from pos_api.sale_answers import CancelledAnswer, ReturnAnswer, SaleAnswer, StoredSaleAnswer
from pos_api.sales import find_sale, find_ticket, sale_body
from pos_api.services.cancel import Cancelled, cancel_sale, cancel_ticket
from pos_api.services.commit import record_sale
from pos_api.services.returns import quote_return, return_sale
from pos_api.views.base import Body, PosView, SharedView, django_request, terminal_of

TAG = "Point of sale"
REPLAYED = "Idempotency-Replayed"
_KEY = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,254}", re.ASCII)


def _stored(data: Any, status: int = 200, *, replayed: bool = False) -> HttpResponse:
    """Return a stored answer. Keys are sorted, so that a replay has the very bytes of the first answer."""
    return HttpResponse(
        msgspec.json.encode(data, order="sorted"),
        status=status,
        content_type="application/json",
        headers={REPLAYED: "true"} if replayed else None,
    )


def idempotency_key(request: Request) -> str:
    """Return the Idempotency-Key header, empty when there is none. Raises a 400 problem for an impossible one."""
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return ""
    if not _KEY.fullmatch(key):
        raise BadRequest(
            _("Idempotency-Key must have 1 to 255 printable ASCII characters."), code="bad_idempotency_key"
        )
    return key


def sale_id(text: str) -> UUID:
    """Return a sale's id from an address. Raises NotFound for what is no id at all."""
    try:
        return UUID(text) if len(text) <= 40 else UUID("")
    except ValueError:
        raise NotFound from None


class SalesView(SharedView):
    body = Body(SALE_DECODER)
    permissions = {"GET": ("retail.view_sale",)}

    @operation(
        id="recordSale",
        tag=TAG,
        summary="Record a sale, exactly once",
        description=(
            "Everything that the sale earns and uses up is settled in one transaction. Send it again whenever the answer "
            "did not arrive: the same ticket with the same content answers 200 with the first answer and "
            "`Idempotency-Replayed: true`."
        ),
        request=SaleDocument,
        responses={201: SaleAnswer, 200: SaleAnswer},
        examples=SALE_EXAMPLES,
        answer=SALE_ANSWER,
        problems={
            409: "`sale_conflict`: this ticket has other content. `totals_mismatch` and `benefit_unavailable`: "
            "nothing was recorded; `evaluation` is a fresh one. `in_progress`: being recorded right now, see Retry-After.",
            422: "A field is wrong, or `idempotency_key_reused`.",
        },
        parameters=(
            header(
                "Idempotency-Key",
                "An id of this request, beside the ticket, which always works.",
                {"type": "string", "minLength": 1, "maxLength": 255},
            ),
        ),
    )
    def post(self, request: Request) -> HttpResponse:
        caller = terminal_of(request)
        key = idempotency_key(request)
        document = self.body.read(request)
        recorded = record_sale(document, caller, idempotency_key=key, now=timezone.now())
        return _stored(recorded.body, 200 if recorded.replayed else 201, replayed=recorded.replayed)

    @operation(
        id="findSale",
        tag=TAG,
        summary="Find a sale by its ticket",
        responses={200: StoredSaleAnswer},
        answer=STORED_SALE_ANSWER,
        parameters=(
            query("ticket", "The ticket, as it was sent.", required=True),
            query("business_date", "Its date; the newest without it.", {"type": "string", "format": "date"}),
        ),
    )
    def get(self, request: Request) -> HttpResponse:
        ticket = request.query_params.get("ticket", "")
        if not ticket:
            raise invalid_field("ticket", "required", _("This is required."))
        day = request.query_params.get("business_date")
        try:
            business_date = None if day is None else msgspec.convert(day, Day)
        except msgspec.ValidationError:
            raise invalid_field("business_date", "date", _("Must be a date, such as 2026-11-22.")) from None
        return _stored(sale_body(find_ticket(ticket, business_date, caller=request.user)))


class SaleView(SharedView):
    permissions = {"GET": ("retail.view_sale",)}

    @operation(
        id="readSale",
        tag=TAG,
        summary="Read a sale of this store",
        responses={200: StoredSaleAnswer},
        answer=STORED_SALE_ANSWER,
    )
    def get(self, request: Request, sale: str) -> HttpResponse:
        return _stored(sale_body(find_sale(sale_id(sale), caller=request.user)))


class NothingMore(Struct, forbid_unknown_fields=True):
    """An empty object."""


class CancelTicketDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """Which of the terminal's own tickets is cancelled."""

    ticket: Identifier
    business_date: Day


def _cancelled(result: Cancelled) -> HttpResponse:
    return _stored(result.body, replayed=result.replayed)


class CancelSaleView(PosView):
    body: Body[NothingMore] = Body(Decoder(NothingMore))

    @operation(
        id="cancelSale",
        tag=TAG,
        summary="Cancel a sale",
        description=(
            "Gives back what is left of what it used: limits in the same windows, codes. `refund.amount` is what was charged "
            "and not given back by returns. Sending it again changes nothing."
        ),
        request=NothingMore,
        responses={200: CancelledAnswer},
        examples={"Cancel": {}},
        answer=CANCEL_ANSWER,
        problems={409: "`sale_returned`: it was returned already."},
    )
    def post(self, request: Request, sale: str) -> HttpResponse:
        if django_request(request).body:
            self.body.read(request)
        return _cancelled(cancel_sale(sale=sale_id(sale), caller=terminal_of(request), now=timezone.now()))


class ReturnSaleView(PosView):
    body: Body[ReturnDocument] = Body(RETURN_DECODER)

    @operation(
        id="returnSale",
        tag=TAG,
        summary="Take units of a sale back",
        description=(
            "Any units in any order and split: each return gives `refund.amount`, and all of them together exactly what "
            "the units were worth. Uses of campaigns go back to the windows in which they were counted. Sending the same "
            "`return` again answers 200 with the first answer. An exchange is a return and a new sale. With `refund_as` "
            "`credit_note` the money stays, and `refund.credit_note` is a stored value of the customer, with its code."
        ),
        request=ReturnDocument,
        responses={201: ReturnAnswer, 200: ReturnAnswer},
        examples=RETURN_EXAMPLES,
        answer=RETURN_ANSWER,
        problems={
            409: "`more_than_sold`: `lines` says what was sold and came back. `sale_cancelled`. `return_conflict`: this "
            "`return` has other content.",
            422: "A field is wrong, or the sale has no such line.",
        },
    )
    def post(self, request: Request, sale: str) -> HttpResponse:
        document = self.body.read(request)
        result = return_sale(
            sale=sale_id(sale), document=document, caller=terminal_of(request), now=timezone.now()
        )
        return _stored(result.body, 200 if result.replayed else 201, replayed=result.replayed)


class QuoteReturnView(PosView):
    body: Body[ReturnDocument] = Body(RETURN_DECODER)

    @operation(
        id="quoteReturn",
        tag=TAG,
        summary="See what a return would give back",
        description="The answer that the same return would get now: money, value restored and taken back. Records nothing.",
        request=ReturnDocument,
        responses={200: ReturnAnswer},
        examples=RETURN_EXAMPLES,
        answer=RETURN_ANSWER,
        problems={409: "As for the return itself.", 422: "A field is wrong, or the sale has no such line."},
    )
    def post(self, request: Request, sale: str) -> HttpResponse:
        document = self.body.read(request)
        return _stored(
            quote_return(
                sale=sale_id(sale), document=document, caller=terminal_of(request), now=timezone.now()
            )
        )


class CancelTicketView(PosView):
    body: Body[CancelTicketDocument] = Body(Decoder(CancelTicketDocument))

    @operation(
        id="cancelTicket",
        tag=TAG,
        summary="Cancel a ticket, also before its sale arrives",
        description="A sale that arrives later is recorded as cancelled and uses nothing up.",
        request=CancelTicketDocument,
        responses={200: CancelledAnswer},
        examples={"Cancel a ticket": {"ticket": "000123", "business_date": "2026-11-22"}},
        answer=CANCEL_ANSWER,
        problems={409: "`sale_returned`: it was returned already."},
    )
    def post(self, request: Request) -> HttpResponse:
        document = self.body.read(request)
        result = cancel_ticket(
            ticket=document.ticket,
            business_date=document.business_date,
            caller=terminal_of(request),
            now=timezone.now(),
        )
        return _cancelled(result)
