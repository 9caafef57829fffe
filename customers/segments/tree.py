"""The tree of a segment: groups of conditions, as data. What is wrong with one is said by its path.

{"all": [{"field": "city", "operator": "eq", "value": "Curitiba"},
         {"any": [{"field": "turnover", "operator": "gte", "value": "1500.00"},
                  {"field": "bought_category", "of": ["coats"], "measure": "quantity", "operator": "gte", "value": "2",
                   "period": {"months": 6}}]}]}
"""

import re
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import msgspec
from django.utils.translation import gettext as _
from msgspec import Meta, Struct, convert, to_builtins
from msgspec import field as member

from customers.segments.kinds import FIRST_YEAR, LAST_YEAR, MOST_VALUES, Code, DayOfYear, Kind
from customers.segments.operators import VALUES
from customers.segments.registry import Field, fields
from retail.rows import FieldError, FieldRefused

MOST_CONDITIONS = 50
MOST_LEVELS = 5
_MOST_CODES = 200


class TreeInvalid(Exception):
    """A document is no tree; `errors` name each place, such as `all[1].value`.

    One that was saved may have become none: what it asks for is gone since.
    """

    code = "segment_invalid"

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__("; ".join(f"{error.path}: {error.message}" for error in errors))
        self.errors = errors


class SegmentPeriod(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The last so many `days` or `months` (this month is the first of them); or `from` a day `until` a day, both included."""

    days: Annotated[int, Meta(ge=1, le=36_600)] | None = None
    months: Annotated[int, Meta(ge=1, le=1_200)] | None = None
    starts: date | None = member(name="from", default=None)
    until: date | None = None


class SegmentNode(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A group (`all` or `any` of its parts) or a condition (`field`, `operator` and what they need)."""

    all: "list[SegmentNode] | None" = None
    any: "list[SegmentNode] | None" = None
    field: str = ""
    operator: str = ""
    value: Any = None
    of: list[str] = []
    measure: str = ""
    period: SegmentPeriod | None = None

    @property
    def parts(self) -> "list[SegmentNode] | None":
        """The parts of a group, None of a condition."""
        return self.any if self.all is None else self.all


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition whose field is known and whose values are read."""

    field: Field
    operator: str
    values: tuple[Any, ...]
    of: tuple[str, ...]
    measure: str
    period: SegmentPeriod | None


@dataclass(frozen=True, slots=True)
class Group:
    """All or any of some parts. A group of all without parts is everybody."""

    any: bool
    parts: "tuple[Group | Condition, ...]"


def read_tree(raw: Any, *, path: str = "") -> Group:
    """Return a document as a tree. Raises TreeInvalid. `path` is where it stands in what was sent."""
    try:
        node = convert(raw, SegmentNode)
    except msgspec.ValidationError as error:
        raise TreeInvalid([_shape_error(error, path)]) from error
    except RecursionError:
        raise TreeInvalid([FieldError(path, "too_deep", _too_deep())]) from None
    reader = _Reader()
    if node.parts is None:
        reader.add(path, "group", _("This must be a group: all or any of some conditions."))
        raise TreeInvalid(reader.errors)
    group = reader.group(node, path, level=1)
    if not reader.errors:
        reader.check_codes()
    if reader.errors:
        raise TreeInvalid(reader.errors)
    return group


def stored_tree(raw: Any) -> Group:
    """Return a tree that was checked when it was saved; what it names may have been removed since. No query."""
    node = convert(raw, SegmentNode)
    reader = _Reader()
    group = reader.group(node, "", level=1)
    if reader.errors:
        raise TreeInvalid(reader.errors)
    return group


def write_tree(raw: Any) -> dict[str, Any]:
    """Return a document that `read_tree` accepted in its shortest form, as it is stored."""
    written: dict[str, Any] = to_builtins(convert(raw, SegmentNode))
    return written


_AT = re.compile(r"(.*) - at `\$?\.?(.*)`$", re.DOTALL)


def _shape_error(error: msgspec.ValidationError, path: str) -> FieldError:
    found = _AT.match(str(error))
    message, place = (found[1], found[2]) if found else (str(error), "")
    if message.startswith("Object contains unknown field"):
        name = message.split("`")[1]
        place = f"{place}.{name}".strip(".")
        return FieldError(_under(path, place), "unknown_field", _("There is no such field."))
    return FieldError(
        _under(path, place), "type", _("This has the wrong type or size: %(error)s.") % {"error": message}
    )


def _under(path: str, place: str) -> str:
    return f"{path}.{place}" if path and place and not place.startswith("[") else f"{path}{place}"


def _too_deep() -> str:
    return _("Groups stand in each other at most %(limit)d levels deep.") % {"limit": MOST_LEVELS}


def _is_whole_months(period: SegmentPeriod) -> bool:
    return (period.starts is None or period.starts.day == 1) and (
        period.until is None or period.until.day == monthrange(period.until.year, period.until.month)[1]
    )


class _Reader:
    """Reads nodes and gathers what is wrong with them."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []
        self.count = 0
        self.codes: dict[Code, dict[str, str]] = defaultdict(dict)

    def add(self, path: str, code: str, message: str) -> None:
        self.errors.append(FieldError(path, code, message))

    def group(self, node: SegmentNode, path: str, *, level: int) -> Group:
        name = "any" if node.all is None else "all"
        if (node.all is not None and node.any is not None) or node.field or node.operator:
            self.add(path, "ambiguous", _("Give either all, or any, or one condition."))
        if level > MOST_LEVELS:
            self.add(path, "too_deep", _too_deep())
            return Group(False, ())
        nodes = node.parts or []
        if name == "any" and not nodes:
            self.add(_under(path, name), "empty", _("Any of nothing is nobody. Add a condition."))
        if level > 1 and not nodes:
            self.add(_under(path, name), "empty", _("This group has no conditions."))
        parts: list[Group | Condition] = []
        for place, part in enumerate(nodes):
            where = _under(path, f"{name}[{place}]")
            if part.parts is not None:
                parts.append(self.group(part, where, level=level + 1))
            elif (condition := self.condition(part, where)) is not None:
                parts.append(condition)
        return Group(name == "any", tuple(parts))

    def condition(self, node: SegmentNode, path: str) -> Condition | None:
        self.count += 1
        if self.count == MOST_CONDITIONS + 1:
            limit = {"limit": MOST_CONDITIONS}
            self.add(path, "too_many", _("A segment has at most %(limit)d conditions.") % limit)
        if self.count > MOST_CONDITIONS:
            return None
        field = fields().get(node.field)
        if not node.field:
            self.add(_under(path, "field"), "required", _("Say what is asked."))
            return None
        if field is None:
            self.add(
                _under(path, "field"),
                "unknown",
                _("There is no field “%(name)s”.") % {"name": node.field[:64]},
            )
            return None
        if node.operator not in field.kind.operators:
            message = _("This must be one of %(choices)s.") % {"choices": ", ".join(field.kind.operators)}
            self.add(_under(path, "operator"), "choice", message)
            return None
        before = len(self.errors)
        values = self.values(field, node, path)
        self.subject(field, node, path)
        self.narrowing(field, node, path)
        if len(self.errors) > before:
            return None
        measure = node.measure or next(iter(field.measures), "")
        return Condition(field, node.operator, values, tuple(node.of), measure, node.period)

    def values(self, field: Field, node: SegmentNode, path: str) -> tuple[Any, ...]:
        path = _under(path, "value")
        wanted, kind = VALUES[node.operator], field.kind_of(node.measure)
        if wanted == 0:
            if node.value is not None:
                self.add(path, "unexpected", _("No value belongs here."))
            return ()
        if wanted == 1:
            return tuple(self.value(kind, node.value, path))
        given = node.value
        if not isinstance(given, list) or (wanted is not None and len(given) != wanted) or not given:
            message = (
                _("This must be a list of two values.") if wanted else _("This must be a list of values.")
            )
            self.add(path, "type", message)
            return ()
        if len(given) > MOST_VALUES:
            self.add(path, "too_long", _("This has more than %(limit)d entries.") % {"limit": MOST_VALUES})
            return ()
        values = tuple(
            one for place, raw in enumerate(given) for one in self.value(kind, raw, f"{path}[{place}]")
        )
        if (
            node.operator == "between"
            and len(values) == 2
            and values[0] > values[1]
            and not isinstance(kind, DayOfYear)
        ):
            self.add(path, "order", _("The first value is greater than the second."))
        return values

    def value(self, kind: Kind, raw: Any, path: str) -> Iterator[Any]:
        try:
            value = kind.read(raw)
        except FieldRefused as refused:
            self.add(path, refused.code, refused.message)
            return
        if isinstance(kind, Code):
            self.codes[kind][path] = value
        yield value

    def subject(self, field: Field, node: SegmentNode, path: str) -> None:
        path = _under(path, "of")
        if field.subject is None:
            if node.of:
                self.add(path, "unexpected", _("No list belongs here."))
            return
        if field.subject_required and not node.of:
            self.add(path, "required", _("Say which."))
        if len(node.of) > _MOST_CODES:
            self.add(path, "too_long", _("This has more than %(limit)d entries.") % {"limit": _MOST_CODES})
            return
        for place, raw in enumerate(node.of):
            try:
                self.codes[field.subject][f"{path}[{place}]"] = field.subject.read(raw)
            except FieldRefused as refused:
                self.add(f"{path}[{place}]", refused.code, refused.message)

    def narrowing(self, field: Field, node: SegmentNode, path: str) -> None:
        if node.measure and node.measure not in field.measures:
            choices = ", ".join(field.measures)
            message = (
                _("This must be one of %(choices)s.") % {"choices": choices}
                if choices
                else _("No measure belongs here.")
            )
            self.add(_under(path, "measure"), "choice", message)
        if node.period is None:
            return
        path = _under(path, "period")
        if not field.period:
            self.add(path, "unexpected", _("No period belongs here."))
            return
        ways = [
            node.period.days is not None,
            node.period.months is not None,
            bool(node.period.starts or node.period.until),
        ]
        if sum(ways) != 1 or (field.period == "months" and ways[0]):
            message = (
                _("Give months, or from and until.")
                if field.period == "months"
                else _("Give days, or months, or from and until.")
            )
            self.add(path, "period", message)
        elif field.period == "months" and not _is_whole_months(node.period):
            self.add(
                path,
                "whole_months",
                _("This counts whole months: from a first day until a last day of a month."),
            )
        elif node.period.starts and node.period.until and node.period.starts > node.period.until:
            self.add(path, "order", _("It ends before it begins."))
        for name, day in (("from", node.period.starts), ("until", node.period.until)):
            if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
                self.add(_under(path, name), "date", _("This date cannot be right."))

    def check_codes(self) -> None:
        """Refuse codes of what does not exist: one query for each kind of thing that is named."""
        for kind, given in self.codes.items():
            missing = kind.missing(given.values())
            for path, code in given.items():
                if code in missing:
                    self.add(path, "unknown", _("There is no “%(code)s”.") % {"code": code})
