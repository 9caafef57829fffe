"""Two pairs of eyes: value above the company's limit is added, taken, given or let off by hand only when somebody else agrees.

The limit is in reais; points count as what they pay. Stamps, and points that pay nothing, have no amount and need nobody.
"""

from datetime import datetime
from decimal import Decimal

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db import transaction

from loyalty.models import (
    MONEY_KINDS,
    Account,
    AccountKind,
    AdjustmentRequest,
    Entry,
    EntryKind,
    Receivable,
    StoredValue,
)
from loyalty.services.adjustments import Adjusted, adjust, check_amount, check_reason, write_off
from loyalty.services.customer_records import require_standing
from loyalty.services.ledger import AccountKey, lock_accounts, open_accounts
from loyalty.services.refusals import OperationReused
from loyalty.services.stored_value_by_hand import (
    Issue,
    Issued,
    StoredAdjusted,
    adjust_stored_value,
    issue_by_hand,
)
from loyalty.services.stored_value_states import block, void
from retail import money
from retail.models import Company

State = AdjustmentRequest.State
Kind = AdjustmentRequest.Kind


def limit() -> Decimal | None:
    """Return the amount above which a second person is asked; None: nobody is."""
    return Company.objects.values_list("adjustment_limit", flat=True).get(pk=1)


@transaction.atomic
def set_limit(amount: Decimal | None, *, user: User) -> bool:
    """Ask for a second person above an amount from now on, or no longer; return whether that is a change.

    The company's history keeps who did it. What waits for a decision goes on waiting.
    """
    company = Company.objects.select_for_update().get(pk=1)
    if company.adjustment_limit == amount:
        return False
    company.adjustment_limit = amount
    company.save(update_fields=["adjustment_limit"])
    field = str(Company._meta.get_field("adjustment_limit").verbose_name)
    LogEntry.objects.log_actions(
        user.pk, [company], CHANGE, [{"changed": {"fields": [field]}}], single_object=True
    )
    return True


def is_above(amount: int, account: Account) -> bool:
    """Say whether hundredths of an account are worth more than the limit. A use of a voucher in percent always is."""
    most = limit()
    if most is None:
        return False
    if account.kind == AccountKind.RATE_VOUCHER:
        return True
    worth = abs(money.to_decimal(amount))
    if account.kind == AccountKind.POINTS:
        worth *= (account.program.point_value if account.program else None) or 0
    elif account.kind not in MONEY_KINDS:
        return False
    return worth > most


@transaction.atomic
def adjust_or_ask(
    *,
    customer_id: int,
    key: AccountKey,
    amount: int,
    reason: str,
    actor_id: int,
    operation: str,
    at: datetime,
    expires_at: datetime | None = None,
) -> Adjusted | AdjustmentRequest:
    """Adjust a customer's account, or keep it as a request when it is above the limit.

    Sent again, a request is returned as it stands then. Raises what `adjust` raises, and OperationReused for a request of
    other content.
    """
    check_reason(reason)
    check_amount(key[0], amount)
    require_standing(customer_id)
    account = open_accounts(customer_id, [key], at=at)[key]
    known = _known(account, amount, reason, operation)
    if known is not None:
        return known
    if is_above(amount, account) and not _is_posted(account, operation):
        return _ask(Kind.ADJUST, account, amount, reason, actor_id, operation, at, expires_at)
    return adjust(
        customer_id=customer_id,
        key=key,
        amount=amount,
        reason=reason,
        actor_id=actor_id,
        operation=operation,
        at=at,
        expires_at=expires_at,
    )


@transaction.atomic
def adjust_stored_value_or_ask(
    stored: StoredValue,
    *,
    amount: int,
    reason: str,
    actor_id: int,
    operation: str,
    at: datetime,
    expires_at: datetime | None = None,
) -> StoredAdjusted | AdjustmentRequest:
    """Add to a stored value or take from it, or keep that as a request. Raises what `adjust_stored_value` raises."""
    check_reason(reason)
    check_amount(stored.type.kind, amount)
    [account] = lock_accounts(None, [stored.account_id]).values()
    known = _known(account, amount, reason, operation)
    if known is not None:
        return known
    asks = stored.percent is None and is_above(amount, account) and not _is_posted(account, operation)
    try:
        with transaction.atomic():
            done = adjust_stored_value(
                stored,
                amount=amount,
                reason=reason,
                actor_id=actor_id,
                operation=operation,
                at=at,
                expires_at=expires_at,
            )
            # What could not be posted at all is refused at once; what could is undone, and asked for.
            if asks:
                raise _Asked
    except _Asked:
        return _ask(Kind.ADJUST, account, amount, reason, actor_id, operation, at, expires_at)
    return done


