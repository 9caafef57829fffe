"""Read JSON values by their declarations, collecting every fault with its path."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from campaigns.engine.encoding import percent_text
from campaigns.engine.fields import Field, Problem, attribute_name
from campaigns.engine.marks import gettext_noop
from retail import money
from retail.moments import FIRST_YEAR, LAST_YEAR, can_be_stored

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?", re.ASCII)
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)

MISSING = object()
_REFUSED = object()

UNKNOWN_FIELD = gettext_noop("Unknown field.")


class Reader:
    """Collects problems while reading one document."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def refuse(self, path: str, code: str, message: str, **params: Any) -> Any:
        self.problems.append(Problem(path or "", code, message, params))
        return _REFUSED

    def mapping(self, value: Any, path: str) -> Mapping[str, Any] | None:
        if isinstance(value, Mapping):
            return value
        self.refuse(path, "invalid_type", gettext_noop("Must be an object."))
        return None

    def unknown(self, value: Mapping[str, Any], known: set[str] | frozenset[str], path: str) -> None:
        for name in value:
            if name not in known:
                self.refuse(join(path, name), "unknown_field", UNKNOWN_FIELD)

    def fields(
        self, declared: tuple[Field, ...], value: Any, path: str, extra: frozenset[str] = frozenset()
    ) -> dict[str, Any] | None:
        """Read an object with the declared members. Returns None when anything in it was refused."""
        before = len(self.problems)
        values = self.members(declared, value, path, extra)
        return values if len(self.problems) == before else None

    def members(
        self, declared: tuple[Field, ...], value: Any, path: str, extra: frozenset[str] = frozenset()
    ) -> dict[str, Any] | None:
        """Read an object member by member; `without_refused` takes away those that were refused. None when it is no object."""
        mapping = self.mapping(value, path)
        if mapping is None:
            return None
        if len(mapping) > sum([field.name in mapping for field in declared]):
            self.unknown(mapping, {field.name for field in declared} | extra, path)
        values: dict[str, Any] = {}
        for field in declared:
            name = field.name
            if name in mapping or field.required:
                values[name] = self.field(field, mapping.get(name, MISSING), path)
            else:
                values[name] = field.default
        return values

    def field(self, field: Field, value: Any, path: str) -> Any:
        """Read one member; the default when it is absent or, if allowed, null."""
        if value is MISSING:
            if field.required:
                path = join(path, field.name)
                return self.refuse(path, "required", gettext_noop("This field is required."))
            return field.default
        if value is None:
            if field.nullable:
                return None
            return self.refuse(join(path, field.name), "null", gettext_noop("Must not be null."))
        return _READERS[field.type](self, field, value, join(path, field.name))

    def value(self, field: Field, value: Any, path: str) -> Any:
        return _READERS[field.type](self, field, value, path)

    def between(self, field: Field, value: Any, path: str, shown: Callable[[Any], Any] = str) -> Any:
        if field.minimum is not None and value < field.minimum:
            return self.refuse(
                path, "too_small", gettext_noop("Must be at least %(minimum)s."), minimum=shown(field.minimum)
            )
        if field.maximum is not None and value > field.maximum:
            return self.refuse(
                path, "too_large", gettext_noop("Must be at most %(maximum)s."), maximum=shown(field.maximum)
            )
        return value


