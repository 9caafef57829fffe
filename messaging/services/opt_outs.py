"""No means no: signed links, silenced addresses, bounces and complaints. What people answer is in `replies`."""

from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.db import transaction
from django.urls import reverse

from customers.models import Customer, Purpose
from customers.selectors import standing_consents
from customers.services.consents import record_consent
from messaging.addresses import address_hash
from messaging.models import OWN, Message, MessageEvent, Suppression, SuppressionReason
from messaging.services.locks import lock_address

_SALT = "messaging.unsubscribe"

# What a person said, and may take back.
THEIRS = (SuppressionReason.UNSUBSCRIBED, SuppressionReason.REPLIED_STOP)


class LinkInvalid(Exception):
    """The link was not made by us, or names a message that does not exist."""

    code = "link_invalid"


class NothingToLift(Exception):
    """No provider has reported that the address does not exist, or somebody lifted that already."""

    code = "nothing_to_lift"


def unsubscribe_url(message: Message) -> str:
    """Return the address that stops messages like this one. It never expires and holds no personal data."""
    token = signing.Signer(salt=_SALT).sign(message.uuid.hex)
    return settings.PUBLIC_URL + reverse("messaging:unsubscribe", args=[token])


def find_by_token(token: str) -> Message:
    """Return the message that a link belongs to. Raises LinkInvalid."""
    try:
        return Message.objects.get(uuid=signing.Signer(salt=_SALT).unsign(token))
    except (signing.BadSignature, Message.DoesNotExist, ValueError) as error:
        raise LinkInvalid from error


@transaction.atomic
def unsubscribe(*, message: Message, at: datetime) -> bool:
    """Stop marketing to this message's address on its channel; return whether that was new."""
    channel = message.channel or message.channels[0]
    note_unsubscribed(message, at=at)
    if message.customer is not None:
        withdraw_consent(message.customer, channel, source="unsubscribe_link", at=at)
    if not message.to:
        return True
    return suppress(channel=channel, address=message.to, reason=SuppressionReason.UNSUBSCRIBED, at=at)


def note_unsubscribed(message: Message, *, at: datetime) -> None:
    """Note once that a message was the one behind which its person stopped marketing."""
    MessageEvent.objects.get_or_create(
        provider=OWN,
        event_key=f"{message.uuid.hex}:unsubscribed",
        defaults={"message": message, "kind": "unsubscribed", "occurred_at": at},
    )


def suppress(*, channel: str, address: str, reason: SuppressionReason, at: datetime) -> bool:
    """Silence an address on a channel; return whether it was not silent already.

    Another reason is kept beside those that stand: a complaint does not end when its person takes an older "stop" back.
    It waits for a sender that is about to write to the address, and the next one sees it. The caller has a transaction.
    """
    lock_address(channel, address)
    row = Suppression(
        channel=channel, address_hash=address_hash(channel, address), reason=reason, suppressed_at=at
    )
    already = Suppression.objects.filter(
        channel=channel, address_hash=row.address_hash, lifted_at__isnull=True
    ).exists()
    Suppression.objects.bulk_create([row], ignore_conflicts=True)
    return not already


@transaction.atomic
def lift(*, channel: str, address: str, at: datetime) -> bool:
    """Let an address be written to again, because its person said so; return whether it had been silenced by them.

    What a provider reported (bounces, complaints, its own opt-outs) stays.
    """
    lock_address(channel, address)
    silenced = Suppression.objects.filter(
        channel=channel,
        address_hash=address_hash(channel, address),
        reason__in=THEIRS,
        lifted_at__isnull=True,
    )
    return bool(silenced.update(lifted_at=at))


@transaction.atomic
def lift_bounce(*, channel: str, address: str, reason: str, by: User, at: datetime) -> None:
    """Let an address be written to again that a provider reported not to exist, because somebody knows better and says why.

    What its person said, complaints, and opt-outs at the provider stay. Raises NothingToLift.
    """
    lock_address(channel, address)
    bounced = Suppression.objects.filter(
        channel=channel,
        address_hash=address_hash(channel, address),
        reason=SuppressionReason.BOUNCED,
        lifted_at__isnull=True,
    )
    if not bounced.update(lifted_at=at, lifted_by=by, lift_reason=reason):
        raise NothingToLift(channel)


def withdraw_consent(customer: Customer, channel: str, *, source: str, at: datetime) -> None:
    """Record that a customer takes marketing on a channel back; repeating it adds nothing to the record."""
    if standing_consents([customer.pk])[customer.pk].get(Purpose.MARKETING, channel) is not False:
        record_consent(
            customer=customer,
            values={"purpose": Purpose.MARKETING.value, "channel": channel, "granted": False},
            source=source,
            at=at,
        )
