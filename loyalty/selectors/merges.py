"""What became of the value that a merge of two customers moved."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection
from django.db.models import QuerySet, Sum

from loyalty.models import Account, CustomerMerge, Entry, EntryKind, Lot, Receivable
from loyalty.querysets import LotQuerySet
from retail import money


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedValue:
    """What of one account a merge moved, in hundredths: what is left would go back, the rest has expired or was used.

    `owed` is what is left of the debts that it moved.
    """

    account: Account
    moved: int
    left: int
    expired: int
    owed: int

    @property
    def used(self) -> int:
        return self.moved - self.left - self.expired


def lots_moved(merge: CustomerMerge) -> LotQuerySet:
    """Return the lots that a merge made, at once and by what returns brought back since."""
    return Lot.objects.filter(account__customer_id=merge.kept_id, cause__startswith=f"{merge.cause}:")


# A debt may have gone on to a third record and come back since.
_DEBTS = """
WITH RECURSIVE descent(id) AS (
    SELECT id FROM loyalty_receivable WHERE cause LIKE %s
       AND account_id IN (SELECT id FROM loyalty_account WHERE customer_id = %s)
     UNION ALL
    SELECT s.moved_to_id FROM descent d JOIN loyalty_settlement s ON s.receivable_id = d.id WHERE s.moved_to_id IS NOT NULL)
SELECT id FROM descent
"""


def debts_moved(merge: CustomerMerge) -> QuerySet[Receivable]:
    """Return the debts that a merge moved and that are still owed by the record that was kept."""
    with connection.cursor() as cursor:
        cursor.execute(_DEBTS, [f"%|{merge.cause}", merge.kept_id])
        ids = [pk for (pk,) in cursor.fetchall()]
    return Receivable.objects.filter(pk__in=ids, left__gt=0, account__customer_id=merge.kept_id)


def value_moved(merge: CustomerMerge, *, at: datetime) -> list[MovedValue]:
    """Return by account of the kept record what a merge that stands had moved, and what undoing it would move back."""
    lots = list(
        lots_moved(merge)
        .select_related("account__program", "account__plan", "account__stored_value__type")
        .order_by("pk")
    )
    debts = list(
        debts_moved(merge)
        .select_related("account__program", "account__plan", "account__stored_value__type")
        .order_by("pk")
    )
    lapsed = _lapsed([lot.pk for lot in lots])
    accounts = {lot.account_id: lot.account for lot in lots} | {
        debt.account_id: debt.account for debt in debts
    }
    found = []
    for pk, account in sorted(accounts.items()):
        own = [lot for lot in lots if lot.account_id == pk]
        over = [lot for lot in own if lot.ends_at is not None and lot.ends_at <= at]
        found.append(
            MovedValue(
                account=account,
                moved=_sum(lot.earned for lot in own),
                left=_sum(lot.remaining for lot in own if lot not in over),
                expired=_sum(lot.remaining for lot in over) + sum(lapsed.get(lot.pk, 0) for lot in own),
                owed=_sum(debt.left for debt in debts if debt.account_id == pk),
            )
        )
    return found


def _lapsed(lot_ids: Sequence[int]) -> dict[int, int]:
    rows = Entry.objects.filter(lot__in=lot_ids, kind=EntryKind.EXPIRE).values_list("lot_id")
    return {pk: -money.from_decimal(total) for pk, total in rows.annotate(total=Sum("amount")).order_by()}


def _sum(amounts: Iterable[Decimal]) -> int:
    return sum(money.from_decimal(amount) for amount in amounts)
