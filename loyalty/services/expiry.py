"""Posting what has expired.

Nobody can spend a lot after its end, whether this has run or not: it only moves the balance to where the time has put
it. So it may run late, twice, side by side, and be killed at any moment.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import connection, transaction

BATCH = 500

# Accounts are locked before their lots move, as everywhere; one that a sale holds right now is left for the next time.
_LOCK_DUE = """
SELECT l.id
  FROM loyalty_lot l JOIN loyalty_account a ON a.id = l.account_id
 WHERE l.remaining > 0 AND l.expires_at <= %(at)s AND (l.grace_until IS NULL OR l.grace_until <= %(at)s)
 ORDER BY l.expires_at
 LIMIT %(limit)s
   FOR NO KEY UPDATE OF a SKIP LOCKED
"""
# Read again under the lock. A return may bring value back after the end and give days of grace: the lot expires once more.
_POST = """
INSERT INTO loyalty_entry (lot_id, account_id, kind, amount, cause, reason, occurred_at, recorded_at)
SELECT l.id, l.account_id, 'expire', -l.remaining, 'expiry:' || (
           SELECT count(*) + 1 FROM loyalty_entry e
            WHERE e.lot_id = l.id AND e.kind = 'expire' AND starts_with(e.cause, 'expiry:')
       ), '', GREATEST(l.expires_at, l.grace_until), %(at)s
  FROM loyalty_lot l
 WHERE l.id = ANY(%(lots)s)
   AND l.remaining > 0 AND l.expires_at <= %(at)s AND (l.grace_until IS NULL OR l.grace_until <= %(at)s)
 ORDER BY l.id
"""


def post_expired_of(lots: Collection[int], *, at: datetime) -> int:
    """Post the expiry of these lots where their end has passed, and return of how many. Their accounts are locked."""
    if not lots:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_POST, {"at": at, "lots": list(lots)})
        return cursor.rowcount


def post_expired(*, at: datetime, limit: int = 100_000) -> int:
    """Post the expiry of at most `limit` lots whose end has passed, the oldest end first; return of how many.

    Each batch is a transaction of its own. What another posting holds right now is left out.
    """
    posted = 0
    while posted < limit:
        size = min(BATCH, limit - posted)
        found, moved = _post_batch(at, size)
        posted += moved
        if found < size:
            break
    return posted


@transaction.atomic
def _post_batch(at: datetime, size: int) -> tuple[int, int]:
    """Return how many lots were found due and how many were posted."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_DUE, {"at": at, "limit": size})
        lots = [lot_id for (lot_id,) in cursor.fetchall()]
    return len(lots), post_expired_of(lots, at=at)
