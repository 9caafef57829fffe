"""Blocking, voiding and replacing stored values: what a cashier does at once, and a manager with a reason.

Each runs inside the caller's transaction and locks the account first, as whoever spends from it does.
"""

from datetime import datetime

from loyalty import stored_codes
from loyalty.models import Entry, EntryKind, Lot, StoredValue, StoredValueCode
from loyalty.services.holds import is_held
from loyalty.services.ledger import lock_accounts, refusals_of
from loyalty.services.refusals import (
    CodeInvalid,
    ReasonRequired,
    StoredValueBlocked,
    StoredValueReserved,
    StoredValueUsed,
)
from loyalty.services.stored_values import give_code
from retail import money


def void(stored: StoredValue, *, reason: str, at: datetime, actor_id: int | None = None) -> int:
    """Take back a stored value that was made by mistake, and end it; return the cents that were in it.

    Raises StoredValueUsed when something of it was used, StoredValueReserved while a sale keeps it, ReasonRequired. Done twice, it takes nothing more.
    """
    if not reason.strip():
        raise ReasonRequired
    lock_accounts(None, [stored.account_id])
    lots = list(Lot.objects.filter(account_id=stored.account_id).order_by("pk"))
    cause = f"void:{stored.pk}"
    if Entry.objects.filter(account_id=stored.account_id, cause=cause).exists():
        return 0
    if any(lot.remaining != lot.earned for lot in lots):
        raise StoredValueUsed
    if is_held([stored.account_id], at=at):
        raise StoredValueReserved
    with refusals_of(cause=cause, lots=[lot.pk for lot in lots]):
        Entry.objects.bulk_create(
            [
                Entry(
                    lot=lot,
                    account_id=stored.account_id,
                    kind=EntryKind.VOID,
                    amount=-lot.remaining,
                    cause=cause,
                    actor_id=actor_id,
                    reason=reason.strip(),
                    occurred_at=at,
                    recorded_at=at,
                )
                for lot in lots
            ]
        )
    block(stored, reason=reason, at=at)
    return sum(money.from_decimal(lot.remaining) for lot in lots)


def block(stored: StoredValue, *, reason: str, at: datetime) -> None:
    """Let nobody use a stored value until it is unblocked. Raises ReasonRequired."""
    if not reason.strip():
        raise ReasonRequired
    lock_accounts(None, [stored.account_id])
    StoredValue.objects.filter(pk=stored.pk, blocked_at__isnull=True).update(
        blocked_at=at, blocked_reason=reason.strip()[:240]
    )
    stored.refresh_from_db(fields=["blocked_at", "blocked_reason"])


def unblock(stored: StoredValue) -> None:
    """Let a blocked stored value be used again. One that was voided holds nothing and stays blocked."""
    lock_accounts(None, [stored.account_id])
    if Entry.objects.filter(account_id=stored.account_id, kind=EntryKind.VOID).exists():
        raise StoredValueUsed
    StoredValue.objects.filter(pk=stored.pk).update(blocked_at=None, blocked_reason="")
    stored.refresh_from_db(fields=["blocked_at", "blocked_reason"])


def replace_code(stored: StoredValue, *, reason: str, at: datetime, code: str = "") -> str:
    """Give a stored value whose card was lost a new code, and end the old one; return the new one.

    What sales took from it comes back to the same value, and so to the new code. Raises ReasonRequired, CodeInvalid,
    CodeTaken, StoredValueBlocked.
    """
    if not reason.strip():
        raise ReasonRequired
    if code and not stored_codes.is_own(code):
        raise CodeInvalid
    lock_accounts(None, [stored.account_id])
    stored.refresh_from_db(fields=["blocked_at"])
    if stored.blocked_at is not None:
        raise StoredValueBlocked
    StoredValueCode.objects.filter(stored_value=stored, ended_at__isnull=True).update(
        ended_at=at, reason=reason.strip()[:240], nonce=None
    )
    return give_code(stored, code=code, at=at)
