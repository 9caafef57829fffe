"""What people did with messages, what sending them cost, and what came of an automation's messages."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncDate

from messaging.hold_out import HELD_OUT, Group, Uplift, uplift
from messaging.models import ANSWERS, Message, MessageEvent, MessageState
from messaging.occasions import KINDS
from messaging.selectors.attribution import Attribution, attribution, of_occasion
from messaging.selectors.marketing import marketing_settings
from messaging.selectors.messages import Traffic, traffic
from retail.models import SaleState
from retail.selectors.company import company_zone

# Each customer stands in the part of their first message of the period, and their days begin with it. Who would have got nothing
# anyway, known when it was planned, is in neither; what was held back or failed later counts like the rest.
_BOUGHT = """
SELECT f.held_out, count(*), count(*) FILTER (WHERE b.sales > 0), coalesce(sum(b.revenue), 0)
  FROM (SELECT DISTINCT ON (m.customer_id) m.customer_id, m.planned_at, m.state = %(suppressed)s AND m.reason = %(held_out)s AS held_out
          FROM messaging_message m
         WHERE m.occasion = %(occasion)s AND m.planned_at >= %(since)s AND m.customer_id IS NOT NULL
           AND NOT (m.state = %(suppressed)s AND m.reason <> %(held_out)s AND m.closed_at = m.planned_at)
         ORDER BY m.customer_id, m.planned_at, m.id) f
  LEFT JOIN LATERAL (
       SELECT count(*) AS sales, sum(s.net) AS revenue FROM retail_sale s
        WHERE s.customer_id = f.customer_id AND NOT s.is_test AND s.state <> ALL (%(undone)s)
          AND s.occurred_at >= f.planned_at AND s.occurred_at < f.planned_at + %(span)s) b ON true
 GROUP BY f.held_out
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What people did with messages: how many messages, not how often. `segments` are those of text messages that were sent.

    `cost` is in reais, by the prices of the moments when each was sent; None where no price was known for any.
    """

    opened: int
    clicked: int
    bounced: int
    complained: int
    unsubscribed: int
    segments: int
    cost: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationResults:
    """What came of the messages that an automation planned since a moment. `attribution` is None for what is no marketing.

    `by_day` are the messages sent, by day of the company's clocks. `written_to`, `held_out` and `uplift` compare the two parts over
    the company's days after each customer's first message; they are empty while nobody was held out.
    """

    since: datetime
    traffic: Traffic
    outcome: Outcome
    attribution: Attribution | None
    by_day: dict[date, int]
    written_to: Group
    held_out: Group
    uplift: Uplift | None


def outcome_of(messages: QuerySet[Message]) -> Outcome:
    """Count what was reported about messages. Two queries."""
    events = dict(
        MessageEvent.objects.filter(message__in=messages.order_by().values("pk"), kind__in=ANSWERS)
        .order_by()
        .values_list("kind")
        .annotate(number=Count("message", distinct=True))
    )
    # What was refused was not sent, and cost nothing.
    sums = messages.filter(sent_at__isnull=False).aggregate(segments=Sum("segments"), cost=Sum("cost"))
    return Outcome(
        opened=events.get("opened", 0),
        clicked=events.get("clicked", 0),
        bounced=events.get("bounced", 0),
        complained=events.get("complained", 0),
        unsubscribed=events.get("unsubscribed", 0),
        segments=sums["segments"] or 0,
        cost=sums["cost"],
    )


def automation_results(occasion: str, *, since: datetime) -> AutomationResults:
    """Return what came of an automation's messages that were planned since a moment. A constant number of queries."""
    messages = Message.objects.filter(occasion=occasion, planned_at__gte=since)
    days = (
        messages.filter(sent_at__isnull=False)
        .order_by()
        .values_list(TruncDate("sent_at", tzinfo=company_zone()))
        .annotate(number=Count("pk"))
    )
    # Only marketing is held responsible for what people buy.
    counts = KINDS[occasion].purpose.needs_consent
    groups = _bought(occasion, since=since) if counts else {}
    nobody = Group(people=0, buyers=0)
    written_to, held_out = groups.get(False, nobody), groups.get(True, nobody)
    return AutomationResults(
        since=since,
        traffic=traffic(since=since, occasion=occasion),
        outcome=outcome_of(messages),
        attribution=attribution(of_occasion(occasion, since=since)) if counts else None,
        by_day=dict(days),
        written_to=written_to,
        held_out=held_out,
        uplift=uplift(written_to, held_out),
    )


def _bought(occasion: str, *, since: datetime) -> dict[bool, Group]:
    """Return the customers of an automation by whether they were held out; nothing while nobody was."""
    messages = Message.objects.filter(occasion=occasion, planned_at__gte=since)
    if not messages.filter(state=MessageState.SUPPRESSED, reason=HELD_OUT).exists():
        return {}
    asked: dict[str, Any] = {
        "occasion": occasion,
        "since": since,
        "suppressed": MessageState.SUPPRESSED.value,
        "held_out": HELD_OUT,
        "undone": [SaleState.CANCELLED.value, SaleState.RETURNED.value],
        "span": timedelta(days=marketing_settings().attribution_days),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        # Compiling a plan that reads a million rows takes longer than running it.
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(_BOUGHT, asked)
        return {
            held_out: Group(people=people, buyers=buyers, revenue=revenue)
            for held_out, people, buyers, revenue in cursor.fetchall()
        }
