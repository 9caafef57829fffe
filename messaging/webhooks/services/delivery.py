"""Sends what is due: claim under a lease, commit, call, record. Every event is sent at least once until it is accepted.

A process may be killed at any point: its claims return to the queue when their lease ends, and the receiver knows a
repetition by its id. Of one subject the next event waits for the one before it.
docs/decisions/0104-webhooks-out.md says why.
"""

import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import msgspec
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from messaging.webhooks.addresses import AddressRefused, Target, parse_url
from messaging.webhooks.client import USER_AGENT, Answer, CallFailed, post
from messaging.webhooks.documents import Envelope
from messaging.webhooks.event_types import TEST
from messaging.webhooks.models import (
    OPEN_STATES,
    DeliveryState,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from messaging.webhooks.services.endpoints import valid_secrets
from messaging.webhooks.services.outcomes import Call, record
from messaging.webhooks.signatures import headers_of

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
Post = Callable[[Target, bytes, dict[str, str]], Answer]

# What one sender takes of one endpoint before it looks after the others.
SHARE = 20
SLICE = timedelta(seconds=10)
# Outlives a slice and the slowest call by far.
LEASE = timedelta(minutes=2)
# One run ends well before the next but one tick; more senders than these at a time would keep workers from messages.
LONGEST_RUN = timedelta(seconds=45)
MOST_SENDERS = 2


@dataclass(slots=True)
class Summary:
    """What one run did."""

    delivered: int = 0
    retried: int = 0
    failed: int = 0
    lost: int = 0

    def as_document(self) -> dict[str, int]:
        return asdict(self)


def deliver_due(
    *, clock: Clock, limit: int = 1_000, longest: timedelta = LONGEST_RUN, send: Post = post
) -> Summary:
    """Send up to `limit` due deliveries, endpoint by endpoint in turn; return what became of them.

    Any number may run at once. `clock` is asked before each call; after `longest` the run ends.
    """
    summary = Summary()
    ends_at = clock() + longest
    remaining = limit
    while remaining > 0:
        before = remaining
        for endpoint_id in endpoints_with_work(at=clock()):
            if remaining <= 0 or clock() >= ends_at:
                return summary
            lease, claimed = claim(endpoint_id=endpoint_id, at=clock(), limit=min(SHARE, remaining))
            remaining -= len(claimed)
            _send_share(claimed, lease, summary, clock=clock, send=send)
        if remaining == before:
            break
    return summary


def senders_at_work(*, at: datetime) -> int:
    """Return how many senders hold claims right now."""
    held = WebhookDelivery.objects.filter(state=DeliveryState.CLAIMED, lease_until__gt=at)
    return held.values("lease").distinct().count()


def endpoints_with_work(*, at: datetime) -> list[int]:
    """Return the endpoints that something is due for and that may be called now."""
    waiting = _callable(at=at).filter(Exists(_due(at=at).filter(endpoint=OuterRef("pk"))))
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def _callable(*, at: datetime) -> QuerySet[WebhookEndpoint]:
    """Return the endpoints that are on and do not rest."""
    return WebhookEndpoint.objects.filter(Q(rest_until__isnull=True) | Q(rest_until__lte=at), is_active=True)


def _due(*, at: datetime) -> QuerySet[WebhookDelivery]:
    """Return what is due and has nothing open before it about the same subject for the same endpoint."""
    earlier = WebhookDelivery.objects.filter(
        endpoint=OuterRef("endpoint"),
        subject=OuterRef("subject"),
        pk__lt=OuterRef("pk"),
        state__in=OPEN_STATES,
    )
    return WebhookDelivery.objects.filter(~Exists(earlier), state=DeliveryState.PENDING, due_at__lte=at)


@transaction.atomic
def claim(*, endpoint_id: int, at: datetime, limit: int) -> tuple[uuid.UUID, list[int]]:
    """Reserve due deliveries of an endpoint for this process; return the lease and their keys, in order."""
    is_callable = _callable(at=at).filter(pk=endpoint_id).exists()
    due = _due(at=at).filter(endpoint=endpoint_id).order_by("pk")
    return _claim(due if is_callable else due.none(), at=at, limit=limit)


@transaction.atomic
def claim_one(*, delivery_id: int, at: datetime) -> tuple[uuid.UUID, list[int]]:
    """Reserve one delivery, whatever its endpoint does: a test that somebody waits for."""
    return _claim(WebhookDelivery.objects.filter(pk=delivery_id, state=DeliveryState.PENDING), at=at, limit=1)


def _claim(due: QuerySet[WebhookDelivery], *, at: datetime, limit: int) -> tuple[uuid.UUID, list[int]]:
    lease = uuid.uuid4()
    claimed = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:limit])
    WebhookDelivery.objects.filter(pk__in=claimed).update(
        state=DeliveryState.CLAIMED, lease=lease, lease_until=at + LEASE
    )
    return lease, claimed


