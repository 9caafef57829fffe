"""What speaks against a recovery message: a purchase, a message or a used code in the recent past."""

from datetime import datetime, timedelta

from django.db.models import Q

from campaigns.models import Activation
from messaging.models import RECOVERY, Cart, Message
from messaging.selectors.contacts import Recipient
from retail.models import Sale, SaleState


def has_bought(cart: Cart, *, since: datetime) -> bool:
    """Whether the cart's person bought anything, anywhere in the chain, at or after `since`.

    A sale that a till reports late counts by both its moments: writing to somebody who has bought is worse
    than not writing to somebody who has not.
    """
    who = Q()
    if cart.customer_id is not None:
        who |= Q(customer=cart.customer_id)
    if cart.email:
        who |= Q(customer__email=cart.email)
    if cart.phone:
        who |= Q(customer__phone=cart.phone)
    if not who:
        return False
    recent = Q(occurred_at__gte=since) | Q(received_at__gte=since)
    return Sale.objects.real().filter(who, recent).exclude(state=SaleState.CANCELLED).exists()


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
