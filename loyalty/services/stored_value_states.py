"""Blocking, voiding, replacing and assigning stored values: what a cashier does at once, and a manager with a reason.

Each runs inside the caller's transaction, locks the account first, as whoever spends from it does, and keeps who did it
and why (`StoredValueEvent`).
"""

from datetime import datetime

from customers.models import Customer
from loyalty import stored_codes
from loyalty.models import (
    AdjustmentRequest,
    Entry,
    EntryKind,
    Lot,
    StoredValue,
    StoredValueCode,
    StoredValueEvent,
)
from loyalty.services.adjustments import check_reason
from loyalty.services.holds import is_held
from loyalty.services.ledger import lock_accounts, refusals_of
from loyalty.services.refusals import (
    CodeInvalid,
    CustomerNeeded,
    CustomerUnknown,
    SecondPersonNeeded,
    StoredValueBlocked,
    StoredValueReserved,
    StoredValueUsed,
    StoredValueVoided,
)
from loyalty.services.stored_values import give_code
from retail import money

Kind = StoredValueEvent.Kind


def void(stored: StoredValue, *, reason: str, at: datetime, actor_id: int | None = None) -> int:
    """Take back a stored value that was made by mistake, and end it; return the cents that were in it.

    Raises StoredValueUsed when something of it was used, StoredValueReserved while a sale keeps it, ReasonRequired. Done
    twice, it takes nothing more.
    """
    check_reason(reason)
    lock_accounts(None, [stored.account_id])
    lots = list(Lot.objects.filter(account_id=stored.account_id).order_by("pk"))
    if is_voided(stored):
        return 0
    if any(lot.remaining != lot.earned for lot in lots):
        raise StoredValueUsed
    if is_held([stored.account_id], at=at):
        raise StoredValueReserved
    cause = f"void:{stored.pk}"
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
    _block(stored, reason, at)
    _record(stored, Kind.VOIDED, reason, at, actor_id)
    return sum(money.from_decimal(lot.remaining) for lot in lots)


def is_voided(stored: StoredValue) -> bool:
    return Entry.objects.filter(account_id=stored.account_id, kind=EntryKind.VOID).exists()


def block(stored: StoredValue, *, reason: str, at: datetime, actor_id: int | None = None) -> None:
    """Let nobody use a stored value until it is unblocked. Raises ReasonRequired. Done twice, the first reason stands."""
    check_reason(reason)
    lock_accounts(None, [stored.account_id])
    if _block(stored, reason, at):
        _record(stored, Kind.BLOCKED, reason, at, actor_id)


def unblock(stored: StoredValue, *, reason: str, at: datetime, actor_id: int | None = None) -> None:
    """Let a blocked stored value be used again.

    Raises ReasonRequired, StoredValueVoided for one that was ended, and SecondPersonNeeded for one that was given by hand
    and waits for somebody's approval.
    """
    check_reason(reason)
    lock_accounts(None, [stored.account_id])
    if is_voided(stored):
        raise StoredValueVoided
    if AdjustmentRequest.objects.filter(
        account=stored.account_id,
        kind=AdjustmentRequest.Kind.ISSUE,
        state=AdjustmentRequest.State.REQUESTED,
    ).exists():
        raise SecondPersonNeeded
    if StoredValue.objects.filter(pk=stored.pk, blocked_at__isnull=False).update(
        blocked_at=None, blocked_reason=""
    ):
        _record(stored, Kind.UNBLOCKED, reason, at, actor_id)
    stored.refresh_from_db(fields=["blocked_at", "blocked_reason"])


def replace_code(
    stored: StoredValue, *, reason: str, at: datetime, code: str = "", actor_id: int | None = None
) -> str:
    """Give a stored value whose card was lost a new code, and end the old one; return the new one.

    What sales took from it comes back to the same value, and so to the new code. Raises ReasonRequired, CodeInvalid,
    CodeTaken, StoredValueBlocked.
    """
    check_reason(reason)
    if code and not stored_codes.is_own(code):
        raise CodeInvalid
    lock_accounts(None, [stored.account_id])
    stored.refresh_from_db(fields=["blocked_at"])
    if stored.blocked_at is not None:
        raise StoredValueBlocked
    StoredValueCode.objects.filter(stored_value=stored, ended_at__isnull=True).update(
        ended_at=at, reason=reason.strip()[:240], nonce=None
    )
    given = give_code(stored, code=code, at=at)
    _record(stored, Kind.REPLACED, reason, at, actor_id)
    return given


def assign(
    stored: StoredValue, *, customer_id: int | None, reason: str, at: datetime, actor_id: int | None = None
) -> None:
    """Say whose a stored value is; None: of whoever has its code.

    Raises ReasonRequired, CustomerUnknown, and CustomerNeeded for a type whose values are only for their customers.
    """
    check_reason(reason)
    lock_accounts(None, [stored.account_id])
    if customer_id is None and stored.type.is_personal:
        raise CustomerNeeded
    if customer_id is not None and not Customer.objects.active().filter(pk=customer_id).exists():
        raise CustomerUnknown
    stored.refresh_from_db(fields=["customer"])
    if stored.customer_id == customer_id:
        return
    StoredValue.objects.filter(pk=stored.pk).update(customer_id=customer_id)
    stored.refresh_from_db(fields=["customer"])
    kind = Kind.RELEASED if customer_id is None else Kind.ASSIGNED
    _record(stored, kind, reason, at, actor_id, customer_id)


def _block(stored: StoredValue, reason: str, at: datetime) -> bool:
    """Block it unless it is blocked already; return whether that changed it."""
    changed = StoredValue.objects.filter(pk=stored.pk, blocked_at__isnull=True).update(
        blocked_at=at, blocked_reason=reason.strip()[:240]
    )
    stored.refresh_from_db(fields=["blocked_at", "blocked_reason"])
    return bool(changed)


def _record(
    stored: StoredValue,
    kind: StoredValueEvent.Kind,
    reason: str,
    at: datetime,
    actor_id: int | None,
    customer_id: int | None = None,
) -> None:
    StoredValueEvent.objects.create(
        stored_value=stored,
        kind=kind,
        reason=reason.strip()[:240],
        created_at=at,
        actor_id=actor_id,
        customer_id=customer_id,
    )
