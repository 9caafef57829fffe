"""A tree as one statement: who belongs to a segment at a moment.

Mailings, groupings, counts and exports all ask with these. Only customers that stand are in any segment: active, and not
merged into another record.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from customers.segments.operators import Sql, all_of, any_of
from customers.segments.registry import Asked, Span, Statement
from customers.segments.tree import Condition, Group, SegmentPeriod

# What somebody waits for at a page: tills use the same database.
PATIENCE = timedelta(seconds=2)
_CANCELLED = "57014"


class TooSlow(Exception):
    """The statement did not end in the time that it was given."""

    code = "too_slow"
    message = _("Finding these customers takes too long now. Ask again later, or ask for less.")

    def __init__(self) -> None:
        super().__init__(str(self.message))


def segment_ids_sql(tree: Group, *, at: datetime, zone: ZoneInfo) -> Sql:
    """Return `SELECT c.id ...` of the tree's customers at a moment, without an order, to be put into any statement.

    `INSERT INTO ... SELECT s.id FROM (<text>) s` freezes an audience. `zone` is the company's: days and ages are counted
    in it. The text is part of nothing that somebody typed; all values are placeholders, in the order of `params`.
    """
    return _select("c.id", tree, at=at, zone=zone)


def customers_of(tree: Group, *, at: datetime, zone: ZoneInfo) -> QuerySet[Customer]:
    """Return the tree's customers as a queryset, to be ordered, joined and cut like any other."""
    ids = segment_ids_sql(tree, at=at, zone=zone)
    return Customer.objects.filter(pk__in=RawSQL(ids.text, ids.params))  # noqa: S611 - made by this package alone


def count_customers(tree: Group, *, at: datetime, zone: ZoneInfo, within: timedelta | None = None) -> int:
    """Return how many customers the tree has. One statement, ended by the database after `within`. Raises TooSlow."""
    statement = _select("count(*)", tree, at=at, zone=zone)
    with limited(within), connection.cursor() as cursor:
        cursor.execute(statement.text, statement.params)
        (count,) = cursor.fetchone()
    return int(count)


@contextmanager
def limited(within: timedelta | None) -> Iterator[None]:
    """Let the statements on customers in this block take so long each, None for as long as they take. Raises TooSlow.

    Without it a statement goes on in the database when nobody waits for its answer any more.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # Compiling a plan that reads a million rows takes longer than running it.
            cursor.execute("SET LOCAL jit = off")
            if within is not None:
                milliseconds = int(within.total_seconds() * 1000)
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", (str(milliseconds),))
            yield
            if within is not None:
                cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", "") != _CANCELLED:
            raise
        raise TooSlow from error


def _select(what: str, tree: Group, *, at: datetime, zone: ZoneInfo) -> Sql:
    statement = Statement(at=at, zone=zone)
    predicate = _predicate(tree, statement)
    joins = " ".join(one.text for one in statement.joins.values())
    params: tuple[Any, ...] = tuple(value for one in statement.joins.values() for value in one.params)
    return Sql(
        f"SELECT {what} FROM customers_customer c {joins} WHERE c.is_active AND ({predicate.text})",  # noqa: S608
        (*params, *predicate.params),
    )


def _predicate(group: Group, statement: Statement) -> Sql:
    parts = [
        _predicate(part, statement)
        if isinstance(part, Group)
        else part.field.sql(_asked(part, statement), statement)
        for part in group.parts
    ]
    return any_of(parts) if group.any else all_of(parts)


def _asked(condition: Condition, statement: Statement) -> Asked:
    return Asked(
        operator=condition.operator,
        values=condition.values,
        of=condition.of,
        measure=condition.measure,
        span=span_of(condition.period, statement.today),
    )


def span_of(period: SegmentPeriod | None, today: date) -> Span:
    """Return the days of a period; without one, all. The last 30 days are today and the 29 before."""
    if period is None:
        return Span()
    if period.days is not None:
        return Span(date.fromordinal(max(1, today.toordinal() - period.days + 1)))
    if period.months is not None:
        months = max(12, today.year * 12 + today.month - period.months)
        return Span(date(months // 12, months % 12 + 1, 1))
    return Span(period.starts, period.until)
