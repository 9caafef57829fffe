"""Reports over the whole ledger, each in a fixed number of set-based queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import (
    Case,
    CharField,
    Count,
    DateField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest, Trunc

from customers.models import Customer
from loyalty.models import Account, AccountKind, Entry, EntryKind, Lot

# With the two places of every amount: a file has no “0” among its “0.00”.
ZERO = Decimal("0.00")
USED_BY_CUSTOMERS = (EntryKind.REDEEM, EntryKind.RESTORE)
# What a unit's rows are told apart by.
UNIT = (
    *(
        "account__kind",
        "account__program_id",
        "account__program__name",
        "account__plan_id",
        "account__plan__name",
    ),
    *("account__stored_value__type_id", "account__stored_value__type__name"),
)

# The columns of the report of movements; together they are every kind of entry.
FLOWS: dict[str, tuple[EntryKind, ...]] = {
    "issued": (EntryKind.EARN, EntryKind.LOAD),
    "redeemed": (EntryKind.REDEEM,),
    "restored": (EntryKind.RESTORE,),
    "expired": (EntryKind.EXPIRE,),
    "forfeited": (EntryKind.FORFEIT,),
    "taken_back": (EntryKind.REVERSE, EntryKind.VOID),
    "adjusted": (EntryKind.ADJUST,),
    "paid_debts": (EntryKind.SETTLE,),
    "transferred": (EntryKind.TRANSFER,),
}


def of_customers(rows: QuerySet[Any], customers: QuerySet[Customer]) -> QuerySet[Any]:
    """Keep entries or lots of customers' accounts, and of the stored values that are theirs."""
    every = Account.objects.order_by()
    own = every.filter(customer__in=customers.values("pk")).values("pk")
    held = every.filter(stored_value__customer__in=customers.values("pk")).values("pk")
    return rows.filter(account__in=own.union(held))


def flows() -> dict[str, Any]:
    """Return the sums of a group of entries by what they were, and what they come to."""
    sums = {name: Coalesce(Sum("amount", filter=Q(kind__in=kinds)), ZERO) for name, kinds in FLOWS.items()}
    return sums | {"change": Coalesce(Sum("amount"), ZERO)}


def movements(entries: QuerySet[Entry], *, step: str) -> QuerySet[Any]:
    """Group entries by the slot in which they happened and by unit: dicts with `slot`, the unit and the flows."""
    slot = Trunc("occurred_at", step, output_field=DateField())
    return entries.order_by().annotate(slot=slot).values("slot", *UNIT).annotate(**flows())


def movement_totals(entries: QuerySet[Entry]) -> list[dict[str, Any]]:
    """Return the flows of entries by unit."""
    return list(entries.order_by().values(*UNIT).annotate(**flows()).order_by(*UNIT))


def expiring_lots(*, at: datetime) -> QuerySet[Lot]:
    """Return open lots that will expire, each with `ends`, its last instant."""
    end = Greatest("expires_at", Coalesce("grace_until", "expires_at"))
    return (
        Lot.objects.open()
        .alive(at=at)
        .filter(expires_at__isnull=False)
        # A day that ends at midnight is still the day before.
        .annotate(ends=ExpressionWrapper(end - timedelta(microseconds=1), output_field=DateTimeField()))
    )


def _expiring_sums(at: datetime) -> dict[str, Any]:
    ready = Q(available_from__lte=at) & (Q(awaits_review=False) | Q(reviewed_at__lte=at))
    return {
        "lots": Count("pk"),
        # A stored value's account is that of its code; it may be a customer's all the same.
        "customers": Count(
            Coalesce("account__customer_id", "account__stored_value__customer_id"), distinct=True
        ),
        "value": Coalesce(Sum("remaining"), ZERO),
        "usable": Coalesce(Sum("remaining", filter=ready), ZERO),
    }


def expiring(lots: QuerySet[Lot], *, step: str, at: datetime) -> QuerySet[Any]:
    """Group expiring lots by the slot of their last day and by unit."""
    slot = Trunc("ends", step, output_field=DateField())
    return lots.order_by().annotate(slot=slot).values("slot", *UNIT).annotate(**_expiring_sums(at))


def expiring_totals(lots: QuerySet[Lot], *, at: datetime) -> list[dict[str, Any]]:
    return list(lots.order_by().values(*UNIT).annotate(**_expiring_sums(at)).order_by(*UNIT))


LOT_STATES = ("available", "pending", "review", "used", "expired", "moved")


