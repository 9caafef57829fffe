"""What a return does to value: gives back what the sale had spent, takes back what it had earned.

Like the postings of `ledger`, these run inside the return's transaction, after the customer's accounts are locked. A sale
names the lots of its own time. Where the customer's record was merged since, what comes back to them goes on to the record
that stands, and what they had earned is taken from the lots in which it went on.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from loyalty.models import Account, Entry, EntryKind, Lot, Receivable
from loyalty.rules import owed_for, take_in_order
from loyalty.selectors.balances import usable_lots
from loyalty.selectors.policies import ReturnPolicy, return_policies
from loyalty.services.expiry import post_expired_of
from loyalty.services.ledger import account_key, open_accounts, refusals_of
from loyalty.services.merge import pass_on
from loyalty.services.refusals import NothingToRestore, ReturnBlocked
from retail import money
from retail.models import Clawback


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What came back to a lot. `usable_until` is None when it never expires; `kept_expired`: it is of no use."""

    lot_id: int
    account: Account
    amount: int
    usable_until: datetime | None
    kept_expired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """Take `amount` back of what a lot earned; earlier returns of the same sale asked for `before` of it."""

    lot_id: int
    amount: int
    before: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """What a return took back from one account, and what was spent and could not be taken.

    `missing` is what was spent; by the policy, its value in cents is to be withheld from the refund (`charge`), or the
    account owes it (`owed`, in the account's unit).
    """

    account: Account
    taken: int
    missing: int = 0
    charge: int = 0
    owed: int = 0


def restore(
    gives: Sequence[tuple[int, int]], *, cause: str, sale_id: int, occurred_at: datetime, at: datetime
) -> list[Restored]:
    """Give `(lot id, hundredths)` back to the lots that a sale had spent, which keep their expiry.

    What has expired at `at` stays so, or gets days of grace, by the policy of its program. Raises NothingToRestore when
    the sale had not taken as much, AlreadyPosted when the cause has given back before.
    """
    wanted = _merged(gives)
    if not wanted:
        return []
    lots = _lots(wanted)
    _require_spent(wanted, sale_id)
    policies = return_policies(lot.account for lot in lots)
    restored, graces, entries = [], {}, []
    for lot in lots:
        amount = wanted[lot.pk]
        ends_at, kept_expired = lot.ends_at, False
        entries.append(_entry(lot, EntryKind.RESTORE, amount, cause, sale_id, occurred_at, at))
        if ends_at is not None and ends_at <= at:
            grace_until = policies[lot.account_id].grace_until(at=at)
            if grace_until is None:
                kept_expired = True
                entries.append(_entry(lot, EntryKind.EXPIRE, -amount, cause, sale_id, occurred_at, at))
            else:
                ends_at = graces[lot.pk] = grace_until
        restored.append(
            Restored(
                lot_id=lot.pk,
                account=lot.account,
                amount=amount,
                usable_until=ends_at,
                kept_expired=kept_expired,
            )
        )
    # Days of grace are for what comes back: what was left in the lot is over, whether a job has posted that or not.
    post_expired_of(list(graces), at=at)
    with refusals_of(cause=cause, lots=list(wanted)):
        Entry.objects.bulk_create(entries)
    _give_grace(graces)
    lost = {one.lot_id for one in restored if one.kept_expired}
    pass_on(
        [(lot, wanted[lot.pk]) for lot in lots if lot.pk not in lost and _is_elsewhere(lot)],
        cause=cause,
        at=at,
    )
    return restored


