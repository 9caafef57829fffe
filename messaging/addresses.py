"""Names for people and addresses that give nothing away."""

import hashlib
import hmac

from django.conf import settings


def address_hash(channel: str, address: str) -> str:
    """Return the keyed hash under which an address is remembered. Text and WhatsApp share the number, not the hash."""
    text = f"{channel}:{address.strip().lower()}"
    return hmac.new(settings.KEY_PEPPER.encode(), text.encode(), hashlib.sha256).hexdigest()


def person_key(*, customer_id: int | None, email: str = "", phone: str = "") -> str:
    """Return what stands for one person in the unique key of messages; empty for nobody in particular."""
    if customer_id is not None:
        return f"c:{customer_id}"
    if email:
        return f"e:{address_hash('person', email)}"
    if phone:
        return f"p:{address_hash('person', phone)}"
    return ""
