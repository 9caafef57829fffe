"""What people did with messages, what sending them cost, and what came of an automation's messages."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncDate

from messaging.models import Message, MessageEvent
from messaging.occasions import KINDS
from messaging.selectors.attribution import Attribution, attribution, of_occasion
from messaging.selectors.messages import Traffic, traffic
from retail.selectors.company import company_zone


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

    `by_day` are the messages sent, by day of the company's clocks.
    """

    since: datetime
    traffic: Traffic
    outcome: Outcome
    attribution: Attribution | None
    by_day: dict[date, int]


def outcome_of(messages: QuerySet[Message]) -> Outcome:
    """Count what was reported about messages. Two queries."""
    events = dict(
        MessageEvent.objects.filter(message__in=messages.order_by().values("pk"))
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
    return AutomationResults(
        since=since,
        traffic=traffic(since=since, occasion=occasion),
        outcome=outcome_of(messages),
        attribution=attribution(of_occasion(occasion, since=since)) if counts else None,
        by_day=dict(days),
    )
