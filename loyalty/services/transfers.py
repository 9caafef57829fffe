"""Moving value from one account to another, by entries alone.

What is left of a lot goes on in a new lot of the other account, with the same time and conditions, and can go home to the
lot that it came from. Like the postings of `ledger`, these run inside the caller's transaction, after the accounts of both
sides are locked. An opening transfer's cause names what made it ("merge:<id>"); one that goes home begins with "un".
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from loyalty.models import Account, Lot, Receivable, Settlement
from loyalty.services.expiry import post_expired_of
from loyalty.services.ledger import refusals_of
from retail import money


class Move(NamedTuple):
    """`amount` hundredths of a lot, to an account of the same unit."""

    lot_id: int
    account_id: int
    amount: int


# The two entries of a move name one cause: what leaves one account arrives in the other.
_MOVE = """
WITH leaving AS (
    SELECT l.*, m.account, m.hundredths * 0.01 AS amount
      FROM unnest(%(lots)s::bigint[], %(accounts)s::bigint[], %(amounts)s::bigint[]) AS m(lot, account, hundredths)
      JOIN loyalty_lot l ON l.id = m.lot),
made AS (
    INSERT INTO loyalty_lot (account_id, source, cause, sale_id, moved_from_id, campaign, earned, available_from,
                             expires_at, grace_until, awaits_review, reviewed_at, terms, created_at)
    SELECT account, 'transfer', %(cause)s || ':' || id, sale_id, id, campaign, amount, available_from,
           expires_at, grace_until, awaits_review, reviewed_at, terms, created_at
      FROM leaving ORDER BY id
    RETURNING id, account_id, moved_from_id, earned),
posted AS (
    INSERT INTO loyalty_entry (lot_id, account_id, kind, amount, cause, actor_id, reason, occurred_at, recorded_at)
    SELECT lot, account, 'transfer', moved, %(cause)s, %(actor)s, %(reason)s, %(at)s, %(at)s
      FROM (SELECT id, account_id, -amount FROM leaving UNION ALL SELECT id, account_id, earned FROM made)
        AS both_sides(lot, account, moved)
     ORDER BY moved, lot
    RETURNING id)
SELECT moved_from_id, id FROM made WHERE (SELECT count(*) FROM posted) > 0
"""


def move(
    moves: Sequence[Move], *, cause: str, at: datetime, actor_id: int | None = None, reason: str = ""
) -> dict[int, int]:
    """Move parts of lots, each named once; return the new lot by the old one.

    Raises InsufficientValue when a lot holds less, AlreadyPosted when the cause has moved it before.
    """
    moves = [one for one in moves if one.amount]
    if not moves:
        return {}
    with refusals_of(cause=cause, lots=[one.lot_id for one in moves]), connection.cursor() as cursor:
        cursor.execute(
            _MOVE,
            {
                "lots": [one.lot_id for one in moves],
                "accounts": [one.account_id for one in moves],
                "amounts": [one.amount for one in moves],
                "cause": cause,
                "actor": actor_id,
                "reason": reason,
                "at": at,
            },
        )
        return dict(cursor.fetchall())


# Several lots may go on from one: it gets one entry with the sum.
_GO_HOME = """
INSERT INTO loyalty_entry (lot_id, account_id, kind, amount, cause, actor_id, reason, occurred_at, recorded_at)
SELECT lot, account, 'transfer', amount, %(cause)s, %(actor)s, %(reason)s, %(at)s, %(at)s
  FROM (SELECT id AS lot, account_id AS account, -remaining AS amount FROM loyalty_lot WHERE id = ANY(%(lots)s)
         UNION ALL
        SELECT home.id, home.account_id, sum(l.remaining)
          FROM loyalty_lot l JOIN loyalty_lot home ON home.id = l.moved_from_id
         WHERE l.id = ANY(%(lots)s) GROUP BY home.id) AS posted
"""
# What a return or an answer added meanwhile goes along.
_KEEP_FACTS = """
UPDATE loyalty_lot home
   SET grace_until = greatest(home.grace_until, l.grace_until), reviewed_at = coalesce(home.reviewed_at, l.reviewed_at)
  FROM (SELECT moved_from_id, max(grace_until) AS grace_until, min(reviewed_at) AS reviewed_at
          FROM loyalty_lot WHERE id = ANY(%(lots)s) GROUP BY 1) l
 WHERE home.id = l.moved_from_id
   AND (home.grace_until, home.reviewed_at) IS DISTINCT FROM
       (greatest(home.grace_until, l.grace_until), coalesce(home.reviewed_at, l.reviewed_at))
"""


def move_home(lot_ids: Sequence[int], *, cause: str, at: datetime, actor_id: int, reason: str = "") -> None:
    """Move all that is left of lots, each of which has some and came by a transfer, back to the lots they came from."""
    if not lot_ids:
        return
    values: dict[str, Any] = {
        "lots": list(lot_ids),
        "cause": cause,
        "actor": actor_id,
        "reason": reason,
        "at": at,
    }
    with refusals_of(cause=cause, lots=lot_ids), connection.cursor() as cursor:
        cursor.execute(_KEEP_FACTS, values)
        cursor.execute(_GO_HOME, values)


def move_all(
    accounts: Iterable[Account],
    to: Mapping[int, Account],
    *,
    cause: str,
    at: datetime,
    actor_id: int,
    reason: str,
) -> None:
    """Move everything that is left in accounts to those that `to` names by their ids, their debts too.

    What has expired stays behind and is posted as such.
    """
    ids = [account.pk for account in accounts]
    post_expired_of(
        Lot.objects.filter(account__in=ids).open().expired(at=at).values_list("pk", flat=True), at=at
    )
    left = Lot.objects.filter(account__in=ids).open().order_by("pk")
    move(
        [Move(lot.pk, to[lot.account_id].pk, money.from_decimal(lot.remaining)) for lot in left],
        cause=cause,
        at=at,
        actor_id=actor_id,
        reason=reason,
    )
    debts = Receivable.objects.filter(account__in=ids, left__gt=0).order_by("pk")
    move_debts(
        [(debt, to[debt.account_id]) for debt in debts], cause=cause, at=at, actor_id=actor_id, reason=reason
    )


def move_debts(
    debts: Sequence[tuple[Receivable, Account]], *, cause: str, at: datetime, actor_id: int, reason: str
) -> None:
    """Let what is left of debts go on in other accounts: there the next earnings pay it."""
    moved = Receivable.objects.bulk_create(
        [
            Receivable(
                account=account,
                cause=f"{debt.cause.partition('|')[0]}|{cause}",
                sale_id=debt.sale_id,
                amount=debt.left,
                left=debt.left,
                created_at=debt.created_at,
            )
            for debt, account in debts
        ]
    )
    Settlement.objects.bulk_create(
        [
            Settlement(
                receivable=debt,
                moved_to=new,
                amount=new.amount,
                actor_id=actor_id,
                reason=reason,
                recorded_at=at,
            )
            for (debt, _account), new in zip(debts, moved, strict=True)
        ]
    )