def cashback_lots(*, at: datetime) -> QuerySet[Lot]:
    """Return every credit of cashback with `earned_at` and its `state` at that moment (one of LOT_STATES)."""
    posted = Entry.objects.filter(lot=OuterRef("pk"), kind=EntryKind.EXPIRE)
    transfers = Entry.objects.filter(lot=OuterRef("pk"), kind=EntryKind.TRANSFER).order_by()
    over = Q(expires_at__lte=at) & (Q(grace_until__isnull=True) | Q(grace_until__lte=at))
    waits = Q(awaits_review=True) & (Q(reviewed_at__isnull=True) | Q(reviewed_at__gt=at))
    return (
        Lot.objects.filter(account__kind=AccountKind.CASHBACK)
        .annotate(
            earned_at=Coalesce("sale__occurred_at", "created_at"),
            transferred=Subquery(transfers.values("lot").annotate(total=Sum("amount")).values("total")),
            state=Case(
                # It went on in another lot, or went home to the one that it came from.
                When(
                    Q(remaining=0)
                    & (
                        Q(moved_from__isnull=True, transferred__lt=0)
                        | Q(moved_from__isnull=False, transferred__lte=0)
                    ),
                    then=Value("moved"),
                ),
                When(Q(remaining=0) & ~(over & Exists(posted)), then=Value("used")),
                When(over, then=Value("expired")),
                When(waits, then=Value("review")),
                When(available_from__gt=at, then=Value("pending")),
                default=Value("available"),
                output_field=CharField(),
            ),
        )
        .select_related("account__customer", "sale__store")
        .defer("sale__request", "sale__response")
    )


@dataclass(frozen=True, slots=True)
class CashbackRow:
    """A credit with its redemptions: how much in all, when the last, in which stores."""

    lot: Lot
    redeemed: Decimal
    redeemed_at: datetime | None
    stores: list[str]


def with_redemptions(lots: Sequence[Lot]) -> list[CashbackRow]:
    """Return credits in their order, each with its redemptions. One query."""
    if not lots:
        return []
    spent = Q(kind=EntryKind.REDEEM)
    found = {
        row["lot_id"]: row
        for row in Entry.objects.filter(lot__in=[lot.pk for lot in lots], kind__in=USED_BY_CUSTOMERS)
        .values("lot_id")
        .annotate(
            redeemed=-Sum("amount"),
            last=Max("occurred_at", filter=spent),
            stores=ArrayAgg("sale__store__name", filter=spent, distinct=True, default=Value([])),
        )
        .order_by()
    }
    nothing: dict[str, Any] = {"redeemed": ZERO, "last": None, "stores": []}
    rows = [(lot, found.get(lot.pk, nothing)) for lot in lots]
    return [
        CashbackRow(lot, row["redeemed"], row["last"], [name for name in row["stores"] if name])
        for lot, row in rows
    ]


def cashback_totals(lots: QuerySet[Lot]) -> dict[str, Any]:
    """Return the sums of credits: how many, for how many customers, earned, what is left by state, redeemed.

    What went on in another lot was earned once.
    """
    left = {
        state: Coalesce(Sum("remaining", filter=Q(state=state)), ZERO)
        for state in ("available", "pending", "review")
    }
    sums = lots.order_by().aggregate(
        lots=Count("pk"),
        customers=Count("account__customer_id", distinct=True),
        earned=Coalesce(Sum("earned", filter=Q(moved_from__isnull=True)), ZERO),
        **left,
    )
    redeemed = Entry.objects.filter(lot__in=lots.order_by().values("pk"), kind__in=USED_BY_CUSTOMERS)
    return sums | {"redeemed": redeemed.aggregate(total=Coalesce(-Sum("amount"), ZERO))["total"]}


def cashback_by_slot(lots: QuerySet[Lot], *, step: str) -> dict[Any, tuple[Decimal, Decimal]]:
    """Return by slot what was generated in it, and what of these credits was redeemed in it. Two queries."""
    generated = (
        lots.order_by()
        .filter(moved_from__isnull=True)
        .annotate(slot=Trunc("earned_at", step, output_field=DateField()))
        .values_list("slot")
        .annotate(total=Sum("earned"))
    )
    redeemed = (
        Entry.objects.filter(lot__in=lots.order_by().values("pk"), kind__in=USED_BY_CUSTOMERS)
        .order_by()
        .annotate(slot=Trunc("occurred_at", step, output_field=DateField()))
        .values_list("slot")
        .annotate(total=-Sum("amount"))
    )
    found: dict[Any, tuple[Decimal, Decimal]] = {slot: (total, ZERO) for slot, total in generated}
    for slot, total in redeemed:
        found[slot] = (found.get(slot, (ZERO, ZERO))[0], total)
    return found
