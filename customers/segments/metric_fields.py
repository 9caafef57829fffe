"""What a customer bought in all, from the metrics that every sale keeps.

The row of a customer whose oldest sale has left the twelve months is behind until `let_old_sales_leave` reaches it. It is
not read then: the sales of these few customers are asked instead, in the same statement.
"""

from collections.abc import Callable

from django.utils.translation import gettext_lazy as _

from customers.models import window_start
from customers.segments.kinds import Amount, Day, Flag, Whole
from customers.segments.operators import Sql, all_of, any_of, compare, holds_for_nothing
from customers.segments.registry import PURCHASES, Asked, Field, Statement, days_ago, on_days

_TABLE = Sql("customers_customermetrics")
_RAW = (
    "(SELECT {sum} FROM retail_sale s WHERE s.customer_id = c.id AND NOT s.is_test"
    " AND s.state IN ('committed', 'partially_returned') AND s.occurred_at > %s)"
)
Predicate = Callable[[Asked, Statement], Sql]


def _last_twelve_months(kept: str, raw: str, *, nothing_is_zero: bool = True) -> Predicate:
    """Compare a sum of the window: as it is kept, or of the sales themselves where the row is behind."""

    def sql(asked: Asked, statement: Statement) -> Sql:
        statement.join("m", _TABLE)
        since = window_start(statement.at)
        fresh = [Sql("m.oldest_at > %s", (since,)), compare(Sql(kept), asked.operator, asked.values)]
        summed = Sql(_RAW.format(sum=raw), (since,))
        behind = [Sql("m.oldest_at <= %s", (since,)), compare(summed, asked.operator, asked.values)]
        ways = [all_of(fresh), all_of(behind)]
        if nothing_is_zero and holds_for_nothing(asked.operator, asked.values):
            ways.append(Sql("m.oldest_at IS NULL"))
        return any_of(ways)

    return sql


def _in_all(kept: str, *, nothing_is_zero: bool = True) -> Predicate:
    def sql(asked: Asked, statement: Statement) -> Sql:
        statement.join("m", _TABLE)
        found = compare(Sql(kept), asked.operator, asked.values)
        if nothing_is_zero and holds_for_nothing(asked.operator, asked.values):
            return any_of([Sql("m.customer_id IS NULL"), found])
        return found

    return sql


def _day(moment: str) -> Predicate:
    def sql(asked: Asked, statement: Statement) -> Sql:
        statement.join("m", _TABLE)
        return on_days(moment, asked.operator, asked.values, statement)

    return sql


def _days_since(moment: str) -> Predicate:
    def sql(asked: Asked, statement: Statement) -> Sql:
        statement.join("m", _TABLE)
        return days_ago(moment, asked.operator, asked.values, statement)

    return sql


_DAYS = Day(operators={name: label for name, label in Day().operators.items() if not name.startswith("is_")})

FIELDS = [
    Field(
        code="turnover",
        label=_("Turnover in twelve months"),
        group=PURCHASES,
        is_profile=True,
        kind=Amount(),
        sql=_last_twelve_months("m.turnover", "coalesce(sum(s.net), 0)"),
    ),
    Field(
        code="visits",
        label=_("Purchases in twelve months"),
        group=PURCHASES,
        is_profile=True,
        kind=Whole(),
        sql=_last_twelve_months("m.visits", "count(*)"),
    ),
    Field(
        code="average_basket",
        label=_("Average basket in twelve months"),
        group=PURCHASES,
        is_profile=True,
        kind=Amount(),
        sql=_last_twelve_months(
            "round(m.turnover / nullif(m.visits, 0), 2)", "round(avg(s.net), 2)", nothing_is_zero=False
        ),
        note=_("Only of customers who bought."),
    ),
    Field(
        code="turnover_total",
        label=_("Turnover in all"),
        group=PURCHASES,
        is_profile=True,
        kind=Amount(),
        sql=_in_all("m.turnover_total"),
    ),
    Field(
        code="visits_total",
        label=_("Purchases in all"),
        group=PURCHASES,
        is_profile=True,
        kind=Whole(),
        sql=_in_all("m.visits_total"),
    ),
    Field(
        code="average_basket_total",
        label=_("Average basket in all"),
        group=PURCHASES,
        is_profile=True,
        kind=Amount(),
        sql=_in_all("round(m.turnover_total / nullif(m.visits_total, 0), 2)", nothing_is_zero=False),
        note=_("Only of customers who bought."),
    ),
    Field(
        code="has_bought",
        label=_("Purchases"),
        group=PURCHASES,
        is_profile=True,
        kind=Flag(yes=_("has bought"), no=_("has never bought")),
        sql=_day("m.last_at"),
    ),
    Field(
        code="last_purchase",
        label=_("Last purchase"),
        group=PURCHASES,
        is_profile=True,
        kind=_DAYS,
        sql=_day("m.last_at"),
    ),
    Field(
        code="last_purchase_days",
        label=_("Days since the last purchase"),
        group=PURCHASES,
        is_profile=True,
        kind=Whole(0, 36_500),
        sql=_days_since("m.last_at"),
        note=_("0 is today. Only of customers who bought."),
    ),
    Field(
        code="first_purchase",
        label=_("First purchase"),
        group=PURCHASES,
        is_profile=True,
        kind=_DAYS,
        sql=_day("m.first_at"),
    ),
    Field(
        code="first_purchase_days",
        label=_("Days since the first purchase"),
        group=PURCHASES,
        is_profile=True,
        kind=Whole(0, 36_500),
        sql=_days_since("m.first_at"),
        note=_("0 is today. Only of customers who bought."),
    ),
]
