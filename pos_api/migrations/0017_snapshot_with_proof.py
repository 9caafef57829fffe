from importlib import import_module

from django.db import migrations

# From which amount on the company wants to know that it is the customer, in hundredths, and how; null: never. And whose a
# stored value is, whoever presents it.

_PROOF = """'proof', (
            SELECT json_build_array((proof_above * 100)::bigint, proof_method) FROM retail_company WHERE proof_above IS NOT NULL)"""
_ZONE = "'zone', (SELECT time_zone FROM retail_company LIMIT 1))::text"
_LOTS = "OR l.grace_until > greatest(moment, asked))), '[]'::json)))"
_VALUES = "AND c.ended_at IS NULL), '[]'::json))::text"


def _replaced(function: str, old: str, new: str) -> str:
    assert function.count(old) == 1, old  # noqa: S101 - what is replaced is in the migration before
    return function.replace(old, new)


def _with_proof(function: str) -> str:
    function = _replaced(function, _LOTS, _LOTS[:-2] + ", v.customer_id))")
    return _replaced(function, _VALUES, _VALUES.replace(")::text", f",\n        {_PROOF})::text"))


_before = import_module("pos_api.migrations.0016_snapshot_with_reservations")
VALUE = _replaced(_before.VALUE, _ZONE, _ZONE.replace(")::text", f",\n        {_PROOF})::text"))
STORED_VALUES = _with_proof(_before.STORED_VALUES)


class Migration(migrations.Migration):
    dependencies = [
        ("pos_api", "0016_snapshot_with_reservations"),
        ("retail", "0015_company_proof_of_the_person"),
    ]

    operations = [
        migrations.RunSQL("DROP FUNCTION pos_value", _before.VALUE),
        migrations.RunSQL(VALUE, "DROP FUNCTION pos_value"),
        migrations.RunSQL("DROP FUNCTION pos_stored_values", _before.STORED_VALUES),
        migrations.RunSQL(STORED_VALUES, "DROP FUNCTION pos_stored_values"),
    ]