def give_back(*, lease: uuid.UUID) -> int:
    """Return to the queue what is still claimed under a lease; return how many that were."""
    return WebhookDelivery.objects.filter(lease=lease, state=DeliveryState.CLAIMED).update(
        state=DeliveryState.PENDING, lease=None, lease_until=None
    )


def _send_share(claimed: list[int], lease: uuid.UUID, summary: Summary, *, clock: Clock, send: Post) -> None:
    ends_at = clock() + SLICE
    try:
        for delivery_id in claimed:
            if clock() >= ends_at:
                break
            outcome = deliver(delivery_id=delivery_id, lease=lease, clock=clock, send=send)
            if outcome is None:
                # The address rests, or was switched off: the others wait, too.
                break
            setattr(summary, outcome, getattr(summary, outcome) + 1)
    finally:
        give_back(lease=lease)


def deliver(*, delivery_id: int, lease: uuid.UUID, clock: Clock, send: Post = post) -> str | None:
    """Make one call; return the name of the outcome in Summary, None when the endpoint is not to be called now."""
    at = clock()
    delivery = _still_ours(delivery_id, lease, at=at)
    if delivery is None:
        return "lost"
    endpoint, event = delivery.endpoint, delivery.event
    if event.kind != TEST.code and not _callable(at=at).filter(pk=endpoint.pk).exists():
        return None
    began = time.monotonic()
    call = _call(endpoint, event, at=at, send=send)
    call.url, call.began_at = endpoint.url, at
    call.duration_ms = round((time.monotonic() - began) * 1000)
    return record(delivery_id=delivery_id, lease=lease, call=call, at=clock())


def _still_ours(delivery_id: int, lease: uuid.UUID, *, at: datetime) -> WebhookDelivery | None:
    """Prolong the claim and read what is sent; None when somebody else has it now. Committed before the call."""
    held = WebhookDelivery.objects.filter(pk=delivery_id, lease=lease, state=DeliveryState.CLAIMED)
    if held.update(lease_until=at + LEASE) != 1:
        return None
    return WebhookDelivery.objects.select_related("endpoint", "event").get(pk=delivery_id)


def _call(endpoint: WebhookEndpoint, event: WebhookEvent, *, at: datetime, send: Post) -> Call:
    try:
        target = parse_url(endpoint.url)
        secrets = valid_secrets(endpoint.pk, at=at)
        if not secrets:
            return Call(error="no_secret")
        body = body_of(event)
        signed = headers_of(secrets, event_id=str(event.uuid), timestamp=int(at.timestamp()), body=body)
        named = {"Content-Type": "application/json", "User-Agent": USER_AGENT}
        return Call(answer=send(target, body, named | signed))
    except CallFailed as failure:
        return Call(error=failure.code, detail=failure.detail)
    except AddressRefused as refused:
        return Call(error="address_refused", detail=refused.code)
    except Exception as error:
        # A defect that shows with this event must not hold up all that wait behind it.
        logger.exception("webhook event %s could not be sent", event.uuid)
        return Call(error="defect", detail=type(error).__name__)


def body_of(event: WebhookEvent) -> bytes:
    """Return the body of every call about an event: the same bytes, however often it is sent."""
    return msgspec.json.encode(
        Envelope(
            id=event.uuid,
            type=event.kind,
            version=event.version,
            sequence=event.pk,
            timestamp=event.occurred_at,
            recorded_at=event.recorded_at,
            store=event.store_code or None,
            data=event.data,
        )
    )


@transaction.atomic
def sweep(*, at: datetime) -> tuple[int, int]:
    """Return to the queue what dead senders held, and close what waits for endpoints that are off.

    Returns how many of each. An event that was being written while its endpoint was switched off is found here.
    """
    dead = WebhookDelivery.objects.filter(state=DeliveryState.CLAIMED, lease_until__lte=at)
    requeued = dead.update(state=DeliveryState.PENDING, lease=None, lease_until=None)
    stranded = WebhookDelivery.objects.filter(
        state=DeliveryState.PENDING, endpoint__is_active=False, queued_at__lte=at - LEASE
    )
    closed = stranded.update(state=DeliveryState.FAILED, error="endpoint_off", closed_at=at)
    return requeued, closed
