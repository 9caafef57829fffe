"""The customers of sales that somebody writes to: what a till was told and no record holds yet is kept with the customer."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from customers.models import Customer
from customers.phones import to_e164
from customers.services.customers import save_at_counter, update_customer
from retail.models import Sale

SOURCE = "mailing"


def customer_of_sale(sale: Sale, *, at: datetime) -> Customer | None:
    """Return the customer of a sale with the contact data that the sale was sent with; None for an anonymous one.

    What is missing in the record is filled in, and nothing that is known is changed. An e-mail, or a phone, that nobody has
    becomes a new customer of the store: without a consent, so that marketing waits until there is one. The sale stays as it was
    recorded.
    """
    contact = contact_of(sale)
    customer = sale.customer if sale.customer_id else _known_by(contact)
    if customer is not None:
        missing = {name: value for name, value in contact.items() if not getattr(customer, name)}
        if missing and customer.is_active:
            result = update_customer(customer=customer, values=missing, at=at, source=SOURCE)
            customer = result.instance if result.status == "updated" else customer
        return customer
    if not contact:
        return None
    result = save_at_counter(values=contact, store=sale.store, at=at)
    return result.instance if result.status != "error" else None


def contact_of(sale: Sale) -> dict[str, str]:
    """Return the e-mail and the phone that a sale was sent with, as records keep them; what cannot be read is left out."""
    request: Any = sale.request
    named = request.get("customer") if isinstance(request, dict) else None
    if not isinstance(named, dict):
        return {}
    contact = {}
    email = named.get("email")
    if isinstance(email, str) and "@" in email:
        contact["email"] = email.strip().lower()
    phone = named.get("phone")
    if isinstance(phone, str) and phone.strip():
        with suppress(ValueError):
            contact["phone"] = to_e164(phone)
    return contact


def _known_by(contact: dict[str, str]) -> Customer | None:
    """Return the record that has the e-mail, else the phone; of several that share it, the oldest."""
    for name, value in contact.items():
        found = Customer.objects.active().known_by(**{name: value}).order_by("pk").first()
        if found is not None:
            return found
    return None