def without_refused(declared: tuple[Field, ...], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return members with their defaults in the place of those that were refused: what is wrong between the others
    can be said in the same round."""
    defaults = {field.name: field.default for field in declared}
    return {name: defaults[name] if value is _REFUSED else value for name, value in values.items()}


def join(path: str, name: str | int) -> str:
    return f"{path}.{name}" if path else str(name)


def _text(reader: Reader, field: Field, value: Any, path: str) -> Any:
    if not isinstance(value, str):
        return reader.refuse(path, "invalid_type", gettext_noop("Must be a text."))
    if _UNPRINTABLE.search(value):
        return reader.refuse(path, "invalid_text", gettext_noop("Contains characters that cannot be used."))
    if len(value) > (field.maximum or 2000):
        return reader.refuse(
            path,
            "too_long",
            gettext_noop("Must have at most %(maximum)s characters."),
            maximum=field.maximum or 2000,
        )
    if field.minimum and len(value.strip()) < field.minimum:
        return reader.refuse(path, "blank", gettext_noop("Must not be blank."))
    return value


def _code(reader: Reader, field: Field, value: Any, path: str) -> Any:
    if not isinstance(value, str) or not _CODE.fullmatch(value):
        return reader.refuse(
            path,
            "invalid_code",
            gettext_noop("Must be 1 to 64 letters, digits, dots, hyphens or underscores."),
        )
    return value


def _choice(reader: Reader, field: Field, value: Any, path: str) -> Any:
    known = [option for option, _ in field.choices]
    if not isinstance(value, str) or value not in known:
        return reader.refuse(
            path, "invalid_choice", gettext_noop("Must be one of %(choices)s."), choices=", ".join(known)
        )
    return value


def _boolean(reader: Reader, field: Field, value: Any, path: str) -> Any:
    if not isinstance(value, bool):
        return reader.refuse(path, "invalid_type", gettext_noop("Must be true or false."))
    return value


def _integer(reader: Reader, field: Field, value: Any, path: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, int):
        return reader.refuse(path, "invalid_type", gettext_noop("Must be a whole number."))
    return reader.between(field, value, path)


def read_decimal(value: Any) -> Decimal | None:
    """Return a plain decimal number given as text or JSON number; None for anything else."""
    if isinstance(value, bool):
        return None
    text = value if isinstance(value, str) else str(value) if isinstance(value, int | Decimal | float) else ""
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def _limited_decimal(places: int) -> Callable[[Reader, Field, Any, str], Any]:
    def read(reader: Reader, field: Field, value: Any, path: str) -> Any:
        number = read_decimal(value)
        if number is None or _decimals(number) > places:
            return reader.refuse(
                path,
                "invalid_number",
                gettext_noop("Must be a number with at most %(places)s decimals."),
                places=places,
            )
        return reader.between(field, number, path)

    return read


def _quantity(reader: Reader, field: Field, value: Any, path: str) -> Any:
    number = read_decimal(value)
    if number is None or _decimals(number) > 3 or number <= 0 or number > 99_999:
        return reader.refuse(
            path,
            "invalid_quantity",
            gettext_noop("Must be greater than 0, at most 99999, with at most 3 decimals."),
        )
    return number


def _money(reader: Reader, field: Field, value: Any, path: str) -> Any:
    try:
        cents = money.parse(value)
    except money.AmountTooLarge:
        most = money.CENTS_LIMIT - 1 if field.maximum is None else field.maximum
        return reader.refuse(
            path, "too_large", gettext_noop("Must be at most %(maximum)s."), maximum=money.text(most)
        )
    except money.MoneyError:
        return reader.refuse(
            path, "invalid_amount", gettext_noop('Must be an amount such as "12.50", exact to the cent.')
        )
    return reader.between(field, cents, path, money.text)


def _percent(reader: Reader, field: Field, value: Any, path: str) -> Any:
    number = read_decimal(value)
    if number is None or _decimals(number) > 4:
        return reader.refuse(
            path,
            "invalid_percent",
            gettext_noop('Must be a percentage with at most 4 decimals, such as "12.50".'),
        )
    return reader.between(field, int(number * 10_000), path, percent_text)


def _instant(reader: Reader, field: Field, value: Any, path: str) -> Any:
    moment = read_instant(value)
    if moment is not None:
        return moment
    if isinstance(value, str) and _INSTANT.fullmatch(value) and not FIRST_YEAR <= int(value[:4]) <= LAST_YEAR:
        return reader.refuse(
            path,
            "out_of_range",
            gettext_noop("The year must be between %(first)s and %(last)s."),
            first=FIRST_YEAR,
            last=LAST_YEAR,
        )
    return reader.refuse(
        path,
        "invalid_instant",
        gettext_noop("Must be a date and time with offset, such as 2026-06-01T00:00:00-03:00."),
    )


def read_instant(value: Any) -> datetime | None:
    """Return an aware datetime from RFC 3339 text, or None."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        return None
    try:
        moment = datetime.fromisoformat(value.upper())
        moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if can_be_stored(moment) else None


def _date(reader: Reader, field: Field, value: Any, path: str) -> Any:
    try:
        if isinstance(value, str) and len(value) == 10:
            return date.fromisoformat(value)
    except ValueError:
        pass
    return reader.refuse(path, "invalid_date", gettext_noop("Must be a date such as 2026-06-01."))


def _time(reader: Reader, field: Field, value: Any, path: str) -> Any:
    if isinstance(value, str) and _TIME.fullmatch(value):
        return time.fromisoformat(value)
    return reader.refuse(path, "invalid_time", gettext_noop("Must be a time such as 14:00."))


def _list(reader: Reader, field: Field, value: Any, path: str) -> Any:
    if not isinstance(value, list | tuple):
        return reader.refuse(path, "invalid_type", gettext_noop("Must be a list."))
    if len(value) < field.min_items:
        return reader.refuse(
            path, "too_few", gettext_noop("Needs at least %(minimum)s entries."), minimum=field.min_items
        )
    if field.item is None:
        raise TypeError(f"the list {field.name} declares no item")
    before = len(reader.problems)
    items = tuple(reader.value(field.item, item, join(path, position)) for position, item in enumerate(value))
    if len(reader.problems) != before:
        return _REFUSED
    if field.item.type != "object" and len(set(items)) != len(items):
        return reader.refuse(path, "repeated", gettext_noop("Contains the same entry twice."))
    return items


def _object(reader: Reader, field: Field, value: Any, path: str) -> Any:
    values = reader.fields(field.fields, value, path)
    if values is None or field.build is None:
        return _REFUSED
    built = field.build(**{attribute_name(name): member for name, member in values.items()})
    report_faults(reader, built, path)
    return built


def report_faults(reader: Reader, built: Any, path: str) -> None:
    """Ask the finished object what is wrong between its fields (`faults() -> (field, code, message)`)."""
    faults = getattr(built, "faults", None)
    for name, code, message in faults() if faults else ():
        reader.refuse(join(path, name) if name else path, code, message)


def _value(reader: Reader, field: Field, value: Any, path: str) -> Any:
    """A comparison value: a text, a number, or a list of these. The kind checks it further."""
    if isinstance(value, list | tuple):
        if not value or not all(
            isinstance(item, str | int | float) and not isinstance(item, bool) for item in value
        ):
            return reader.refuse(path, "invalid_value", gettext_noop("Must be a list of texts or numbers."))
        return tuple(_plain(item) for item in value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return reader.refuse(
            path, "invalid_value", gettext_noop("Must be a text, a number or a list of these.")
        )
    return _plain(value)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, float) else value


def _map(reader: Reader, field: Field, value: Any, path: str) -> Any:
    """Texts by name."""
    mapping = reader.mapping(value, path)
    if mapping is None:
        return _REFUSED
    if len(mapping) > 50:
        return reader.refuse(path, "too_many", gettext_noop("At most 50 entries."))
    texts = {name: _text(reader, field, text, join(path, name)) for name, text in mapping.items()}
    return _REFUSED if _REFUSED in texts.values() else texts


_READERS: dict[str, Callable[[Reader, Field, Any, str], Any]] = {
    "text": _text,
    "code": _code,
    "choice": _choice,
    "boolean": _boolean,
    "integer": _integer,
    "decimal": _limited_decimal(4),
    "quantity": _quantity,
    "money": _money,
    "percent": _percent,
    "instant": _instant,
    "date": _date,
    "time": _time,
    "list": _list,
    "object": _object,
    "value": _value,
    "map": _map,
}
