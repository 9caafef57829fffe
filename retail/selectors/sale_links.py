"""Addresses of pages about one sale, which its customer opens without signing in.

An address is the sale's key and a signature of 96 bits for one page, so that it fits a text message and knowing it opens
nothing else. It holds no personal data and ends by itself.
"""

from base64 import urlsafe_b64encode
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.http import base36_to_int, int_to_base36

from retail.models import Sale

# How long after the sale was recorded its pages can be opened.
VALID = timedelta(days=180)
_SIGNATURE_BYTES = 12


def sale_token(sale: Sale, *, page: str) -> str:
    """Return what stands for a sale in the address of one of its pages."""
    return f"{int_to_base36(sale.pk)}-{_signature(sale.pk, page, settings.SECRET_KEY)}"


def sale_of_token(token: str, *, page: str, at: datetime) -> Sale | None:
    """Return the sale, with its store and customer, that an address is about; None when it is not one of ours, or too old."""
    number, _dash, given = token.partition("-")
    try:
        key = base36_to_int(number)
    except ValueError:
        return None
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if not any(constant_time_compare(given, _signature(key, page, secret)) for secret in secrets):
        return None
    sales = Sale.objects.real().select_related("store", "customer")
    return sales.filter(pk=key, received_at__gt=at - VALID).first()


def _signature(key: int, page: str, secret: str) -> str:
    digest = salted_hmac(f"retail.sale_links.{page}", str(key), secret=secret, algorithm="sha256").digest()
    return urlsafe_b64encode(digest[:_SIGNATURE_BYTES]).decode()
