"""Where a customer can be written to, and what stands against it."""

from dataclasses import dataclass
from datetime import datetime

from customers.models import Customer
from customers.selectors import standing_consents
from messaging.addresses import address_hash
from messaging.models import Channel, Suppression, SuppressionReason
from messaging.purposes import MessagePurpose
from messaging.selectors.contacts import recipients
from messaging.selectors.marketing import awaits_confirmation, marketing_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressState:
    """One channel of a customer. `reason` is why no marketing goes there, a code of messaging.reasons; empty when it may.
    `is_asked` says that they agreed and have not confirmed it yet.

    `silences` are what silences the address, or did once, the newest first.
    """

    channel: Channel
    address: str
    reason: str
    is_asked: bool
    silences: list[Suppression]

    @property
    def bounced_at(self) -> datetime | None:
        """Since when a provider says that the address does not exist; None while none does."""
        return next(
            (
                silence.suppressed_at
                for silence in self.silences
                if silence.reason == SuppressionReason.BOUNCED and silence.lifted_at is None
            ),
            None,
        )


def addresses_of(customer: Customer) -> list[AddressState]:
    """Return every channel of a customer, in order. A constant number of queries."""
    recipient = recipients([customer])[customer.pk]
    hashes = {
        channel: address_hash(channel, recipient.address(channel))
        for channel in Channel
        if recipient.address(channel)
    }
    standing = standing_consents([customer.pk])[customer.pk]
    since = marketing_settings().double_opt_in_since
    rows = Suppression.objects.filter(address_hash__in=list(hashes.values())).select_related("lifted_by")
    silences = list(rows.order_by("-suppressed_at", "-pk"))
    return [
        AddressState(
            channel=channel,
            address=recipient.address(channel),
            reason=recipient.why_not(channel, MessagePurpose.MARKETING),
            is_asked=awaits_confirmation(standing, channel, since=since),
            silences=[silence for silence in silences if silence.address_hash == hashes.get(channel)],
        )
        for channel in Channel
    ]
