"""What a customer has at a moment. Amounts are integer hundredths; every answer holds whatever job has run."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from loyalty.models import Account, Lot
from retail import money

EXPIRING_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class UsableLot:
    """What is left of a lot that can be spent now and no reservation keeps. `ends_at` is None when it never expires."""

    id: int
    remaining: int
    campaign: str
    available_from: datetime
    ends_at: datetime | None
    terms: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """One account at a moment. `code` and `name` are those of its program or plan, empty for cashback.

    `reserved` is what reservations keep of what could be used otherwise; it is no part of `available`. `expiring` is the part
    of `available` whose end is within the days asked for, and `next_expiry` the first end.
    `pending_from` is when the first of `pending` can be used; `awaiting_review` is the part that no day makes usable.
    `lots` are the usable ones in the order in which they are spent.
    """

    account: Account
    kind: str
    code: str
    name: str
    available: int
    pending: int
    pending_from: datetime | None
    awaiting_review: int
    expiring: int
    next_expiry: datetime | None
    owed: int
    reserved: int = 0
    lots: list[UsableLot] = field(default_factory=list)


def balances(customer_id: int, *, at: datetime, expiring_days: int = EXPIRING_DAYS) -> list[Balance]:
    """Return every account of a customer, in the order of their ids. Two queries."""
    accounts = (
        Account.objects.filter(customer_id=customer_id).select_related("program", "plan").order_by("pk")
    )
    return balances_of(list(accounts), at=at, expiring_days=expiring_days)


def balances_of(
    accounts: Sequence[Account], *, at: datetime, expiring_days: int = EXPIRING_DAYS
) -> list[Balance]:
    """Return accounts, with program and plan loaded, at a moment. One query."""
    lots = _open_lots([account.pk for account in accounts], at)
    return [_balance(account, lots.get(account.pk, []), at, expiring_days) for account in accounts]


def usable_lots(
    account_ids: Iterable[int], *, at: datetime, without_sale: int | None = None
) -> dict[int, list[UsableLot]]:
    """Return by account what can be spent at that moment, in the order in which it is spent. One query.

    Lots that the sale `without_sale` made are left out.
    """
    lots = Lot.objects.filter(account_id__in=list(account_ids)).usable(at=at).with_held(at=at)
    lots = lots.first_expiring_first()
    if without_sale is not None:
        lots = lots.filter(Q(sale_id__isnull=True) | ~Q(sale_id=without_sale))
    found: dict[int, list[UsableLot]] = defaultdict(list)
    for lot in lots:
        if lot.held < lot.remaining:
            found[lot.account_id].append(_usable(lot))
    return dict(found)


def _open_lots(account_ids: list[int], at: datetime) -> dict[int, list[Lot]]:
    found: dict[int, list[Lot]] = defaultdict(list)
    lots = Lot.objects.filter(account_id__in=account_ids).open().alive(at=at).with_held(at=at)
    for lot in lots.first_expiring_first():
        found[lot.account_id].append(lot)
    return found


def _balance(account: Account, lots: list[Lot], at: datetime, expiring_days: int) -> Balance:
    ready = [lot for lot in lots if lot.is_ready(at=at)]
    usable = [_usable(lot) for lot in ready if lot.held < lot.remaining]
    available = sum(lot.remaining for lot in usable)
    reserved = sum(money.from_decimal(lot.held) for lot in ready)
    ends = [lot.ends_at for lot in usable if lot.ends_at is not None]
    limit = at + timedelta(days=expiring_days)
    reviewed = [lot for lot in lots if not lot.awaits_review or lot.reviewed_at is not None]
    unit = account.program or account.plan
    return Balance(
        account=account,
        kind=account.kind,
        code=unit.code if unit else "",
        name=unit.name if unit else "",
        available=available,
        pending=sum(money.from_decimal(lot.remaining) for lot in lots) - available - reserved,
        pending_from=min((lot.available_from for lot in reviewed if lot.available_from > at), default=None),
        awaiting_review=sum(money.from_decimal(lot.remaining) for lot in lots)
        - sum(money.from_decimal(lot.remaining) for lot in reviewed),
        expiring=sum(lot.remaining for lot in usable if lot.ends_at is not None and lot.ends_at <= limit),
        next_expiry=min(ends, default=None),
        owed=money.from_decimal(account.owed),
        reserved=reserved,
        lots=usable,
    )


def _usable(lot: Lot) -> UsableLot:
    return UsableLot(
        id=lot.pk,
        remaining=money.from_decimal(lot.remaining - lot.held),
        campaign=lot.campaign,
        available_from=lot.available_from,
        ends_at=lot.ends_at,
        terms=lot.terms,
    )
