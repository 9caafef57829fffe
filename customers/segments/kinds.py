"""What the values of a field are: how they are read from a document, which operators fit, how a page asks for them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, Protocol

from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.segments.operators import BOUNDS, LABELS, SETS
from retail.rows import FieldRefused, read_text

MOST_VALUES = 1_000
MAX_TEXT = 120
_MOST_MONEY = Decimal(10) ** 12
# Days outside are typing mistakes, and some cannot be reckoned with: there is no day after 31 December 9999.
FIRST_YEAR, LAST_YEAR = 1880, 2200
Labels = Mapping[str, Promise | str]


class Kind(Protocol):
    """`read` returns the value to compare with, or raises FieldRefused; `write` returns it as documents have it."""

    @property
    def operators(self) -> Labels: ...

    @property
    def input(self) -> str:
        """How a page asks for one value: text, number, money, day, day_of_year, select or code."""
        ...

    def read(self, value: Any) -> Any: ...

    def choices(self) -> Sequence[tuple[str, Any]]: ...


def named(*operators: str, **labels: Promise | str) -> Labels:
    """Return these operators with their usual labels, and those that are named otherwise."""
    return {name: labels.get(name, LABELS[name]) for name in operators}


@dataclass(frozen=True, slots=True)
class Text:
    operators: Labels = field(
        default_factory=lambda: named("eq", "ne", *SETS, "starts_with", "is_set", "is_empty")
    )
    input: str = "text"

    def read(self, value: Any) -> str:
        text = read_text(value, MAX_TEXT)
        if not text:
            raise FieldRefused("blank", _("This cannot be empty."))
        return text

    def choices(self) -> Sequence[tuple[str, Any]]:
        return ()


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within bounds, both included."""

    least: int = 0
    most: int = 1_000_000
    operators: Labels = field(default_factory=lambda: named(*BOUNDS))
    input: str = "number"

    def read(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise FieldRefused("type", _("This must be a whole number."))
        if not self.least <= value <= self.most:
            limits = {"least": self.least, "most": self.most}
            raise FieldRefused("range", _("This must be from %(least)d to %(most)d.") % limits)
        return value

    def choices(self) -> Sequence[tuple[str, Any]]:
        return ()


@dataclass(frozen=True, slots=True)
class Amount:
    """A decimal text such as "1500.00", not negative: money, or points and units with so many `places`."""

    places: int = 2
    operators: Labels = field(default_factory=lambda: named(*BOUNDS))
    input: str = "money"

    def read(self, value: Any) -> Decimal:
        refused = FieldRefused("amount", _('This must be an amount such as "1500.00".'))
        if isinstance(value, (bool, float)) or not isinstance(value, (str, int, Decimal)):
            raise refused
        text = str(value)
        if not text.isascii() or not text.replace(".", "", 1).isdigit():
            raise refused
        try:
            amount = Decimal(text)
        except InvalidOperation:
            raise refused from None
        if -int(amount.as_tuple().exponent) > self.places or amount >= _MOST_MONEY:
            raise refused
        return amount

    def choices(self) -> Sequence[tuple[str, Any]]:
        return ()


@dataclass(frozen=True, slots=True)
class Day:
    """A date, "2026-11-23"."""

    operators: Labels = field(
        default_factory=lambda: {
            "eq": LABELS["eq"],
            "gt": gettext_lazy("is after"),
            "gte": gettext_lazy("is on or after"),
            "lt": gettext_lazy("is before"),
            "lte": gettext_lazy("is on or before"),
            "between": LABELS["between"],
            "is_set": LABELS["is_set"],
            "is_empty": LABELS["is_empty"],
        }
    )
    input: str = "day"

    def read(self, value: Any) -> date:
        try:
            day = date.fromisoformat(value)
        except (TypeError, ValueError):
            day = None
        if day is None or len(value) != 10 or not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise FieldRefused("date", _("This must be a date such as 2026-11-23."))
        return day

    def choices(self) -> Sequence[tuple[str, Any]]:
        return ()


@dataclass(frozen=True, slots=True)
class DayOfYear:
    """A day of every year, "12-31". From a later to an earlier one goes over New Year."""

    operators: Labels = field(default_factory=lambda: named("eq", "between"))
    input: str = "day_of_year"

    def read(self, value: Any) -> str:
        try:
            # In a leap year, every day that there is exists.
            day = date.fromisoformat(f"2000-{value}") if isinstance(value, str) and len(value) == 5 else None
        except ValueError:
            day = None
        if day is None:
            raise FieldRefused("day_of_year", _("This must be a month and a day such as 12-31."))
        return f"{day:%m-%d}"

    def choices(self) -> Sequence[tuple[str, Any]]:
        return ()


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few values. `as_read` turns it into what the database has."""

    options: Callable[[], Iterable[tuple[str, Any]]]
    operators: Labels = field(default_factory=lambda: named("eq", "ne", *SETS, "is_set", "is_empty"))
    as_read: Callable[[str], Any] = str
    input: str = "select"

    def read(self, value: Any) -> Any:
        known = [option for option, _label in self.options()]
        if str(value) not in known or isinstance(value, bool):
            raise FieldRefused(
                "choice", _("This must be one of %(choices)s.") % {"choices": ", ".join(known[:20])}
            )
        return self.as_read(str(value))

    def choices(self) -> Sequence[tuple[str, Any]]:
        return list(self.options())


@dataclass(frozen=True, slots=True)
class Flag:
    """Something that is there or is not; it takes no value."""

    yes: Promise | str
    no: Promise | str
    input: str = ""

    @property
    def operators(self) -> Labels:
        return {"is_set": self.yes, "is_empty": self.no}

    def read(self, value: Any) -> Any:
        raise FieldRefused("unexpected", _("No value belongs here."))

    def choices(self) -> Sequence[tuple[str, Any]]:
        return ()


@dataclass(frozen=True, slots=True, eq=False)
class Code:
    """The code of something that there is a list of: a store, a grouping, a campaign. `column` of `model` has it.

    What does not exist is refused when a tree is saved or counted (`missing`), and matches nobody when it was removed later.
    """

    model: Callable[[], type[Model]]
    column: str = "code"
    operators: Labels = field(default_factory=lambda: named(*SETS))
    # What is offered while typing; more than this is typed by hand.
    most_offered: ClassVar[int] = 300
    input: str = "code"

    def read(self, value: Any) -> str:
        text = read_text(value, 64)
        if not text:
            raise FieldRefused("blank", _("This cannot be empty."))
        return text

    def choices(self) -> Sequence[tuple[str, Any]]:
        rows = self.model()._default_manager.order_by("name", "pk").values_list(self.column, "name")
        return list(rows[: self.most_offered])

    def missing(self, codes: Iterable[str]) -> set[str]:
        """Return those that do not exist. One query."""
        wanted = set(codes)
        found = self.model()._default_manager.filter(**{f"{self.column}__in": wanted})
        return wanted - set(found.values_list(self.column, flat=True))