class _Asked(Exception):
    """Undoes what was tried."""


@transaction.atomic
def issue_or_ask(issue: Issue, *, actor_id: int, at: datetime) -> tuple[Issued, AdjustmentRequest | None]:
    """Give a customer a stored value by hand; above the limit it stays blocked until somebody else agrees.

    Raises what `issue_by_hand` raises.
    """
    issued = issue_by_hand(issue, actor_id=actor_id, at=at)
    account = issued.stored.account
    if issued.replayed:
        return issued, AdjustmentRequest.objects.filter(account=account, kind=Kind.ISSUE).first()
    amount = money.from_decimal(account.lots.values_list("earned", flat=True).get())
    if not is_above(amount, account):
        return issued, None
    block(issued.stored, reason=issue.reason, at=at, actor_id=actor_id)
    return issued, _ask(
        Kind.ISSUE, account, amount, issue.reason, actor_id, issue.operation, at, issue.expires_at
    )


@transaction.atomic
def void_or_ask(stored: StoredValue, *, reason: str, actor_id: int, at: datetime) -> int | AdjustmentRequest:
    """Take back a stored value that was made by mistake, or keep that as a request; one that waits is returned.

    Returns the cents that were in it. Raises what `void` raises.
    """
    check_reason(reason)
    [account] = lock_accounts(None, [stored.account_id]).values()
    waiting = _waiting(account, Kind.VOID)
    if waiting is not None:
        return waiting
    try:
        with transaction.atomic():
            taken = void(stored, reason=reason, at=at, actor_id=actor_id)
            if taken and is_above(taken, account):
                raise _Asked
    except _Asked:
        stored.refresh_from_db(fields=["blocked_at", "blocked_reason"])
        return _ask(Kind.VOID, account, -taken, reason, actor_id, _next(account, Kind.VOID), at)
    return taken


@transaction.atomic
def write_off_or_ask(
    *, receivable_id: int, reason: str, actor_id: int, at: datetime
) -> int | AdjustmentRequest:
    """Let a customer off what is left of a debt, or keep that as a request; one that waits is returned.

    Returns the hundredths. Raises what `write_off` raises.
    """
    check_reason(reason)
    debt = Receivable.objects.select_related("account__program").get(pk=receivable_id)
    lock_accounts(None, [debt.account_id])
    debt.refresh_from_db(fields=["left"])
    waiting = _waiting(debt.account, Kind.WRITE_OFF, debt)
    if waiting is not None:
        return waiting
    left = money.from_decimal(debt.left)
    if left and is_above(left, debt.account):
        operation = _next(debt.account, Kind.WRITE_OFF)
        return _ask(Kind.WRITE_OFF, debt.account, left, reason, actor_id, operation, at, debt=debt)
    return write_off(receivable_id=receivable_id, reason=reason, actor_id=actor_id, at=at)


def _waiting(account: Account, kind: Kind, debt: Receivable | None = None) -> AdjustmentRequest | None:
    """Return what was asked for already, by whomever: to end something needs no second request."""
    return AdjustmentRequest.objects.filter(
        account=account, kind=kind, receivable=debt, state=State.REQUESTED
    ).first()


def _next(account: Account, kind: Kind) -> str:
    """Number the requests of a kind, so that what was refused can be asked for again. The account is locked."""
    return str(AdjustmentRequest.objects.filter(account=account, kind=kind).count() + 1)


def _known(account: Account, amount: int, reason: str, operation: str) -> AdjustmentRequest | None:
    known = AdjustmentRequest.objects.filter(account=account, kind=Kind.ADJUST, operation=operation).first()
    if known is None:
        return None
    if money.from_decimal(known.amount) != amount or known.reason != reason.strip():
        raise OperationReused
    return known


def _is_posted(account: Account, operation: str) -> bool:
    return Entry.objects.filter(
        account=account, kind=EntryKind.ADJUST, cause=f"adjustment:{operation}"
    ).exists()


def _ask(
    kind: Kind,
    account: Account,
    amount: int,
    reason: str,
    actor_id: int,
    operation: str,
    at: datetime,
    expires_at: datetime | None = None,
    debt: Receivable | None = None,
) -> AdjustmentRequest:
    return AdjustmentRequest.objects.create(
        kind=kind,
        account=account,
        receivable=debt,
        amount=money.to_decimal(amount),
        reason=reason.strip(),
        operation=operation,
        expires_at=expires_at,
        requested_by_id=actor_id,
        requested_at=at,
    )
