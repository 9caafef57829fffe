"""What the second person decides about value above the company's limit (`loyalty.services.second_person`)."""

from datetime import datetime

from django.db import transaction

from loyalty.models import Account, AdjustmentRequest, StoredValue
from loyalty.services.adjustments import adjust, check_reason, write_off
from loyalty.services.customer_records import lock_record
from loyalty.services.ledger import account_key, lock_accounts
from loyalty.services.refusals import AlreadyDecided, EndIsOver, SecondPersonNeeded, ValueChanged
from loyalty.services.stored_value_by_hand import adjust_stored_value
from loyalty.services.stored_value_states import end, unblock, void
from retail import money

State = AdjustmentRequest.State
Kind = AdjustmentRequest.Kind


@transaction.atomic
def approve(request_id: int, *, actor_id: int, at: datetime, comment: str = "") -> AdjustmentRequest:
    """Do what was asked for, in the name of who asked.

    Raises AdjustmentRequest.DoesNotExist, AlreadyDecided, SecondPersonNeeded, EndIsOver, and what doing it raises now:
    InsufficientValue, AboveCeiling, AlreadySettled, ValueChanged, StoredValueUsed, StoredValueReserved.
    """
    request = _decide(request_id, State.APPROVED, actor_id, at, comment)
    account = request.account
    asked_by = request.requested_by_id
    if request.receivable_id is not None:
        write_off(receivable_id=request.receivable_id, reason=request.reason, actor_id=asked_by, at=at)
        return request
    stored = StoredValue.objects.select_related("type").filter(account=account).first()
    if request.kind == Kind.ISSUE and stored is not None:
        unblock(stored, reason=request.reason, at=at, actor_id=actor_id)
        return request
    if request.kind == Kind.VOID and stored is not None:
        taken = void(stored, reason=request.reason, at=at, actor_id=asked_by)
        if taken not in (0, -money.from_decimal(request.amount)):
            raise ValueChanged
        return request
    if request.expires_at is not None and request.expires_at <= at:
        raise EndIsOver
    amount = money.from_decimal(request.amount)
    if stored is not None:
        adjust_stored_value(
            stored,
            amount=amount,
            reason=request.reason,
            actor_id=asked_by,
            operation=request.operation,
            at=at,
            expires_at=request.expires_at,
        )
    elif account.customer_id is not None:
        adjust(
            customer_id=account.customer_id,
            key=account_key(account),
            amount=amount,
            reason=request.reason,
            actor_id=asked_by,
            operation=request.operation,
            at=at,
            expires_at=request.expires_at,
        )
    return request


@transaction.atomic
def refuse(request_id: int, *, actor_id: int, at: datetime, comment: str) -> AdjustmentRequest:
    """Do not do what was asked for. Raises AdjustmentRequest.DoesNotExist, ReasonRequired, AlreadyDecided, SecondPersonNeeded."""
    check_reason(comment)
    request = _decide(request_id, State.REFUSED, actor_id, at, comment)
    stored = StoredValue.objects.filter(account=request.account).first()
    if request.kind == Kind.ISSUE and stored is not None:
        end(stored, reason=comment, at=at, actor_id=actor_id)
    return request


def _decide(request_id: int, state: State, actor_id: int, at: datetime, comment: str) -> AdjustmentRequest:
    """Mark a request as decided, its customer's record and account locked. Who decides first, decides."""
    account_id = AdjustmentRequest.objects.values_list("account_id", flat=True).get(pk=request_id)
    customer_id = Account.objects.values_list("customer_id", flat=True).get(pk=account_id)
    if customer_id is not None:
        lock_record(customer_id)
    lock_accounts(customer_id, [account_id])
    request = AdjustmentRequest.objects.select_for_update(of=("self",)).get(pk=request_id)
    if request.state != State.REQUESTED:
        raise AlreadyDecided
    if request.requested_by_id == actor_id:
        raise SecondPersonNeeded
    request.state, request.decided_by_id, request.decided_at = state, actor_id, at
    request.comment = comment.strip()[:240]
    request.save(update_fields=["state", "decided_by", "decided_at", "comment"])
    return request
