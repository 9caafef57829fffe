"""WhatsApp, through Twilio. Whoever has not written in the last 24 hours can only get an approved template."""

import json
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.conf import settings

from messaging.channels import twilio_account
from messaging.channels.base import Outgoing, Receipt, Send


class WhatsAppChannel:
    def is_available(self) -> bool:
        return twilio_account.is_configured() and bool(settings.TWILIO_WHATSAPP_FROM)

    def session(self) -> AbstractContextManager[Send]:
        # The account's client keeps its own connection.
        return nullcontext(_send)


def _send(outgoing: Outgoing) -> Receipt:
    content: dict[str, Any] = {"body": outgoing.text}
    if outgoing.content_sid:
        content = {
            "content_sid": outgoing.content_sid,
            "content_variables": json.dumps(outgoing.variables, ensure_ascii=False),
        }
    return twilio_account.create_message(
        outgoing,
        to=f"whatsapp:{outgoing.to}",
        from_="whatsapp:" + settings.TWILIO_WHATSAPP_FROM.removeprefix("whatsapp:"),
        **content,
    )
