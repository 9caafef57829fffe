"""What one row of a list that somebody sends in may contain: typed fields, and errors that name the field.

A row is a JSON object. Each resource declares its columns once; the declaration reads the values, says
what is wrong with them, and describes them in the OpenAPI document.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, slug_re
from django.db import models
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from retail import money
from retail.moments import can_be_stored, is_too_far

_MONEY = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
MISSING: Any = object()
# What may stand in an address. Django's own text calls it a "slug", which says nothing to who reads it.
validate_code = RegexValidator(slug_re, gettext_lazy("Only letters without accents, digits, “-” and “_”."))


class FieldRefused(Exception):
    """A value cannot be taken. ``code`` is stable, ``message`` is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of a row; ``path`` is empty when it is the row as a whole."""

    path: str
    code: str
    message: str


class Column(Protocol):
    """One field that a row may have. ``default`` is its value in a new object, MISSING when it must be given."""

    @property
    def default(self) -> Any: ...

    def read(self, value: Any) -> Any:
        """Return the value to store. Raises FieldRefused."""

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of the field."""


def read_text(value: Any, max_length: int, *, strict: bool = False, line_breaks: bool = False) -> str:
    """Return ``value`` without outer spaces. Raises FieldRefused for what is no text, too long or unprintable.

    ``strict`` also refuses what cannot be seen, such as zero-width spaces: two codes that look alike are alike.
    ``line_breaks`` may stand in what people write at length, and tabs; every break is a line feed then.
    """
    if not isinstance(value, str):
        raise FieldRefused("type", _("This must be a text."))
    if line_breaks:
        value = value.replace("\r\n", "\n").replace("\r", "\n")
    text = value.strip()
    forbidden = ("Cc", "Cs", "Cf") if strict else ("Cc", "Cs")
    allowed = "\n\t" if line_breaks else ""
    # Most texts of long lists are plain codes; they need not be looked at symbol by symbol.
    plain = text.isascii() and text.isprintable()
    if not plain and any(
        unicodedata.category(symbol) in forbidden for symbol in text if symbol not in allowed
    ):
        raise FieldRefused("characters", _("This contains characters that cannot be stored."))
    if len(text) > max_length:
        raise FieldRefused("too_long", _("This has more than %(limit)d characters.") % {"limit": max_length})
    return text


@dataclass(frozen=True, slots=True)
class Text:
    max_length: int
    default: Any = ""
    validators: Sequence[Callable[[Any], None]] = ()
    line_breaks: bool = False

    def read(self, value: Any) -> str:
        text = read_text(value, self.max_length, line_breaks=self.line_breaks)
        if not text and self.default is MISSING:
            raise FieldRefused("blank", _("This may not be empty."))
        for validate in self.validators if text else ():
            try:
                validate(text)
            except ValidationError as error:
                raise FieldRefused(error.code or "invalid", " ".join(error.messages)) from error
        return text

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.max_length}


@dataclass(frozen=True, slots=True)
class Code:
    """A name that other systems use: never empty, without invisible characters. ``None`` when nullable."""

    max_length: int
    default: Any = MISSING

    def read(self, value: Any) -> str | None:
        if self.default is None and (value is None or value == ""):
            return None
        text = read_text(value, self.max_length, strict=True)
        if not text:
            raise FieldRefused("blank", _("This may not be empty."))
        return text

    def schema(self) -> dict[str, Any]:
        if self.default is None:
            return {"type": ["string", "null"], "maxLength": self.max_length}
        return {"type": "string", "minLength": 1, "maxLength": self.max_length}


@dataclass(frozen=True, slots=True)
class Codes:
    """A list of codes of other objects, each once, in the order given."""

    max_length: int = 64
    limit: int = 1_000
    default: Any = field(default_factory=list)

    def read(self, value: Any) -> list[str]:
        if not isinstance(value, list):
            raise FieldRefused("type", _("This must be a list."))
        if len(value) > self.limit:
            raise FieldRefused("too_long", _("This has more than %(limit)d entries.") % {"limit": self.limit})
        codes = [read_text(code, self.max_length, strict=True) for code in value]
        if not all(codes):
            raise FieldRefused("blank", _("This may not be empty."))
        return list(dict.fromkeys(codes))

    def schema(self) -> dict[str, Any]:
        item = {"type": "string", "minLength": 1, "maxLength": self.max_length}
        return {"type": "array", "items": item, "maxItems": self.limit}


@dataclass(frozen=True, slots=True)
class Money:
    """An amount from 0.00, as text or as a number that is exact to the cent."""

    default: Any = MISSING

    def read(self, value: Any) -> Decimal | None:
        if value is None and self.default is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise FieldRefused("money", _("This must be an amount such as “12.50”."))
        if not _MONEY.fullmatch(format(value, "f") if isinstance(value, Decimal) else str(value)):
            if money.fault_of(value) == money.Fault.TOO_LARGE:
                raise FieldRefused("money", _("This must be at most 999999999999.99."))
            raise FieldRefused("money", _("This must be an amount such as “12.50”, not negative."))
        return Decimal(value).quantize(Decimal("0.01"))

    def schema(self) -> dict[str, Any]:
        kinds = ["string", "number", *(["null"] if self.default is None else [])]
        pattern = r"^[0-9]{1,12}(\.[0-9]{1,2})?$"
        return {"type": kinds, "pattern": pattern, "minimum": 0, "examples": ["12.50"]}


