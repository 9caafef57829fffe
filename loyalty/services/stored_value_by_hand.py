"""What managers do to stored values by hand: give one to a customer, add to one, take from one. Always with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from loyalty.models import AccountKind, Entry, EntryKind, Lot, StoredValue, StoredValueType
from loyalty.rules import end_after
from loyalty.services.adjustments import check_amount, check_reason, move_by_hand
from loyalty.services.customer_records import require_active
from loyalty.services.ledger import lock_accounts
from loyalty.services.refusals import (
    AboveCeiling,
    AmountIsFixed,
    AmountNeeded,
    EndIsOver,
    NotAdjustable,
    OperationReused,
    PercentNotOfKind,
    StoredValueVoided,
    StoreUnknown,
    TypeNotActive,
)
from loyalty.services.stored_value_loads import alive
from loyalty.services.stored_value_states import is_voided
from loyalty.services.stored_values import Making, code_again, made_before, make
from retail import money
from retail.models import Store
from retail.selectors.company import company_zone
from retail.upsert import in_one_transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """What somebody wants to give a customer: cents, or a percentage of one sale (a voucher). `operation` is made by the caller."""

    type: StoredValueType
    customer_id: int
    operation: str
    reason: str
    amount: int | None = None
    percent: Decimal | None = None
    expires_at: datetime | None = None
    store_codes: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A stored value that was given by hand. `code` is empty when nobody can read it any more."""

    stored: StoredValue
    code: str
    replayed: bool = False


def issue_by_hand(issue: Issue, *, actor_id: int, at: datetime) -> Issued:
    """Give a customer a stored value; the same operation of the same person again returns what it made.

    Raises ReasonRequired, TypeNotActive, CustomerUnknown, StoreUnknown, EndIsOver, AmountNeeded, AmountIsFixed,
    PercentNotOfKind, AmountInvalid, AboveCeiling, and OperationReused when the operation made something else.
    """
    check_reason(issue.reason)
    amount = _amount(issue)
    making = Making(
        type=issue.type,
        origin=f"user:{actor_id}",
        operation=issue.operation,
        amount=amount,
        percent=issue.percent,
        customer_id=issue.customer_id,
        store_codes=list(issue.store_codes),
        expires_at=issue.expires_at,
    )

    def work() -> Issued:
        known = made_before(making.origin, making.operation)
        if known is not None:
            if not _is_same(known, making):
                raise OperationReused
            return Issued(stored=known, code=code_again(known), replayed=True)
        _check(issue, at)
        [made] = make([making], at=at, actor_id=actor_id, reason=issue.reason.strip())
        return Issued(stored=made.stored, code=made.code)

    # Two requests at once with one operation: the later one finds what the earlier one made.
    return in_one_transaction(work)


def _amount(issue: Issue) -> int:
    """Return the cents that are put in; 0 for a percentage."""
    if issue.percent is not None:
        if issue.type.kind != AccountKind.VOUCHER or issue.amount is not None:
            raise PercentNotOfKind
        return 0
    if issue.type.fixed_load is not None:
        fixed = money.from_decimal(issue.type.fixed_load)
        if issue.amount not in (None, fixed):
            raise AmountIsFixed
        return fixed
    if issue.amount is None:
        raise AmountNeeded
    return issue.amount


def _check(issue: Issue, at: datetime) -> None:
    if not issue.type.is_active:
        raise TypeNotActive
    if issue.expires_at is not None and issue.expires_at <= at:
        raise EndIsOver
    require_active(issue.customer_id)
    stores = set(issue.store_codes)
    if stores and Store.objects.filter(code__in=stores).count() < len(stores):
        raise StoreUnknown


def _is_same(known: StoredValue, making: Making) -> bool:
    first = Lot.objects.filter(account_id=known.account_id).order_by("pk").first()
    return (
        known.type_id == making.type.pk
        and first is not None
        and money.from_decimal(first.earned) == making.hundredths
        and known.percent == making.percent
        and known.customer_id == making.customer_id
        and list(known.store_codes) == list(making.store_codes)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAdjusted:
    """What was added to a stored value (cents > 0) or taken from it, and whether it had been before."""

    stored: StoredValue
    amount: int
    replayed: bool = False


@transaction.atomic
def adjust_stored_value(
    stored: StoredValue,
    *,
    amount: int,
    reason: str,
    actor_id: int,
    operation: str,
    at: datetime,
    expires_at: datetime | None = None,
) -> StoredAdjusted:
    """Add cents to a stored value (`amount` > 0) or take some (< 0), once for each `operation` of that value.

    What is added lives as long as its type says unless `expires_at` says otherwise; what is taken comes from what
    expires first. Raises ReasonRequired, AmountInvalid, NotAdjustable, StoredValueVoided, AboveCeiling,
    InsufficientValue, EndIsOver, and OperationReused for another amount or reason.
    """
    check_reason(reason)
    check_amount(stored.type.kind, amount)
    if stored.percent is not None:
        raise NotAdjustable
    [account] = lock_accounts(None, [stored.account_id]).values()
    cause = f"adjustment:{operation}"
    done = list(Entry.objects.filter(account=account, kind=EntryKind.ADJUST, cause=cause))
    if done:
        moved = sum((entry.amount for entry in done), Decimal(0))
        if money.from_decimal(moved) != amount or done[0].reason != reason.strip():
            raise OperationReused
        return StoredAdjusted(stored=stored, amount=amount, replayed=True)
    if is_voided(stored):
        raise StoredValueVoided
    if expires_at is not None and expires_at <= at:
        raise EndIsOver
    held = alive(account.pk, at)
    ceiling = stored.type.ceiling
    if amount > 0 and ceiling is not None and held + amount > money.from_decimal(ceiling):
        raise AboveCeiling(ceiling=money.from_decimal(ceiling), balance=held)
    days = stored.type.valid_days
    move_by_hand(
        account,
        amount=amount,
        cause=cause,
        expires_at=expires_at or (end_after(at, days, company_zone()) if days else None),
        reason=reason,
        actor_id=actor_id,
        at=at,
    )
    return StoredAdjusted(stored=stored, amount=amount)
