"""Text messages, through a Twilio messaging service."""

from django.conf import settings

from messaging.channels import twilio_account
from messaging.channels.base import Outgoing, Receipt


class SmsChannel:
    def is_available(self) -> bool:
        return twilio_account.is_configured() and bool(settings.TWILIO_MESSAGING_SERVICE_SID)

    def send(self, outgoing: Outgoing) -> Receipt:
        """Send one text message. Raises DeliveryFailed or DeliveryInDoubt."""
        return twilio_account.create_message(
            outgoing,
            to=outgoing.to,
            body=outgoing.text,
            messaging_service_sid=settings.TWILIO_MESSAGING_SERVICE_SID,
        )
