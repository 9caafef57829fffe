"""Carts as the online shop reports them."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from customers.models import Customer
from messaging.models import RECOVERY, Cart, CartState, Message, MessageState
from retail import money


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody who left an address in the shop and may be no customer yet."""

    name: str = ""
    email: str = ""
    phone: str = ""
    accepts_marketing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CartReport:
    """A cart as it stands. Lines: {sku, name, quantity, unit_price}, numbers as text."""

    customer: Customer | None = None
    contact: Contact = field(default_factory=Contact)
    lines: list[dict[str, Any]] = field(default_factory=list)
    link: str = ""
    language: str = ""
    is_test: bool = False
    is_conversation: bool = False


@transaction.atomic
def put_cart(
    *, store_id: int, external_id: str, report: CartReport, interaction_at: datetime
) -> tuple[Cart, bool]:
    """Record a cart as it stands after an interaction; return it and whether it is new.

    A report that is older than what is known changes nothing, so reports may arrive in any order. A cart that
    was closed and is touched again begins a new episode. A cart without lines counts as deleted, a conversation does not.
    """
    cart, created = Cart.objects.get_or_create(
        store_id=store_id,
        external_id=external_id,
        defaults={"opened_at": interaction_at, "last_interaction_at": interaction_at},
    )
    cart = Cart.objects.select_for_update().get(pk=cart.pk)
    if not created and interaction_at < cart.last_interaction_at:
        return cart, False
    if cart.state != CartState.OPEN:
        if cart.closed_at is not None and interaction_at <= cart.closed_at:
            return cart, False
        cart.state, cart.closed_at = CartState.OPEN, None
        cart.episode += 1
        cart.opened_at = interaction_at
    customer = report.customer or _customer_of(report.contact)
    cart.customer = customer
    cart.name = report.contact.name or (customer.name if customer else "")
    cart.email = report.contact.email
    cart.phone = report.contact.phone
    cart.accepts_marketing = report.contact.accepts_marketing
    cart.language = report.language
    cart.lines = report.lines
    cart.total = money.to_decimal(
        sum(money.gross(money.parse(line["unit_price"]), Decimal(line["quantity"])) for line in report.lines)
    )
    cart.link = report.link
    cart.is_test = report.is_test
    cart.is_conversation = report.is_conversation
    cart.last_interaction_at = interaction_at
    if not (report.lines or report.is_conversation):
        cart.state, cart.closed_at = CartState.DELETED, interaction_at
    cart.save()
    return cart, created


def close_bought(*, cart: Cart, at: datetime) -> Cart:
    """Close a cart because its person bought: `recovered` when our message had reached them before.

    Closing a closed cart changes nothing.
    """
    with transaction.atomic():
        locked = Cart.objects.select_for_update().get(pk=cart.pk)
        if locked.state == CartState.OPEN:
            locked.state = CartState.RECOVERED if _was_written_to(locked) else CartState.BOUGHT
            locked.closed_at = at
            locked.save(update_fields=["state", "closed_at"])
    return locked


def _was_written_to(cart: Cart) -> bool:
    return Message.objects.filter(
        cart=cart,
        occasion=RECOVERY,
        occasion_key=cart.occasion_key,
        state__in=[MessageState.SENT, MessageState.DELIVERED, MessageState.READ],
    ).exists()


def _customer_of(contact: Contact) -> Customer | None:
    """Return the customer that an address belongs to when it is only one's."""
    for lookup in ({"email": contact.email}, {"phone": contact.phone}):
        if not all(lookup.values()):
            continue
        found = list(Customer.objects.active().known_by(**lookup).order_by("pk")[:2])
        if len(found) == 1:
            return found[0]
    return None
