"""Whose uses of limits and codes are when two records of a customer become one, or two again.

What was counted for the customer of a sale goes where the sale goes. Every counter stays the sum of what the activations
that name it hold, so that a return takes it off the right one. Called inside the caller's transaction, after the sales and
the accounts are locked; codes are locked before counters, each by id.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from django.db import connection

_LOCK_CODES = """
SELECT id FROM campaigns_promocode
 WHERE customer_id = ANY(%(customers)s)
    OR id IN (SELECT promo_code_id FROM campaigns_promocodeuse WHERE customer_key = ANY(%(keys)s))
 ORDER BY id FOR NO KEY UPDATE
"""

# Every use that the sales' activations hold of a code which limits each customer, or of a counter of the customer.
_MOVE_CODES = """
WITH held AS (
    SELECT (u->>'promo_code')::bigint AS code, count(DISTINCT a.sale_id) AS sales
      FROM campaigns_activation a CROSS JOIN jsonb_array_elements(a.consumption) AS u
     WHERE a.sale_id = ANY(%(sales)s) AND a.reversed_at IS NULL AND u->>'customer' = %(old)s GROUP BY 1),
taken AS (
    UPDATE campaigns_promocodeuse p SET used = p.used - held.sales
      FROM held WHERE p.promo_code_id = held.code AND p.customer_key = %(old)s)
INSERT INTO campaigns_promocodeuse AS p (promo_code_id, customer_key, used)
SELECT code, %(new)s, sales FROM held ORDER BY code
ON CONFLICT (promo_code_id, customer_key) DO UPDATE SET used = p.used + excluded.used
"""
_HELD = """
SELECT c.id, sum((u->>'amount')::numeric - coalesce((u->>'released')::numeric, 0))
  FROM campaigns_activation a CROSS JOIN jsonb_array_elements(a.consumption) AS u
  JOIN campaigns_campaigncounter c ON c.id = (u->>'counter')::bigint
 WHERE a.sale_id = ANY(%(sales)s) AND u ? 'counter' AND c.scope = 'customer' AND c.scope_key = %(old)s
 GROUP BY c.id
"""
_OPEN_COUNTERS = """
INSERT INTO campaigns_campaigncounter (campaign_id, scope, scope_key, counts, per, window_starts_on, used, maximum)
SELECT campaign_id, scope, %(new)s, counts, per, window_starts_on, 0, maximum
  FROM campaigns_campaigncounter WHERE id = ANY(%(ids)s) ORDER BY 1, 2, 3, 4, 5, 6
ON CONFLICT DO NOTHING
"""
_PAIR_COUNTERS = """
SELECT o.id, n.id
  FROM campaigns_campaigncounter o
  JOIN campaigns_campaigncounter n USING (campaign_id, scope, counts, per, window_starts_on)
 WHERE o.id = ANY(%(ids)s) AND n.scope_key = %(new)s
"""
# Together they may have used more than one customer may: then nothing is left for the one that they are.
_MOVE_COUNTS = """
WITH locked AS (
    SELECT c.id, m.amount
      FROM campaigns_campaigncounter c JOIN unnest(%(counters)s::bigint[], %(amounts)s::numeric[]) AS m(id, amount) USING (id)
     ORDER BY c.id FOR NO KEY UPDATE OF c)
UPDATE campaigns_campaigncounter c
   SET used = c.used + locked.amount, maximum = greatest(c.maximum, c.used + locked.amount)
  FROM locked WHERE c.id = locked.id
"""
_REWRITE = """
UPDATE campaigns_activation a SET consumption = (
    SELECT jsonb_agg(CASE WHEN %(pairs)s::jsonb ? (u->>'counter')
                          THEN jsonb_set(u, '{counter}', %(pairs)s::jsonb -> (u->>'counter'))
                          WHEN u->>'customer' = %(old)s THEN jsonb_set(u, '{customer}', to_jsonb(%(new)s::text))
                          ELSE u END ORDER BY place)
      FROM jsonb_array_elements(a.consumption) WITH ORDINALITY AS e(u, place))
 WHERE a.sale_id = ANY(%(sales)s) AND a.consumption <> '[]'
"""


def lock_codes_of(*customer_ids: int) -> None:
    """Lock the codes that these customers own or whose limit for each customer counts them, in the order of their ids."""
    keys = [_key(pk) for pk in customer_ids]
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_CODES, {"customers": list(customer_ids), "keys": keys})


def move_uses(sale_ids: Sequence[int], *, old: int, new: int) -> None:
    """Count what these sales used of limits and codes for the customer `new` instead of `old`."""
    if not sale_ids:
        return
    values: dict[str, Any] = {"sales": list(sale_ids), "old": _key(old), "new": _key(new)}
    with connection.cursor() as cursor:
        cursor.execute(_MOVE_CODES, values)
        cursor.execute(_HELD, values)
        held = dict(cursor.fetchall())
        values["ids"] = list(held)
        cursor.execute(_OPEN_COUNTERS, values)
        cursor.execute(_PAIR_COUNTERS, values)
        pairs = dict(cursor.fetchall())
        values["counters"] = [*held, *(pairs[pk] for pk in held)]
        values["amounts"] = [*(-amount for amount in held.values()), *held.values()]
        cursor.execute(_MOVE_COUNTS, values)
        values["pairs"] = msgspec.json.encode({str(old): new for old, new in pairs.items()}).decode()
        cursor.execute(_REWRITE, values)


def _key(customer_id: int) -> str:
    return f"c:{customer_id}"
