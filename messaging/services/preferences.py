"""What a person decides on the preference page: channels of marketing, other purposes, or no more of anything."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from customers.models import Customer, Purpose
from customers.selectors import StandingConsents, current_texts, standing_consents
from customers.services.consents import record_consent
from messaging.addresses import address_hash
from messaging.models import Channel, Message, Suppression, SuppressionReason
from messaging.services import opt_outs
from messaging.tokens import PREFERENCES, TokenInvalid, seal, unseal

VALID = timedelta(days=180)
# The page was opened from this address, so what is granted for its channel is confirmed by it.
FROM_THE_ADDRESS, FROM_ELSEWHERE = "preference_page", "preference_page_other_channel"
# What else a person is asked; marketing is asked by channel.
PURPOSES = (Purpose.LOYALTY, Purpose.PROMOTIONS, Purpose.PROFILING, Purpose.SHARING)

_QUESTIONS = {
    Purpose.LOYALTY: _("Take part in the loyalty program"),
    Purpose.PROMOTIONS: _("Get the benefits of campaigns on my purchases"),
    Purpose.PROFILING: _("Use what I buy and read to choose what I am offered"),
    Purpose.SHARING: _("Share my data with partners"),
}


class PreferencesInvalid(Exception):
    """The link was not made by us, or is too old (`expired`)."""

    code = "preferences_invalid"

    def __init__(self, *, expired: bool = False) -> None:
        super().__init__("expired" if expired else "")
        self.expired = expired


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One box of the page. `text` is what the company says about it, `version` names that text.

    `is_closed`: a provider reported the address, so no yes opens it.
    """

    name: str
    label: object
    checked: bool
    text: str = ""
    version: str = ""
    is_closed: bool = False


def preferences_url(message: Message) -> str:
    """Return the address of the page for a message; it works for 180 days and holds nothing about the person."""
    return settings.PUBLIC_URL + reverse("messaging:preferences", args=[seal(PREFERENCES, message.pk)])


def find_preferences(token: str, *, at: datetime) -> Message:
    """Return the message that a page was opened from. Raises PreferencesInvalid."""
    try:
        [number] = unseal(PREFERENCES, token, count=1)
        message = Message.objects.select_related("customer__merged_into", "cart").get(pk=number)
    except (TokenInvalid, Message.DoesNotExist) as error:
        raise PreferencesInvalid from error
    if at >= (message.call_began_at or message.planned_at) + VALID:
        raise PreferencesInvalid(expired=True)
    return message


def questions_of(message: Message, *, language: str) -> list[Question]:
    """Return the boxes of a person with what stands; whoever is no customer can only stop everything."""
    customer = _customer(message)
    if customer is None:
        return []
    standing = standing_consents([customer.pk])[customer.pk]
    texts = current_texts(language=language)
    silent = _silent_channels(customer)
    theirs = set(opt_outs.THEIRS)
    found = []
    for channel in Channel:
        if not (customer.email if channel == Channel.EMAIL else customer.phone):
            continue
        text = texts.get((Purpose.MARKETING, channel.value)) or texts.get((Purpose.MARKETING, ""))
        found.append(
            Question(
                name=channel.value,
                label=channel.label,
                checked=standing.granted(Purpose.MARKETING, channel.value) and channel.value not in silent,
                text=text.text if text else "",
                version=text.version if text else "",
                is_closed=bool(silent.get(channel.value, theirs) - theirs),
            )
        )
    for purpose in PURPOSES:
        text = texts.get((purpose, ""))
        found.append(
            Question(
                name=purpose.value,
                label=_QUESTIONS[purpose],
                checked=standing.granted(purpose),
                text=text.text if text else "",
                version=text.version if text else "",
            )
        )
    return found


