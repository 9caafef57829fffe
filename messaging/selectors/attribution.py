"""Which sales followed messages: the last one that a customer got before buying, within so many days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from messaging.occasions import KINDS

# A message whose code or value was used in the sale goes before all others; among several, and else, the last that was sent.
# docs/algorithms/messages.md, section 9.
_STATEMENT = """
WITH sold AS (
    SELECT DISTINCT s.id, s.customer_id, s.net, s.occurred_at
      FROM messaging_message a
      JOIN retail_sale s ON s.customer_id = a.customer_id
       AND s.occurred_at > a.sent_at AND s.occurred_at <= a.sent_at + %(span)s
     WHERE a.id = ANY(%(messages)s) AND NOT s.is_test AND s.state IN ('committed', 'partially_returned')
), touched AS (
    SELECT s.id AS sale_id, s.net, s.occurred_at, m.id AS message_id, m.sent_at,
           EXISTS (SELECT FROM campaigns_activation v
                    WHERE v.sale_id = s.id AND v.promo_code_id = m.promo_code_id AND v.reversed_at IS NULL) AS by_code,
           EXISTS (SELECT FROM loyalty_entry e
                    WHERE e.sale_id = s.id AND e.kind = 'redeem' AND e.account_id = coalesce(
                          substring(m.occasion_key from '^account:([0-9]+)')::bigint,
                          (SELECT l.account_id FROM loyalty_lot l
                            WHERE l.id = substring(m.occasion_key from '^lot:([0-9]+)')::bigint))) AS by_value
      FROM sold s
      JOIN messaging_message m ON m.customer_id = s.customer_id
       AND m.sent_at < s.occurred_at AND m.sent_at >= s.occurred_at - %(span)s
     WHERE m.state IN ('sent', 'delivered', 'read') AND m.occasion = ANY(%(marketing)s)
), last AS (
    SELECT DISTINCT ON (t.sale_id) t.*
      FROM touched t
     ORDER BY t.sale_id, (t.by_code OR t.by_value) DESC, t.sent_at DESC, t.message_id DESC
)
SELECT message_id, sale_id, net, occurred_at, CASE WHEN by_code THEN 'code' WHEN by_value THEN 'value' ELSE 'purchase' END
  FROM last
 WHERE message_id = ANY(%(messages)s)
 ORDER BY occurred_at, sale_id
"""


@dataclass(frozen=True, slots=True)
class AttributedSale:
    """A sale that counts for a message. `how` is code (its promo code was used), value (what it told of was spent) or purchase.

    `net` is in reais, as the sale was recorded: a return takes it away only when it takes back all of it, as in metrics.
    """

    message_id: int
    sale_id: int
    net: Decimal
    occurred_at: datetime
    how: str


def attributed_sales(message_ids: Sequence[int], days: int) -> list[AttributedSale]:
    """Return the sales that count for these messages, within so many times 24 hours after each, the oldest first.

    A sale counts for one message at most, of all that its customer got: adding up mailings never counts a sale twice. Tests,
    cancelled and wholly returned sales, and messages that were not sent or are in doubt, count for nothing.
    """
    values: dict[str, Any] = {
        "messages": list(message_ids),
        "span": timedelta(days=days),
        "marketing": [code for code, kind in KINDS.items() if kind.purpose.needs_consent],
    }
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, values)
        return [AttributedSale(*row) for row in cursor.fetchall()]
