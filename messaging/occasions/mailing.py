"""Mailing: what somebody writes once to many people. Its audience is frozen before it begins; managers pause and end it."""

from datetime import datetime
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from django.utils.translation import gettext_lazy as _

from messaging.facts import Facts, sale_words
from messaging.models import MAILING, MailingState, MailingText, Message, Template
from messaging.occasions.base import Kind
from messaging.occasions.parts import LastLook, NotNow
from messaging.purposes import MessagePurpose


class MailingMessage(Kind):
    """Keys: `mailing:<key of the mailing>`. Texts belong to the mailing, and so do their variables (`messaging.vocabulary`)."""

    code = MAILING
    label = _("Mailing")
    icon = "message"
    purpose = MessagePurpose.MARKETING

    def subject(self, message: Message, *, at: datetime) -> Any:
        """Return the sale that the message is about; None where it is about none."""
        return message.sale

    def last_look(self, look: LastLook) -> NotNow | None:
        """A mailing may have been paused or cancelled since the message was claimed; its approval, withdrawn."""
        message, mailing = look.message, look.message.mailing
        assert mailing is not None  # noqa: S101 - these messages have one
        if mailing.state == MailingState.CANCELLED:
            return NotNow("mailing_cancelled", error=message.error)
        if mailing.state != MailingState.SENDING:
            # Back into the queue, as it was: nobody claims it before the mailing goes on.
            return None if _is_over(look) else NotNow(postponed_to=look.at, expires_at=message.expires_at)
        remaining = message.channels[message.position :]
        withdrawn = {text.channel for text in _texts(message) if text.is_withdrawn}
        return NotNow("template_withdrawn", error=message.error) if withdrawn >= set(remaining) else None

    def chooses_by_profile(self, message: Message) -> bool:
        return message.mailing is not None and message.mailing.by_profile

    def templates(self, message: Message | None = None) -> list[Template]:
        """Return the mailing's own texts, without those that WhatsApp no longer approves."""
        if message is None:
            return []
        return [text.as_template() for text in _texts(message) if not text.is_withdrawn]

    def fill(self, facts: Facts) -> dict[str, Any]:
        return {"sale": sale_words(facts.subject)} if facts.subject is not None else {}


def _texts(message: Message) -> list[MailingText]:
    """Return the texts of a message's mailing: read when they are asked for first."""
    assert message.mailing is not None  # noqa: S101 - these messages have one
    texts = Prefetch("texts", MailingText.objects.select_related("template").order_by("pk"))
    prefetch_related_objects([message.mailing], texts)
    return list(message.mailing.texts.all())


def _is_over(look: LastLook) -> bool:
    expires_at = look.message.expires_at
    return expires_at is not None and look.at >= expires_at
