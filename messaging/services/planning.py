"""Puts what is due into the outbox. Any number of planners may run at once, any number of times."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar, cast

from django.db.models import Exists, F, OuterRef, QuerySet

from customers.models import Customer
from messaging.models import Automation, Cart, CartState, Message, MessageState, Occasion
from messaging.occasions import BirthdaySettings, RecoverySettings, read_settings
from messaging.schedule import Window, birthday_window, recovery_window
from messaging.selectors.birthdays import celebrating, not_planned, zones
from messaging.selectors.contacts import Recipient, cart_recipient, recipients
from messaging.selectors.recovery import has_bought, why_not_again
from messaging.services.carts import close_bought
from retail.models import Sale, SaleState

T = TypeVar("T")

BATCH = 500
# How far back an automation looks for what it missed; older carts leave no trace.
MISSED = timedelta(hours=24)
_TELLING = ("opted_out", "no_consent", "no_address")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody for whom an occasion has come. `reason` says why there will be no message; empty: there will."""

    recipient: Recipient
    occasion_key: str
    window: Window
    reason: str
    store_id: int | None = None
    cart: Cart | None = None


def plan_birthdays(*, at: datetime) -> int:
    """Queue the greetings that are due at `at`, in every time zone; return how many rows were new."""
    automation = Automation.objects.get(occasion=Occasion.BIRTHDAY)
    if not automation.enabled:
        return 0
    return sum(
        _insert(automation, batch, at=at) for batch in _batches(birthday_candidates(automation, at=at))
    )


def plan_recoveries(*, at: datetime) -> int:
    """Queue the recovery messages of carts left behind long enough; return how many rows were new."""
    automation = Automation.objects.get(occasion=Occasion.RECOVERY)
    _note_recovered(at=at)
    if not automation.enabled:
        return 0
    return sum(
        _insert(automation, batch, at=at) for batch in _batches(recovery_candidates(automation, at=at))
    )


def birthday_candidates(
    automation: Automation, *, at: datetime, whole_day: bool = False
) -> Iterator[Candidate]:
    """Yield who has a birthday today and no greeting yet: those due now, or with `whole_day` all of today."""
    settings = cast(BirthdaySettings, read_settings(automation.occasion, automation.settings))
    stores_off = list(automation.stores_off.values_list("pk", flat=True))
    for zone in zones():
        day = at.astimezone(zone).date()
        window = birthday_window(day, settings.send_at, zone)
        if whole_day or window.is_open(at):
            waiting = not_planned(celebrating(day, zone), day, stores_off=stores_off)
            yield from _greetings(automation, waiting, str(day.year), window)


def _greetings(
    automation: Automation, customers: QuerySet[Customer], key: str, window: Window
) -> Iterator[Candidate]:
    for batch in _batches(customers.iterator(chunk_size=BATCH)):
        known = recipients(batch)
        for customer in batch:
            yield Candidate(
                recipient=known[customer.pk],
                occasion_key=key,
                window=window,
                reason=why_no_channel(known[customer.pk], automation.channels),
                store_id=customer.home_store_id,
            )


def recovery_candidates(
    automation: Automation, *, at: datetime, whole_day: bool = False
) -> Iterator[Candidate]:
    """Yield the carts whose time has come, or with `whole_day` will come, and that have no message yet."""
    settings = cast(RecoverySettings, read_settings(automation.occasion, automation.settings))
    delay = timedelta(minutes=settings.delay_minutes)
    # What became due while the automation was off stays unsaid.
    earliest = max(at - MISSED, automation.enabled_at or at)
    planned = Message.objects.filter(
        cart=OuterRef("pk"), occasion=Occasion.RECOVERY, planned_at__gte=OuterRef("opened_at")
    )
    carts = (
        Cart.objects.filter(
            state=CartState.OPEN,
            is_test=False,
            last_interaction_at__lte=at if whole_day else at - delay,
            last_interaction_at__gt=earliest - delay,
            store__online_shop=True,
            store__is_active=True,
        )
        .exclude(store__in=automation.stores_off.all())
        .exclude(Exists(planned))
        .select_related("customer", "store")
        .order_by("pk")
    )
    for cart in carts:
        candidate = _recovery(automation, settings, cart, at=at)
        if candidate is not None:
            yield candidate


def _recovery(
    automation: Automation, settings: RecoverySettings, cart: Cart, *, at: datetime
) -> Candidate | None:
    person = cart_recipient(cart)
    if not person.person:
        return None
    window = recovery_window(cart.last_interaction_at, settings.delay_minutes)
    if has_bought(cart, since=cart.opened_at):
        reason = "bought"
    elif at >= window.ends_at:
        reason = "too_late"
    else:
        reason = why_no_channel(person, automation.channels) or why_not_again(person, settings, at=at)
    return Candidate(
        recipient=person,
        occasion_key=cart.occasion_key,
        window=window,
        reason=reason,
        store_id=cart.store_id,
        cart=cart,
    )


def first_open_channel(person: Recipient, channels: Iterable[str]) -> str:
    """Return the first channel of the chain that is open to a person; empty when none is."""
    return next((channel for channel in channels if not person.why_not(channel)), "")


def why_no_channel(person: Recipient, channels: Iterable[str]) -> str:
    """Return why no channel of the chain is open, the most telling reason; empty when one is open."""
    reasons = {person.why_not(channel) for channel in channels}
    if "" in reasons:
        return ""
    return next((reason for reason in _TELLING if reason in reasons), "no_address")


def _insert(automation: Automation, candidates: list[Candidate], *, at: datetime) -> int:
    """Insert the rows that are not there yet. The unique key decides, not what was read before."""
    rows = [_row(automation, candidate, at=at) for candidate in candidates]
    # A skipped row gets no key; what is there afterwards with our uuid is ours.
    Message.objects.bulk_create(rows, ignore_conflicts=True)
    for candidate in candidates:
        if candidate.cart is not None and candidate.reason == "bought":
            close_bought(cart=candidate.cart, at=at)
    return Message.objects.filter(uuid__in=[row.uuid for row in rows]).count()


def _row(automation: Automation, candidate: Candidate, *, at: datetime) -> Message:
    suppressed = bool(candidate.reason)
    return Message(
        occasion=automation.occasion,
        occasion_key=candidate.occasion_key,
        person=candidate.recipient.person,
        customer_id=candidate.recipient.customer_id,
        store_id=candidate.store_id,
        cart=candidate.cart,
        channels=list(automation.channels),
        language=candidate.recipient.language,
        due_at=candidate.window.due_at,
        expires_at=candidate.window.ends_at,
        planned_at=at,
        state=MessageState.SUPPRESSED if suppressed else MessageState.QUEUED,
        reason=candidate.reason,
        closed_at=at if suppressed else None,
    )


def _note_recovered(*, at: datetime) -> None:
    """Close the open carts whose message was followed by a purchase of their customer."""
    bought = (
        Sale.objects.real()
        .filter(customer=OuterRef("cart__customer"), occurred_at__gte=OuterRef("sent_at"))
        .exclude(state=SaleState.CANCELLED)
    )
    answered = Message.objects.filter(
        Exists(bought),
        cart__state=CartState.OPEN,
        occasion=Occasion.RECOVERY,
        sent_at__gt=at - timedelta(days=30),
        planned_at__gte=F("cart__opened_at"),
    )
    for message in answered.select_related("cart").order_by("pk"):
        if message.cart is not None:
            close_bought(cart=message.cart, at=at)


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    remaining = iter(items)
    while batch := list(islice(remaining, BATCH)):
        yield batch
