"""VIP cards among the codes of a purchase that is only tried: whose purchase they make it, and what they take off."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from customers.models import Customer
from loyalty.selectors.vip_cards import usable_cards
from retail import codes


def vip_cards_entered(
    words: Iterable[str], *, customer: Customer | None, is_named: bool = False, at: datetime
) -> tuple[Customer | None, list[dict[str, Any]]]:
    """Return whose purchase it is, and the cards that count in it, as a simulation names codes.

    As at the till, the first card that holds tells who buys where nobody is named; `is_named` without a `customer` is
    somebody whom nobody knows. Somebody else's card counts like a code that does not exist, so it is left out. One query,
    none where no code looks like a card.
    """
    cards = usable_cards([codes.normalize(word) for word in words], at=at)
    if cards and customer is None and not is_named:
        customer = cards[0].customer
    return customer, [
        {"code": card.code, "percent": f"{card.percent.normalize():f}"}
        for card in cards
        if customer is not None and card.customer_id == customer.pk
    ]