def withdraw(
    takes: Sequence[Withdrawal], *, cause: str, sale_id: int, occurred_at: datetime, at: datetime
) -> list[TakenBack]:
    """Take back what a sale had earned, and answer by account, in the order of their ids.

    What is left of its lots goes first, pending or not, also what a reservation keeps of it: a reservation cannot keep
    what is no longer earned. What was spent is made good by other usable lots of the
    account that expire first, then by the account's policy. What expired unused is owed by nobody. Raises
    ReturnBlocked, before anything is posted, when the policy refuses the return.
    """
    by_lot = {take.lot_id: take for take in takes if take.amount > 0}
    if not by_lot:
        return []
    lots = _lots(by_lot)
    families = _families(lots)
    owners = _owners(lots, at)
    accounts = {owner.pk: owner for owner in owners.values()}
    policies = return_policies(accounts.values())
    spent = _spent(families)
    moves: dict[int, list[tuple[Lot, int]]] = defaultdict(list)
    missing: dict[int, int] = defaultdict(int)
    for lot in lots:
        take, owner = by_lot[lot.pk], owners[lot.account_id].pk
        held = {member.pk: member for member in families[lot.pk]}
        taken = take_in_order(
            take.amount, [(pk, money.from_decimal(member.remaining)) for pk, member in held.items()]
        )
        moves[owner] += [(held[pk], part) for pk, part in taken]
        owed = owed_for(money.from_decimal(lot.earned), spent[lot.pk], take.before, take.amount)
        missing[owner] += min(owed, take.amount - sum(part for _pk, part in taken))
    _cover(moves, missing, sale_id=sale_id, at=at)
    blocked = [
        accounts[pk] for pk, left in missing.items() if left and policies[pk].clawback == Clawback.BLOCK
    ]
    if blocked:
        raise ReturnBlocked([(account, missing[account.pk]) for account in blocked])
    with refusals_of(cause=cause, lots=list(by_lot)):
        Entry.objects.bulk_create(
            [
                _entry(lot, EntryKind.REVERSE, -part, cause, sale_id, occurred_at, at)
                for account_id in sorted(moves)
                for lot, part in moves[account_id]
            ]
        )
    answer = []
    for pk in sorted(accounts):
        whole = sum(part for _lot, part in moves[pk])
        answer.append(_taken_back(accounts[pk], whole, missing[pk], policies[pk]))
    owe([(one.account, one.owed) for one in answer if one.owed], cause=cause, sale_id=sale_id, at=at)
    return answer


def owe(debts: Sequence[tuple[Account, int]], *, cause: str, sale_id: int | None, at: datetime) -> None:
    """Record that the customer owes accounts so much; the next earnings pay it first."""
    Receivable.objects.bulk_create(
        [
            Receivable(
                account=account,
                cause=cause,
                sale_id=sale_id,
                amount=money.to_decimal(amount),
                left=money.to_decimal(amount),
                created_at=at,
            )
            for account, amount in debts
        ]
    )


def _taken_back(account: Account, taken: int, missing: int, policy: ReturnPolicy) -> TakenBack:
    charge = policy.money_for(missing) if policy.clawback == Clawback.CHARGE_BACK else None
    return TakenBack(
        account=account,
        taken=taken,
        missing=missing,
        charge=charge or 0,
        owed=missing if policy.clawback == Clawback.DEBT else 0,
    )


def _cover(
    moves: dict[int, list[tuple[Lot, int]]], missing: dict[int, int], *, sale_id: int, at: datetime
) -> None:
    """Take what is missing from other usable lots of the account: a balance is one, whichever lot was spent."""
    short = [account_id for account_id, left in missing.items() if left]
    if not short:
        return
    # The sale's own lots are left for its other units.
    others = usable_lots(short, at=at, without_sale=sale_id)
    for account_id, lots in others.items():
        for lot_id, part in take_in_order(missing[account_id], [(lot.id, lot.remaining) for lot in lots]):
            moves[account_id].append((Lot(pk=lot_id, account_id=account_id), part))
            missing[account_id] -= part


def _spent(families: Mapping[int, Sequence[Lot]]) -> dict[int, int]:
    """Return what the customer had the use of, by lot: redeemed and not given back, or gone for a debt."""
    used = Q(kind__in=[EntryKind.REDEEM, EntryKind.RESTORE, EntryKind.SETTLE])
    for_another_sale = Q(kind=EntryKind.REVERSE) & ~Q(sale_id=F("lot__sale_id"))
    members = [lot.pk for family in families.values() for lot in family]
    sums = dict(
        Entry.objects.filter(used | for_another_sale, lot_id__in=members)
        .values_list("lot_id")
        .annotate(moved=Sum("amount"))
        .order_by("lot_id")
    )
    return {
        root: max(0, -sum(money.from_decimal(sums[lot.pk]) for lot in family if lot.pk in sums))
        for root, family in families.items()
    }


