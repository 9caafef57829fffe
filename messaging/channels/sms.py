"""Text messages, through a Twilio messaging service."""

from contextlib import AbstractContextManager, nullcontext

from django.conf import settings

from messaging.channels import twilio_account
from messaging.channels.base import Outgoing, Receipt, Send


class SmsChannel:
    def is_available(self) -> bool:
        return twilio_account.is_configured() and bool(settings.TWILIO_MESSAGING_SERVICE_SID)

    def session(self) -> AbstractContextManager[Send]:
        # The account's client keeps its own connection.
        return nullcontext(_send)


def _send(outgoing: Outgoing) -> Receipt:
    # The service refuses a sender that is not in its pool; without one it chooses.
    sender = {"from_": outgoing.sender} if outgoing.sender else {}
    return twilio_account.create_message(
        outgoing,
        to=outgoing.to,
        body=outgoing.text,
        messaging_service_sid=settings.TWILIO_MESSAGING_SERVICE_SID,
        **sender,
    )
