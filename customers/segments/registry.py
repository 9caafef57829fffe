"""The fields that segments can ask for. Each package lists its own in `<package>/segment_fields.py`, as `FIELDS`.

A field is one declaration: what its values are, and the SQL that finds whom a condition means. Nobody else knows it by
name: documents, the page, the API's description and the statement are all made of this.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from zoneinfo import ZoneInfo

from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.segments.kinds import Code, Kind
from customers.segments.operators import Sql, all_of, any_of, compare, holds_for_nothing

# The headings under which a page offers fields, in this order.
PERSON, ADDRESS, CONTACT, PURCHASES, LOYALTY, CAMPAIGNS, MESSAGES = (
    _("Person"),
    _("Address and store"),
    _("Contact and consent"),
    _("Purchases"),
    _("Loyalty"),
    _("Campaigns"),
    _("Messages"),
)
GROUPS = (PERSON, ADDRESS, CONTACT, PURCHASES, LOYALTY, CAMPAIGNS, MESSAGES)


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `starts` to `until`, both included; either may be open."""

    starts: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One condition as its field's SQL sees it: values are read, `span` is what its period means today."""

    operator: str
    values: tuple[Any, ...] = ()
    of: tuple[str, ...] = ()
    measure: str = ""
    span: Span = Span()


@dataclass(slots=True)
class Statement:
    """The one statement that a tree becomes. Its customers are `c`; fields add what is joined to them."""

    at: datetime
    zone: ZoneInfo
    joins: dict[str, Sql] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return self.at.astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        """Return the moment at which a day begins in the company's zone."""
        return datetime.combine(day, time(), tzinfo=self.zone)

    def join(self, alias: str, table: Sql) -> str:
        """Join a table or a query of `customer_id` once, under this alias; return the alias."""
        self.joins.setdefault(
            alias, Sql(f"LEFT JOIN {table.text} {alias} ON {alias}.customer_id = c.id", table.params)
        )
        return alias

    def join_totals(self, query: Sql) -> str:
        """Join a query of one `customer_id, value` a customer under a new alias; return the alias."""
        return self.join(f"t{len(self.joins)}", Sql(f"({query.text})", query.params))


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Something that is known of every customer.

    `sql` returns the predicate of a condition. `subject` says what `of` names (categories, a program) and whether it must
    be there; `measures` what can be measured of it; `period` whether it can be narrowed to `days` or `months`. `kinds` has the
    kind of those measures whose values are others than `kind` reads, with the same operators. `is_profile`: it tells what people
    bought, collected or read, so marketing does not choose those by it who refused profiling.
    """

    code: str
    label: Promise | str
    group: Promise | str
    kind: Kind
    sql: Callable[[Asked, Statement], Sql]
    subject: Code | None = None
    subject_label: Promise | str = ""
    subject_required: bool = False
    measures: Mapping[str, Promise | str] = field(default_factory=dict)
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    period: str = ""
    note: Promise | str = ""
    is_profile: bool = False

    def kind_of(self, measure: str) -> Kind:
        """Return what the values of a measure are; without one, of the first that there is."""
        return self.kinds.get(measure or next(iter(self.measures), ""), self.kind)


@cache
def fields() -> Mapping[str, Field]:
    """Return all fields by code. Raises ValueError when two packages use one code."""
    found: dict[str, Field] = {}
    # From the lowest package up: the person comes first.
    for app in reversed(list(apps.get_app_configs())):
        if not find_spec(f"{app.name}.segment_fields"):
            continue
        for one in import_module(f"{app.name}.segment_fields").FIELDS:
            if one.code in found:
                raise ValueError(f"There is a field named {one.code} already.")
            found[one.code] = one
    return found


# --- What the SQL of most fields is made of -------------------------------------------------------


def column(expression: str, *, folded: str = "", blank: bool = False) -> Callable[[Asked, Statement], Sql]:
    """Compare a column of the customer, `c.city`."""
    return lambda asked, _statement: compare(
        Sql(expression), asked.operator, asked.values, folded=folded, blank=blank
    )


def totals(
    query: Callable[[Asked, Statement], Sql], *, read: Callable[[Any], Any] | None = None
) -> Callable[[Asked, Statement], Sql]:
    """Compare a sum of rows, `SELECT customer_id, ... AS value ... GROUP BY customer_id`; without rows it is 0."""

    def sql(asked: Asked, statement: Statement) -> Sql:
        alias = statement.join_totals(query(asked, statement))
        if asked.operator == "is_empty":
            return Sql(f"{alias}.customer_id IS NULL")
        if asked.operator == "is_set":
            return Sql(f"{alias}.customer_id IS NOT NULL")
        values = asked.values if read is None else tuple(map(read, asked.values))
        found = compare(Sql(f"{alias}.value"), asked.operator, values)
        if holds_for_nothing(asked.operator, values):
            return any_of([Sql(f"{alias}.customer_id IS NULL"), found])
        return found

    return sql


def within(expression: str, span: Span) -> Sql:
    """Return the predicate that a date lies within a span."""
    parts = []
    if span.starts is not None:
        parts.append(Sql(f"{expression} >= %s", (span.starts,)))
    if span.until is not None:
        parts.append(Sql(f"{expression} <= %s", (span.until,)))
    return all_of(parts)


def on_days(expression: str, operator: str, days: Sequence[date], statement: Statement) -> Sql:
    """Compare a moment with days of the company's zone."""
    first = statement.midnight(days[0]) if days else None
    after = statement.midnight(days[-1] + timedelta(days=1)) if days else None
    match operator:
        case "is_set" | "is_empty":
            return compare(Sql(expression), operator, ())
        case "eq" | "between":
            return Sql(f"{expression} >= %s AND {expression} < %s", (first, after))
        case "gt":
            return Sql(f"{expression} >= %s", (after,))
        case "gte":
            return Sql(f"{expression} >= %s", (first,))
        case "lt":
            return Sql(f"{expression} < %s", (first,))
    return Sql(f"{expression} < %s", (after,))


_TURNED = {"gt": "lt", "gte": "lte", "lt": "gt", "lte": "gte"}


def days_ago(expression: str, operator: str, counts: Sequence[int], statement: Statement) -> Sql:
    """Compare how many days ago a moment was, counted in days of the company's zone as campaigns count them."""
    days = sorted(statement.today - timedelta(days=count) for count in counts)
    return on_days(expression, _TURNED.get(operator, operator), days, statement)
