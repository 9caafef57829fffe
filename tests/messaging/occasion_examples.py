"""One believable subject for each automatic occasion: what its messages are about. The contract test asks for all of them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from customers.models import Customer
from loyalty.models import AccountKind, CustomerTier, ProgramTier
from messaging.selectors.absences import metrics_of
from messaging.selectors.contacts import Recipient, cart_recipient, recipients
from messaging.selectors.purchases import purchase
from messaging.selectors.receipts import find_receipt
from messaging.selectors.value import sample_lots, value_of
from retail.models import Store
from tests.builders import (
    NOON,
    build_account,
    build_credit,
    build_program,
    build_sale,
    build_store,
    build_stored_value,
)
from tests.messaging.builders import build_cart, build_reachable_customer

Example = tuple[Recipient, Store | None, Any]


def customer_example() -> Example:
    customer: Customer = build_reachable_customer(name="ANA SOUZA")
    return recipients([customer])[customer.pk], customer.home_store, None


def cart_example() -> Example:
    cart = build_cart(customer=build_reachable_customer(name="Ana Souza"))
    return cart_recipient(cart), cart.store, cart


def value_example(kind: str) -> Callable[[], Example]:
    def build() -> Example:
        at = timezone.now()
        customer = build_reachable_customer(name="Ana Souza", home_store=build_store())
        if kind == "points":
            account = build_account(customer=customer, program=build_program())
            build_credit(account, available_from=at, expires_at=at + timedelta(days=7))
        elif kind == "cashback":
            build_credit(
                build_account(customer=customer), available_from=at, expires_at=at + timedelta(days=7)
            )
        else:
            build_stored_value(AccountKind(kind), at=at, customer=customer, expires_at=at + timedelta(days=7))
        lots = sample_lots([kind], at=at)
        value = value_of(lots[:1], at=at, with_code=True)
        assert value is not None
        return recipients([customer])[customer.pk], customer.home_store, value

    return build


def tier_example() -> Example:
    customer = build_reachable_customer(name="Ana Souza")
    program = build_program()
    tier = ProgramTier.objects.create(program=program, number=1, code="ouro", name="Ouro", threshold=100)
    standing = CustomerTier.objects.create(
        customer=customer, program=program, tier=tier, since=NOON, changed_at=NOON
    )
    return recipients([customer])[customer.pk], None, standing


def purchase_example() -> Example:
    customer = build_reachable_customer(name="Ana Souza")
    sale = build_sale(customer=customer)
    lot = {"sale_id": sale.pk, "cause": f"sale:{sale.pk}", "awaits_review": True}
    build_credit(build_account(customer=customer), 12_90, **lot)
    return recipients([customer])[customer.pk], sale.store, purchase(sale.pk)


def receipt_example() -> Example:
    customer = build_reachable_customer(name="Ana Souza")
    sale = build_sale(customer=customer)
    return recipients([customer])[customer.pk], sale.store, find_receipt(sale.pk)


def absence_example() -> Example:
    customer = build_reachable_customer(name="Ana Souza")
    build_sale(customer=customer)
    return recipients([customer])[customer.pk], None, metrics_of(customer.pk)


EXAMPLES: dict[str, Callable[[], Example]] = {
    "birthday": customer_example,
    "recovery": cart_example,
    "welcome_voucher": value_example("voucher"),
    "voucher_notice": value_example("voucher"),
    "voucher_reminder": value_example("voucher"),
    "gift_card_reminder": value_example("gift_card"),
    "credit_note_reminder": value_example("credit_note"),
    "cashback_reminder": value_example("cashback"),
    "points_reminder": value_example("points"),
    "tier_notice": tier_example,
    "win_back": absence_example,
    "review_request": purchase_example,
    "receipt": receipt_example,
}
