"""Whom may we write to, and where: addresses, consents and opt-outs of many people in a few queries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from customers.models import Customer
from customers.selectors import standing_consents
from messaging.addresses import address_hash, person_key
from messaging.models import Cart, Channel, Suppression, SuppressionReason
from messaging.purposes import MessagePurpose
from messaging.selectors.marketing import marketing_settings, may_be_written_to, refused_profiling

# Why an address is silent, as the reason of a message; the most telling one first.
SILENCES: dict[str, str] = {
    SuppressionReason.REPLIED_STOP.value: "opted_out",
    SuppressionReason.UNSUBSCRIBED.value: "opted_out",
    SuppressionReason.COMPLAINED.value: "complained",
    SuppressionReason.PROVIDER.value: "provider_opt_out",
    SuppressionReason.BOUNCED.value: "bounced",
}
# Why no channel of a chain is open: the first of these that is true of one.
_TELLING = (*dict.fromkeys(SILENCES.values()), "no_consent", "no_address")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One person as a sender needs it."""

    customer_id: int | None
    person: str
    name: str
    language: str
    email: str
    phone: str
    # Channels that the person agreed to get marketing on.
    consented: frozenset[str] = field(default_factory=frozenset)
    # Whether what they buy and read may be used: counted, and chosen by.
    may_be_profiled: bool = True
    # The channels that must stay silent, each with why: a code of messaging.reasons.
    suppressed: Mapping[str, str] = field(default_factory=dict)

    def address(self, channel: str) -> str:
        return self.email if channel == Channel.EMAIL else self.phone

    def why_not(self, channel: str, purpose: MessagePurpose) -> str:
        """Return the reason code why this channel is closed to a purpose; empty when it is open."""
        if not self.address(channel):
            return "no_address"
        if purpose.respects_silence and channel in self.suppressed:
            return self.suppressed[channel]
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
    """Return the recipients for customers, by key, in three queries."""
    agreements = _agreements(customer.pk for customer in customers)
    suppressed = _suppressed([(customer.email, customer.phone) for customer in customers])
    return {
        customer.pk: Recipient(
            customer_id=customer.pk,
            person=person_key(customer_id=customer.pk),
            name=customer.name,
            language=customer.language,
            email=customer.email,
            phone=customer.phone,
            consented=agreements[customer.pk].channels,
            may_be_profiled=agreements[customer.pk].may_be_profiled,
            suppressed=suppressed[customer.email, customer.phone],
        )
        for customer in customers
    }


def cart_recipient(cart: Cart) -> Recipient:
    """Return the recipient for a cart: its customer, completed by what the shop knows, or its visitor."""
    if cart.customer is None:
        # A visitor has no record that a confirmation could stand in.
        agreed = cart.accepts_marketing and marketing_settings().double_opt_in_since is None
        return Recipient(
            customer_id=None,
            person=person_key(customer_id=None, email=cart.email, phone=cart.phone),
            name=cart.name,
            language=cart.language,
            email=cart.email,
            phone=cart.phone,
            consented=frozenset(Channel.values if agreed else ()),
            suppressed=_suppressed([(cart.email, cart.phone)])[cart.email, cart.phone],
        )
    customer = cart.customer
    email, phone = customer.email or cart.email, customer.phone or cart.phone
    agreement = _agreements([customer.pk])[customer.pk]
    return Recipient(
        customer_id=customer.pk,
        person=person_key(customer_id=customer.pk),
        name=customer.name or cart.name,
        language=cart.language or customer.language,
        email=email,
        phone=phone,
        consented=agreement.channels,
        may_be_profiled=agreement.may_be_profiled,
        suppressed=_suppressed([(email, phone)])[email, phone],
    )


def why_silent(channel: str, address: str) -> str:
    """Return why nothing may be sent to an address on a channel any more, a code of messaging.reasons; empty when it may."""
    rows = Suppression.objects.filter(address_hash=address_hash(channel, address), lifted_at__isnull=True)
    return why_of(rows.values_list("reason", flat=True))


def why_of(reasons: Iterable[str]) -> str:
    """Return what several reasons of silence come to; empty for none."""
    standing = set(reasons)
    return next((code for reason, code in SILENCES.items() if reason in standing), "")


@dataclass(frozen=True, slots=True)
class _Agreement:
    """What the standing answers of a customer allow: marketing on these channels, and to use what they buy and read."""

    channels: frozenset[str]
    may_be_profiled: bool


def _agreements(customer_ids: Iterable[int]) -> dict[int, _Agreement]:
    since = marketing_settings().double_opt_in_since
    return {
        customer_id: _Agreement(
            frozenset(
                channel for channel in Channel.values if may_be_written_to(answers, channel, since=since)
            ),
            not refused_profiling(answers),
        )
        for customer_id, answers in standing_consents(list(customer_ids)).items()
    }


def _suppressed(people: Sequence[tuple[str, str]]) -> dict[tuple[str, str], dict[str, str]]:
    """Return the silent channels of each (e-mail, phone), with why."""
    hashes: dict[str, list[tuple[tuple[str, str], str]]] = {}
    for person in people:
        email, phone = person
        for channel in Channel.values:
            address = email if channel == Channel.EMAIL else phone
            if address:
                hashes.setdefault(address_hash(channel, address), []).append((person, channel))
    standing: dict[str, list[str]] = {}
    rows = Suppression.objects.filter(address_hash__in=list(hashes), lifted_at__isnull=True)
    for found, reason in rows.values_list("address_hash", "reason"):
        standing.setdefault(found, []).append(reason)
    silent: dict[tuple[str, str], dict[str, str]] = {person: {} for person in people}
    for found, reasons in standing.items():
        for person, channel in hashes[found]:
            silent[person][channel] = why_of(reasons)
    return silent
