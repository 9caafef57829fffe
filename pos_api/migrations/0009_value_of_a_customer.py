from django.db import migrations

# What a customer's value may do in a sale, for the query of the snapshot: active programs and plans with what they give,
# and every lot that is left. Nobody found (null): the programs alone, since who is new begins to earn with this sale.
# Money, points and stamps are hundredths, percentages millionths, as `pos_api.value` reads them.
VALUE = """
CREATE FUNCTION pos_value(whose bigint, moment timestamptz) RETURNS text
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    programs json;
    plans json;
    lots json;
BEGIN
    SELECT json_agg(json_build_array(
        p.id, p.code, p.name, (p.points * 100)::bigint, (p.per_amount * 100)::bigint, p.earns_on_discounted,
        (p.point_value * 100)::bigint, (p.redeem_step * 100)::bigint, p.pending_days, p.valid_days,
        coalesce((SELECT json_agg(json_build_array(d.sku, d.name, (v.points * 100)::bigint) ORDER BY v.number, d.sku)
                  FROM loyalty_programlevel v JOIN loyalty_levelgift g ON g.level_id = v.id
                  JOIN retail_product d ON d.id = g.product_id WHERE v.program_id = p.id), '[]'::json)) ORDER BY p.id)
    INTO programs FROM loyalty_pointsprogram p WHERE p.is_active;

    SELECT json_agg(json_build_array(
        s.id, s.code, s.name, coalesce(c.code, ''), s.orders * 100, s.reward, coalesce(d.sku, ''),
        (s.reward_percent * 10000)::bigint, s.pending_days, s.valid_days) ORDER BY s.id)
    INTO plans
    FROM loyalty_stampplan s LEFT JOIN retail_category c ON c.id = s.category_id
    LEFT JOIN retail_product d ON d.id = s.reward_product_id WHERE s.is_active;

    IF whose IS NOT NULL THEN
        SELECT json_agg(json_build_array(
            l.id, a.kind, coalesce(a.program_id, a.plan_id), (l.remaining * 100)::bigint, l.campaign, l.available_from,
            greatest(l.expires_at, CASE WHEN l.expires_at IS NOT NULL THEN l.grace_until END),
            coalesce(l.reviewed_at <= moment, false), CASE WHEN a.kind = 'cashback' THEN l.terms ELSE '{}' END))
        INTO lots
        FROM loyalty_account a JOIN loyalty_lot l ON l.account_id = a.id
        WHERE a.customer_id = whose AND l.remaining > 0
          AND (l.expires_at IS NULL OR l.expires_at > moment OR l.grace_until > moment);
    END IF;

    IF programs IS NULL AND plans IS NULL AND lots IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN json_build_object('programs', coalesce(programs, '[]'), 'plans', coalesce(plans, '[]'),
        'lots', coalesce(lots, '[]'), 'zone', (SELECT time_zone FROM retail_company LIMIT 1))::text;
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("pos_api", "0008_snapshot_with_terms_of_codes"),
        ("loyalty", "0002_entries_move_balances"),
        ("retail", "0010_sale_returns"),
    ]

    operations = [migrations.RunSQL(VALUE, "DROP FUNCTION pos_value")]
