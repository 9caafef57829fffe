"""An e-mail backend that keeps what it is given, with a message id and delivery reports as anymail has them.

Addresses that begin with `refused` are refused at once, those that begin with `bounce` come back later.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from anymail.exceptions import AnymailRecipientsRefused
from anymail.message import AnymailRecipientStatus, AnymailStatus
from anymail.signals import AnymailTrackingEvent, tracking
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from messaging.local.faults import take_fault
from messaging.local.switch import is_imitated
from messaging.models import Channel, LocalDelivery


class EmailBackend(BaseEmailBackend):
    """Stores each e-mail for the local inbox."""

    esp_name = "Local"

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep the e-mails. Raises ImproperlyConfigured outside a demonstration, where nobody would ever see them."""
        if not is_imitated():
            raise ImproperlyConfigured("The inbox of a demonstration takes no e-mails: FIEL_DEMO is off.")
        for message in email_messages:
            self._accept(message)
        return len(email_messages)

    def _accept(self, message: EmailMessage) -> None:
        (to,) = message.to
        fault = take_fault(Channel.EMAIL)
        if fault == "refused" or to.startswith("refused"):
            raise AnymailRecipientsRefused("The mailbox does not exist.", email_message=message)
        html = next((part for part, kind in getattr(message, "alternatives", []) if kind == "text/html"), "")
        delivery = LocalDelivery.objects.create(
            provider_id=f"local-{secrets.token_hex(12)}",
            channel=Channel.EMAIL,
            sender=message.from_email,
            to=to,
            subject=str(message.subject),
            text=str(message.body),
            html=html,
            headers={**message.extra_headers, "metadata": getattr(message, "metadata", {})},
            status="queued",
            remaining=_reports_of(fault or ("bounced" if to.startswith("bounce") else "")),
            accepted_at=timezone.now(),
        )
        status = AnymailStatus()
        status.set_recipient_status({to: AnymailRecipientStatus(delivery.provider_id, "queued")})
        message.anymail_status = status  # type: ignore[attr-defined]


def _reports_of(fault: str) -> list[str]:
    if fault == "bounced":
        return ["bounced"]
    return ["sent", "delivered", *(["complained"] if fault == "complained" else [])]


def report_email(delivery: LocalDelivery, *, at: datetime) -> None:
    """Report the present status of a delivery the way anymail's webhooks do."""
    metadata: dict[str, Any] = delivery.headers.get("metadata", {})
    event = AnymailTrackingEvent(
        event_type=delivery.status,
        timestamp=at,
        event_id=f"{delivery.provider_id}:{delivery.status}",
        message_id=delivery.provider_id,
        recipient=delivery.to,
        metadata=metadata,
        description="The mailbox does not exist." if delivery.status == "bounced" else "",
    )
    tracking.send(sender=EmailBackend, event=event, esp_name=EmailBackend.esp_name)
