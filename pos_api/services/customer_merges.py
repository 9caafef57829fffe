"""Make two records of one person one, and two again: whole, in one transaction, with everything that hangs on them.

Locks follow the documented order but for one place: the customers are locked before the sales, because only they say which
sales there are. Nothing that holds a recorded sale waits for a customer. Then accounts by id, codes, counters, the metrics of both.
Issuing runs that still give to one of the two come before all: who issues waits for no customer.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy

from campaigns.models import PromoCode, PromoCodeImportLine
from campaigns.services.customer_uses import lock_codes_of, move_uses
from customers.models import Appointment, AppointmentStatus, Customer
from customers.services.merged_records import MergeRefused, absorb_record, refuse_unlike, release_record
from customers.services.metrics import recount
from loyalty.models import CustomerMerge, CustomerTier, IssuingGrant, IssuingRun, StoredValue, VipCard
from loyalty.services.issuing_persons import lock_runs_of
from loyalty.services.merge import move_value, move_value_back
from loyalty.services.refusals import ReasonRequired
from loyalty.services.tiers import requalify
from messaging.models import Cart, Mailing, MailingMember, Message
from messaging.services.persons import rename_person
from pos_api.models import CounterVisit
from pos_api.services.transactions import in_transaction
from retail.models import Sale


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """A table whose rows go with their customer. What stands `once` for each customer stays where both have it."""

    name: str
    model: type[Model]
    once: tuple[str, ...] = ()
    among: Q | None = None


# Every table that names a customer and is no account of his, sales first: they are locked before everything else.
SALES = Moving(name="sales", model=Sale)
MOVING = (
    Moving(name="stored_values", model=StoredValue),
    Moving(name="vip_cards", model=VipCard),
    Moving(name="issuing_runs", model=IssuingRun),
    Moving(name="issuing_grants", model=IssuingGrant, once=("run_id",)),
    Moving(name="promo_codes", model=PromoCode),
    Moving(name="promo_codes_in_imports", model=PromoCodeImportLine),
    Moving(
        name="appointments",
        model=Appointment,
        once=("store_id", "starts_at"),
        among=Q(status=AppointmentStatus.BOOKED),
    ),
    Moving(name="carts", model=Cart),
    Moving(name="messages", model=Message),
    Moving(name="mailings", model=Mailing),
    Moving(name="mailing_members", model=MailingMember, once=("mailing_id",)),
    Moving(name="tiers", model=CustomerTier, once=("program_id",)),
    Moving(name="visits", model=CounterVisit, once=("store_id",)),
)


class MergedOn(MergeRefused):
    """The record that was kept has been merged into another since."""

    code = "merged_on"
    message = gettext_lazy(
        "The record that was kept was merged into another one since. Undo that merge first."
    )

    def __init__(self, kept: Customer) -> None:
        super().__init__()
        self.extra = {"customer": kept.pk, "into": kept.merged_into_id}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A merge, and whether what was asked for had been done before."""

    merge: CustomerMerge
    replayed: bool = False


def merge_customers(*, kept_id: int, absorbed_id: int, reason: str, actor: User, at: datetime) -> Outcome:
    """Merge one record into another. The same merge again changes nothing and answers the first.

    Raises Customer.DoesNotExist, ReasonRequired, MergeRefused.
    """
    if not reason.strip():
        raise ReasonRequired
    outcome = in_transaction(lambda: _merge(kept_id, absorbed_id, reason.strip(), actor, at))
    if not outcome.replayed:
        requalify([kept_id, absorbed_id], at=at)
    return outcome


def undo_merge(*, merge_id: int, actor: User, at: datetime) -> Outcome:
    """Make two records of what a merge had made one; what was spent or changed meanwhile stays where it is.

    Undoing it again changes nothing. Raises CustomerMerge.DoesNotExist, MergeRefused.
    """
    outcome = in_transaction(lambda: _undo(merge_id, actor, at))
    if not outcome.replayed:
        requalify([outcome.merge.kept_id, outcome.merge.absorbed_id], at=at)
    return outcome


