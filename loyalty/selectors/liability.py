"""What the company owes of each unit of value at the end of a day, and what of it was never used: set-based, from the ledger.

Both hold whatever job has run: what had ended by then counts as expired, whether its entry was posted or not. The sums of
today are those of `verify_ledger`.
"""

from datetime import datetime
from typing import Any

from django.db.models import Count, DateField, DecimalField, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, Trunc

from loyalty.models import EntryKind, Lot
from loyalty.selectors.reports import UNIT, ZERO

# What went into lots and out of them. `given_back` is what returns restored, and part of what was used.
PUT_IN = (EntryKind.EARN, EntryKind.LOAD)
USED = (EntryKind.REDEEM, EntryKind.RESTORE)
TAKEN_BACK = (EntryKind.REVERSE, EntryKind.VOID, EntryKind.SETTLE)


def _sums(at: datetime) -> dict[str, Any]:
    happened = Q(entries__occurred_at__lt=at)
    over = Q(expires_at__lte=at) & (Q(grace_until__isnull=True) | Q(grace_until__lte=at))

    def moved(condition: Q) -> Any:
        amount = DecimalField(max_digits=20, decimal_places=2)
        return Coalesce(Sum("entries__amount", filter=happened & condition), ZERO, output_field=amount)

    def paid(kind: EntryKind) -> Any:
        # A lot is put in once and voided once, so no price counts twice.
        amount = DecimalField(max_digits=20, decimal_places=2)
        price = Sum("load__price", filter=happened & Q(entries__kind=kind))
        return Coalesce(price, ZERO, output_field=amount)

    return {
        "accounts": Count("account_id", distinct=True, filter=happened),
        "issued": moved(Q(entries__kind__in=PUT_IN)),
        "redeemed": -moved(Q(entries__kind__in=USED)),
        "expired": -moved(Q(entries__kind=EntryKind.EXPIRE)) + moved(over),
        "forfeited": -moved(Q(entries__kind=EntryKind.FORFEIT)),
        "taken_back": -moved(Q(entries__kind__in=TAKEN_BACK)),
        "adjusted": moved(Q(entries__kind=EntryKind.ADJUST)),
        "transferred": moved(Q(entries__kind=EntryKind.TRANSFER)),
        "outstanding": moved(~over | Q(expires_at__isnull=True)),
        "paid": paid(EntryKind.LOAD) - paid(EntryKind.VOID),
    }


def liability(lots: QuerySet[Lot], *, at: datetime) -> QuerySet[Any]:
    """Group lots by unit, as they stood at that moment: dicts with the unit and what became of everything that was put in.

    issued + adjusted + transferred = outstanding + redeemed + expired + forfeited + taken_back. What one account transfers
    another of the unit receives: `transferred` is 0 unless the lots are those of some customers.
    `paid` is the money that customers gave for what was put in; what was voided counts as paid back.
    """
    return lots.order_by().values(*UNIT).annotate(**_sums(at)).filter(accounts__gt=0)


def cohorts(lots: QuerySet[Lot], *, step: str, at: datetime) -> QuerySet[Any]:
    """Group lots by the slot in which they were made and by unit, with the sums of `liability`, which add up for each slot.

    Beside them `lost` is what nobody will use: expired and forfeited. What was transferred stays in the slot in which it was made first.
    """
    slot = Trunc("created_at", step, output_field=DateField())
    found = lots.order_by().annotate(slot=slot).values("slot", *UNIT).annotate(**_sums(at))
    return found.filter(accounts__gt=0).annotate(lost=F("expired") + F("forfeited"))
