"""Find the customer of a sale and hold on to it: sales of one customer are recorded one after the other.

That is what makes "first purchase" and limits per customer exact: what is read after the lock cannot change before the
sale is recorded.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from customers.models import Customer
from loyalty.selectors.vip_cards import usable_card
from pos_api.baskets import CustomerReference
from pos_api.problems import FieldProblem, Invalid, invalid_field

UNIQUE = ("document", "card", "code")
# What the chain gives out itself: nobody new comes with one.
GIVEN_OUT = ("card", "code")


class BuyerUnknown(Invalid):
    """A card or a number that the chain gives to customers is nobody's; `looked_up` is it."""

    def __init__(self, name: str, looked_up: str) -> None:
        message = _("No customer has this.")
        super().__init__(errors=[FieldProblem(f"customer.{name}", "unknown_customer", message)])
        self.looked_up = looked_up


def lock_customer(reference: CustomerReference, *, create: bool = True) -> int | None:
    """Return the id of the customer that ``reference`` means, locked; make a record for somebody new.

    Without ``create`` somebody new is None. Raises a 422 problem when a phone or e-mail belongs to several customers.
    """
    name, value = reference.key() or ("", "")
    found = _lock(name, value)
    if found is None and not create:
        return None
    if found is None:
        if name not in UNIQUE:
            # Nothing in the database makes a phone or e-mail unique: two tills must not both make the record.
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{name}:{value}"])
            found = _lock(name, value)
        if found is None:
            _create(reference, name, value)
            found = _lock(name, value)
    if found is None:
        raise invalid_field(f"customer.{name}", "unknown", _("This customer cannot be recorded."))
    return found


def names_a_record(reference: CustomerReference | None) -> bool:
    """Say whether a customer is named by what only somebody who is known can have."""
    name, _value = (reference and reference.key()) or ("", "")
    return name in GIVEN_OUT


def lock_buyer(reference: CustomerReference, *, create: bool) -> int | None:
    """Return the id of the customer for whom something is bought, as `lock_customer` does. Raises BuyerUnknown."""
    name, value = reference.key() or ("", "")
    is_known = name in GIVEN_OUT
    customer_id = lock_customer(reference, create=create and not is_known)
    if customer_id is None and is_known:
        raise BuyerUnknown(name, value)
    return customer_id


def lock_holder(codes: Sequence[str], *, at: datetime) -> int | None:
    """Return the id of the customer whom the first usable VIP card among these codes belongs to, locked; else None."""
    card = usable_card(codes, at=at)
    return None if card is None else _lock("id", card.customer_id)


# By what a customer is found; each has an index. Whom a record was merged into is found by what that record has.
_LOCK = {
    name: f"""
    SELECT id, merged_into_id FROM customers_customer
     WHERE id = ANY(ARRAY(SELECT DISTINCT coalesce(merged_into_id, id) FROM customers_customer WHERE {name} = %s LIMIT 2))
     ORDER BY id LIMIT 2 FOR NO KEY UPDATE"""  # noqa: S608
    for name in ("id", *UNIQUE, "phone", "email")
}


def _lock(name: str, value: str | int) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK[name], [value])
        found = cursor.fetchall()
        if any(merged_into is not None for _pk, merged_into in found):
            # Merged while this waited for it: now it leads to the other record.
            cursor.execute(_LOCK[name], [value])
            found = cursor.fetchall()
    ids = [pk for pk, _merged_into in found]
    if len(ids) > 1:
        message = _("Several customers have this; give the document or the card.")
        raise invalid_field(f"customer.{name}", "ambiguous", message)
    return ids[0] if ids else None


def _create(reference: CustomerReference, name: str, value: str) -> None:
    known: dict[str, Any] = {
        "document": reference.document,
        "card": reference.card,
        "code": reference.code,
        "phone": reference.phone or "",
        "email": (reference.email or "").lower(),
    }
    Customer.objects.bulk_create([Customer(origin="till", **known)], ignore_conflicts=True)
    if not Customer.objects.filter(**{name: value}).exists():
        # Another of the given identities is somebody else's: only the one that decides is kept.
        Customer.objects.bulk_create([Customer(origin="till", **{name: value})], ignore_conflicts=True)
