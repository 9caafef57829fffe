"""The customers of sales that somebody writes to: what a till was told and no record holds yet is kept with the customer."""

from collections.abc import Mapping
from datetime import datetime

from customers.models import Customer
from customers.services.customers import save_at_counter, update_customer
from retail.models import Sale

SOURCE = "mailing"


def customer_of_sale(sale: Sale, *, contact: Mapping[str, str], at: datetime) -> Customer | None:
    """Return the customer of a sale, completed by what the sale tells (`contacts_of`); None for an anonymous one.

    What is missing in the record is filled in, and nothing that is known is changed. An e-mail, or a phone, that nobody has
    becomes a new customer of the store: without a consent, so that marketing waits until there is one. The sale stays as it was
    recorded.
    """
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


def _known_by(contact: Mapping[str, str]) -> Customer | None:
    """Return the record that has the e-mail, else the phone; of several that share it, the oldest."""
    for name in ("email", "phone"):
        if name in contact:
            found = Customer.objects.active().known_by(**{name: contact[name]}).order_by("pk").first()
            if found is not None:
                return found
    return None
