"""What people decide about value: a manager adds, takes, writes off a debt; an answered review makes a lot usable."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from loyalty.models import Account, AccountKind, Entry, EntryKind, Lot, LotSource, Receivable, Settlement
from loyalty.rules import end_after, take_in_order
from loyalty.services.customer_records import require_standing
from loyalty.services.ledger import (
    AccountKey,
    Credit,
    credit,
    open_accounts,
    refusals_of,
    settle_debts,
    usable_at_once,
)
from loyalty.services.refusals import (
    AlreadyPosted,
    AlreadySettled,
    AmountInvalid,
    InsufficientValue,
    ReasonRequired,
    StampsAreWhole,
)
from retail import money
from retail.selectors.company import company_zone

# What one adjustment may move: a slip of the finger is refused, the column holds it a thousand times over.
MOST = 1_000_000_00


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjusted:
    """What an adjustment did. `settled` is the part of an addition that paid what the customer owed."""

    account: Account
    amount: int
    lots: list[int]
    settled: int = 0


def check_reason(reason: str) -> None:
    """Raise ReasonRequired for a reason that says nothing."""
    if not reason.strip():
        raise ReasonRequired


def check_amount(kind: str, amount: int) -> None:
    """Raise AmountInvalid or StampsAreWhole for hundredths by which no account of this kind is adjusted."""
    if not 0 < abs(amount) <= MOST:
        raise AmountInvalid
    if kind == AccountKind.STAMPS and amount % 100:
        raise StampsAreWhole


@transaction.atomic
def adjust(
    *,
    customer_id: int,
    key: AccountKey,
    amount: int,
    reason: str,
    actor_id: int,
    operation: str,
    at: datetime,
    expires_at: datetime | None = None,
) -> Adjusted:
    """Add (`amount` > 0) or take (< 0) hundredths by hand.

    An addition is a lot of its own; without `expires_at` it lives as long as what is earned today. What is taken
    comes from the lots that expire first, usable ones before pending ones, and from none that a reservation keeps.
    `operation` is made by the caller: sent twice it raises AlreadyPosted. Raises also ReasonRequired, AmountInvalid,
    StampsAreWhole, CustomerMerged, InsufficientValue.
    """
    check_reason(reason)
    check_amount(key[0], amount)
    require_standing(customer_id)
    account = open_accounts(customer_id, [key], at=at)[key]
    cause = f"adjustment:{operation}"
    if Entry.objects.filter(account=account, kind=EntryKind.ADJUST, cause=cause).exists():
        raise AlreadyPosted(cause)
    return move_by_hand(
        account,
        amount=amount,
        cause=cause,
        expires_at=expires_at or usual_end(account, at=at),
        reason=reason,
        actor_id=actor_id,
        at=at,
    )


def move_by_hand(
    account: Account,
    *,
    amount: int,
    cause: str,
    expires_at: datetime | None,
    reason: str,
    actor_id: int,
    at: datetime,
) -> Adjusted:
    """Add (`amount` > 0) hundredths to an account that is locked, or take them (< 0). Raises InsufficientValue."""
    if amount > 0:
        lot = Credit(
            account=account,
            cause=cause,
            amount=amount,
            available_from=usable_at_once(at),
            expires_at=expires_at,
            source=LotSource.ADJUSTMENT,
        )
        [credited] = credit(
            [lot], occurred_at=at, at=at, kind=EntryKind.ADJUST, actor_id=actor_id, reason=reason.strip()
        )
        return Adjusted(account=account, amount=amount, lots=[credited.lot_id], settled=credited.settled)
    taken = _take(account, -amount, at)
    with refusals_of(cause=cause, lots=[lot_id for lot_id, _part in taken]):
        Entry.objects.bulk_create(
            [
                Entry(
                    lot_id=lot_id,
                    account=account,
                    kind=EntryKind.ADJUST,
                    amount=-money.to_decimal(part),
                    cause=cause,
                    actor_id=actor_id,
                    reason=reason.strip(),
                    occurred_at=at,
                    recorded_at=at,
                )
                for lot_id, part in taken
            ]
        )
    return Adjusted(account=account, amount=amount, lots=[lot_id for lot_id, _part in taken])


@transaction.atomic
def write_off(*, receivable_id: int, reason: str, actor_id: int, at: datetime) -> int:
    """Let a customer off what is left of a debt; return the hundredths. Raises ReasonRequired, AlreadySettled."""
    check_reason(reason)
    _lock_accounts_of(Receivable.objects.filter(pk=receivable_id).values_list("account_id", flat=True))
    left = Receivable.objects.values_list("left", flat=True).get(pk=receivable_id)
    if not left:
        raise AlreadySettled
    Settlement.objects.create(
        receivable_id=receivable_id, amount=left, actor_id=actor_id, reason=reason.strip(), recorded_at=at
    )
    return money.from_decimal(left)


@transaction.atomic
def answer_review(lot_ids: Sequence[int], *, at: datetime) -> list[int]:
    """Make lots usable that waited for a review, paying with them what their accounts owe; return which.

    Lots that wait for nothing, or whose review was answered before, are left as they are.
    """
    _lock_accounts_of(Lot.objects.filter(pk__in=lot_ids).values_list("account_id", flat=True))
    waiting = list(
        Lot.objects.filter(pk__in=lot_ids, awaits_review=True, reviewed_at__isnull=True).order_by("pk")
    )
    Lot.objects.filter(pk__in=[lot.pk for lot in waiting]).update(reviewed_at=at)
    settle_debts(
        [
            (lot.pk, lot.account_id, money.from_decimal(lot.remaining))
            for lot in waiting
            if lot.ends_at is None or lot.ends_at > at
        ],
        occurred_at=at,
        at=at,
    )
    return [lot.pk for lot in waiting]


def _lock_accounts_of(account_ids: Iterable[int]) -> None:
    list(
        Account.objects.filter(pk__in=list(account_ids))
        .order_by("pk")
        .select_for_update(no_key=True)
        .values_list("pk", flat=True)
    )


def _take(account: Account, wanted: int, at: datetime) -> list[tuple[int, int]]:
    alive = Lot.objects.filter(account=account).open().alive(at=at).with_held(at=at)
    lots = [lot for lot in alive.first_expiring_first() if lot.held < lot.remaining]
    # A stable sort keeps the order of expiry within each of the two.
    lots.sort(key=lambda lot: not lot.is_ready(at=at))
    taken = take_in_order(wanted, [(lot.pk, money.from_decimal(lot.remaining - lot.held)) for lot in lots])
    if sum(part for _lot, part in taken) < wanted:
        raise InsufficientValue([lot.pk for lot in lots])
    return taken


def usual_end(account: Account, *, at: datetime) -> datetime | None:
    """Return until when what is earned at that moment lives by the terms of the account's program or plan."""
    terms = account.program or account.plan
    if terms is None or terms.valid_days is None:
        return None
    return end_after(at, terms.valid_days, company_zone())