@dataclass(frozen=True, slots=True)
class Flag:
    default: Any

    def read(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise FieldRefused("type", _("This must be true or false."))
        return value

    def schema(self) -> dict[str, Any]:
        return (
            {"type": "boolean"} if self.default is MISSING else {"type": "boolean", "default": self.default}
        )


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number; null too where that is the default."""

    minimum: int
    maximum: int
    default: Any = None

    def read(self, value: Any) -> int | None:
        if value is None and self.default is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise FieldRefused("type", _("This must be a whole number."))
        if not self.minimum <= value <= self.maximum:
            limits = {"minimum": self.minimum, "maximum": self.maximum}
            raise FieldRefused("range", _("This must lie between %(minimum)d and %(maximum)d.") % limits)
        return value

    def schema(self) -> dict[str, Any]:
        kind: Any = ["integer", "null"] if self.default is None else "integer"
        return {"type": kind, "minimum": self.minimum, "maximum": self.maximum}


@dataclass(frozen=True, slots=True)
class Day:
    """A date between two days (inclusive), or null."""

    earliest: date = date(1880, 1, 1)
    latest: date = date(2200, 1, 1)
    default: Any = None

    def read(self, value: Any) -> date | None:
        if value is None or value == "":
            return None
        if not isinstance(value, str) or not _DATE.fullmatch(value):
            raise FieldRefused("date", _("This must be a date such as 1990-11-22."))
        try:
            day = date.fromisoformat(value)
        except ValueError as error:
            raise FieldRefused("date", _("This day does not exist.")) from error
        if not self.earliest <= day <= self.latest:
            raise FieldRefused("range", _("This date cannot be right."))
        return day

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "null"], "format": "date"}


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment with its offset (RFC 3339), or null."""

    default: Any = None

    def read(self, value: Any) -> datetime | None:
        if value is None:
            return None
        moment = None
        if isinstance(value, str) and len(value) <= 40:
            try:
                moment = parse_datetime(value)
            except ValueError:
                moment = None
        if moment is not None and moment.tzinfo is not None and is_too_far(moment):
            raise FieldRefused("moment", _("This moment is too far from now."))
        if moment is None or moment.tzinfo is None or not can_be_stored(moment):
            example = {"example": "2026-11-22T10:00:00-03:00"}
            raise FieldRefused("moment", _("This must be a moment such as %(example)s.") % example)
        return moment

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "null"], "format": "date-time"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words. The default may always be given, also an empty one that is no choice: it empties the field."""

    choices: type[models.TextChoices]
    default: Any = ""

    def read(self, value: Any) -> str:
        if not isinstance(value, str) or value not in self._allowed():
            known = ", ".join(f"“{choice}”" for choice in self.choices.values)
            raise FieldRefused("choice", _("This must be one of %(choices)s.") % {"choices": known})
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": self._allowed()}

    def _allowed(self) -> list[str]:
        extra = [self.default] if isinstance(self.default, str) else []
        return list(dict.fromkeys([*self.choices.values, *extra]))


@dataclass(frozen=True, slots=True)
class Reference:
    """The code of another object. ``retail.upsert.resolve_references`` turns codes into keys."""

    model: type[models.Model]
    max_length: int = 64
    default: Any = None
    key: str = "code"

    def read(self, value: Any) -> str | None:
        if self.default is None and (value is None or value == ""):
            return None
        return read_text(value, self.max_length, strict=True)

    def schema(self) -> dict[str, Any]:
        kind: Any = ["string", "null"] if self.default is None else "string"
        return {"type": kind, "maxLength": self.max_length}


@dataclass(slots=True)
class Row:
    """One row on its way in: what it says, what is wrong with it, and the object that it concerns."""

    index: int
    values: dict[str, Any] = field(default_factory=dict)
    errors: list[FieldError] = field(default_factory=list)
    instance: Any = None
    status: str = "error"

    def refuse(self, path: str, code: str, message: str) -> None:
        self.errors.append(FieldError(path, code, message))


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row: ``created``, ``updated``, ``unchanged`` or ``error``, which has ``errors``."""

    index: int
    status: str
    instance: Any = None
    errors: tuple[FieldError, ...] = ()


def read_row(index: int, raw: Any, columns: Mapping[str, Column]) -> Row:
    """Read one JSON object by its declared columns; every wrong or unknown field adds an error."""
    row = Row(index)
    if not isinstance(raw, Mapping):
        row.refuse("", "type", _("This must be an object."))
        return row
    for name, value in raw.items():
        column = columns.get(name)
        if column is None:
            row.refuse(str(name)[:64], "unknown_field", _("There is no such field."))
            continue
        try:
            row.values[name] = column.read(value)
        except FieldRefused as refusal:
            row.refuse(name, refusal.code, refusal.message)
    return row


def schema_of(columns: Mapping[str, Column], required: Sequence[str] | None = None) -> dict[str, Any]:
    """Describe a row as a JSON schema object; ``required`` are the columns without default unless it is given."""
    if required is None:
        required = [name for name, column in columns.items() if column.default is MISSING]
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": {name: column.schema() for name, column in columns.items()},
    }
