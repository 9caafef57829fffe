"""Proof that the metrics of all customers are what their sales come to. Reads only; each check sees one moment."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from customers.models import CategoryTotal, CustomerMetrics, window_start

# How many rows of one check are named.
NAMED = 20


# check: query for `customer, detail` of what differs. The window is that of each row, so the clock does not matter.
CHECKS: dict[str, str] = {
    "metrics_are_what_the_sales_come_to": """
        SELECT coalesce(m.customer_id, r.customer_id),
               'kept ' || concat_ws(', ', m.turnover, m.visits, m.oldest_at, m.turnover_total, m.visits_total,
                                    m.first_at, m.last_at)
               || '; sales ' || concat_ws(', ', r.turnover, r.visits, r.oldest_at, r.turnover_total, r.visits_total,
                                          r.first_at, r.last_at)
          FROM customers_customermetrics m
          FULL JOIN (SELECT s.customer_id,
                            coalesce(sum(s.net) FILTER (WHERE s.occurred_at > w.window_starts_at), 0) AS turnover,
                            count(*) FILTER (WHERE s.occurred_at > w.window_starts_at) AS visits,
                            min(s.occurred_at) FILTER (WHERE s.occurred_at > w.window_starts_at) AS oldest_at,
                            sum(s.net) AS turnover_total, count(*) AS visits_total,
                            min(s.occurred_at) AS first_at, max(s.occurred_at) AS last_at
                       FROM retail_sale s LEFT JOIN customers_customermetrics w ON w.customer_id = s.customer_id
                      WHERE NOT s.is_test AND s.state IN ('committed', 'partially_returned')
                        AND s.customer_id IS NOT NULL
                      GROUP BY s.customer_id) r ON r.customer_id = m.customer_id
         WHERE (coalesce(m.turnover, 0), coalesce(m.visits, 0), m.oldest_at, coalesce(m.turnover_total, 0),
                coalesce(m.visits_total, 0), m.first_at, m.last_at)
               IS DISTINCT FROM
               (coalesce(r.turnover, 0), coalesce(r.visits, 0), r.oldest_at, coalesce(r.turnover_total, 0),
                coalesce(r.visits_total, 0), r.first_at, r.last_at)""",
    "categories_are_what_the_lines_come_to": """
        SELECT coalesce(t.customer_id, r.customer_id),
               coalesce(t.category, r.category) || ' ' || coalesce(t.month, r.month)
               || ': kept ' || concat_ws(', ', t.quantity, t.amount) || '; lines ' || concat_ws(', ', r.quantity, r.amount)
          FROM customers_categorytotal t
          FULL JOIN (SELECT s.customer_id, l.category, date_trunc('month', s.business_date)::date AS month,
                            sum(l.quantity - l.returned) AS quantity,
                            sum(round(l.net * (l.quantity - l.returned) / l.quantity, 2)) AS amount
                       FROM retail_sale s JOIN retail_saleline l ON l.sale_id = s.id
                      WHERE NOT s.is_test AND s.state IN ('committed', 'partially_returned')
                        AND s.customer_id IS NOT NULL AND l.category <> '' AND l.returned < l.quantity
                      GROUP BY 1, 2, 3) r
            ON r.customer_id = t.customer_id AND r.category = t.category AND r.month = t.month
         WHERE (t.quantity, t.amount) IS DISTINCT FROM (r.quantity, r.amount)""",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """A customer whose metrics are wrong. `rows` is how many the check found; the first of them are named."""

    check: str
    customer: int
    detail: str
    rows: int


@dataclass(frozen=True, slots=True)
class Kept:
    """How much is kept: customers, months of categories, and customers with sales that left the twelve months by `at`."""

    customers: int
    categories: int
    behind: int


def differences() -> list[Difference]:
    """Return what differs between the metrics and the sales, check by check."""
    found = []
    with connection.cursor() as cursor:
        for check, query in CHECKS.items():
            cursor.execute(
                f"SELECT q.*, count(*) OVER () FROM ({query}) AS q(customer, detail) ORDER BY 1 LIMIT {NAMED}",  # noqa: S608
            )
            found += [
                Difference(check, customer, detail, rows) for customer, detail, rows in cursor.fetchall()
            ]
    return found


def kept(*, at: datetime) -> Kept:
    """Return how many rows there are, and how many are behind. What is behind is no error: nobody reads it as it is."""
    rows = CustomerMetrics.objects.all()
    return Kept(
        customers=rows.count(),
        categories=CategoryTotal.objects.count(),
        behind=rows.filter(oldest_at__lte=window_start(at)).count(),
    )
