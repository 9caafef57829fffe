"""Anymail hands us every provider's delivery events in one form; here they become our reports."""

from typing import Any
from uuid import UUID

from anymail.signals import AnymailTrackingEvent
from django.utils import timezone

from messaging.models import SuppressionReason
from messaging.schedule import State
from messaging.services.reports import Report, record_report

_STATES = {
    "queued": State.SENT,
    "sent": State.SENT,
    "deferred": None,
    "delivered": State.DELIVERED,
    "rejected": State.FAILED,
    "failed": State.FAILED,
    "bounced": State.FAILED,
}
# Counted by ourselves, of people only and not of those who refused profiling (messaging/services/tracking.py): a provider's own
# counting knows neither, and what it knows of a person's doings is not kept.
_NOT_OURS = frozenset(["opened", "clicked"])
_SUPPRESS = {
    "bounced": SuppressionReason.BOUNCED,
    "complained": SuppressionReason.COMPLAINED,
    "unsubscribed": SuppressionReason.UNSUBSCRIBED,
}


def receive_tracking(event: AnymailTrackingEvent, esp_name: str, **_kwargs: Any) -> None:
    """Record one delivery event. What a provider counts of opened and clicked e-mails is left out."""
    kind = event.event_type
    if kind in _NOT_OURS:
        return
    key = event.event_id or f"{event.message_id}:{kind}:{event.timestamp}"
    record_report(
        message_uuid=_message_uuid(event),
        report=Report(
            provider=esp_name.lower()[:20],
            event_key=key,
            kind=kind,
            occurred_at=event.timestamp or timezone.now(),
            state=_STATES.get(kind),
            detail=" ".join(filter(None, [event.reject_reason, event.description])),
            provider_id=event.message_id or "",
            suppress=_SUPPRESS.get(kind),
        ),
    )


def _message_uuid(event: AnymailTrackingEvent) -> UUID | None:
    try:
        return UUID(str((event.metadata or {}).get("message", "")))
    except ValueError:
        return None
