"""How messages look in the back-office: tones of states, pictures of channels, words for events."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from messaging.models import Automation, Channel, Message, MessageState, Occasion
from messaging.occasions import BirthdaySettings, read_settings
from messaging.reasons import REASONS
from retail import formats

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
CHANNEL_ICONS = {Channel.EMAIL: "mail", Channel.SMS: "sms", Channel.WHATSAPP: "whatsapp"}
OCCASION_ICONS = {
    Occasion.BIRTHDAY: "cake",
    Occasion.RECOVERY: "cart",
    Occasion.VERIFICATION: "lock",
    Occasion.VIP_CARD: "card",
    Occasion.TEST: "eye",
}

_EVENTS = {
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
    "complained": (_("Marked as unwanted"), "ban", "danger"),
    "unsubscribed": (_("Unsubscribed"), "ban", "warning"),
}


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """One line of components/timeline.html."""

    title: Any
    at: str
    datetime: str
    icon: str = "clock"
    tone: str = ""
    text: str = ""
    url: str = ""


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
        TimelineEvent(title, formats.moment(at, zone), at.isoformat(), icon, tone, text)
        for at, title, icon, tone, text in reversed(found)
    ]


def describe_settings(automation: Automation) -> list[str]:
    """Say in sentences what an automation does."""
    settings = read_settings(automation.occasion, automation.settings)
    if isinstance(settings, BirthdaySettings):
        return [
            _now("Greets customers on their birthday at %(time)s, in the time zone of their home store.")
            % {"time": settings.send_at.strftime("%H:%M")},
            _now("Who was born on 29 February is greeted on the 28th in common years."),
            *_describe_code(automation, settings.code_valid_hours),
        ]
    sentences = [
        _now("Writes %(minutes)s minutes after a customer left the cart without buying.")
        % {"minutes": settings.delay_minutes}
    ]
    if settings.frequency_hours:
        sentences.append(
            _now("Nobody gets more than one such message in %(hours)s hours.")
            % {"hours": settings.frequency_hours}
        )
    if settings.rest_days_after_use:
        sentences.append(
            _now("Who used a code of such a message is left alone for %(days)s days.")
            % {"days": settings.rest_days_after_use}
        )
    return [*sentences, *_describe_code(automation, settings.code_valid_hours)]


def _describe_code(automation: Automation, hours: int) -> list[str]:
    if automation.pool is None:
        return [_now("Without promo code.")]
    return [
        _now("With a promo code of “%(pool)s”, valid for %(hours)s hours after the message.")
        % {"pool": automation.pool.name, "hours": hours}
    ]
