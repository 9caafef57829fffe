"""What the API keeps for a while only: rows that have done their work are removed, a few at a time."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from campaigns.services.promo_code_holds import drop_expired_codes
from loyalty.services.holds import drop_expired

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
# Codes that were shown at the counter or on a manager's page, also of vouchers that a sale gave to nobody known; those of issuing runs and of
# customers are closed when they were printed or sent.
_CLOSE_CODES = """
UPDATE loyalty_storedvaluecode SET nonce = NULL WHERE id IN (
    SELECT c.id FROM loyalty_storedvaluecode c JOIN loyalty_storedvalue v ON v.id = c.stored_value_id
     WHERE c.nonce IS NOT NULL AND c.created_at < %s
       AND (starts_with(v.origin, 'terminal:') OR starts_with(v.origin, 'return:') OR starts_with(v.origin, 'user:')
            OR (v.sale_id IS NOT NULL AND v.customer_id IS NULL))
     ORDER BY c.id LIMIT %s FOR UPDATE OF c SKIP LOCKED)
"""
# How long a request that is sent again is told the code that it made.
CODES_SHOWN = timedelta(days=1)


# Their holds went with their end; what expired unused is dropped before. One that a sale used is kept as long.
_DELETE_RESERVATIONS = """
DELETE FROM pos_api_reservation WHERE id IN (
    SELECT id FROM pos_api_reservation WHERE created_at < %s ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED)
"""
# An expired hold keeps nothing; it is left a while for whoever is about to end it.
HOLDS_STAY = timedelta(hours=1)


def purge(*, at: datetime) -> dict[str, int]:
    """Remove Idempotency-Keys and reservations older than ``IDEMPOTENCY_KEY_DAYS``, visits older than ``COUNTER_MINUTES``, and
    holds that expired.

    From then on nobody can read the codes of what tills sold more than a day ago. Returns how many of each. Each batch is a statement of its own, so it may be stopped and run again at any moment. A
    sale that is sent again later is still recognised by its ticket.
    """
    keys_before = at - timedelta(days=settings.IDEMPOTENCY_KEY_DAYS)
    holds_before = at - HOLDS_STAY
    return {
        "idempotency_keys": _delete(_DELETE_KEYS, keys_before),
        "holds": drop_expired(before=holds_before) + drop_expired_codes(before=holds_before),
        "reservations": _delete(_DELETE_RESERVATIONS, keys_before),
        "visits": _delete(_DELETE_VISITS, at - timedelta(minutes=settings.COUNTER_MINUTES)),
        "codes": _delete(_CLOSE_CODES, at - CODES_SHOWN),
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
