"""Signing as Standard Webhooks 1.0 has it: HMAC-SHA256 over id, moment and body.

An endpoint's secret is derived from a stored nonce and the server's key, so a stolen database signs nothing.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from django.conf import settings

PREFIX = "whsec_"
NONCE_BYTES = 16


def new_nonce() -> bytes:
    """Return what a new secret is made of."""
    return secrets.token_bytes(NONCE_BYTES)


def secret_of(nonce: bytes) -> str:
    """Return the secret that receivers enter, ``whsec_`` and 32 bytes in base64."""
    key = hmac.digest(settings.KEY_PEPPER.encode(), b"webhook secret " + bytes(nonce), hashlib.sha256)
    return PREFIX + base64.b64encode(key).decode()


def signature_of(secret: str, *, event_id: str, timestamp: int, body: bytes) -> str:
    """Return one signature, ``v1,`` and base64. Raises ValueError for what is no secret."""
    if not secret.startswith(PREFIX):
        raise ValueError("A secret begins with whsec_.")
    key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    content = f"{event_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()


def headers_of(secrets_: Sequence[str], *, event_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers of one call, with a signature for each valid secret."""
    signatures = [
        signature_of(secret, event_id=event_id, timestamp=timestamp, body=body) for secret in secrets_
    ]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }
