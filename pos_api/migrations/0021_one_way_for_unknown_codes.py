from importlib import import_module

from django.db import migrations

# A code that nobody has must not be answered sooner than one that is used up, expired, blocked or another store's. Where there is
# none, another stored value is read in its place, all the same, and told as one that cannot be used.

_CODES = """FROM loyalty_storedvaluecode c
              JOIN loyalty_storedvalue v ON v.id = c.stored_value_id
"""
_CODES_OR_ANOTHER = """FROM (SELECT min(id) AS id FROM loyalty_storedvalue) AS stand_in
              CROSS JOIN (SELECT DISTINCT unnest(presented) AS digest) AS p
              CROSS JOIN LATERAL (
                  SELECT (SELECT c.stored_value_id FROM loyalty_storedvaluecode c
                           WHERE c.digest = p.digest AND c.ended_at IS NULL) AS id) AS found
              CROSS JOIN LATERAL (
                  SELECT * FROM loyalty_storedvalue s WHERE s.id = coalesce(found.id, stand_in.id) LIMIT 1) AS v
"""
_ENDED = """
             WHERE c.digest = ANY(presented) AND c.ended_at IS NULL), '[]'::json),"""
_OPEN = "v.blocked_at IS NULL,"
# Nothing but its key is asked of an account: not to be joined, where it is read row by row or whole as the planner thinks fit.
_ACCOUNTS = """
              JOIN loyalty_account a ON a.id = v.account_id"""


def _replaced(function: str, old: str, new: str) -> str:
    assert function.count(old) == 1, old  # noqa: S101 - what is replaced is in the migration before
    return function.replace(old, new)


def _in_one_way(function: str) -> str:
    function = _replaced(function, _CODES, _CODES_OR_ANOTHER)
    function = _replaced(function, _ENDED, "), '[]'::json),")
    function = _replaced(function, "c.digest, a.id,", "p.digest, v.account_id,")
    function = _replaced(function, _ACCOUNTS, "")
    function = _replaced(function, "WHERE l.account_id = a.id", "WHERE l.account_id = v.account_id")
    return _replaced(function, _OPEN, "found.id IS NOT NULL AND v.blocked_at IS NULL,")


_before = import_module("pos_api.migrations.0017_snapshot_with_proof")
STORED_VALUES = _in_one_way(_before.STORED_VALUES)


class Migration(migrations.Migration):
    dependencies = [("pos_api", "0020_returned_exceptions")]

    operations = [
        migrations.RunSQL("DROP FUNCTION pos_stored_values", _before.STORED_VALUES),
        migrations.RunSQL(STORED_VALUES, "DROP FUNCTION pos_stored_values"),
    ]
