"""What speaks against a recovery message: a purchase, a message or a used code in the recent past."""

from datetime import datetime, timedelta

from django.db.models import Func, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KeyTextTransform, KeyTransform

from campaigns.models import Activation
from messaging.models import RECOVERY, Cart, Message
from messaging.selectors.contacts import Recipient
from retail.models import Sale, SaleState

# A number without its country and trunk digits, as somebody types it who lives there.
_NATIONAL_DIGITS = 10


def has_bought(cart: Cart, *, since: datetime) -> bool:
    """Whether the cart's person bought anything, anywhere in the chain, at or after `since`.

    A sale that a till reports late counts by both its moments: writing to somebody who has bought is worse
    than not writing to somebody who has not.
    """
    emails, phones = _addresses(cart)
    who = Q(customer__email__in=emails) | Q(customer__phone__in=phones)
    if cart.customer_id is not None:
        who |= Q(customer=cart.customer_id)
    elif not emails | phones:
        return False
    recent = Q(occurred_at__gte=since) | Q(received_at__gte=since)
    stands = Sale.objects.real().exclude(state=SaleState.CANCELLED)
    return stands.filter(who, recent).exists() or _told_in_shop(stands, cart, since=since)


def _addresses(cart: Cart) -> tuple[set[str], set[str]]:
    """Return the e-mails and the phones of a cart's person: the shop's, and those of their record."""
    emails, phones = {cart.email}, {cart.phone}
    if cart.customer is not None:
        emails.add(cart.customer.email)
        phones.add(cart.customer.phone)
    return emails - {""}, phones - {""}


def _told_in_shop(sales: QuerySet[Sale], cart: Cart, *, since: datetime) -> bool:
    """Whether a purchase in the cart's own shop tells an e-mail or phone of its person, whoever its customer is.

    A visitor leaves an e-mail with the cart and a document with the purchase: the record of the document may know no e-mail.
    """
    emails, phones = _addresses(cart)
    told = Q()
    for part in ("customer", "captured"):
        for email in emails:
            told |= Q(**{f"request__{part}__email__iexact": email})
        for phone in phones:
            told |= Q(**{f"{part}_phone__endswith": phone[-_NATIONAL_DIGITS:]})
    if not told:
        return False
    of_shop = sales.filter(store=cart.store_id, occurred_at__gte=since)
    return (
        of_shop.alias(customer_phone=_digits("customer"), captured_phone=_digits("captured"))
        .filter(told)
        .exists()
    )


def _digits(part: str) -> Func:
    """The digits of the phone that one part of a sale tells: people type brackets and spaces."""
    typed = KeyTextTransform("phone", KeyTransform(part, "request"))
    return Func(
        typed, Value(r"\D"), Value(""), Value("g"), function="regexp_replace", output_field=TextField()
    )


def why_not_again(
    person: Recipient,
    *,
    frequency_hours: int,
    rest_days_after_use: int,
    at: datetime,
    besides: int | None = None,
) -> str:
    """Return the reason code why this person gets no recovery message now; empty when nothing speaks against it.

    Zero sets no limit. `besides` is the key of the message that is about to be sent, which does not stand in its own way.
    """
    mine = Message.objects.filter(person=person.person, occasion=RECOVERY)
    if besides is not None:
        mine = mine.exclude(pk=besides)
    since = at - timedelta(hours=frequency_hours)
    if frequency_hours and mine.perhaps_received().filter(call_began_at__gt=since).exists():
        return "too_frequent"
    rested = at - timedelta(days=rest_days_after_use)
    used = Activation.objects.filter(
        promo_code__messages__person=person.person,
        promo_code__messages__occasion=RECOVERY,
        activated_at__gt=rested,
        reversed_at__isnull=True,
    )
    if rest_days_after_use and used.exists():
        return "code_used"
    return ""