@transaction.atomic
def choose(*, message: Message, chosen: Collection[str], language: str, at: datetime) -> int:
    """Record what a person changed on the page; return how many answers that were. The same again records nothing.

    `chosen` are the names of the boxes that are checked; unknown ones are ignored.
    """
    customer = _customer(message)
    if customer is None:
        return 0
    standing = standing_consents([customer.pk])[customer.pk]
    changed = 0
    for question in questions_of(message, language=language):
        wants = question.name in chosen
        if question.name in Channel.values:
            changed += _choose_channel(message, customer, question, wants=wants, standing=standing, at=at)
        elif wants != question.checked:
            _record(customer, question.name, "", wants, question, source=FROM_THE_ADDRESS, at=at)
            changed += 1
    return changed


@transaction.atomic
def stop_everything(*, message: Message, at: datetime) -> None:
    """Stop marketing on every channel, for the customer and for every address that they have."""
    customer = _customer(message)
    if customer is None:
        opt_outs.unsubscribe(message=message, at=at)
        # A visitor is known by the cart: whoever says stop behind an e-mail means the phone that was left, too.
        cart = message.cart
        for channel, address in _ways(cart.email, cart.phone).items() if cart else ():
            opt_outs.suppress(channel=channel, address=address, reason=SuppressionReason.UNSUBSCRIBED, at=at)
        return
    opt_outs.note_unsubscribed(message, at=at)
    standing = standing_consents([customer.pk])[customer.pk]
    if any(standing.get(Purpose.MARKETING, channel) is not False for channel in ("", *Channel.values)):
        record_consent(
            customer=customer,
            values={"purpose": Purpose.MARKETING.value, "granted": False},
            source=FROM_THE_ADDRESS,
            at=at,
        )
    for channel, address in _addresses(customer).items():
        opt_outs.suppress(channel=channel, address=address, reason=SuppressionReason.UNSUBSCRIBED, at=at)


def _choose_channel(
    message: Message,
    customer: Customer,
    question: Question,
    *,
    wants: bool,
    standing: StandingConsents,
    at: datetime,
) -> int:
    channel, address = question.name, _addresses(customer)[question.name]
    if wants == question.checked or (wants and question.is_closed):
        return 0
    own = channel == message.channel and address == message.to
    if wants:
        _record(
            customer,
            Purpose.MARKETING.value,
            channel,
            True,
            question,
            source=FROM_THE_ADDRESS if own else FROM_ELSEWHERE,
            at=at,
        )
        # The silence of another address is lifted by who has that address.
        if own:
            opt_outs.lift(channel=channel, address=address, at=at)
    else:
        opt_outs.note_unsubscribed(message, at=at)
        if standing.get(Purpose.MARKETING, channel) is not False:
            _record(
                customer, Purpose.MARKETING.value, channel, False, question, source=FROM_THE_ADDRESS, at=at
            )
        opt_outs.suppress(channel=channel, address=address, reason=SuppressionReason.UNSUBSCRIBED, at=at)
    return 1


def _record(
    customer: Customer,
    purpose: str,
    channel: str,
    granted: bool,
    question: Question,
    *,
    source: str,
    at: datetime,
) -> None:
    # The version brings its text: what a person takes back depends on no text being accepted.
    values = {
        "purpose": purpose,
        "channel": channel,
        "granted": granted,
        "text_version": question.version,
    }
    record_consent(customer=customer, values=values, source=source, at=at)


def _customer(message: Message) -> Customer | None:
    return (message.customer.merged_into or message.customer) if message.customer else None


def _addresses(customer: Customer) -> Mapping[str, str]:
    """Return the address of each channel that the customer can be reached on."""
    return _ways(customer.email, customer.phone)


def _ways(email: str, phone: str) -> Mapping[str, str]:
    ways = {channel: email if channel == Channel.EMAIL else phone for channel in Channel.values}
    return {channel: address for channel, address in ways.items() if address}


def _silent_channels(customer: Customer) -> dict[str, set[str]]:
    """Return why channels of the customer are silent."""
    hashes = {address_hash(channel, address): channel for channel, address in _addresses(customer).items()}
    silent = Suppression.objects.filter(address_hash__in=list(hashes), lifted_at__isnull=True)
    reasons: dict[str, set[str]] = {}
    for found, reason in silent.values_list("address_hash", "reason"):
        reasons.setdefault(hashes[found], set()).add(reason)
    return reasons
