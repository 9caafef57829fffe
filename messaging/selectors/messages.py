"""Reads for the pages of messages."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count

from messaging.models import CartState, Channel, JobHeartbeat, Message, MessageState
from retail.models import Company

# The sender runs each minute; one run may take some, and two may go missing.
_SENDER_GRACE = timedelta(minutes=12)
_GOT = [MessageState.SENT, MessageState.DELIVERED, MessageState.READ]


def company_name() -> str:
    return Company.objects.values_list("name", flat=True).first() or ""


def sender_name(channel: str, company: Company) -> str:
    """Return the name that messages of a channel come from; empty where the provider chooses."""
    return company.sms_sender if channel == Channel.SMS else company.name


def cost_of(channel: str, segments: int | None, company: Company) -> Decimal | None:
    """Return what sending a message costs now, in reais with four places; None where the company has told no price."""
    if channel == Channel.EMAIL:
        return None
    if channel == Channel.WHATSAPP:
        return company.whatsapp_price
    by_sms = company.sms_segment_price
    return None if by_sms is None or segments is None else by_sms * segments


@dataclass(frozen=True, slots=True)
class Traffic:
    """What happened to the messages of a period. `arrived` were delivered or read."""

    sent: int
    arrived: int
    waiting: int
    not_sent: int
    failed: int
    in_doubt: int


def traffic(*, since: datetime, occasion: str = "") -> Traffic:
    """Count the messages that were planned since a moment."""
    messages = Message.objects.filter(planned_at__gte=since)
    if occasion:
        messages = messages.filter(occasion=occasion)

    # By state, and not of keys: the index by occasion has no more than that.
    counted = dict(messages.order_by().values_list("state").annotate(number=Count("*")))

    def number(*states: str) -> int:
        return sum(counted.get(state, 0) for state in states)

    return Traffic(
        sent=number(*_GOT),
        arrived=number(MessageState.DELIVERED, MessageState.READ),
        waiting=number(MessageState.QUEUED, MessageState.CLAIMED),
        not_sent=number(MessageState.SUPPRESSED),
        failed=number(MessageState.FAILED),
        in_doubt=number(MessageState.IN_DOUBT),
    )


def recovered_carts(*, since: datetime) -> int:
    """Count the carts that were bought after our message."""
    return (
        Message.objects.filter(
            cart__state=CartState.RECOVERED, cart__closed_at__gte=since, sent_at__isnull=False
        )
        .values("cart")
        .distinct()
        .count()
    )


def is_sending(*, at: datetime) -> bool:
    """Whether a worker has looked for due messages within the last minutes."""
    return JobHeartbeat.objects.filter(job="deliver_due", finished_at__gt=at - _SENDER_GRACE).exists()
