"""How messages look in the back-office: tones of states, pictures of channels, words for events."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from messaging.models import Approval, Automation, Channel, Message, MessageState
from messaging.occasions import AUTOMATIC
from messaging.occasions.parts import CodeSettings
from messaging.reasons import REASONS
from retail import formats
from retail.views.timeline import TimelineEvent, event_at

STATE_TONES = {
    MessageState.QUEUED: "info",
    MessageState.CLAIMED: "info",
    MessageState.SENT: "accent",
    MessageState.DELIVERED: "success",
    MessageState.READ: "success",
    MessageState.FAILED: "danger",
    MessageState.IN_DOUBT: "warning",
    MessageState.SUPPRESSED: "",
}
APPROVAL_TONES = {
    Approval.DRAFT: "",
    Approval.SUBMITTED: "info",
    Approval.APPROVED: "success",
    Approval.REJECTED: "danger",
    Approval.PAUSED: "warning",
}
CHANNEL_ICONS = {Channel.EMAIL: "mail", Channel.SMS: "sms", Channel.WHATSAPP: "whatsapp"}

_EVENTS = {
    "quiet_hours": (_("Held back until the quiet hours are over"), "clock", "warning"),
    "frequency_cap": (_("Held back: enough messages for now"), "clock", "warning"),
    "gives_way": (_("Waits behind a more important message"), "clock", "warning"),
    "accepted": (_("Taken by the provider"), "arrow-right", "accent"),
    "refused": (_("Refused by the provider"), "x-circle", "danger"),
    "outcome_unknown": (_("No clear answer from the provider"), "alert", "warning"),
    "worker_died": (_("The sending process ended"), "alert", "warning"),
    "queued": (_("Queued at the provider"), "clock", ""),
    "sending": (_("The provider is sending it"), "clock", ""),
    "sent": (_("Sent by the provider"), "arrow-right", "accent"),
    "delivered": (_("Delivered"), "check", "success"),
    "read": (_("Read"), "eye", "success"),
    "opened": (_("Opened"), "eye", "success"),
    "clicked": (_("A link was followed"), "link", "success"),
    "undelivered": (_("Not delivered"), "x-circle", "danger"),
    "failed": (_("Failed"), "x-circle", "danger"),
    "bounced": (_("The mailbox does not exist"), "x-circle", "danger"),
    "channel_failed": (_("Not delivered: the next channel is tried"), "arrow-right", "warning"),
    "complained": (_("Marked as unwanted"), "ban", "danger"),
    "unsubscribed": (_("Unsubscribed"), "ban", "warning"),
    "received": (_("Handed in"), "clock", "info"),
    "approved": (pgettext_lazy("template", "Approved"), "check", "success"),
    "rejected": (_("Rejected"), "x-circle", "danger"),
    "paused": (pgettext_lazy("template", "Paused"), "pause", "warning"),
}


@dataclass(frozen=True, slots=True)
class StatusBadge:
    """A provider's status in words, with its tone."""

    label: Any
    tone: str


def status_badge(status: str) -> StatusBadge:
    title, _icon, tone = _EVENTS.get(status, (status, "", ""))
    return StatusBadge(title, tone or "info")


def reason_text(message: Message) -> str:
    """Return why a message was not sent or failed, for people; empty when nothing went wrong."""
    return str(REASONS.get(message.reason, message.reason))


def timeline(message: Message) -> list[TimelineEvent]:
    """Return the life of a message, newest first."""
    zone = message.store.zone if message.store else None
    found = [(message.planned_at, _now("Planned"), "calendar", "", "")]
    for event in message.events.order_by("pk"):
        title, icon, tone = _EVENTS.get(event.kind, (event.kind, "info", ""))
        found.append((event.occurred_at, str(title), icon, tone, event.detail))
    if message.state == MessageState.SUPPRESSED and message.closed_at:
        found.append((message.closed_at, _now("Not sent"), "ban", "", reason_text(message)))
    return [
        event_at(at, title, icon=icon, tone=tone, text=text, zone=zone)
        for at, title, icon, tone, text in reversed(found)
    ]


def describe_settings(automation: Automation) -> list[str]:
    """Say in sentences what an automation does."""
    kind = AUTOMATIC[automation.occasion]
    settings = kind.read(automation)
    sentences = kind.describe(settings)
    if isinstance(settings, CodeSettings):
        sentences += _describe_code(automation, settings.code_valid_hours)
    if automation.holdout_percent:
        held_out = _now("%(percent)s of the customers are held out, to see what it achieves.")
        sentences.append(held_out % {"percent": formats.percent(automation.holdout_percent)})
    return sentences


def _describe_code(automation: Automation, hours: int) -> list[str]:
    if automation.pool is None:
        return [_now("Without promo code.")]
    # In the units of the form, such as days.
    asked = next(item for item in AUTOMATIC[automation.occasion].form if item.name == "code_valid_hours")
    span = asked.unit % {"number": asked.shown(hours)}
    return [
        _now("With a promo code of “%(pool)s”, valid for %(span)s after the message.")
        % {"pool": automation.pool.name, "span": span}
    ]


def price_text(amount: Any) -> str:
    """Write the price of a message, which may be less than a cent: "R$ 0,085"."""
    shown = amount.normalize()
    if shown.as_tuple().exponent >= -2:
        return formats.money(amount)
    return f"R$ {formats.number(shown)}"
