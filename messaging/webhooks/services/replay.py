"""Sending again what was closed, and sending an event that says nothing happened."""

from datetime import datetime
from typing import Any

from django.db import transaction

from messaging.webhooks.event_types import TEST
from messaging.webhooks.models import (
    OPEN_STATES,
    ChangeAction,
    DeliveryState,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from messaging.webhooks.services.endpoints import Actor, EndpointOff, keep_change


@transaction.atomic
def queue_test_event(*, endpoint: WebhookEndpoint, at: datetime) -> WebhookDelivery:
    """Write an event for one endpoint that says nothing happened; whoever asks for it sends it at once."""
    event = WebhookEvent.objects.create(
        kind=TEST.code, occurred_at=at, recorded_at=at, data=dict(TEST.sample)
    )
    return WebhookDelivery.objects.create(
        endpoint=endpoint, event=event, subject=f"test:{event.uuid}", due_at=at, queued_at=at
    )


@transaction.atomic
def replay(*, delivery: WebhookDelivery, at: datetime) -> bool:
    """Put one closed delivery into the queue again, with the same id. Returns False when it is open.

    Raises EndpointOff.
    """
    _refuse_off(delivery.endpoint_id)
    return _requeue(WebhookDelivery.objects.filter(pk=delivery.pk), at=at) == 1


@transaction.atomic
def replay_period(
    *,
    endpoint: WebhookEndpoint,
    since: datetime,
    until: datetime,
    only_failed: bool,
    actor: Actor,
    at: datetime,
) -> int:
    """Queue again what was recorded from `since` up to before `until`; return how many deliveries that is.

    Raises EndpointOff.
    """
    _refuse_off(endpoint.pk)
    wanted = WebhookDelivery.objects.filter(
        endpoint=endpoint, event__recorded_at__gte=since, event__recorded_at__lt=until
    ).exclude(event__kind=TEST.code)
    if only_failed:
        wanted = wanted.filter(state=DeliveryState.FAILED)
    count = _requeue(wanted, at=at)
    if count:
        details = {"since": since.isoformat(), "until": until.isoformat(), "count": count}
        keep_change(endpoint, ChangeAction.REPLAYED, actor, at, **details)
    return count


def _refuse_off(endpoint_id: int) -> None:
    # Under its lock: an endpoint that is being switched off closes what waits, and nothing may come after.
    locked = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint_id)
    if not locked.is_active:
        raise EndpointOff


def _requeue(deliveries: Any, *, at: datetime) -> int:
    return int(
        deliveries.exclude(state__in=OPEN_STATES).update(
            state=DeliveryState.PENDING,
            attempt=0,
            due_at=at,
            queued_at=at,
            closed_at=None,
            status=None,
            error="",
        )
    )
