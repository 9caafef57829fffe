"""The codes of gift cards, e-purses, vouchers and credit notes: what they look like, and what is kept of them.

Whoever knows such a code has the money, so that none is ever stored: the database has a keyed hash and the last four
symbols. A generated code is made of a random nonce by a keyed function. As long as the nonce is kept the code can be
printed or sent; when the nonce is dropped, nobody can make it again (docs/decisions/0090).

Pure but for the key, which the caller passes.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from retail import codes

NONCE = 16
MASK = "····"
_PATTERN = codes.Pattern()
_RANDOM = _PATTERN.random_length
_GENERATED = re.compile(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", re.ASCII)
_OWN = re.compile(r"[0-9A-Z][0-9A-Z._-]{2,62}[0-9A-Z]", re.ASCII)


def new_nonce() -> bytes:
    return secrets.token_bytes(NONCE)


def code_of(nonce: bytes, *, key: bytes) -> str:
    """Return the code that a nonce stands for: 15 symbols of 5 bits and one that checks them, grouped by four."""
    return _grouped(_symbols(nonce, key))


def _symbols(nonce: bytes, key: bytes) -> str:
    mac = hmac.digest(key, b"stored-value-code:" + nonce, hashlib.sha256)
    bits = int.from_bytes(mac, "big")
    symbols = "".join([codes.SYMBOLS[bits >> 5 * place & 31] for place in range(_RANDOM)])
    return symbols + codes.check_symbol(symbols)


def _grouped(symbols: str) -> str:
    return "-".join([symbols[at : at + codes.GROUP] for at in range(0, len(symbols), codes.GROUP)])


def canonical(text: str) -> str:
    """Return a code in the one form that is hashed: as generated, or a code of one's own in upper case.

    Case, outer spaces, and in generated codes the hyphens and symbols that are easily misread, make no difference.
    """
    code = codes.normalize(text)
    symbols = code.replace("-", "").replace(" ", "")
    if len(symbols) == _PATTERN.length and _PATTERN.could_be(symbols):
        return symbols.translate(codes.MISREAD)
    return code


def written(text: str) -> str:
    """Return a code as people read it: a generated one in groups of four, one's own as it is."""
    code = canonical(text)
    if not _PATTERN.could_be(code):
        return code
    return _grouped(code)


def is_mistyped(text: str) -> bool:
    """Say whether a code has the form of a generated one and cannot be one: a slip, or a guess."""
    code = codes.normalize(text)
    return bool(_GENERATED.fullmatch(code)) and not _PATTERN.could_be(code)


def is_own(text: str) -> bool:
    """Say whether a text may become somebody's own code: 4 to 64 letters, digits, dots, hyphens or underscores."""
    return bool(_OWN.fullmatch(codes.normalize(text))) and not is_mistyped(text)


def digest(text: str, *, key: bytes) -> str:
    """Return the keyed hash of a code, in hexadecimal; equal for all spellings of one code."""
    return _digest(canonical(text), key)


def _digest(code: str, key: bytes) -> str:
    return hmac.digest(key, b"stored-value:" + code.encode(), hashlib.sha256).hex()


def last4(text: str) -> str:
    """Return the last four symbols; of a short code of one's own only as many as leave four unsaid."""
    return _last4(canonical(text))


def _last4(code: str) -> str:
    return code[4:][-4:]


def masked(text: str) -> str:
    """Return what may be shown and stored of a code."""
    return MASK + last4(text)


@dataclass(frozen=True, slots=True)
class Coded:
    """A code and what is written of it. `nonce` is empty for a code of somebody's own."""

    code: str
    nonce: bytes
    digest: str
    last4: str


def generate(*, key: bytes) -> Coded:
    """Return a new code."""
    nonce = new_nonce()
    symbols = _symbols(nonce, key)
    # What was just made is in the form that is hashed: thousands are made at once.
    return Coded(_grouped(symbols), nonce, _digest(symbols, key), _last4(symbols))


def own(text: str, *, key: bytes) -> Coded:
    """Return somebody's own code."""
    code = canonical(text)
    return Coded(text, b"", _digest(code, key), _last4(code))
