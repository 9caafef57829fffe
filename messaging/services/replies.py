"""What people answer to a text message, and the words by which they stop marketing."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from customers.models import Customer
from messaging.addresses import address_hash, person_key
from messaging.models import Channel, Message, MessageEvent, Suppression, SuppressionReason
from messaging.occasions import KINDS
from messaging.selectors.marketing import marketing_settings
from messaging.selectors.messages import company_name
from messaging.services.opt_outs import note_unsubscribed, suppress, withdraw_consent

# What people answer, without accents, signs and case. SAIR is the word that Brazilian operators made known.
STOP_WORDS = frozenset(
    [
        "sair",
        "parar",
        "pare",
        "stop",
        "cancelar",
        "remover",
        "descadastrar",
        "unsubscribe",
        "end",
        "quit",
        "cancel",
    ]
)


@transaction.atomic
def receive_reply(*, channel: Channel, address: str, text: str, event_key: str, at: datetime) -> bool:
    """Act on an answer by SMS or WhatsApp; return whether it asked to stop for the first time, and its person is to be told so.

    The number is silenced for both, since a person who says STOP to a number does not think of channels. `event_key`
    is the provider's id of the answer: sent again after the person agreed to marketing once more, it silences nobody.
    """
    if not asks_to_stop(text):
        return False
    _found, is_new = MessageEvent.objects.get_or_create(
        provider="twilio",
        event_key=f"{event_key[:190]}:reply",
        defaults={"kind": "replied", "occurred_at": at},
    )
    if not is_new:
        return False
    # Whoever has said so before was told that it worked.
    is_first = not Suppression.objects.filter(
        channel=channel,
        address_hash=address_hash(channel, address),
        reason=SuppressionReason.REPLIED_STOP,
        lifted_at__isnull=True,
    ).exists()
    # Customers before addresses, as senders take them.
    customers = list(Customer.objects.known_by(phone=address).order_by("pk"))
    _note_last_marketing(customers, address, at=at)
    for customer in customers:
        for concerned in (Channel.SMS, Channel.WHATSAPP):
            withdraw_consent(customer, concerned, source=f"reply_{channel}", at=at)
    for concerned in (Channel.SMS, Channel.WHATSAPP):
        suppress(channel=concerned, address=address, reason=SuppressionReason.REPLIED_STOP, at=at)
    return is_first


def _note_last_marketing(customers: Sequence[Customer], address: str, *, at: datetime) -> None:
    """Note with the last marketing that a number got that its person has had enough: nothing in an answer says of what."""
    people = [person_key(customer_id=customer.pk) for customer in customers]
    last = (
        Message.objects.filter(
            person__in=[*people, person_key(customer_id=None, phone=address)],
            occasion__in=[kind.code for kind in KINDS.values() if kind.purpose.needs_consent],
            to=address,
            sent_at__isnull=False,
        )
        .order_by("-sent_at", "-pk")
        .first()
    )
    if last is not None:
        note_unsubscribed(last, at=at)


def stop_answer(address: str) -> str:
    """Return what whoever has said stop from a number is told: the company's words, else ours in the customer's language."""
    decided = marketing_settings().stop_answer
    if decided:
        return decided
    languages = Customer.objects.known_by(phone=address).exclude(language="").order_by("pk")
    language = languages.values_list("language", flat=True).first() or settings.LANGUAGE_CODE
    with translation.override(language):
        return _("You get no more offers from %(company)s on this number.") % {"company": company_name()}


def asks_to_stop(text: str) -> bool:
    """Whether an answer is one of the stop words, however it is written: " Sair! ", "PARÁR."."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"[^a-z]", "", bare) in STOP_WORDS
