"""Stored values as managers look for them: in which state each is, found by its code, with all that happened to it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from operator import attrgetter

from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from loyalty import stored_codes
from loyalty.models import (
    Entry,
    EntryKind,
    Lot,
    StoredValue,
    StoredValueCode,
    StoredValueEvent,
    StoredValueLoad,
)
from loyalty.selectors.statement import told, with_balances
from loyalty.selectors.stored_values import Held, digest_of, held

# Of one stored value's entries and events, the newest.
MOST = 500


class StoredValueState(models.TextChoices):
    """What a stored value is at a moment, whatever job has run."""

    USABLE = "usable", _("Usable")
    EMPTY = "empty", _("Used up")
    EXPIRED = "expired", _("Expired")
    BLOCKED = "blocked", _("Blocked")
    VOIDED = "voided", _("Voided")


def records(*, at: datetime) -> QuerySet[StoredValue]:
    """Return all stored values with `state` at a moment, and with type, account, customer, store, sale and maker.

    `moment` is that moment. Keep those of one state with `in_state`.
    """
    moment = Value(at, output_field=models.DateTimeField())
    state = Case(
        *(
            When(_is(state), then=Value(state))
            for state in StoredValueState
            if state != StoredValueState.EMPTY
        ),
        default=Value(StoredValueState.EMPTY),
        output_field=models.CharField(),
    )
    return (
        StoredValue.objects.annotate(moment=moment, state=state)
        .select_related("type", "account", "customer", "store", "sale__store", "actor")
        .defer("sale__request", "sale__response", "sale__shares")
    )


def in_state(values: QuerySet[StoredValue], state: str) -> QuerySet[StoredValue]:
    """Keep those of `records` that are in a state.

    Only what makes the state is asked, so that the database reads the few that are blocked from their index, and joins the
    others with lots and entries; comparing `state` works it out for every row.
    """
    return values.filter(_is(StoredValueState(state)))


def _is(state: StoredValueState) -> Q:
    """Return what makes a state, for rows that have `moment`."""
    lots = Lot.objects.filter(account=OuterRef("account")).open()
    entries = Entry.objects.filter(account=OuterRef("account"))
    is_blocked, was_voided = Q(blocked_at__isnull=False), Q(Exists(entries.filter(kind=EntryKind.VOID)))
    holds = Q(Exists(lots.alive(at=OuterRef("moment"))))  # type: ignore[arg-type]
    # Expired, and the job that writes it down has not come by yet, or has.
    lost = Q(Exists(lots)) | Q(Exists(entries.filter(kind=EntryKind.EXPIRE)))
    return {
        StoredValueState.VOIDED: is_blocked & was_voided,
        StoredValueState.BLOCKED: is_blocked & ~was_voided,
        StoredValueState.USABLE: ~is_blocked & holds,
        StoredValueState.EXPIRED: ~is_blocked & ~holds & lost,
        StoredValueState.EMPTY: ~is_blocked & ~lost,
    }[state]


def with_last4(values: QuerySet[StoredValue], last4: str) -> QuerySet[StoredValue]:
    """Keep stored values whose code in use ends so."""
    found = StoredValueCode.objects.filter(last4=stored_codes.canonical(last4), ended_at__isnull=True)
    return values.filter(pk__in=found.values("stored_value"))


def find_by_any_code(code: str) -> int | None:
    """Return the key of the stored value that has, or had, this code. Nothing of the code is kept."""
    if not code.strip() or len(code) > 80 or stored_codes.is_mistyped(code):
        return None
    found = StoredValueCode.objects.filter(digest=digest_of(code))
    return found.values_list("stored_value_id", flat=True).first()


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a stored value's history: an entry with the balance that it left and what was paid for it, or an event."""

    at: datetime
    entry: Entry | None = None
    balance: Decimal | None = None
    price: Decimal | None = None
    event: StoredValueEvent | None = None


def history(stored: StoredValue) -> list[Happening]:
    """Return what happened to a stored value, the newest first. Four queries."""
    entries = told(Entry.objects.filter(account_id=stored.account_id)).order_by("-pk")[:MOST]
    events = stored.events.select_related("actor", "customer").order_by("-pk")[:MOST]
    prices = prices_paid(stored)
    happened = [
        *(
            Happening(
                at=row.entry.occurred_at,
                entry=row.entry,
                balance=row.balance,
                price=prices.get(row.entry.lot_id) if row.entry.kind == EntryKind.LOAD else None,
            )
            for row in with_balances(list(entries))
        ),
        *(Happening(at=event.created_at, event=event) for event in events),
    ]
    return sorted(happened, key=attrgetter("at"), reverse=True)


def prices_paid(stored: StoredValue) -> dict[int, Decimal]:
    """Return what was paid for a stored value, by lot: when it was sold, and for each load. One query."""
    paid = StoredValueLoad.objects.filter(lot__account_id=stored.account_id)
    return dict(paid.values_list("lot_id", "price"))


def kept_by(customer_id: int, *, at: datetime, most: int) -> list[Held]:
    """Return what a customer has of stored values that can be used, or are blocked: the newest first, `most` at most."""
    states = (StoredValueState.USABLE, StoredValueState.BLOCKED)
    found = records(at=at).filter(customer_id=customer_id, state__in=states).order_by("-pk")  # type: ignore[misc]
    return held(found[:most], at=at)
