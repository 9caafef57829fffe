"""Loading an e-purse once more, inside the transaction of the caller. Amounts are integer cents."""

from dataclasses import dataclass
from datetime import datetime

from loyalty.models import EntryKind, Lot, LotSource, StoredValue
from loyalty.rules import end_after
from loyalty.services.ledger import Credit, credit, lock_accounts, usable_at_once
from loyalty.services.refusals import (
    AboveCeiling,
    AmountInvalid,
    NotReloadable,
    OperationReused,
    StoredValueBlocked,
)
from loyalty.services.stored_values import MOST, record_prices
from retail import money
from retail.selectors.company import company_zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What was put into a stored value, and whether it had been before."""

    stored: StoredValue
    amount: int
    lot_id: int
    expires_at: datetime | None
    replayed: bool = False


def load(
    stored: StoredValue,
    *,
    amount: int,
    origin: str,
    operation: str,
    at: datetime,
    price: int | None = None,
    terminal_id: int | None = None,
    reason: str = "",
) -> Loaded:
    """Put more into an e-purse, for which `price` was paid. Its type and account are loaded; the account is locked here.

    Raises NotReloadable, StoredValueBlocked, AmountInvalid, AboveCeiling, and OperationReused for another amount.
    """
    lock_accounts(None, [stored.account_id])
    stored.refresh_from_db(fields=["blocked_at"])
    cause = f"load:{origin}:{operation}"[:120]
    known = Lot.objects.filter(account_id=stored.account_id, cause=cause).first()
    if known is not None:
        if money.from_decimal(known.earned) != amount:
            raise OperationReused
        return Loaded(
            stored=stored, amount=amount, lot_id=known.pk, expires_at=known.expires_at, replayed=True
        )
    if not stored.type.is_reloadable:
        raise NotReloadable
    if stored.blocked_at is not None:
        raise StoredValueBlocked
    if not 0 < amount <= MOST:
        raise AmountInvalid
    held = alive(stored.account_id, at)
    if stored.type.ceiling is not None:
        ceiling = money.from_decimal(stored.type.ceiling)
        if held + amount > ceiling:
            raise AboveCeiling(ceiling=ceiling, balance=held)
    days = stored.type.valid_days
    end = end_after(at, days, company_zone()) if days else None
    [credited] = credit(
        [
            Credit(
                account=stored.account,
                cause=cause,
                amount=amount,
                available_from=usable_at_once(at),
                expires_at=end,
                source=LotSource.ISSUE,
            )
        ],
        occurred_at=at,
        at=at,
        kind=EntryKind.LOAD,
        reason=reason,
    )
    if price is not None:
        record_prices([(credited.lot_id, price, terminal_id)])
    return Loaded(stored=stored, amount=amount, lot_id=credited.lot_id, expires_at=end)


def alive(account_id: int, at: datetime) -> int:
    """Return the hundredths that an account holds at a moment, pending ones included."""
    lots = Lot.objects.filter(account_id=account_id).open().alive(at=at)
    return sum(money.from_decimal(left) for left in lots.values_list("remaining", flat=True))
