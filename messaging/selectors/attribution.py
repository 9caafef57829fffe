"""Which sales followed messages: the last one that a customer got before buying, within the company's days."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from messaging.models import Mailing, Message
from messaging.occasions import KINDS
from messaging.selectors.marketing import marketing_settings
from retail.selectors.company import company_zone

# How a sale came to count, the strongest first: it used the message's code, spent the value it told of, or just followed it.
WAYS = ("code", "value", "purchase")

# A message whose code or value was used in the sale goes before all others; among several, and else, the last that was sent.
# docs/algorithms/messages.md, section 9. <asked:x> is the condition of `Asked` over a message x; a sale before its first message
# is left out at once, so that a mailing to a million people reads the sales of its days and no others.
_LAST = """
WITH sold AS (
    SELECT DISTINCT s.id, s.uuid, s.ticket, s.customer_id, s.net, s.occurred_at
      FROM messaging_message a
      JOIN retail_sale s ON s.customer_id = a.customer_id
       AND s.occurred_at > a.sent_at AND s.occurred_at <= a.sent_at + %(span)s
     WHERE <asked:a> AND a.sent_at IS NOT NULL AND s.occurred_at > %(since)s
       AND NOT s.is_test AND s.state IN ('committed', 'partially_returned')
), touched AS (
    SELECT s.id AS sale_id, s.uuid, s.ticket, s.net, s.occurred_at, m.id AS message_id, m.sent_at, (<asked:m>) AS is_asked,
           EXISTS (SELECT FROM campaigns_activation v
                    WHERE v.sale_id = s.id AND v.promo_code_id = m.promo_code_id AND v.reversed_at IS NULL) AS by_code,
           EXISTS (SELECT FROM loyalty_entry e
                    WHERE e.sale_id = s.id AND e.kind = 'redeem' AND e.account_id = coalesce(
                          substring(m.occasion_key from '^account:([0-9]+)')::bigint,
                          (SELECT l.account_id FROM loyalty_lot l
                            WHERE l.id = substring(m.occasion_key from '^lot:([0-9]+)')::bigint),
                          (SELECT g.account_id FROM loyalty_storedvalue g
                            WHERE g.origin = 'message:' || m.occasion AND g.operation = m.uuid::text))) AS by_value
      FROM sold s
      JOIN messaging_message m ON m.customer_id = s.customer_id
       AND m.sent_at < s.occurred_at AND m.sent_at >= s.occurred_at - %(span)s
     WHERE m.state IN ('sent', 'delivered', 'read') AND m.occasion = ANY(%(marketing)s)
), last AS (
    SELECT DISTINCT ON (t.sale_id) t.*, CASE WHEN t.by_code THEN 'code' WHEN t.by_value THEN 'value' ELSE 'purchase' END AS way
      FROM touched t
     ORDER BY t.sale_id, (t.by_code OR t.by_value) DESC, t.sent_at DESC, t.message_id DESC
)
"""
_EACH = " SELECT message_id, sale_id, uuid, ticket, net, occurred_at, way FROM last WHERE is_asked ORDER BY occurred_at, sale_id"
_SUMMED = (
    " SELECT way, (occurred_at AT TIME ZONE %(zone)s)::date, count(*), sum(net) FROM last WHERE is_asked"
    " GROUP BY 1, 2 ORDER BY 2, 1"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The messages whose sales are asked for: a condition over `<m>`, its values, and a moment before all of them."""

    condition: str
    values: Mapping[str, Any]
    since: datetime


@dataclass(frozen=True, slots=True)
class AttributedSale:
    """A sale that counts for a message. `way` is code (its promo code was used), value (what it told of was spent) or purchase.

    `net` is in reais, as the sale was recorded: a return takes it away only when it takes back all of it, as in metrics.
    """

    message_id: int
    sale_id: int
    uuid: UUID
    ticket: str
    net: Decimal
    occurred_at: datetime
    way: str


@dataclass(frozen=True, slots=True)
class Counted:
    """How many sales, and what they came to (reais)."""

    sales: int = 0
    revenue: Decimal = Decimal(0)

    def __add__(self, other: "Counted") -> "Counted":
        return Counted(self.sales + other.sales, self.revenue + other.revenue)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """The sales that count for messages within `days` after each: by way, and by day of the company's clocks and way."""

    days: int
    by_way: Mapping[str, Counted] = field(default_factory=dict)
    by_day: Mapping[date, Mapping[str, Counted]] = field(default_factory=dict)

    @property
    def total(self) -> Counted:
        return sum(self.by_way.values(), Counted())


def of_message(message: Message) -> Asked:
    return Asked(
        condition="<m>.id = %(message)s",
        values={"message": message.pk},
        since=message.sent_at or message.planned_at,
    )


def of_mailing(mailing: Mailing) -> Asked:
    return Asked(
        condition="<m>.mailing_id = %(mailing)s",
        values={"mailing": mailing.pk},
        since=mailing.started_at or mailing.created_at,
    )


def of_occasion(occasion: str, *, since: datetime) -> Asked:
    """Return the messages of an occasion that were planned since a moment."""
    return Asked(
        condition="<m>.occasion = %(occasion)s AND <m>.planned_at >= %(since)s",
        values={"occasion": occasion},
        since=since,
    )


def attributed_sales(asked: Asked) -> list[AttributedSale]:
    """Return the sales that count for these messages, within the company's days of 24 hours after each, the oldest first.

    A sale counts for one message at most, of all that its customer got: adding up mailings never counts a sale twice. Tests,
    cancelled and wholly returned sales, and messages that were not sent or are in doubt, count for nothing.
    """
    return [AttributedSale(*row) for row in _ask(_EACH, asked, days=marketing_settings().attribution_days)]


def attribution(asked: Asked) -> Attribution:
    """Add up what `attributed_sales` returns, in the database: one statement, however many messages were sent."""
    days = marketing_settings().attribution_days
    by_way = dict.fromkeys(WAYS, Counted())
    by_day: dict[date, dict[str, Counted]] = {}
    for way, day, sales, revenue in _ask(_SUMMED, asked, days=days):
        by_way[way] += Counted(sales, revenue)
        by_day.setdefault(day, dict.fromkeys(WAYS, Counted()))[way] = Counted(sales, revenue)
    return Attribution(days=days, by_way=by_way, by_day=by_day)


def _ask(end: str, asked: Asked, *, days: int) -> list[tuple[Any, ...]]:
    statement = _LAST + end
    for name in ("a", "m"):
        statement = statement.replace(f"<asked:{name}>", asked.condition.replace("<m>", name))
    values = {
        "span": timedelta(days=days),
        "since": asked.since,
        "zone": str(company_zone()),
        "marketing": [code for code, kind in KINDS.items() if kind.purpose.needs_consent],
        **asked.values,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        # Compiling a plan that reads a million rows takes longer than running it.
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
