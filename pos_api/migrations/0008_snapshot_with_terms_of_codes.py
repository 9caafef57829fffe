from importlib import import_module

from django.db import migrations

# A code is also closed with its pool, and by a limit for each customer, which needs the customer: the codes are looked
# up after him. With each code comes the revision that it opens, when it keeps the terms of its issue.

CODES = """
    IF cardinality(entered) > 0 THEN
        SELECT coalesce(json_agg(json_build_array(
            k.id, k.code, o.code, a.code, k.customer_id,
            o.is_active AND k.is_active AND (k.starts_at IS NULL OR k.starts_at <= moment)
                AND (k.expires_at IS NULL OR k.expires_at > moment)
                AND (k.max_uses IS NULL OR k.used < k.max_uses)
                AND (k.max_uses_per_customer IS NULL OR (reference <> '' AND coalesce(
                    (SELECT max(u.used) FROM campaigns_promocodeuse u
                     WHERE u.promo_code_id = k.id AND u.customer_key = ANY(ARRAY(SELECT 'c:' || n FROM unnest(ids) AS n))), 0) < k.max_uses_per_customer)),
            k.revision_id)), '[]'::json)::text
        INTO codes
        FROM campaigns_promocode k JOIN campaigns_promocodepool o ON o.id = k.pool_id
        LEFT JOIN campaigns_campaign a ON a.id = o.campaign_id WHERE k.code = ANY(entered);
        SELECT locked_until INTO locked FROM pos_api_lookupguard WHERE terminal_id = terminal AND locked_until > asked;
    ELSE
        codes := '[]';
    END IF;

"""


def _with_terms(function: str) -> str:
    """Return the function with its part on codes replaced, and moved behind the look-up of the customer."""
    start = function.index("    IF cardinality(entered) > 0 THEN")
    end = function.index("    IF reference = 'document' THEN")
    function = function[:start] + function[end:]
    place = function.index("    IF cardinality(ids) > 0 THEN")
    return function[:place] + CODES.lstrip("\n") + function[place:]


_before = import_module("pos_api.migrations.0006_snapshot_with_agenda")
SNAPSHOT = _with_terms(_before.SNAPSHOT)


class Migration(migrations.Migration):
    dependencies = [
        ("pos_api", "0007_visits_at_the_counter"),
        ("campaigns", "0010_promo_codes_by_the_million"),
    ]

    operations = [
        migrations.RunSQL("DROP FUNCTION pos_snapshot", _before.SNAPSHOT),
        migrations.RunSQL(SNAPSHOT, "DROP FUNCTION pos_snapshot"),
    ]
