from importlib import import_module

from django.db import migrations

# A code that nobody has must not be answered sooner than one that is used up, expired, blocked or another store's. Where there is
# none, another stored value is read in its place, all the same, and told as one that cannot be used.

_CODES = """FROM loyalty_storedvaluecode c
              JOIN loyalty_storedvalue v ON v.id = c.stored_value_id
"""
_CODES_OR_ANOTHER = """FROM (SELECT DISTINCT unnest(presented) AS digest) AS p
              LEFT JOIN loyalty_storedvaluecode c ON c.digest = p.digest AND c.ended_at IS NULL
              JOIN loyalty_storedvalue v ON v.id = coalesce(c.stored_value_id, (SELECT min(id) FROM loyalty_storedvalue))
"""
_ENDED = """
             WHERE c.digest = ANY(presented) AND c.ended_at IS NULL), '[]'::json),"""
_OPEN = "v.blocked_at IS NULL,"


def _replaced(function: str, old: str, new: str) -> str:
    assert function.count(old) == 1, old  # noqa: S101 - what is replaced is in the migration before
    return function.replace(old, new)


def _in_one_way(function: str) -> str:
    function = _replaced(function, _CODES, _CODES_OR_ANOTHER)
    function = _replaced(function, _ENDED, "), '[]'::json),")
    function = _replaced(function, "c.digest, a.id,", "p.digest, a.id,")
    return _replaced(function, _OPEN, "c.id IS NOT NULL AND v.blocked_at IS NULL,")


_before = import_module("pos_api.migrations.0017_snapshot_with_proof")
STORED_VALUES = _in_one_way(_before.STORED_VALUES)


class Migration(migrations.Migration):
    dependencies = [("pos_api", "0020_returned_exceptions")]

    operations = [
        migrations.RunSQL("DROP FUNCTION pos_stored_values", _before.STORED_VALUES),
        migrations.RunSQL(STORED_VALUES, "DROP FUNCTION pos_stored_values"),
    ]
