"""What becomes of a delivery, and of its endpoint, after a call."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from messaging.webhooks.client import Answer
from messaging.webhooks.event_types import TEST
from messaging.webhooks.models import (
    DeliveryState,
    DisabledReason,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)
from messaging.webhooks.schedule import is_given_up, next_try, rest_until
from messaging.webhooks.services.endpoints import disable_failing

# How much of an answer is kept for the log.
KEPT_ANSWER = 2_000
_KEPT_HEADER = 200
_KEPT_HEADERS = 20
_GONE = 410


@dataclass(slots=True)
class Call:
    """How one call ended: with an answer, or with the code of an error."""

    answer: Answer | None = None
    error: str = ""
    detail: str = ""
    url: str = ""
    began_at: datetime | None = None
    duration_ms: int = 0

    @property
    def is_accepted(self) -> bool:
        return self.answer is not None and 200 <= self.answer.status < 300

    @property
    def failure(self) -> str:
        """The code of what went wrong, empty when it was accepted."""
        if self.answer is None:
            return self.error
        if self.is_accepted:
            return ""
        return "redirected" if 300 <= self.answer.status < 400 else "refused"


@transaction.atomic
def record(*, delivery_id: int, lease: uuid.UUID, call: Call, at: datetime) -> str:
    """Keep a call and move its delivery; return "delivered", "retried", "failed", or "lost" when it is not ours now.

    The endpoint is locked before the delivery, as by whoever switches it off.
    """
    found = WebhookDelivery.objects.select_related("endpoint", "event").get(pk=delivery_id)
    is_test = found.event.kind == TEST.code
    endpoint = found.endpoint
    if not is_test and (not call.is_accepted or endpoint.failures):
        endpoint = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
        _judge(endpoint, call, at=at)
    delivery = WebhookDelivery.objects.select_for_update().get(pk=delivery_id)
    is_ours = delivery.state == DeliveryState.CLAIMED and delivery.lease == lease
    if is_ours:
        delivery.attempt += 1
    _keep(delivery, call, at=at)
    if not is_ours:
        # Its lease ended meanwhile, and it is sent again: at least once is what is promised.
        return "lost"
    delivery.lease = delivery.lease_until = None
    delivery.status = call.answer.status if call.answer else None
    delivery.error = call.failure
    if call.is_accepted:
        delivery.state, delivery.closed_at = DeliveryState.DELIVERED, at
    else:
        retry_at = None
        if endpoint.is_active and not is_test:
            retry_at = next_try(at, attempt=delivery.attempt, queued_at=delivery.queued_at)
        if retry_at is None:
            delivery.state, delivery.closed_at = DeliveryState.FAILED, at
        else:
            delivery.state, delivery.due_at = DeliveryState.PENDING, retry_at
    delivery.save()
    return {DeliveryState.DELIVERED: "delivered", DeliveryState.FAILED: "failed"}.get(
        DeliveryState(delivery.state), "retried"
    )


def _judge(endpoint: WebhookEndpoint, call: Call, *, at: datetime) -> None:
    """Note on its locked endpoint that a call was accepted or not: it rests, goes on, or is switched off."""
    if call.is_accepted:
        if endpoint.failures:
            endpoint.failures, endpoint.failing_since, endpoint.rest_until = 0, None, None
            endpoint.save(update_fields=["failures", "failing_since", "rest_until"])
        return
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or at
    endpoint.rest_until = rest_until(at, failures=endpoint.failures, asked=_asked_rest(call))
    endpoint.save(update_fields=["failures", "failing_since", "rest_until"])
    if not endpoint.is_active:
        return
    if call.answer is not None and call.answer.status == _GONE:
        disable_failing(endpoint, reason=DisabledReason.GONE, at=at)
    elif is_given_up(at, failing_since=endpoint.failing_since):
        disable_failing(endpoint, reason=DisabledReason.FAILING, at=at)


def _asked_rest(call: Call) -> timedelta | None:
    """Return for how long a busy address asks to be left alone."""
    if call.answer is None or call.answer.status not in (429, 503):
        return None
    seconds = call.answer.headers.get("retry-after", "")
    return (
        timedelta(seconds=int(seconds))
        if seconds.isascii() and seconds.isdigit() and len(seconds) < 7
        else None
    )


def _keep(delivery: WebhookDelivery, call: Call, *, at: datetime) -> None:
    answer = call.answer or Answer(status=0)
    WebhookAttempt.objects.create(
        delivery=delivery,
        number=delivery.attempt,
        url=call.url,
        began_at=call.began_at or at,
        duration_ms=call.duration_ms,
        status=call.answer.status if call.answer else None,
        error=call.failure,
        detail=_clean(call.detail)[:240],
        response_headers=_shown(answer.headers),
        response=_clean(answer.body[: 4 * KEPT_ANSWER].decode("utf-8", "replace"))[:KEPT_ANSWER],
    )


def _shown(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that the log shows: not those with which the receiver knows its own visitors."""
    kept = {
        name: _clean(value)[:_KEPT_HEADER] for name, value in headers.items() if name not in ("set-cookie",)
    }
    return dict(list(kept.items())[:_KEPT_HEADERS])


def _clean(text: str) -> str:
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
