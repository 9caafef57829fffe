"""How whoever bought can be reached, as far as a sale says so: what the till sent, typed in, and was told for receipts."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from customers.columns import EmailAddress, Phone
from messaging.models import Channel, Message
from messaging.occasions.receipt import SaleReceipt
from messaging.selectors.purchases import sale_key
from messaging.selectors.receipts import receipt_keys
from retail.models import Sale
from retail.rows import Column, FieldRefused, Text

_COLUMNS: dict[str, Column] = {"email": EmailAddress(), "phone": Phone(), "name": Text(160)}
_ADDRESSES = ("email", "phone")


def contacts_of(sales: Sequence[Sale]) -> dict[int, dict[str, str]]:
    """Return the e-mail, phone and name that each sale tells, as records keep them, by its key; at most one query.

    Who the sale names goes before what was typed at the till, and that before where a receipt was sent. What cannot be read
    is left out, and a name without an address tells nothing. A receipt of a customer's sale tells nothing of them: what was their
    own is in their record, and the rest is somebody else's, who agreed to nothing.
    """
    found = {sale.pk: _told(sale.request) for sale in sales}
    missing = [
        sale
        for sale in sales
        if sale.customer_id is None and not all(name in found[sale.pk] for name in _ADDRESSES)
    ]
    for message in _receipts(missing):
        contact = found[int(sale_key(message.occasion_key))]
        contact.setdefault("email" if message.channel == Channel.EMAIL else "phone", message.to)
    return {
        pk: contact if any(name in contact for name in _ADDRESSES) else {} for pk, contact in found.items()
    }


def _receipts(sales: Sequence[Sale]) -> list[Message]:
    """Return the receipts of sales with where they went, the first of each first."""
    if not sales:
        return []
    keys = [key for sale in sales for key in receipt_keys(sale)]
    rows = Message.objects.filter(occasion=SaleReceipt.code, occasion_key__in=keys)
    return list(rows.exclude(to="").only("occasion_key", "channel", "to").order_by("pk"))


def _told(request: Any) -> dict[str, str]:
    contact: dict[str, str] = {}
    for part in ("customer", "captured"):
        told = request.get(part) if isinstance(request, Mapping) else None
        if isinstance(told, Mapping):
            contact = _read(told) | contact
    return contact


def _read(told: Mapping[str, Any]) -> dict[str, str]:
    """Return what can be read of an object with `email`, `phone` and `name`."""
    contact = {}
    for name, column in _COLUMNS.items():
        with suppress(FieldRefused):
            if value := column.read(told.get(name) or ""):
                contact[name] = value
    return contact
