"""Whom may we write to, and where: addresses, consents and opt-outs of many people in a few queries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from customers.models import Customer, Purpose
from customers.selectors import standing_consents
from messaging.addresses import address_hash, person_key
from messaging.models import Cart, Channel, Suppression
from messaging.purposes import MessagePurpose

# Why no channel of a chain is open: the first of these that is true of one.
_TELLING = ("opted_out", "no_consent", "no_address")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One person as a sender needs it."""

    customer_id: int | None
    person: str
    name: str
    language: str
    email: str
    phone: str
    # Channels that the person agreed to get marketing on, and those that must stay silent.
    consented: frozenset[str] = field(default_factory=frozenset)
    suppressed: frozenset[str] = field(default_factory=frozenset)

    def address(self, channel: str) -> str:
        return self.email if channel == Channel.EMAIL else self.phone

    def why_not(self, channel: str, purpose: MessagePurpose) -> str:
        """Return the reason code why this channel is closed to a purpose; empty when it is open."""
        if not self.address(channel):
            return "no_address"
        if purpose.respects_silence and channel in self.suppressed:
            return "opted_out"
        if purpose.needs_consent and channel not in self.consented:
            return "no_consent"
        return ""


def first_open_channel(person: Recipient, channels: Iterable[str], purpose: MessagePurpose) -> str:
    """Return the first channel of the chain that is open to a person; empty when none is."""
    return next((channel for channel in channels if not person.why_not(channel, purpose)), "")


def why_no_channel(person: Recipient, channels: Iterable[str], purpose: MessagePurpose) -> str:
    """Return why no channel of the chain is open, the most telling reason; empty when one is open."""
    reasons = {person.why_not(channel, purpose) for channel in channels}
    if "" in reasons:
        return ""
    return next((reason for reason in _TELLING if reason in reasons), "no_address")


def recipients(customers: Sequence[Customer]) -> dict[int, Recipient]:
    """Return the recipients for customers, by key, in two queries."""
    consented = _consented(customer.pk for customer in customers)
    suppressed = _suppressed([(customer.email, customer.phone) for customer in customers])
    return {
        customer.pk: Recipient(
            customer_id=customer.pk,
            person=person_key(customer_id=customer.pk),
            name=customer.name,
            language=customer.language,
            email=customer.email,
            phone=customer.phone,
            consented=consented[customer.pk],
            suppressed=frozenset(suppressed[customer.email, customer.phone]),
        )
        for customer in customers
    }


def cart_recipient(cart: Cart) -> Recipient:
    """Return the recipient for a cart: its customer, completed by what the shop knows, or its visitor."""
    if cart.customer is None:
        return Recipient(
            customer_id=None,
            person=person_key(customer_id=None, email=cart.email, phone=cart.phone),
            name=cart.name,
            language=cart.language,
            email=cart.email,
            phone=cart.phone,
            consented=frozenset(Channel.values if cart.accepts_marketing else ()),
            suppressed=frozenset(_suppressed([(cart.email, cart.phone)])[cart.email, cart.phone]),
        )
    customer = cart.customer
    email, phone = customer.email or cart.email, customer.phone or cart.phone
    return Recipient(
        customer_id=customer.pk,
        person=person_key(customer_id=customer.pk),
        name=customer.name or cart.name,
        language=cart.language or customer.language,
        email=email,
        phone=phone,
        consented=_consented([customer.pk])[customer.pk],
        suppressed=frozenset(_suppressed([(email, phone)])[email, phone]),
    )


def is_silent(channel: str, address: str) -> bool:
    """Say whether nothing may be sent to an address on a channel any more."""
    return Suppression.objects.filter(
        address_hash=address_hash(channel, address), lifted_at__isnull=True
    ).exists()


def _consented(customer_ids: Iterable[int]) -> dict[int, frozenset[str]]:
    """Return the channels on which each customer's standing answers allow marketing."""
    return {
        customer_id: frozenset(
            channel for channel in Channel.values if answers.granted(Purpose.MARKETING, channel)
        )
        for customer_id, answers in standing_consents(list(customer_ids)).items()
    }


def _suppressed(people: Sequence[tuple[str, str]]) -> dict[tuple[str, str], set[str]]:
    """Return the silent channels of each (e-mail, phone)."""
    hashes: dict[str, list[tuple[tuple[str, str], str]]] = {}
    for person in people:
        email, phone = person
        for channel in Channel.values:
            address = email if channel == Channel.EMAIL else phone
            if address:
                hashes.setdefault(address_hash(channel, address), []).append((person, channel))
    silent: dict[tuple[str, str], set[str]] = {person: set() for person in people}
    rows = Suppression.objects.filter(address_hash__in=list(hashes), lifted_at__isnull=True)
    for found in rows.values_list("address_hash", flat=True):
        for person, channel in hashes[found]:
            silent[person].add(channel)
    return silent
