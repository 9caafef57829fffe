"""The ledger's part of making two records of one customer one, and of making them two again.

Value moves by entries (`transfers`), lot by lot, and can be followed back the same way. These run inside the transaction of
the merge, the undoing or the return, after the accounts of everybody concerned are locked (`lock_all_accounts`).
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from loyalty.models import Account, CustomerMerge, Lot
from loyalty.selectors.merges import debts_moved, lots_moved
from loyalty.services.expiry import post_expired_of
from loyalty.services.ledger import account_key, lock_all_accounts, open_accounts
from loyalty.services.transfers import Move, move, move_all, move_debts, move_home


def move_value(merge: CustomerMerge, *, at: datetime) -> None:
    """Move all value and debts of the absorbed record to the one that is kept. Locks the accounts of both."""
    accounts = lock_all_accounts([merge.kept_id, merge.absorbed_id])
    theirs = [
        account
        for account in accounts
        if account.customer_id == merge.absorbed_id and (account.balance or account.owed)
    ]
    own = open_accounts(merge.kept_id, [account_key(account) for account in theirs], at=at)
    move_all(
        theirs,
        {account.pk: own[account_key(account)] for account in theirs},
        cause=merge.cause,
        at=at,
        actor_id=merge.actor_id,
        reason=merge.reason,
    )


def move_value_back(merge: CustomerMerge, *, actor_id: int, at: datetime) -> None:
    """Let what is left of the value and debts that a merge moved go back. Locks the accounts of both."""
    accounts = {account.pk: account for account in lock_all_accounts([merge.kept_id, merge.absorbed_id])}
    cause = f"un{merge.cause}"
    post_expired_of(list(lots_moved(merge).expired(at=at).open().values_list("pk", flat=True)), at=at)
    left = list(lots_moved(merge).open().order_by("pk").values_list("pk", flat=True))
    move_home(left, cause=cause, at=at, actor_id=actor_id, reason=merge.reason)
    homes = {
        account_key(account): account
        for account in accounts.values()
        if account.customer_id == merge.absorbed_id
    }
    debts = list(debts_moved(merge).order_by("pk"))
    move_debts(
        [(debt, homes[account_key(accounts[debt.account_id])]) for debt in debts],
        cause=cause,
        at=at,
        actor_id=actor_id,
        reason=merge.reason,
    )


def pass_on(lots: Sequence[tuple[Lot, int]], *, cause: str, at: datetime) -> None:
    """Let hundredths that came back to lots of absorbed records go on to the record that stands, merge by merge.

    Each step is one that the undoing of its merge takes back.
    """
    here = list(lots)
    while here:
        by_owner: dict[int, list[tuple[Lot, int]]] = defaultdict(list)
        for lot, amount in here:
            # What a stored value holds is in an account of its own, which no merge touches.
            if lot.account.customer_id is not None:
                by_owner[lot.account.customer_id].append((lot, amount))
        here = []
        standing = CustomerMerge.objects.filter(absorbed__in=by_owner, undone_at__isnull=True).order_by("pk")
        for merge in standing:
            here += _pass_on(merge, by_owner[merge.absorbed_id], cause, at)


def _pass_on(
    merge: CustomerMerge, lots: Sequence[tuple[Lot, int]], cause: str, at: datetime
) -> list[tuple[Lot, int]]:
    own = open_accounts(merge.kept_id, [account_key(lot.account) for lot, _amount in lots], at=at)
    to: dict[int, Account] = {lot.pk: own[account_key(lot.account)] for lot, _amount in lots}
    made = move(
        [Move(lot.pk, to[lot.pk].pk, amount) for lot, amount in lots], cause=f"{merge.cause}:{cause}", at=at
    )
    return [(Lot(pk=made[lot.pk], account=to[lot.pk]), amount) for lot, amount in lots]
