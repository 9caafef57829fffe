"""What the API keeps for a while only: rows that have done their work are removed, a few at a time."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

BATCH = 5_000

# Rows that a request holds right now are left for the next time.
_DELETE_KEYS = """
DELETE FROM pos_api_idempotencykey WHERE id IN (
    SELECT id FROM pos_api_idempotencykey WHERE created_at < %s ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED)
"""
_DELETE_VISITS = """
DELETE FROM pos_api_countervisit WHERE id IN (
    SELECT id FROM pos_api_countervisit WHERE seen_at < %s ORDER BY seen_at LIMIT %s FOR UPDATE SKIP LOCKED)
"""


def purge(*, at: datetime) -> dict[str, int]:
    """Remove Idempotency-Keys older than ``IDEMPOTENCY_KEY_DAYS`` and visits older than ``COUNTER_MINUTES``.

    Returns how many of each. Each batch is a statement of its own, so it may be stopped and run again at any moment. A
    sale that is sent again later is still recognised by its ticket.
    """
    return {
        "idempotency_keys": _delete(_DELETE_KEYS, at - timedelta(days=settings.IDEMPOTENCY_KEY_DAYS)),
        "visits": _delete(_DELETE_VISITS, at - timedelta(minutes=settings.COUNTER_MINUTES)),
    }


def _delete(statement: str, before: datetime) -> int:
    removed = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(statement, [before, BATCH])
            count = cursor.rowcount
        removed += count
        if count < BATCH:
            return removed
