"""Carts and conversations of the online shop, for recovering those that are left behind."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from msgspec import Meta, Struct
from rest_framework.request import Request

from customers.models import Customer
from messaging.models import Cart
from messaging.services.carts import CartReport, Contact, close_bought, put_cart
from pos_api.baskets import MAX_LINES, CustomerReference
from pos_api.decoding import Decoder
from pos_api.fields import UNCLEAN, Cents, Email, Identifier, Moment, Phone, Quantity, ShortText
from pos_api.openapi import Json, operation
from pos_api.problems import NotFound, invalid_field
from pos_api.views.base import Body, PosView, answer, no_content, terminal_of
from retail import money

MAX_ID = 80
_AHEAD = timedelta(hours=24)
_BEHIND = timedelta(days=400)

Link = Annotated[str, Meta(max_length=1000, pattern=r"^https?://[^\s\"<>]+$")]


class CartLine(Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """One item of a cart. `name` is what a message shows."""

    sku: Identifier
    quantity: Quantity
    unit_price: Cents
    name: ShortText = ""


class CartContact(Struct, forbid_unknown_fields=True, kw_only=True):
    """Addresses that a visitor left. Somebody without a customer record gets a message only with `accepts_marketing`."""

    name: Annotated[str, Meta(max_length=160)] = ""
    email: Email | None = None
    phone: Phone | None = None
    accepts_marketing: bool = False


class CartDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """A cart or conversation as it stands after the customer's last interaction; a cart without lines counts as emptied."""

    lines: Annotated[list[CartLine], Meta(max_length=MAX_LINES)]
    customer: CustomerReference | None = None
    contact: CartContact | None = None
    link: Annotated[Link, Meta(description="Where the customer goes on with this cart.")] | None = None
    language: Literal["pt-br", "en"] | None = None
    conversation: Annotated[
        bool,
        Meta(description="The customer talked to the bot: it may have no lines, and is not emptied then."),
    ] = False
    occurred_at: Annotated[Moment, Meta(description="The last interaction; absent: this moment.")] | None = (
        None
    )


EXAMPLE: Json = {
    "customer": {"document": "390.533.447-05"},
    "contact": {"email": "maria@example.com", "phone": "+5511987654321", "accepts_marketing": True},
    "lines": [
        {"sku": "VES-118-M", "name": "Vestido midi floral", "quantity": "1", "unit_price": "159.90"},
        {"sku": "MEI-004", "name": "Meia soquete", "quantity": "2", "unit_price": "15.00"},
    ],
    "link": "https://loja.example.com/carrinho/8f31",
}
CONVERSATION: Json = {
    "contact": {"name": "Maria", "phone": "+5511987654321", "accepts_marketing": True},
    "lines": [],
    "conversation": True,
    "link": "https://wa.me/5511333344444",
}
_CART: Json = {
    "type": "object",
    "required": ["id", "state", "total", "last_interaction_at"],
    "properties": {
        "id": {"type": "string"},
        "state": {"enum": ["open", "bought", "deleted", "recovered"]},
        "total": {"type": "string", "examples": ["189.90"]},
        "last_interaction_at": {"type": "string", "format": "date-time"},
    },
}
_ANSWER: Json = {
    "id": "8f31",
    "state": "open",
    "total": "189.90",
    "last_interaction_at": "2026-11-22T10:00:00-03:00",
}


class CartView(PosView):
    """One cart of the terminal's store, under the id that the shop gave it."""

    body: Body[CartDocument] = Body(Decoder(CartDocument))

    @operation(
        id="carts_put",
        tag="Carts",
        summary="Report a cart as it stands",
        description=(
            "Send the whole cart after each interaction. A cart left for 5 to 60 minutes without a purchase may lead to "
            "one message to its customer, where the store has an online shop and the customer agreed to marketing. "
            "A report that is older than the last one changes nothing."
        ),
        request=CartDocument,
        responses={200: _CART, 201: _CART},
        examples={"A cart": EXAMPLE, "A conversation with the bot": CONVERSATION},
        answer=_ANSWER,
    )
    def put(self, request: Request, cart: str) -> HttpResponse:
        document = self.body.read(request)
        caller = terminal_of(request)
        at = timezone.now()
        stored, created = put_cart(
            store_id=caller.store_id,
            external_id=_identifier(cart),
            report=_report(document, is_test=caller.is_test),
            interaction_at=_interaction_at(document.occurred_at, at=at),
        )
        return answer(_represent(stored), status=201 if created else 200)

    @operation(
        id="carts_bought",
        tag="Carts",
        summary="Close a cart because it was bought",
        description="Closing it again changes nothing.",
        responses={204: None},
        problems={404: "The store has no cart with this id."},
    )
    def delete(self, request: Request, cart: str) -> HttpResponse:
        caller = terminal_of(request)
        found = Cart.objects.filter(store=caller.store_id, external_id=_identifier(cart)).first()
        if found is None:
            raise NotFound
        close_bought(cart=found, at=timezone.now())
        return no_content()


def _identifier(cart: str) -> str:
    if len(cart) > MAX_ID or cart != cart.strip() or UNCLEAN.search(cart):
        raise invalid_field("id", "pattern", _("Must be 1 to 80 characters without outer spaces."))
    return cart


def _interaction_at(given: datetime | None, *, at: datetime) -> datetime:
    if given is None:
        return at
    if not at - _BEHIND <= given <= at + _AHEAD:
        raise invalid_field("occurred_at", "range", _("Must lie within the last 400 days."))
    # A shop's clock that runs ahead must not delay the message.
    return min(given, at)


def _report(document: CartDocument, *, is_test: bool) -> CartReport:
    contact = document.contact or CartContact()
    reference = document.customer or CustomerReference()
    return CartReport(
        customer=_find_customer(reference),
        contact=Contact(
            name=contact.name,
            email=(contact.email or reference.email or "").lower(),
            phone=contact.phone or reference.phone or "",
            accepts_marketing=contact.accepts_marketing,
        ),
        lines=[
            {
                "sku": line.sku,
                "name": line.name,
                "quantity": str(line.quantity),
                "unit_price": money.text(line.unit_price),
            }
            for line in document.lines
        ],
        link=document.link or "",
        language=document.language or "",
        is_test=is_test,
        is_conversation=document.conversation,
    )


def _find_customer(reference: CustomerReference) -> Customer | None:
    """Return whom a reference means; somebody unknown, or one of several with a phone, is only a contact."""
    key = reference.key()
    if key is None:
        return None
    name, value = key
    found = list(Customer.objects.known_by(**{name: value}).order_by("pk")[:2])
    return found[0] if len(found) == 1 else None


def _represent(cart: Cart) -> Json:
    return {
        "id": cart.external_id,
        "state": cart.state,
        "total": str(cart.total),
        "last_interaction_at": cart.last_interaction_at,
    }
