from importlib import import_module

from django.db import migrations

# A record that was merged into another is found as that one, by whatever it has.

_UNIQUE = "ids := ARRAY(SELECT id FROM customers_customer WHERE {name} = reference_value);"
_SHARED = (
    "ids := ARRAY(SELECT id FROM customers_customer WHERE {name} = reference_value AND {name} <> '' LIMIT 2);"
)


def _following_merges(function: str) -> str:
    """Return the function with each of its look-ups leading to the record that stands."""
    for name in ("document", "card", "code"):
        asked = _UNIQUE.format(name=name)
        assert asked in function
        function = function.replace(asked, asked.replace("SELECT id", "SELECT coalesce(merged_into_id, id)"))
    for name in ("phone", "email"):
        asked = _SHARED.format(name=name)
        assert asked in function
        function = function.replace(
            asked, asked.replace("SELECT id", "SELECT DISTINCT coalesce(merged_into_id, id)")
        )
    return function


_before = import_module("pos_api.migrations.0008_snapshot_with_terms_of_codes")
SNAPSHOT = _following_merges(_before.SNAPSHOT)


class Migration(migrations.Migration):
    dependencies = [
        ("pos_api", "0013_issuing_rules_of_a_sale"),
        ("customers", "0006_merged_records"),
    ]

    operations = [
        migrations.RunSQL("DROP FUNCTION pos_snapshot", _before.SNAPSHOT),
        migrations.RunSQL(SNAPSHOT, "DROP FUNCTION pos_snapshot"),
    ]
