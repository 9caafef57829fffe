"""What a list shows of each object, declared once for the page and for the files that are exported from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.db.models import Expression, F
from django.utils.functional import Promise

from retail import formats

Kind = Literal["text", "code", "money", "number", "percent", "day", "moment", "badge"]
NUMERIC: frozenset[Kind] = frozenset({"money", "number", "percent"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column.

    `value` reads the raw value from an object; without it `name` is followed as a path ("store.name").
    `labels` writes stored values for people, `tones` colours them (badges); `write` does where it depends on the object
    (points or reais). `order_by` is a field or an
    expression; empty: headings do not sort by it. `on_page=False` leaves it to the exported files, `in_files=False`
    to the page, `on_phone=False` to wider screens.
    """

    name: str
    label: Promise | str
    kind: Kind = "text"
    value: Callable[[Any], Any] | None = None
    secondary: Callable[[Any], str] | None = None
    write: Callable[[Any, Any], str] | None = None
    labels: Mapping[Any, Any] = field(default_factory=dict)
    tones: Mapping[Any, str] = field(default_factory=dict)
    url: Callable[[Any], str | None] | None = None
    zone: Callable[[Any], ZoneInfo | None] | None = None
    order_by: str | Expression = ""
    on_page: bool = True
    on_phone: bool = True
    in_files: bool = True

    @property
    def is_numeric(self) -> bool:
        return self.kind in NUMERIC

    def raw(self, instance: Any) -> Any:
        """Return the stored value."""
        if self.value is not None:
            return self.value(instance)
        found = instance
        for step in self.name.split("."):
            found = getattr(found, step, None)
        return found

    def text(self, instance: Any, raw: Any) -> str:
        """Return the value as people read it; "" when there is none."""
        if raw is None or raw == "":
            return ""
        if self.labels:
            return str(self.labels.get(raw, raw))
        if self.write is not None:
            return self.write(instance, raw)
        match self.kind:
            case "money":
                return formats.money(raw)
            case "number":
                return formats.number(raw)
            case "percent":
                return formats.percent(raw)
            case "day":
                return formats.day(raw)
            case "moment":
                return formats.moment(raw, self.zone(instance) if self.zone else None)
        return str(raw)

    def exported(self, instance: Any) -> Any:
        """Return the value for a file: numbers and dates stay such, moments lose their zone after conversion."""
        raw = self.raw(instance)
        if self.labels or self.kind in ("text", "code", "badge"):
            return self.text(instance, raw)
        if isinstance(raw, datetime):
            return formats.in_zone(raw, self.zone(instance) if self.zone else None).replace(tzinfo=None)
        if self.is_numeric and raw not in (None, ""):
            return Decimal(raw)
        return raw

    def ordering(self) -> Expression | F:
        return F(self.order_by) if isinstance(self.order_by, str) else self.order_by


@dataclass(frozen=True, slots=True)
class Cell:
    """One value in its place, written out."""

    column: Column
    text: str
    secondary: str
    tone: str
    url: str | None
    is_heading: bool

    @property
    def is_blank(self) -> bool:
        return not self.text and not self.secondary


@dataclass(frozen=True, slots=True)
class TableRow:
    instance: Any
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's title. `direction` is how the list is ordered by it now, `sort_to` what a click asks for."""

    column: Column
    direction: str = ""
    sort_to: str = ""


def build_rows(
    columns: list[Column], instances: Any, row_url: Callable[[Any], str | None] = lambda _: None
) -> list[TableRow]:
    """Return what a table draws. The first column names the row and leads to `row_url`."""
    rows = []
    for instance in instances:
        cells = []
        for place, column in enumerate(columns):
            raw = column.raw(instance)
            cells.append(
                Cell(
                    column=column,
                    text=column.text(instance, raw),
                    secondary=column.secondary(instance) if column.secondary else "",
                    tone=column.tones.get(raw, "") if column.tones else "",
                    url=(row_url(instance) if place == 0 else column.url(instance) if column.url else None),
                    is_heading=place == 0,
                )
            )
        rows.append(TableRow(instance, cells))
    return rows


def build_headings(columns: list[Column], order: str) -> list[Heading]:
    """Return the titles of a table that is ordered by `order` ("name", "-name" or "")."""
    headings = []
    for column in columns:
        if not column.order_by:
            headings.append(Heading(column))
        elif order == column.name:
            headings.append(Heading(column, "ascending", f"-{column.name}"))
        elif order == f"-{column.name}":
            headings.append(Heading(column, "descending", column.name))
        else:
            headings.append(Heading(column, "", column.name))
    return headings
