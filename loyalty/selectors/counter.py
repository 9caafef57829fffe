"""What the seller sees of a customer's value: balances, the tier, gifts and rewards within reach. One query."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from loyalty.selectors.balances import EXPIRING_DAYS

# Every active program and plan, with or without an account, and cashback where there is any. Hundredths.
_HELD = """
WITH held AS (
    SELECT account_id,
           sum(remaining - held) FILTER (WHERE ready) AS available,
           sum(held) FILTER (WHERE ready) AS reserved,
           sum(remaining) FILTER (WHERE NOT ready) AS pending,
           min(available_from) FILTER (WHERE reviewed AND available_from > %(at)s) AS pending_from,
           sum(remaining) FILTER (WHERE NOT reviewed) AS awaiting_review,
           sum(remaining - held) FILTER (WHERE ready AND ends_at <= %(soon)s) AS expiring,
           min(ends_at) FILTER (WHERE ready AND remaining > held) AS next_expiry
      FROM (SELECT l.account_id, l.remaining, k.held, l.available_from, r.reviewed, r.reviewed AND l.available_from <= %(at)s AS ready,
                   greatest(l.expires_at, CASE WHEN l.expires_at IS NOT NULL THEN l.grace_until END) AS ends_at
              FROM loyalty_account a JOIN loyalty_lot l ON l.account_id = a.id
             CROSS JOIN LATERAL (SELECT NOT l.awaits_review OR coalesce(l.reviewed_at <= %(at)s, false) AS reviewed) AS r
             CROSS JOIN LATERAL (SELECT least(coalesce(sum(h.amount), 0), l.remaining) AS held FROM loyalty_hold h
                                  WHERE h.lot_id = l.id AND h.expires_at > %(at)s) AS k
             WHERE a.customer_id = %(customer)s AND l.remaining > 0
               AND (l.expires_at IS NULL OR l.expires_at > %(at)s OR l.grace_until > %(at)s)) AS lots
     GROUP BY account_id
), units AS (
    SELECT 'cashback' AS kind, NULL::bigint AS id, '' AS code, '' AS name, NULL::numeric AS point_value, NULL::numeric AS redeem_step,
           NULL::int AS orders,
           '' AS reward, NULL::numeric AS percent, '' AS sku, '[]'::json AS levels
    UNION ALL
    SELECT 'points', p.id, p.code, p.name, p.point_value, p.redeem_step, NULL, '', NULL, '',
           coalesce((SELECT json_agg(json_build_object('number', v.number, 'name', v.name, 'points', (v.points * 100)::bigint,
                'gifts', coalesce((SELECT json_agg(json_build_object('sku', d.sku, 'name', d.name, 'picture_url', coalesce(nullif(g.picture_url, ''), d.image_url))
                            ORDER BY g.id)
                       FROM loyalty_levelgift g JOIN retail_product d ON d.id = g.product_id WHERE g.level_id = v.id), '[]'))
                ORDER BY v.points) FROM loyalty_programlevel v WHERE v.program_id = p.id), '[]')
      FROM loyalty_pointsprogram p WHERE p.is_active
    UNION ALL
    SELECT 'stamps', s.id, s.code, s.name, NULL, NULL, s.orders, s.reward, s.reward_percent, coalesce(d.sku, ''), '[]'
      FROM loyalty_stampplan s LEFT JOIN retail_product d ON d.id = s.reward_product_id WHERE s.is_active
)
SELECT u.kind, u.code, u.name, u.levels, u.orders, u.reward, u.percent, u.sku, u.point_value, (u.redeem_step * 100)::bigint AS redeem_step,
       a.id IS NOT NULL AS is_held,
       coalesce(h.available * 100, 0)::bigint AS available, coalesce(h.reserved * 100, 0)::bigint AS reserved,
       coalesce(h.pending * 100, 0)::bigint AS pending,
       coalesce(h.awaiting_review * 100, 0)::bigint AS awaiting_review, coalesce(h.expiring * 100, 0)::bigint AS expiring,
       coalesce(a.owed * 100, 0)::bigint AS owed, h.pending_from, h.next_expiry, t.code AS tier, t.name AS tier_name
  FROM units u
  LEFT JOIN loyalty_account a ON a.customer_id = %(customer)s AND a.kind = u.kind
        AND coalesce(a.program_id, a.plan_id) IS NOT DISTINCT FROM u.id
  LEFT JOIN held h ON h.account_id = a.id
  LEFT JOIN loyalty_customertier c ON c.customer_id = %(customer)s AND u.kind = 'points' AND c.program_id = u.id
  LEFT JOIN loyalty_programtier t ON t.id = c.tier_id
 WHERE u.kind <> 'cashback' OR a.id IS NOT NULL
 ORDER BY u.kind, u.code
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    sku: str
    name: str
    picture_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """`points` in hundredths open its gifts."""

    number: int
    name: str
    points: int
    gifts: tuple[Gift, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a customer holds of one unit, in hundredths; nothing where it is not `is_held`: there is no account yet.

    `point_value` is money for one point, `orders` stamps give the reward of a plan.
    """

    kind: str
    code: str
    name: str
    available: int
    reserved: int
    pending: int
    pending_from: datetime | None
    awaiting_review: int
    expiring: int
    next_expiry: datetime | None
    owed: int
    is_held: bool
    point_value: Decimal | None
    redeem_step: int | None
    tier: str | None
    tier_name: str | None
    levels: tuple[Level, ...]
    orders: int | None
    reward: str
    percent: Decimal | None
    sku: str


def held_at_counter(customer_id: int, *, at: datetime) -> list[Held]:
    """Return what a customer holds of every active program and plan, and of cashback."""
    with connection.cursor() as cursor:
        soon = at + timedelta(days=EXPIRING_DAYS)
        cursor.execute(_HELD, {"customer": customer_id, "at": at, "soon": soon})
        names = [column.name for column in cursor.description]
        return [_held(dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def _held(row: dict[str, Any]) -> Held:
    levels = tuple(
        Level(**{**level, "gifts": tuple(Gift(**gift) for gift in level["gifts"])}) for level in row["levels"]
    )
    return Held(**{**row, "levels": levels})
