"""Posting value: the only writers of lots and entries.

Every function runs inside the transaction of what caused the posting, after `lock_accounts` or `open_accounts`, and makes a
constant number of statements, however many lots it moves. Amounts are integer hundredths. `occurred_at` is when it
happened in the shop, `at` when we heard of it.

Locks are taken in one order everywhere: sale, reservation, customer, accounts by id, promo codes by id, counters by id
(docs/decisions/0080, 0094).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from django.db import IntegrityError, connection

from loyalty.models import Account, AccountKind, Entry, EntryKind, LotSource, Receivable, Settlement
from loyalty.rules import pay_debts
from loyalty.services.refusals import AlreadyPosted, InsufficientValue
from retail import money
from retail.moments import SKEW_NOTED

# An account: its kind, and the id of its program or plan (None: cashback), of a stored value the account's own.
AccountKey = tuple[str, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """One lot to make. The account is locked; `amount` > 0; `cause` is unique in the account."""

    account: Account
    cause: str
    amount: int
    available_from: datetime
    expires_at: datetime | None = None
    sale_id: int | None = None
    campaign: str = ""
    awaits_review: bool = False
    terms: Mapping[str, Any] = field(default_factory=dict)
    source: LotSource = LotSource.SALE


@dataclass(frozen=True, slots=True)
class Credited:
    """A lot that was made, and how much of it paid what the customer owed."""

    lot_id: int
    entry_id: int
    settled: int = 0


# Written out: composing it was most of what locking cost.
_LOCK = "SELECT * FROM loyalty_account WHERE customer_id = %s ORDER BY id FOR NO KEY UPDATE"
_LOCK_HELD = """
SELECT * FROM loyalty_account WHERE customer_id = %s OR id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE
"""
# Those of records that were merged into a customer, too: what a sale of theirs had spent comes back there.
_LOCK_ALL = """
SELECT * FROM loyalty_account
 WHERE customer_id = ANY(ARRAY(SELECT id FROM customers_customer WHERE id = ANY(%(customers)s::bigint[])
                                  OR merged_into_id = ANY(%(customers)s::bigint[])))
    OR id = ANY(%(held)s::bigint[])
 ORDER BY id FOR NO KEY UPDATE
"""


def account_key(account: Account) -> AccountKey:
    if account.customer_id is None:
        return account.kind, account.pk
    return account.kind, account.program_id or account.plan_id


def lock_accounts(customer_id: int | None, held: Collection[int] = ()) -> dict[AccountKey, Account]:
    """Lock every account of a customer and those of stored values (`held`, ids), in the order of their ids. Makes none."""
    found = (
        Account.objects.raw(_LOCK_HELD, [customer_id, list(held)])
        if held
        else Account.objects.raw(_LOCK, [customer_id])
    )
    return {account_key(account): account for account in found}


def lock_all_accounts(customer_ids: Collection[int], held: Collection[int] = ()) -> list[Account]:
    """Lock the accounts of customers, of the records merged into them and of stored values, in the order of their ids."""
    return list(Account.objects.raw(_LOCK_ALL, {"customers": list(customer_ids), "held": list(held)}))


def open_accounts(
    customer_id: int, wanted: Iterable[AccountKey], *, at: datetime
) -> dict[AccountKey, Account]:
    """Lock every account of a customer, first making those of `wanted` that do not exist. Returns all of them."""
    locked = lock_accounts(customer_id)
    # Two transactions that open the same accounts do it in the same order, so that neither waits for the other.
    missing = sorted({key for key in wanted if key not in locked}, key=lambda key: (key[0], key[1] or 0))
    if not missing:
        return locked
    Account.objects.bulk_create(
        [
            Account(
                customer_id=customer_id,
                kind=kind,
                program_id=unit if kind == AccountKind.POINTS else None,
                plan_id=unit if kind == AccountKind.STAMPS else None,
                created_at=at,
            )
            for kind, unit in missing
        ],
        # Another transaction may be opening the same one.
        ignore_conflicts=True,
    )
    return lock_accounts(customer_id)


_CREDIT = """
WITH made AS (
    INSERT INTO loyalty_lot (account_id, source, cause, sale_id, campaign, earned, available_from, expires_at,
                             awaits_review, terms, created_at)
    SELECT r.account, r.source, r.cause, r.sale, r.campaign, r.hundredths * 0.01, r.available_from, r.expires_at,
           r.awaits_review, r.terms, %(at)s
      FROM json_to_recordset(%(lots)s) AS r(account bigint, source text, cause text, sale bigint, campaign text,
           hundredths bigint, available_from timestamptz, expires_at timestamptz, awaits_review boolean, terms jsonb)
    RETURNING id, account_id, cause, sale_id, earned),
