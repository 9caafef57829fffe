"""Codes that show who stands at the till: made, sent through the outbox, tried, used once.

A code is six digits of a keyed hash of a random nonce. What was sent is stored masked; trying compares keyed hashes.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext_lazy

from customers.models import Customer
from messaging.addresses import person_key
from messaging.channels import CHANNELS
from messaging.models import Channel, Message, Verification
from messaging.purposes import Urgency

VALID = timedelta(minutes=10)
TRIES = 5
# What one customer may be sent within `VALID`: text messages cost money, and more codes are more tries.
MOST = 3
# The occasion of the messages with codes.
VERIFICATION = "verification"
_KEY = "verification:"


class VerificationRefused(Exception):
    """No code is sent. `code` says why, `field` what of the request it is about."""

    code = "verification_refused"
    field = ""
    message = gettext_lazy("No code can be sent.")

    def __init__(self) -> None:
        super().__init__(str(self.message))


class NoAddress(VerificationRefused):
    code = "no_address"
    field = "channel"
    message = gettext_lazy("The customer has no address on this channel.")


class NoProvider(VerificationRefused):
    code = "no_provider"
    field = "channel"
    message = gettext_lazy("No provider is set up for this channel.")


class TooManyCodes(VerificationRefused):
    code = "too_many_codes"
    message = gettext_lazy("Several codes were sent a short while ago. Try again later.")


@transaction.atomic
def start(*, customer: Customer, channel: str, at: datetime) -> Verification:
    """Make a code for a customer and queue the message with it. Raises NoAddress, NoProvider, TooManyCodes."""
    if not address_of(customer, channel):
        raise NoAddress
    if not CHANNELS[channel].is_available():
        raise NoProvider
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{_KEY}{customer.pk}"])
    if Verification.objects.filter(customer=customer, created_at__gt=at - VALID).count() >= MOST:
        raise TooManyCodes
    verification = Verification(
        customer=customer,
        channel=channel,
        nonce=secrets.token_bytes(16),
        created_at=at,
        expires_at=at + VALID,
    )
    verification.digest = _digest(verification.uuid, _code(verification))
    verification.save()
    Message.objects.create(
        occasion=VERIFICATION,
        occasion_key=f"{_KEY}{verification.uuid}",
        person=person_key(customer_id=customer.pk),
        customer=customer,
        channels=[channel],
        urgency=Urgency.AT_ONCE,
        due_at=at,
        planned_at=at,
        expires_at=verification.expires_at,
    )
    return verification


def address_of(customer: Customer, channel: str) -> str:
    return customer.email if channel == Channel.EMAIL else customer.phone


def code_to_send(message: Message, *, at: datetime) -> str | None:
    """Return the code that a queued message is about; None when it is of no use any more."""
    found = Verification.objects.filter(uuid=message.occasion_key.removeprefix(_KEY)).first()
    if found is None or found.used_at is not None or found.expires_at <= at:
        return None
    return _code(found)


# A wrong code counts in the statement that compares it: no number of tries at once gets more than five.
_TRY = """
UPDATE messaging_verification SET tries = tries + CASE WHEN digest = %(digest)s THEN 0 ELSE 1 END
 WHERE uuid = %(uuid)s AND tries < %(tries)s AND used_at IS NULL AND expires_at > %(at)s
RETURNING customer_id, digest = %(digest)s
"""


def try_code(uuid: UUID, code: str, *, at: datetime) -> int | None:
    """Return whose the code is when it is right; None when it is wrong, used, void or too old. The fifth wrong one voids it.

    Runs outside of any transaction, so that a try counts whatever becomes of what it was for.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TRY, {"digest": _digest(uuid, code), "uuid": uuid, "tries": TRIES, "at": at})
        row = cursor.fetchone()
    return row[0] if row is not None and row[1] else None


def use(uuid: UUID, *, at: datetime) -> bool:
    """Use a verification up, whose code was right; False when somebody else did at this moment."""
    usable = Verification.objects.filter(uuid=uuid, used_at__isnull=True, tries__lt=TRIES, expires_at__gt=at)
    return usable.update(used_at=at) == 1


def masked_address(channel: str, address: str) -> str:
    """Return where a code was sent as a cashier may see it."""
    if channel == Channel.EMAIL:
        name, _at, domain = address.partition("@")
        return f"{name[:1]}····@{domain}"
    return f"····{address[-4:]}"


def _code(verification: Verification) -> str:
    number = int.from_bytes(_keyed(b"code:" + bytes(verification.nonce))[:8], "big")
    return f"{number % 1_000_000:06d}"


def _digest(uuid: UUID, code: str) -> str:
    return _keyed(f"{uuid}:{code}".encode()).hex()


def _keyed(text: bytes) -> bytes:
    return hmac.new(settings.KEY_PEPPER.encode(), b"verification:" + text, hashlib.sha256).digest()
