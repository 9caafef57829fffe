"""A manager's adjustment by the API: idempotent by the caller's own id."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from customers.models import Customer
from loyalty.models import Account, AdjustmentRequest, Entry, EntryKind, Lot
from loyalty.services.ledger import AccountKey, account_key
from loyalty.services.refusals import OperationReused
from loyalty.services.second_person import adjust_or_ask
from pos_api.problems import Conflict
from retail import money


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """An adjustment that stands; `settled` is the part of an addition that paid a debt (hundredths)."""

    account: Account
    amount: int
    settled: int
    replayed: bool = False


@transaction.atomic
def post_adjustment(
    *,
    customer_id: int,
    key: AccountKey,
    amount: int,
    reason: str,
    actor_id: int,
    operation: str,
    at: datetime,
    expires_at: datetime | None = None,
) -> Posted | AdjustmentRequest:
    """Add or take hundredths once, whatever is sent again.

    Above the company's limit it is kept as a request for a second person, and that is returned. `operation` is unique
    for the customer: with another account, amount or reason it raises Conflict (`adjustment_conflict`). Raises what
    `adjust` raises.
    """
    # Its row makes two senders of one id wait for each other, whichever accounts they name.
    Customer.objects.select_for_update(no_key=True).values_list("pk", flat=True).get(pk=customer_id)
    cause = f"adjustment:{operation}"
    entries = list(
        Entry.objects.filter(account__customer_id=customer_id, kind=EntryKind.ADJUST, cause=cause)
        .select_related("account__program", "account__plan")
        .order_by("pk")
    )
    if entries:
        return _earlier(entries, key, amount, reason.strip())
    try:
        done = adjust_or_ask(
            customer_id=customer_id,
            key=key,
            amount=amount,
            reason=reason,
            actor_id=actor_id,
            operation=operation,
            at=at,
            expires_at=expires_at,
        )
    except OperationReused as reused:
        raise _reused() from reused
    if isinstance(done, AdjustmentRequest):
        return done
    return Posted(account=done.account, amount=done.amount, settled=done.settled)


def _earlier(entries: list[Entry], key: AccountKey, amount: int, reason: str) -> Posted:
    first = entries[0]
    moved = sum((entry.amount for entry in entries), Decimal(0))
    same = account_key(first.account) == key and first.reason == reason
    if not same or money.from_decimal(moved) != amount:
        raise _reused()
    settled = Decimal(0)
    if amount > 0:
        lot = Lot.objects.get(pk=first.lot_id)
        settled = -sum(
            lot.entries.filter(kind=EntryKind.SETTLE, recorded_at=first.recorded_at).values_list(
                "amount", flat=True
            ),
            Decimal(0),
        )
    return Posted(account=first.account, amount=amount, settled=money.from_decimal(settled), replayed=True)


def _reused() -> Conflict:
    return Conflict(_("This id was used for another adjustment."), code="adjustment_conflict")
