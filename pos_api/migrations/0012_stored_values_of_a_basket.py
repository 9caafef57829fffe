from django.db import migrations

# The stored values that a basket presents, by the keyed hashes of their codes, for the query of the snapshot: what each
# pays, whose it is, and the lots that can be used at `moment` and have not expired when it is asked. Money is hundredths,
# percentages millionths, as `pos_api.stored_values` reads them.
STORED_VALUES = """
CREATE FUNCTION pos_stored_values(presented text[], terminal bigint, moment timestamptz, asked timestamptz)
RETURNS text LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'locked_until', (SELECT g.locked_until FROM pos_api_lookupguard g
                          WHERE g.terminal_id = terminal AND g.locked_until > asked),
        'values', coalesce((
            SELECT json_agg(json_build_array(
                c.digest, a.id, t.kind, (v.percent * 10000)::bigint, (t.minimum_purchase * 100)::bigint,
                ARRAY(SELECT k.code FROM loyalty_storedvaluetype_categories m JOIN retail_category k ON k.id = m.category_id
                       WHERE m.storedvaluetype_id = t.id),
                ARRAY(SELECT k.code FROM loyalty_storedvaluetype_groupings m
                        JOIN retail_productgrouping k ON k.id = m.productgrouping_id WHERE m.storedvaluetype_id = t.id),
                CASE WHEN cardinality(v.store_codes) > 0 THEN v.store_codes ELSE t.store_codes END,
                CASE WHEN t.is_personal THEN coalesce(v.customer_id, 0) END, v.blocked_at IS NULL,
                coalesce((SELECT json_agg(json_build_array(
                             l.id, (l.remaining * 100)::bigint, l.available_from,
                             greatest(l.expires_at, CASE WHEN l.expires_at IS NOT NULL THEN l.grace_until END)))
                            FROM loyalty_lot l
                           WHERE l.account_id = a.id AND l.remaining > 0 AND l.available_from <= moment
                             AND (l.expires_at IS NULL OR l.expires_at > greatest(moment, asked)
                                  OR l.grace_until > greatest(moment, asked))), '[]'::json)))
              FROM loyalty_storedvaluecode c
              JOIN loyalty_storedvalue v ON v.id = c.stored_value_id
              JOIN loyalty_storedvaluetype t ON t.id = v.type_id
              JOIN loyalty_account a ON a.id = v.account_id
             WHERE c.digest = ANY(presented) AND c.ended_at IS NULL), '[]'::json))::text
$$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("pos_api", "0011_cancelled_exceptions"),
        ("loyalty", "0008_stored_values"),
        ("retail", "0012_no_index_twice"),
    ]

    operations = [migrations.RunSQL(STORED_VALUES, "DROP FUNCTION pos_stored_values")]
