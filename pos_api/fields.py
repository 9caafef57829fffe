"""The types of request fields. Each reads one JSON value strictly; what it refuses, it refuses with a code.

``Cents`` and ``Quantity`` are what the engine works with, so a basket is converted while it is checked. Reading
is memoised: a till's prices and quantities repeat.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from msgspec import Meta

from customers import documents
from customers.phones import to_e164
from retail import money

MAX_CENTS = 10**12 - 1  # what numeric(14, 2) holds, to the cent
MAX_QUANTITY = 99_999

# Control characters, surrogates, and what changes how text looks without being seen (zero width, direction).
UNCLEAN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


class FieldRefused(ValueError):
    """A value cannot be taken. ``code`` is stable, ``message`` is for people."""

    def __init__(self, code: str, message: Any) -> None:
        super().__init__(str(code))
        self.code = code
        self.message = message


class Cents(int):
    """Money: a text with at most two decimals or an exact JSON number, kept as whole cents."""

    __slots__ = ()


class Wanted(int):
    """How much is to be redeemed: "max", kept as -1, or hundredths of money or points."""

    __slots__ = ()


class Quantity(Decimal):
    """More than nothing, at most 99,999 with three decimals; a text or a JSON number."""

    __slots__ = ()


class Document(str):
    """A CPF or CNPJ, with or without mask, kept normalised."""

    __slots__ = ()


class Word(str):
    """A promotional code as people type it: without outer spaces, in upper case."""

    __slots__ = ()


class Phone(str):
    """A telephone number in the international form, +5511987654321."""

    __slots__ = ()


_MONEY = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,2}))?", re.ASCII)
_QUANTITY = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,3})?", re.ASCII)
_NOT_MONEY = FieldRefused("money", _("Must be an amount with at most two decimals, such as “12.50”."))
_NOT_WANTED = FieldRefused(
    "redeem", _("Must be “max” or an amount with at most two decimals, such as “12.50”.")
)
_FAULTS = {
    money.Fault.NEGATIVE: _("Must not be negative."),
    money.Fault.TOO_LARGE: _("Must be at most 999999999999.99."),
    money.Fault.EXPONENT: _("Must be written in full, such as “12.50”."),
}
_NOT_QUANTITY = FieldRefused(
    "quantity", _("Must be a quantity above 0 with at most three decimals, such as “2” or “0.350”.")
)


def _plain(value: Any) -> str:
    """Return a JSON text or number as digits; an exponent is accepted in numbers, as JSON writes them."""
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal) and -20 < value.adjusted() < 20:
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**20:
        return str(value)
    return ""


def _read_cents(value: Any, refusal: FieldRefused) -> int:
    found = _MONEY.fullmatch(_plain(value))
    if found is None:
        raise FieldRefused(refusal.code, _FAULTS.get(money.fault_of(value), refusal.message))
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def _cents(value: Any) -> Cents:
    return Cents(_read_cents(value, _NOT_MONEY))


def _wanted(value: Any) -> Wanted:
    return Wanted(-1 if value == "max" else _read_cents(value, _NOT_WANTED))


def _quantity(value: Any) -> Quantity:
    text = _plain(value)
    if not _QUANTITY.fullmatch(text):
        raise _NOT_QUANTITY
    # One form for one quantity: "2" and "2.000" are the same content.
    quantity = Quantity(text.rstrip("0").rstrip(".") if "." in text else text)
    if not 0 < quantity <= MAX_QUANTITY:
        raise _NOT_QUANTITY
    return quantity


def _document(value: Any) -> Document:
    if isinstance(value, str) and len(value) <= 32:
        document = documents.normalize(value)
        if documents.is_valid(document):
            return Document(document)
    raise FieldRefused("document", _("Must be a valid CPF or CNPJ."))


def _word(value: Any) -> Word:
    word = value.strip().upper() if isinstance(value, str) else ""
    if not word or len(word) > 64 or UNCLEAN.search(word) or any(symbol.isspace() for symbol in word):
        raise FieldRefused("promo_code", _("Must be a code of 1 to 64 characters without spaces."))
    return Word(word)


def _phone(value: Any) -> Phone:
    if isinstance(value, str) and len(value) <= 32 and not UNCLEAN.search(value) and value.isascii():
        try:
            return Phone(to_e164(value))
        except ValueError:
            pass
    raise FieldRefused("phone", _("Must be a telephone number such as +5511987654321."))


READERS: dict[type, Callable[[Any], Any]] = {
    Cents: _cents,
    Wanted: _wanted,
    Quantity: _quantity,
    Document: _document,
    Word: _word,
    Phone: _phone,
}

SCHEMAS: dict[type, dict[str, Any]] = {
    Cents: {"type": ["string", "number"], "pattern": r"^[0-9]{1,12}(\.[0-9]{1,2})?$", "minimum": 0},
    Wanted: {
        "anyOf": [
            {"const": "max"},
            {"type": ["string", "number"], "pattern": r"^[0-9]{1,12}(\.[0-9]{1,2})?$", "minimum": 0},
        ]
    },
    Quantity: {
        "type": ["string", "number"],
        "pattern": r"^[0-9]{1,5}(\.[0-9]{1,3})?$",
        "exclusiveMinimum": 0,
        "maximum": MAX_QUANTITY,
    },
    Document: {"type": "string", "maxLength": 32},
    Word: {"type": "string", "minLength": 1, "maxLength": 64},
    Phone: {"type": "string", "maxLength": 32},
}


@lru_cache(maxsize=131_072, typed=True)
def read_memoised(kind: type, value: Any) -> Any:
    """Read a value of one of our types; msgspec calls it. Raises FieldRefused, or TypeError for lists and objects."""
    return READERS[kind](value)


def read_custom(kind: type, value: Any) -> Any:
    """Read a value of one of our types. Raises FieldRefused."""
    try:
        return read_memoised(kind, value)
    except TypeError:  # a list or an object cannot be memoised, nor be right
        raise FieldRefused("type", _("Must be a single value.")) from None


# An identifier: never blank, no outer spaces.
Identifier = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^\S(?:.*\S)?$")]
Slug = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
# Of a document that is written anew.
SeenVersion = Annotated[
    int,
    Meta(ge=1, le=2**31 - 1, description="The one that was looked at: 409 when there is a newer one."),
]
# A part of the customers who are held out, in percent.
Share = Annotated[str, Meta(pattern=r"^[0-9]{1,2}(\.[0-9]{1,2})?$", description="0 to 99.99.")]
ShortText = Annotated[str, Meta(max_length=200)]
# What people write at length. Line breaks stay in it; `pos_api.validation` knows it by its mark.
LINE_BREAKS = "line_breaks"
LongText = Annotated[str, Meta(max_length=1000, extra={LINE_BREAKS: True})]
Ncm = Annotated[str, Meta(pattern=r"^[0-9]{8}$", min_length=8, max_length=8)]
LineNumber = Annotated[int, Meta(ge=1, le=99_999)]
Moment = Annotated[datetime, Meta(tz=True)]
Day = date
Email = Annotated[str, Meta(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