posted AS (
    INSERT INTO loyalty_entry (lot_id, account_id, kind, amount, cause, sale_id, actor_id, reason, occurred_at,
                               recorded_at)
    SELECT id, account_id, %(kind)s, earned, cause, sale_id, %(actor)s, %(reason)s, %(occurred)s, %(at)s FROM made
    RETURNING id, lot_id)
SELECT made.account_id, made.cause, made.id, posted.id FROM made JOIN posted ON posted.lot_id = made.id
"""


def credit(
    lots: Sequence[Credit],
    *,
    occurred_at: datetime,
    at: datetime,
    kind: EntryKind = EntryKind.EARN,
    actor_id: int | None = None,
    reason: str = "",
) -> list[Credited]:
    """Make lots, in the order given, and pay with them what their accounts owe, the oldest debt first.

    A lot that waits for a review pays nothing until it is answered. Raises AlreadyPosted when a cause has made a lot
    in the account before.
    """
    if not lots:
        return []
    if any(lot.amount <= 0 for lot in lots):
        raise ValueError("a lot holds more than nothing")
    with refusals_of(cause=lots[0].cause), connection.cursor() as cursor:
        cursor.execute(
            _CREDIT,
            {
                "lots": msgspec.json.encode([_lot(lot) for lot in lots]).decode(),
                "kind": kind.value,
                "actor": actor_id,
                "reason": reason,
                "occurred": occurred_at,
                "at": at,
            },
        )
        made = {(account_id, cause): (lot, entry) for account_id, cause, lot, entry in cursor.fetchall()}
    ids = [made[lot.account.pk, lot.cause] for lot in lots]
    settled = settle_debts(
        [
            (lot_id, lot.account.pk, lot.amount)
            for lot, (lot_id, _entry) in zip(lots, ids, strict=True)
            if lot.account.owed > 0 and not lot.awaits_review
        ],
        occurred_at=occurred_at,
        at=at,
    )
    return [Credited(lot_id, entry_id, settled.get(lot_id, 0)) for lot_id, entry_id in ids]


def usable_at_once(at: datetime) -> datetime:
    """Return from when on a lot is usable that is given at `at` to be used at once.

    The sale that uses it next may name whole seconds, or come from a till whose clock runs behind by what nobody notes.
    """
    return at - SKEW_NOTED


def settle_debts(
    payers: Sequence[tuple[int, int, int]], *, occurred_at: datetime, at: datetime
) -> dict[int, int]:
    """Pay the debts of accounts, the oldest first, from `(lot id, account id, amount)`; return what each lot paid."""
    if not payers:
        return {}
    accounts = {account_id for _lot, account_id, _amount in payers}
    debts = defaultdict(list)
    for debt in Receivable.objects.filter(account_id__in=accounts, left__gt=0).order_by("pk"):
        debts[debt.account_id].append((debt.pk, money.from_decimal(debt.left)))
    account_of = {lot_id: account_id for lot_id, account_id, _amount in payers}
    paid = []
    for account_id in sorted(debts):
        earned = [(lot_id, amount) for lot_id, owner, amount in payers if owner == account_id]
        paid += pay_debts(earned, debts[account_id])
    if not paid:
        return {}
    entries = Entry.objects.bulk_create(
        [
            Entry(
                lot_id=lot_id,
                account_id=account_of[lot_id],
                kind=EntryKind.SETTLE,
                amount=-money.to_decimal(part),
                cause=f"receivable:{debt_id}",
                occurred_at=occurred_at,
                recorded_at=at,
            )
            for lot_id, debt_id, part in paid
        ]
    )
    Settlement.objects.bulk_create(
        [
            Settlement(
                receivable_id=debt_id, entry_id=entry.pk, amount=money.to_decimal(part), recorded_at=at
            )
            for entry, (_lot_id, debt_id, part) in zip(entries, paid, strict=True)
        ]
    )
    settled: dict[int, int] = defaultdict(int)
    for lot_id, _debt_id, part in paid:
        settled[lot_id] += part
    return dict(settled)


_SPEND = """
INSERT INTO loyalty_entry
    (lot_id, account_id, kind, amount, cause, sale_id, actor_id, reason, occurred_at, recorded_at)