def _merge(kept_id: int, absorbed_id: int, reason: str, actor: User, at: datetime) -> Outcome:
    lock_runs_of([kept_id, absorbed_id])
    kept, absorbed = _lock(kept_id, absorbed_id)
    standing = CustomerMerge.objects.filter(absorbed=absorbed, kept=kept, undone_at__isnull=True).first()
    if standing is not None:
        return Outcome(standing, replayed=True)
    refuse_unlike(kept, absorbed)
    merge = CustomerMerge.objects.create(
        kept=kept, absorbed=absorbed, actor=actor, reason=reason, merged_at=at
    )
    rows = {SALES.name: _move(SALES, rows_of(SALES, absorbed.pk, kept.pk), kept.pk)}
    move_value(merge, at=at)
    lock_codes_of(kept.pk, absorbed.pk)
    move_uses(rows[SALES.name], old=absorbed.pk, new=kept.pk)
    for moving in MOVING:
        rows[moving.name] = _move(moving, rows_of(moving, absorbed.pk, kept.pk), kept.pk)
    rename_person(rows["messages"], old=absorbed.pk, new=kept.pk)
    merge.moved = {"rows": rows, "record": absorb_record(kept, absorbed, actor=actor)}
    merge.save(update_fields=["moved"])
    recount([kept.pk, absorbed.pk], at=at)
    return Outcome(merge)


def _undo(merge_id: int, actor: User, at: datetime) -> Outcome:
    known = CustomerMerge.objects.get(pk=merge_id)
    lock_runs_of([known.kept_id, known.absorbed_id])
    kept, absorbed = _lock(known.kept_id, known.absorbed_id)
    # Read again under the locks of both records.
    merge = CustomerMerge.objects.get(pk=merge_id)
    if merge.undone_at is not None:
        return Outcome(merge, replayed=True)
    refuse_merged_on(kept)
    done = merge.moved["rows"]
    rows = {SALES.name: _move(SALES, rows_to_return(SALES, done, merge), absorbed.pk)}
    move_value_back(merge, actor_id=actor.pk, at=at)
    lock_codes_of(kept.pk, absorbed.pk)
    move_uses(rows[SALES.name], old=kept.pk, new=absorbed.pk)
    for moving in MOVING:
        rows[moving.name] = _move(moving, rows_to_return(moving, done, merge), absorbed.pk)
    rename_person(rows["messages"], old=kept.pk, new=absorbed.pk)
    release_record(kept, absorbed, merge.moved["record"], actor=actor, at=at)
    merge.undone_at, merge.undone_by, merge.given_back = at, actor, {"rows": rows}
    merge.save(update_fields=["undone_at", "undone_by", "given_back"])
    recount([kept.pk, absorbed.pk], at=at)
    return Outcome(merge)


def refuse_merged_on(kept: Customer) -> None:
    """Raise MergedOn when the kept record of a merge is merged itself."""
    if kept.merged_into_id is not None:
        raise MergedOn(kept)


def _lock(kept_id: int, absorbed_id: int) -> tuple[Customer, Customer]:
    """Lock both records, in the order of their ids. Raises Customer.DoesNotExist."""
    found = {
        customer.pk: customer
        for customer in Customer.objects.filter(pk__in=[kept_id, absorbed_id])
        .order_by("pk")
        .select_for_update(no_key=True)
    }
    if kept_id not in found or absorbed_id not in found:
        raise Customer.DoesNotExist
    return found[kept_id], found[absorbed_id]


def rows_of(moving: Moving, customer_id: int, to: int) -> QuerySet[Any]:
    """Return the rows of a customer that another one can have."""
    return _free(moving, moving.model._default_manager.filter(customer_id=customer_id), to)


def rows_to_return(moving: Moving, done: dict[str, list[int]], merge: CustomerMerge) -> QuerySet[Any]:
    """Return the rows that a merge moved and that are still where it put them."""
    rows = moving.model._default_manager.filter(pk__in=done.get(moving.name, ()), customer_id=merge.kept_id)
    return _free(moving, rows, merge.absorbed_id)


def _free(moving: Moving, rows: QuerySet[Any], to: int) -> QuerySet[Any]:
    if not moving.once:
        return rows
    same = {name: OuterRef(name) for name in moving.once}
    taken = moving.model._default_manager.filter(customer_id=to, **same)
    if moving.among is None:
        return rows.exclude(Exists(taken))
    return rows.exclude(Exists(taken.filter(moving.among)) & moving.among)


def _move(moving: Moving, rows: QuerySet[Any], to: int) -> list[int]:
    """Give rows another customer, locked in the order of their ids; return those ids."""
    ids = list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    moving.model._default_manager.filter(pk__in=ids).update(customer_id=to)
    return ids
