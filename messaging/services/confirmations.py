"""Double opt-in: a yes to marketing counts once its person has confirmed it from the address that is to be written to."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from customers.models import Consent, ConsentText, Purpose
from customers.selectors import standing_consents
from customers.services.consents import record_consent
from messaging.models import Channel, Message
from messaging.selectors.marketing import CONFIRMED
from messaging.services import opt_outs
from messaging.tokens import CONFIRM, TokenInvalid, seal, unseal

# How long the link of a confirmation works.
VALID = timedelta(days=7)


class ConfirmationInvalid(Exception):
    """The link was not made by us, or is too old or leads from an address that its person no longer has (`expired`)."""

    code = "confirmation_invalid"

    def __init__(self, *, expired: bool = False) -> None:
        super().__init__("expired" if expired else "")
        self.expired = expired


def confirmation_url(message: Message) -> str:
    """Return the address where a person confirms; it holds nothing about them."""
    return settings.PUBLIC_URL + reverse("messaging:confirm", args=[seal(CONFIRM, message.pk)])


def find_confirmation(token: str, *, at: datetime) -> Message:
    """Return the message that asked for a confirmation. Raises ConfirmationInvalid."""
    try:
        [number] = unseal(CONFIRM, token, count=1)
        message = Message.objects.select_related("customer__merged_into").get(pk=number)
    except (TokenInvalid, Message.DoesNotExist) as error:
        raise ConfirmationInvalid from error
    if at >= message.planned_at + VALID or message.to != _address_now(message):
        raise ConfirmationInvalid(expired=True)
    return message


@transaction.atomic
def confirm(*, message: Message, at: datetime) -> bool:
    """Record what a person confirms, with the text that they had been shown; return whether that was new."""
    assert message.customer is not None  # noqa: S101 - `find_confirmation` returns no other
    channel = channel_of(message)
    standing = standing_consents([message.customer.pk])[message.customer.pk]
    key = standing.standing_key(Purpose.MARKETING, channel)
    if key is not None and standing.answers[key][2] and standing.sources[key] == CONFIRMED:
        return False
    asked = Consent.objects.get(pk=int(message.occasion_key.split(":")[1]))
    record_consent(
        customer=message.customer,
        values={
            "purpose": Purpose.MARKETING.value,
            "channel": channel,
            "granted": True,
            **_text_of(asked),
        },
        source=CONFIRMED,
        at=at,
    )
    if message.to:
        opt_outs.lift(channel=channel, address=message.to, at=at)
    return True


def _address_now(message: Message) -> str | None:
    """Return where the customer of a message is reached now: who was asked elsewhere, perhaps a stranger, cannot confirm that."""
    if message.customer is None:
        return None
    customer = message.customer.merged_into or message.customer
    return (customer.email if channel_of(message) == Channel.EMAIL else customer.phone) or None


def channel_of(message: Message) -> str:
    """Return the channel that a confirmation is about."""
    return message.channels[0]


def _text_of(asked: Consent) -> dict[str, str]:
    """Return what names the text that was shown: a version of ours alone, which brings its text.

    A name that stands for another text here is left out.
    """
    ours = ConsentText.objects.filter(version=asked.text_version).first() if asked.text_version else None
    if ours is None:
        return {"text": asked.text, "text_version": asked.text_version}
    return {"text_version": ours.version} if ours.text == asked.text else {"text": asked.text}
