"""What happened to a customer's value, entry by entry, and what is still owed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import QuerySet

from loyalty.models import Entry, Lot, Receivable
from loyalty.selectors.balances import Balance

# Entries of one account are inserted under its lock, so their ids are the order in which the balance moved.
_RUNNING = """
SELECT id, balance
  FROM (SELECT id, sum(amount) OVER (PARTITION BY account_id ORDER BY id) AS balance
          FROM loyalty_entry WHERE account_id = ANY(%s)) AS moved
 WHERE id = ANY(%s)
"""


def entries_of(customer_id: int) -> QuerySet[Entry]:
    """Return every entry of a customer's accounts, with all that a statement says of it."""
    return told(Entry.objects.filter(account__customer_id=customer_id))


def told(entries: QuerySet[Entry]) -> QuerySet[Entry]:
    """Return entries with what a statement says of each: its account, lot, sale, person and the debt that it paid."""
    return (
        entries.select_related(
            "account__program",
            "account__plan",
            "lot__sale__store",
            "sale__store",
            "actor",
            "settlement__receivable__sale",
        )
        .defer("sale__request", "sale__response", "settlement__receivable__sale__request")
        .defer("settlement__receivable__sale__response", "lot__sale__request", "lot__sale__response")
    )


@dataclass(frozen=True, slots=True)
class StatementRow:
    """An entry, and what it left in its account."""

    entry: Entry
    balance: Decimal


def with_balances(entries: Sequence[Entry]) -> list[StatementRow]:
    """Return entries in their order, each with the balance that it left. One query."""
    if not entries:
        return []
    accounts = list({entry.account_id for entry in entries})
    with connection.cursor() as cursor:
        cursor.execute(_RUNNING, [accounts, [entry.pk for entry in entries]])
        left = dict(cursor.fetchall())
    return [StatementRow(entry, left[entry.pk]) for entry in entries]


def first_to_end(held: Iterable[Balance]) -> dict[int, Lot]:
    """Return by account the usable lot that ends first, with the store of its sale, where one ends at all. One query."""
    first = {
        one.account.pk: next(lot.id for lot in one.lots if lot.ends_at == one.next_expiry)
        for one in held
        if one.next_expiry is not None
    }
    if not first:
        return {}
    lots = Lot.objects.select_related("sale__store").defer("sale__request", "sale__response")
    found = lots.in_bulk(list(first.values()))
    return {account: found[lot] for account, lot in first.items()}


def debts_of(customer_id: int) -> QuerySet[Receivable]:
    """Return what a customer still owes, the oldest debt first."""
    return (
        Receivable.objects.filter(account__customer_id=customer_id, left__gt=0)
        .select_related("account__program", "account__plan", "sale__store")
        .defer("sale__request", "sale__response")
        .order_by("pk")
    )


def waiting_for_review(customer_id: int) -> QuerySet[Lot]:
    """Return the lots of a customer that an answered survey makes usable."""
    return (
        Lot.objects.open()
        .filter(account__customer_id=customer_id, awaits_review=True, reviewed_at__isnull=True)
        .select_related("account", "sale__store")
        .defer("sale__request", "sale__response")
        .order_by("pk")
    )
