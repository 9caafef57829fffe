"""The named constraints that the database really has, whatever the models say."""

from django.db import connection

# Constraints, and the unique indexes of constraints that hold for some rows only.
_NAMES = """
SELECT c.conname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
 WHERE starts_with(t.relname, %(app)s) AND c.contype IN ('c', 'u', 'x')
UNION
SELECT i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
 WHERE starts_with(t.relname, %(app)s) AND x.indisunique AND NOT x.indisprimary
"""


def named_constraints(*apps: str) -> set[str]:
    """Return the constraints of the tables of apps. Those without a name of ours begin with their table's: they come with a field."""
    found = set()
    for app in apps:
        with connection.cursor() as cursor:
            cursor.execute(_NAMES, {"app": f"{app}_"})
            found |= {name for (name,) in cursor.fetchall() if not name.startswith(f"{app}_")}
    return found
