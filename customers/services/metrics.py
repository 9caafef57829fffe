"""What each customer's sales come to, kept by whoever records, cancels, returns or moves a sale, in the same transaction.

`add_sale` adds a sale that was just recorded. Whatever takes away from a customer counts it anew (`recount`): it is rare,
and a minimum cannot be taken back. Both lock the row of the customer's metrics first, last of all rows of the transaction
(docs/decisions/0101-customer-metrics-and-segments.md).
"""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import connection, transaction

from customers.models import window_start

BATCH = 500


def add_sale(sale_id: int, *, at: datetime) -> None:
    """Add a sale of a customer with its lines, recorded whole in this transaction; it stands and is no test. One statement."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT add_sale_to_metrics(%s, %s)", [sale_id, window_start(at)])


def recount(customer_ids: Sequence[int], *, at: datetime) -> None:
    """Count everything of these customers anew, from their sales as they are once this holds their rows. One statement."""
    _recount(customer_ids, None, at)


def recount_month(customer_id: int, business_date: date, *, at: datetime) -> None:
    """Count a customer anew after a sale of this date was cancelled or came back, categories in its month. One statement."""
    _recount([customer_id], business_date.replace(day=1), at)


def _recount(customer_ids: Sequence[int], month: date | None, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT recount_customers(%s::bigint[], %s, %s)", [list(customer_ids), window_start(at), month]
        )


# Rows that a sale or another copy of this holds are left for the next time.
_BEHIND = """
SELECT customer_id FROM customers_customermetrics
 WHERE oldest_at <= %s ORDER BY oldest_at LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
"""


def let_old_sales_leave(*, at: datetime, batch: int = BATCH) -> int:
    """Bring the rows up to `at` whose oldest sale left the twelve months; return how many.

    Each batch is a transaction: it may be stopped at any moment, and any number of copies share the work. Nobody reads a
    row that is behind meanwhile: segments ask the sales of such a customer (`customers.segments.metric_fields`).
    """
    since, done = window_start(at), 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_BEHIND, [since, batch])
            behind = [customer_id for (customer_id,) in cursor.fetchall()]
            if not behind:
                return done
            cursor.execute("SELECT recount_metrics(%s::bigint[], %s)", [behind, since])
        done += len(behind)


_NEXT = """
SELECT c.id FROM customers_customer c
 WHERE c.id > %s AND (EXISTS (SELECT FROM retail_sale s WHERE s.customer_id = c.id)
                   OR EXISTS (SELECT FROM customers_customermetrics m WHERE m.customer_id = c.id))
 ORDER BY c.id LIMIT %s
"""


def rebuild(*, at: datetime) -> int:
    """Count every customer anew, in the order of ids, a batch a transaction; return how many. Sales go on meanwhile."""
    done = last = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_NEXT, [last, BATCH])
            ids = [customer_id for (customer_id,) in cursor.fetchall()]
            if not ids:
                return done
            recount(ids, at=at)
        done, last = done + len(ids), ids[-1]
