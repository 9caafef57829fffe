"""Value that was redeemed before anybody could look at the balance: what is missing is owed, and a return undoes that.

Like the postings of `ledger`, these run inside the transaction of the sale or of its return, after the customer's accounts
are locked.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet, Sum

from loyalty.models import Account, LotSource, Receivable, Settlement
from loyalty.services.adjustments import usual_end
from loyalty.services.ledger import AccountKey, Credit, credit, usable_at_once
from loyalty.services.returns import owe
from retail import money


def owe_redeemed(debts: Sequence[tuple[Account, int]], *, sale_id: int, at: datetime) -> None:
    """Record that the customer owes accounts what a sale redeemed beyond them (hundredths); the next earnings pay it."""
    owe(debts, cause=_cause(sale_id), sale_id=sale_id, at=at)


def debts_of_sale(sale_id: int) -> QuerySet[Receivable]:
    """Return what is left of the debts that a sale made by redeeming on credit, with their accounts.

    A debt that went on in the account of another record of the customer begins with the same cause.
    """
    return Receivable.objects.filter(
        sale_id=sale_id, cause__startswith=_cause(sale_id), left__gt=0
    ).select_related("account__program")


def written_off(sale_id: int) -> dict[AccountKey, int]:
    """Return by unit how much of what a sale owed was let off: hundredths that nobody paid or will pay."""
    rows = (
        Settlement.objects.filter(
            receivable__sale_id=sale_id,
            receivable__cause__startswith=_cause(sale_id),
            entry__isnull=True,
            moved_to__isnull=True,
        )
        .values_list("receivable__account__kind", "receivable__account__program_id")
        .annotate(total=Sum("amount"))
        .order_by()
    )
    return {(kind, program_id): money.from_decimal(total) for kind, program_id, total in rows}


def give_back_owed(
    gives: Sequence[tuple[Account, int]],
    *,
    cause: str,
    sale_id: int,
    occurred_at: datetime,
    at: datetime,
) -> None:
    """Credit accounts with hundredths that a returned sale had redeemed on credit.

    They pay the debt where it still stands. Whoever has paid it meanwhile holds them again, for as long as what is
    earned at that moment.
    """
    credit(
        [
            Credit(
                account=account,
                cause=cause,
                amount=amount,
                available_from=usable_at_once(at),
                expires_at=usual_end(account, at=at),
                sale_id=sale_id,
                source=LotSource.RETURN,
            )
            for account, amount in gives
            if amount > 0
        ],
        occurred_at=occurred_at,
        at=at,
    )


def _cause(sale_id: int) -> str:
    return f"sale:{sale_id}:offline"