SELECT l.id, l.account_id, %(kind)s, t.amount * -0.01, %(cause)s, %(sale)s, %(actor)s, %(reason)s, %(occurred)s, %(at)s
  FROM unnest(%(lots)s::bigint[], %(amounts)s::bigint[]) AS t(lot, amount)
  JOIN loyalty_lot l ON l.id = t.lot
 WHERE l.available_from <= %(occurred)s
   AND (l.expires_at IS NULL OR l.expires_at > GREATEST(%(occurred)s, %(at)s)
        OR l.grace_until > GREATEST(%(occurred)s, %(at)s))
   AND (NOT l.awaits_review OR l.reviewed_at <= %(occurred)s)
   AND l.remaining - t.amount * 0.01 >= coalesce(
           (SELECT sum(h.amount) FROM loyalty_hold h WHERE h.lot_id = l.id AND h.expires_at > %(at)s), 0)
 ORDER BY l.id
RETURNING lot_id, id
"""


def spend(
    takes: Sequence[tuple[int, int]],
    *,
    cause: str,
    occurred_at: datetime,
    at: datetime,
    kind: EntryKind = EntryKind.REDEEM,
    sale_id: int | None = None,
    actor_id: int | None = None,
    reason: str = "",
) -> dict[int, int]:
    """Take `(lot id, hundredths)` from lots that are usable at `occurred_at` and alive at `at`; return the entry's id by lot.

    What reservations keep stays in the lots; whoever spends what its own kept gives that up before. `kind` is REDEEM or
    FORFEIT. Raises InsufficientValue when a lot is not usable or holds less, AlreadyPosted when the cause has taken from
    a lot before.
    """
    wanted: dict[int, int] = defaultdict(int)
    for lot_id, amount in takes:
        if amount <= 0:
            raise ValueError("more than nothing is taken")
        wanted[lot_id] += amount
    if not wanted:
        return {}
    with refusals_of(cause=cause, lots=list(wanted)), connection.cursor() as cursor:
        cursor.execute(
            _SPEND,
            {
                "kind": kind.value,
                "cause": cause,
                "sale": sale_id,
                "actor": actor_id,
                "reason": reason,
                "occurred": occurred_at,
                "at": at,
                "lots": list(wanted),
                "amounts": list(wanted.values()),
            },
        )
        entries = dict(cursor.fetchall())
    refused = [lot_id for lot_id in wanted if lot_id not in entries]
    if refused:
        raise InsufficientValue(refused)
    return entries


def _lot(credit: Credit) -> dict[str, Any]:
    return {
        "account": credit.account.pk,
        "source": credit.source.value,
        "cause": credit.cause,
        "sale": credit.sale_id,
        "campaign": credit.campaign,
        "hundredths": credit.amount,
        "available_from": credit.available_from,
        "expires_at": credit.expires_at,
        "awaits_review": credit.awaits_review,
        "terms": credit.terms,
    }


@contextmanager
def refusals_of(*, cause: str, lots: Sequence[int] = ()) -> Iterator[None]:
    """Say in the ledger's words what the database refused."""
    try:
        yield
    except IntegrityError as error:
        refused = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "")
        if refused in ("lot_once_per_cause", "entry_once_per_cause"):
            raise AlreadyPosted(cause) from error
        if refused in ("lot_remaining_within_earned", "account_balance_not_negative"):
            raise InsufficientValue(lots) from error
        raise
