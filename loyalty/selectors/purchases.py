"""What a customer has bought lately, for rules that look at visits and turnover."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection


@dataclass(frozen=True, slots=True)
class Bought:
    """Purchases since a moment: cents charged less those of returns, and how many; `was_given`: a voucher since then."""

    turnover: int
    visits: int
    was_given: bool


# A voucher that was taken back with its purchase holds nothing and was nothing.
_BOUGHT = """
SELECT coalesce((SELECT sum(greatest(s.charged - CASE WHEN s.refunded > 0 THEN (
                            SELECT coalesce(sum(r.amount + r.withheld), 0) FROM retail_salereturn r
                             WHERE r.sale_id = s.id) ELSE 0 END, 0)) * 100
                   FROM retail_sale s
                  WHERE s.customer_id = %(customer)s AND s.occurred_at > w.since AND s.id <> %(sale)s
                    AND NOT s.is_test AND s.state IN ('committed', 'partially_returned')), 0)::bigint,
       (SELECT count(*) FROM retail_sale s
         WHERE s.customer_id = %(customer)s AND s.occurred_at > w.since AND s.id <> %(sale)s
           AND NOT s.is_test AND s.state IN ('committed', 'partially_returned')),
       EXISTS (SELECT FROM loyalty_storedvalue v JOIN retail_sale s ON s.id = v.sale_id
                WHERE v.customer_id = %(customer)s AND v.origin = w.origin AND s.occurred_at > w.since
                  AND s.state IN ('committed', 'partially_returned'))
  FROM unnest(%(sinces)s::timestamptz[], %(origins)s::text[]) WITH ORDINALITY AS w(since, origin, place)
 ORDER BY w.place
"""


def bought_since(
    customer_id: int, windows: Sequence[tuple[datetime, str]], *, without_sale: int | None = None
) -> list[Bought]:
    """Return what a customer has bought since each `(moment, origin of vouchers)`, in one query.

    Test sales, cancelled and wholly returned ones do not count; `without_sale` leaves out the one being recorded.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _BOUGHT,
            {
                "customer": customer_id,
                "sale": without_sale or 0,
                "sinces": [since for since, _origin in windows],
                "origins": [origin for _since, origin in windows],
            },
        )
        return [Bought(*row) for row in cursor.fetchall()]
