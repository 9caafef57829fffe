from importlib import import_module

from django.db import migrations

# What reservations keep is there for nobody else: until they expire, holds of others (not of `mine`) count as uses of a
# code, and are taken off the lots. A lot of which everything is kept is told with nothing left, and how much is kept.

_USED = "AND (k.max_uses IS NULL OR k.used < k.max_uses)"
_USED_OR_HELD = """AND (k.max_uses IS NULL OR k.used + (
                SELECT count(*) FROM campaigns_promocodehold h
                WHERE h.promo_code_id = k.id AND h.expires_at > asked AND h.reservation IS DISTINCT FROM mine) < k.max_uses)"""
_USED_BY_CUSTOMER = ", 0) < k.max_uses_per_customer)),"
_USED_OR_HELD_BY_CUSTOMER = """, 0) + (
                    SELECT count(*) FROM campaigns_promocodehold h
                    WHERE h.promo_code_id = k.id AND h.expires_at > asked AND h.reservation IS DISTINCT FROM mine
                      AND h.customer_key = ANY(ARRAY(SELECT 'c:' || n FROM unnest(ids) AS n))) < k.max_uses_per_customer)),"""
_GIFTS = "windows date[], gift_skus text[],\n"

# Of each lot `l`, what is kept for others.
_HELD = """CROSS JOIN LATERAL (
            SELECT coalesce(sum(h.amount), 0) AS amount FROM loyalty_hold h
             WHERE h.lot_id = l.id AND h.expires_at > asked AND h.reservation IS DISTINCT FROM mine) AS held"""


def _replaced(function: str, old: str, new: str) -> str:
    assert function.count(old) == 1, old  # noqa: S101 - what is replaced is in the migration before
    return function.replace(old, new)


def _with_held_codes(function: str) -> str:
    function = _replaced(function, _GIFTS, _GIFTS.replace("\n", " mine uuid,\n"))
    function = _replaced(function, _USED, _USED_OR_HELD)
    return _replaced(function, _USED_BY_CUSTOMER, _USED_OR_HELD_BY_CUSTOMER)


def _with_held_value(function: str) -> str:
    function = _replaced(
        function,
        "pos_value(whose bigint, moment timestamptz)",
        "pos_value(whose bigint, moment timestamptz, asked timestamptz, mine uuid)",
    )
    function = _replaced(
        function, "(l.remaining * 100)::bigint", "(greatest(l.remaining - held.amount, 0) * 100)::bigint"
    )
    function = _replaced(
        function,
        "CASE WHEN a.kind = 'cashback' THEN l.terms ELSE '{}' END))",
        "CASE WHEN a.kind = 'cashback' THEN l.terms ELSE '{}' END, (held.amount * 100)::bigint))",
    )
    joined = "FROM loyalty_account a JOIN loyalty_lot l ON l.account_id = a.id"
    return _replaced(function, joined, f"{joined}\n        {_HELD}")


def _with_held_stored_values(function: str) -> str:
    function = _replaced(function, "asked timestamptz)\n", "asked timestamptz, mine uuid)\n")
    function = _replaced(
        function, "l.id, (l.remaining * 100)::bigint,", "l.id, ((l.remaining - held.amount) * 100)::bigint,"
    )
    function = _replaced(function, "FROM loyalty_lot l\n", f"FROM loyalty_lot l\n        {_HELD}\n")
    return _replaced(function, "AND l.remaining > 0 AND", "AND l.remaining > held.amount AND")


_codes = import_module("pos_api.migrations.0014_snapshot_follows_merges")
_value = import_module("pos_api.migrations.0009_value_of_a_customer")
_presented = import_module("pos_api.migrations.0012_stored_values_of_a_basket")
SNAPSHOT = _with_held_codes(_codes.SNAPSHOT)
VALUE = _with_held_value(_value.VALUE)
STORED_VALUES = _with_held_stored_values(_presented.STORED_VALUES)


class Migration(migrations.Migration):
    dependencies = [
        ("pos_api", "0015_reservations"),
        ("campaigns", "0017_holds_of_promo_codes"),
        ("loyalty", "0011_holds_of_reservations"),
    ]

    operations = [
        migrations.RunSQL("DROP FUNCTION pos_snapshot", _codes.SNAPSHOT),
        migrations.RunSQL(SNAPSHOT, "DROP FUNCTION pos_snapshot"),
        migrations.RunSQL("DROP FUNCTION pos_value", _value.VALUE),
        migrations.RunSQL(VALUE, "DROP FUNCTION pos_value"),
        migrations.RunSQL("DROP FUNCTION pos_stored_values", _presented.STORED_VALUES),
        migrations.RunSQL(STORED_VALUES, "DROP FUNCTION pos_stored_values"),
    ]
