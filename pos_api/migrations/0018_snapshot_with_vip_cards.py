from importlib import import_module

from django.db import migrations

# VIP cards are entered like promotional codes and come with them, with their rate in millionths. In a basket that names
# nobody the first one that holds says whose it is; that is known before the customer is looked up.

_CODES = """
        INTO codes
        FROM campaigns_promocode k JOIN campaigns_promocodepool o ON o.id = k.pool_id
        LEFT JOIN campaigns_campaign a ON a.id = o.campaign_id WHERE k.code = ANY(entered);
"""

_CODES_AND_CARDS = """
        INTO codes
        FROM campaigns_promocode k JOIN campaigns_promocodepool o ON o.id = k.pool_id
        LEFT JOIN campaigns_campaign a ON a.id = o.campaign_id WHERE k.code = ANY(entered);
        IF cardinality(cards) > 0 THEN
            SELECT json_agg(x.row)::text INTO codes FROM (
                SELECT e.value AS row FROM json_array_elements(codes::json) AS e
                UNION ALL
                SELECT json_build_array(v.id, v.code, '', NULL, v.customer_id, v.is_active AND v.expires_at > moment,
                    NULL, (v.percent * 10000)::bigint) FROM loyalty_vipcard v WHERE v.code = ANY(cards)) AS x;
            codes := coalesce(codes, '[]');
        END IF;
"""

_HOLDER = """
    IF cardinality(entered) > 0 THEN
        cards := ARRAY(SELECT c FROM unnest(entered) AS c WHERE starts_with(c, '#VIP#'));
        IF cardinality(cards) > 0 AND reference = '' THEN
            ids := ARRAY(SELECT v.customer_id FROM unnest(cards) WITH ORDINALITY AS c(code, place)
                         JOIN loyalty_vipcard v ON v.code = c.code
                         WHERE v.is_active AND v.expires_at > moment ORDER BY c.place LIMIT 1);
        END IF;
    END IF;

"""


def _replaced(function: str, old: str, new: str) -> str:
    assert function.count(old) == 1, old  # noqa: S101 - a function that was changed before this migration is not ours
    return function.replace(old, new)


def _with_cards(function: str) -> str:
    """Return the function with the cards beside the codes, and their customer where no other is named."""
    function = _replaced(function, "    counted text[] := keys;\n", "    counted text[] := keys;\n    cards text[] := '{}';\n")
    function = _replaced(function, "(reference <> '' AND coalesce(", "((reference <> '' OR cardinality(ids) > 0) AND coalesce(")
    function = _replaced(function, _CODES, _CODES_AND_CARDS)
    place = function.index("    IF cardinality(entered) > 0 THEN")
    return function[:place] + _HOLDER.lstrip("\n") + function[place:]


_before = import_module("pos_api.migrations.0016_snapshot_with_reservations")
SNAPSHOT = _with_cards(_before.SNAPSHOT)


class Migration(migrations.Migration):
    dependencies = [
        ("pos_api", "0017_snapshot_with_proof"),
        ("loyalty", "0013_vip_cards"),
    ]

    operations = [
        migrations.RunSQL("DROP FUNCTION pos_snapshot", _before.SNAPSHOT),
        migrations.RunSQL(SNAPSHOT, "DROP FUNCTION pos_snapshot"),
    ]
