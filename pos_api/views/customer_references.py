"""How the body of a request names one customer: an object with one of a few members."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.request import Request

from customers.models import Customer
from customers.selectors import CustomerAmbiguous, find_customer
from pos_api.problems import invalid_field
from pos_api.services.lookups import record_failures, refuse_locked
from pos_api.views.resources import terminal_or_none

REFERENCES = ("id", "document", "card", "code", "phone", "email")
CUSTOMER: dict[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
    "properties": {
        name: {"type": ["string", "integer"] if name == "id" else "string"} for name in REFERENCES
    },
    "description": "By one of these. A terminal names customers as at the counter, not by `id`.",
}


def read_customer(request: Request, raw: Any, at: datetime) -> Customer:
    """Return the customer that a body names. A terminal's wrong guesses are counted as at the look-up."""
    terminal = terminal_or_none(request)
    allowed = [name for name in REFERENCES if terminal is None or name != "id"]
    if not isinstance(raw, dict) or len(raw) != 1 or next(iter(raw)) not in allowed:
        message = _("Give the customer by one of %(names)s.") % {"names": ", ".join(allowed)}
        raise invalid_field("customer", "reference", message)
    name, value = next(iter(raw.items()))
    text = str(value) if name == "id" and isinstance(value, int) and not isinstance(value, bool) else value
    path = f"customer.{name}"
    if not isinstance(text, str) or not 1 <= len(text.strip()) <= 254 or "\x00" in text:
        raise invalid_field(path, "type", _("This must be a text."))
    text = text.strip()
    if name == "id" and not (text.isascii() and text.isdigit() and len(text) < 16):
        raise invalid_field(path, "type", _("This must be a whole number."))
    if terminal is not None:
        refuse_locked(terminal_id=terminal.terminal_id, at=at)
    try:
        customer = find_customer(name, text)
    except CustomerAmbiguous as error:
        message = _("Several customers have this; give the document or the card.")
        raise invalid_field(path, "ambiguous", message) from error
    if customer is None:
        if terminal is not None:
            record_failures(terminal_id=terminal.terminal_id, looked_up=[text], at=at)
        raise invalid_field(path, "unknown_customer", _("No customer has this."))
    return customer
