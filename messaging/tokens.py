"""Short signed names for addresses that people get: numbers of rows and a keyed hash, nothing about the person.

No Django models, no clock. What a token allows is its `use`; one made for another use is not valid.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from django.conf import settings

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# A click that somebody guesses counts one click too many; a guessed answer would change what a person agreed to.
_SHORT, _LONG = 8, 16
CLICK, OPEN, PREFERENCES, CONFIRM = "click", "open", "preferences", "confirm"
_LENGTHS = {CLICK: _SHORT, OPEN: _SHORT, PREFERENCES: _LONG, CONFIRM: _LONG}
_LONGEST = 64


class TokenInvalid(Exception):
    """The token was not made by us for this use."""

    code = "token_invalid"


def seal(use: str, *numbers: int) -> str:
    """Return the token of some row numbers: letters, digits, "-" and "_"."""
    body = ".".join(map(_encode, numbers))
    return f"{body}.{_mac(use, body)}"


def unseal(use: str, token: str, *, count: int) -> Sequence[int]:
    """Return the `count` numbers of a token. Raises TokenInvalid."""
    body, _dot, mac = token.rpartition(".")
    parts = body.split(".")
    # Only ASCII can be compared in constant time.
    if len(token) > _LONGEST or not token.isascii() or len(parts) != count:
        raise TokenInvalid
    if not hmac.compare_digest(mac, _mac(use, body)):
        raise TokenInvalid
    return [_decode(part) for part in parts]


def _mac(use: str, body: str) -> str:
    key = settings.KEY_PEPPER.encode()
    digest = hmac.new(key, f"messaging.{use}:{body}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode()[: _LENGTHS[use]]


def _encode(number: int) -> str:
    text = ""
    while True:
        number, place = divmod(number, len(_DIGITS))
        text = _DIGITS[place] + text
        if not number:
            return text


def _decode(text: str) -> int:
    number = 0
    for character in text:
        number = number * len(_DIGITS) + _DIGITS.index(character)
    return number
