"""Blocking, voiding, replacing and assigning stored values: what a cashier does at once, and a manager with a reason.

Each runs inside the caller's transaction, locks the account first, as whoever spends from it does, and keeps who did it
and why (`StoredValueEvent`).
"""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Sum

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
from loyalty.services.customer_records import require_active
from loyalty.services.expiry import post_expired_of
from loyalty.services.holds import is_held
from loyalty.services.ledger import lock_accounts, refusals_of
from loyalty.services.refusals import (
    CodeInvalid,
    CustomerNeeded,
    SecondPersonNeeded,
    StoredValueBlocked,
    StoredValueExpired,
    StoredValueReduced,
    StoredValueReserved,
    StoredValueUsed,
    StoredValueVoided,
)
from loyalty.services.stored_values import give_code
from retail import money

Kind = StoredValueEvent.Kind


def void(stored: StoredValue, *, reason: str, at: datetime, actor_id: int | None = None) -> int:
    """Take back a stored value that was made by mistake, and end it; return the cents that were in it.

    Raises StoredValueUsed when something of it was used, StoredValueExpired, StoredValueReduced when value was taken
    otherwise, StoredValueReserved while a sale keeps it, ReasonRequired. Done twice, it takes nothing more.
    """
    check_reason(reason)
    lots = _lock_lots(stored, at)
    if is_voided(stored):
        return 0
    if any(lot.remaining != lot.earned for lot in lots):
        raise _why_it_is_not_whole(stored)
    if is_held([stored.account_id], at=at):
        raise StoredValueReserved
    return _take_all(stored, lots, reason, at, actor_id)


def _why_it_is_not_whole(stored: StoredValue) -> StoredValueUsed:
    """Return the refusal that says what became of the value that a stored value no longer holds."""
    entries = Entry.objects.filter(account_id=stored.account_id).order_by()
    moved = dict(entries.values_list("kind").annotate(Sum("amount")))
    if sum(moved.get(kind, 0) for kind in (EntryKind.REDEEM, EntryKind.RESTORE, EntryKind.FORFEIT)):
        return StoredValueUsed()
    return StoredValueExpired() if EntryKind.EXPIRE in moved else StoredValueReduced()


def end(stored: StoredValue, *, reason: str, at: datetime, actor_id: int | None = None) -> int:
    """End a stored value, whatever was done with it before, and take what is left; return the cents. Raises ReasonRequired."""
    check_reason(reason)
    lots = _lock_lots(stored, at)
    if is_voided(stored):
        return 0
    return _take_all(stored, lots, reason, at, actor_id)


def _lock_lots(stored: StoredValue, at: datetime) -> list[Lot]:
    """Return the lots of a stored value, locked. What has expired is over, whether a job has posted that or not."""
    lock_accounts(None, [stored.account_id])
    lots = Lot.objects.filter(account_id=stored.account_id).order_by("pk")
    post_expired_of(lots.values_list("pk", flat=True), at=at)
    return list(lots)


def _take_all(
    stored: StoredValue, lots: Sequence[Lot], reason: str, at: datetime, actor_id: int | None
) -> int:
    cause = f"void:{stored.pk}"
    left = [lot for lot in lots if lot.remaining]
    with refusals_of(cause=cause, lots=[lot.pk for lot in left]):
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
                for lot in left
            ]
        )
    _block(stored, reason, at)
    _record(stored, Kind.VOIDED, reason, at, actor_id)
    return sum(money.from_decimal(lot.remaining) for lot in left)


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
    if customer_id is None and stored.type.is_personal:
        raise CustomerNeeded
    if customer_id is not None:
        require_active(customer_id)
    lock_accounts(None, [stored.account_id])
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
