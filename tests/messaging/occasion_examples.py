"""One believable subject for each automatic occasion: what its messages are about. The contract test asks for all of them."""

from collections.abc import Callable
from typing import Any

from customers.models import Customer
from messaging.selectors.contacts import Recipient, cart_recipient, recipients
from retail.models import Store
from tests.messaging.builders import build_cart, build_reachable_customer

Example = tuple[Recipient, Store | None, Any]


def customer_example() -> Example:
    customer: Customer = build_reachable_customer(name="ANA SOUZA")
    return recipients([customer])[customer.pk], customer.home_store, None


def cart_example() -> Example:
    cart = build_cart(customer=build_reachable_customer(name="Ana Souza"))
    return cart_recipient(cart), cart.store, cart


EXAMPLES: dict[str, Callable[[], Example]] = {"birthday": customer_example, "recovery": cart_example}