def _require_spent(wanted: dict[int, int], sale_id: int) -> None:
    kinds = [EntryKind.REDEEM, EntryKind.FORFEIT, EntryKind.RESTORE]
    sums = dict(
        Entry.objects.filter(lot_id__in=list(wanted), sale_id=sale_id, kind__in=kinds)
        .values_list("lot_id")
        .annotate(moved=Sum("amount"))
        .order_by("lot_id")
    )
    refused = [
        lot_id
        for lot_id, amount in wanted.items()
        if amount > -money.from_decimal(sums.get(lot_id, money.to_decimal(0)))
    ]
    if refused:
        raise NothingToRestore(refused)


def _merged(gives: Sequence[tuple[int, int]]) -> dict[int, int]:
    wanted: dict[int, int] = defaultdict(int)
    for lot_id, amount in gives:
        if amount < 0:
            raise ValueError("nothing negative is given back")
        if amount:
            wanted[lot_id] += amount
    return dict(wanted)


def _lots(lot_ids: Iterable[int]) -> list[Lot]:
    return list(_with_holders(Lot.objects.filter(pk__in=list(lot_ids))))


def _with_holders(lots: QuerySet[Lot]) -> QuerySet[Lot]:
    """Give lots their accounts, and `holder`: the record that stands of the customer whose they are."""
    return (
        lots.annotate(holder=Coalesce("account__customer__merged_into_id", "account__customer_id"))
        .select_related("account__program", "account__plan", "account__stored_value__type")
        .order_by("pk")
    )


def _is_elsewhere(lot: Lot) -> bool:
    return bool(lot.holder != lot.account.customer_id)  # type: ignore[attr-defined]


# The index of what moved makes this cheap where nothing did, which is nearly always.
_FAMILIES = """
WITH RECURSIVE family(root, lot) AS (
    SELECT id, id FROM loyalty_lot WHERE id = ANY(%s)
     UNION ALL
    SELECT f.root, l.id FROM family f JOIN loyalty_lot l ON l.moved_from_id = f.lot)
SELECT root, lot FROM family WHERE lot <> root ORDER BY lot
"""


def _families(lots: Sequence[Lot]) -> dict[int, list[Lot]]:
    """Return for each lot itself and the lots in which it went on, as far as the same customer has them.

    What a merge had moved and its undoing could not bring back was spent by another customer, who answers for it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FAMILIES, [[lot.pk for lot in lots]])
        descent = cursor.fetchall()
    found = {lot.pk: [lot] for lot in lots}
    if descent:
        members = _with_holders(Lot.objects.filter(pk__in={lot for _root, lot in descent})).in_bulk()
        for root, lot in descent:
            if members[lot].holder == found[root][0].holder:  # type: ignore[attr-defined]
                found[root].append(members[lot])
    return found


def _owners(lots: Sequence[Lot], at: datetime) -> dict[int, Account]:
    """Return by the account of a lot the one of the same unit that its customer has now."""
    owners = {}
    for lot in lots:
        if lot.account_id in owners:
            continue
        owners[lot.account_id] = lot.account
        if _is_elsewhere(lot):
            key = account_key(lot.account)
            owners[lot.account_id] = open_accounts(lot.holder, [key], at=at)[key]  # type: ignore[attr-defined]
    return owners


def _entry(
    lot: Lot, kind: EntryKind, amount: int, cause: str, sale_id: int, occurred_at: datetime, at: datetime
) -> Entry:
    return Entry(
        lot_id=lot.pk,
        account_id=lot.account_id,
        kind=kind,
        amount=money.to_decimal(amount),
        cause=cause,
        sale_id=sale_id,
        occurred_at=occurred_at,
        recorded_at=at,
    )


_GRACE = """
UPDATE loyalty_lot l SET grace_until = GREATEST(l.grace_until, g.until)
  FROM unnest(%s::bigint[], %s::timestamptz[]) AS g(lot, until) WHERE l.id = g.lot
"""


def _give_grace(graces: dict[int, datetime]) -> None:
    if graces:
        with connection.cursor() as cursor:
            cursor.execute(_GRACE, [list(graces), list(graces.values())])
