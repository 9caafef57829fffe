from django.db import migrations

# As functions, because PostgreSQL keeps the plans of a function's statements in each session: planning them anew would cost
# a sale more than doing what they do. The row of the customer's metrics is locked first, last of all rows of a transaction.

# What a sale that was just recorded adds: one row changed, and one for each category that was bought.
ADD = """
CREATE OR REPLACE FUNCTION add_sale_to_metrics(sale bigint, since timestamptz) RETURNS void
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    sold record;
BEGIN
    SELECT s.customer_id, s.net, s.occurred_at, date_trunc('month', s.business_date)::date AS month
      INTO sold FROM retail_sale s WHERE s.id = sale;

    INSERT INTO customers_customermetrics AS m (customer_id, window_starts_at, turnover, visits, oldest_at,
        turnover_total, visits_total, first_at, last_at)
    VALUES (sold.customer_id, since,
        CASE WHEN sold.occurred_at > since THEN sold.net ELSE 0 END,
        CASE WHEN sold.occurred_at > since THEN 1 ELSE 0 END,
        CASE WHEN sold.occurred_at > since THEN sold.occurred_at END,
        sold.net, 1, sold.occurred_at, sold.occurred_at)
    ON CONFLICT (customer_id) DO UPDATE SET
        turnover = m.turnover + CASE WHEN sold.occurred_at > m.window_starts_at THEN sold.net ELSE 0 END,
        visits = m.visits + CASE WHEN sold.occurred_at > m.window_starts_at THEN 1 ELSE 0 END,
        oldest_at = CASE WHEN sold.occurred_at > m.window_starts_at THEN least(m.oldest_at, sold.occurred_at)
                         ELSE m.oldest_at END,
        turnover_total = m.turnover_total + sold.net,
        visits_total = m.visits_total + 1,
        first_at = least(m.first_at, sold.occurred_at),
        last_at = greatest(m.last_at, sold.occurred_at);

    INSERT INTO customers_categorytotal AS t (customer_id, category, month, quantity, amount)
    SELECT sold.customer_id, l.category, sold.month, sum(l.quantity), sum(l.net)
      FROM retail_saleline l WHERE l.sale_id = sale AND l.category <> ''
     GROUP BY l.category ORDER BY l.category
    ON CONFLICT (customer_id, category, month) DO UPDATE
       SET quantity = t.quantity + excluded.quantity, amount = t.amount + excluded.amount;
END
$$
"""

# Everything of some customers anew, from their sales. Once their rows are locked no sale of theirs is added by anybody
# else, and the statements after that see all that were.
RECOUNT = """
CREATE OR REPLACE FUNCTION recount_metrics(whose bigint[], since timestamptz) RETURNS void
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    INSERT INTO customers_customermetrics AS m (customer_id, window_starts_at, turnover, visits, turnover_total, visits_total)
    SELECT c.id, since, 0, 0, 0, 0 FROM customers_customer c WHERE c.id = ANY(whose) ORDER BY c.id
    ON CONFLICT (customer_id) DO UPDATE SET window_starts_at = m.window_starts_at;

    UPDATE customers_customermetrics m
       SET window_starts_at = since, turnover = b.turnover, visits = b.visits, oldest_at = b.oldest_at,
           turnover_total = b.turnover_total, visits_total = b.visits_total, first_at = b.first_at, last_at = b.last_at
      FROM (SELECT w.id,
                   coalesce(sum(s.net) FILTER (WHERE s.occurred_at > since), 0) AS turnover,
                   count(s.id) FILTER (WHERE s.occurred_at > since) AS visits,
                   min(s.occurred_at) FILTER (WHERE s.occurred_at > since) AS oldest_at,
                   coalesce(sum(s.net), 0) AS turnover_total, count(s.id) AS visits_total,
                   min(s.occurred_at) AS first_at, max(s.occurred_at) AS last_at
              FROM unnest(whose) AS w(id)
              LEFT JOIN retail_sale s ON s.customer_id = w.id AND NOT s.is_test
                                     AND s.state IN ('committed', 'partially_returned')
             GROUP BY w.id) b
     WHERE m.customer_id = b.id;
END
$$
"""

# The same with what they bought by category, in one month or (NULL) in all.
RECOUNT_WHOLE = """
CREATE OR REPLACE FUNCTION recount_customers(whose bigint[], since timestamptz, only_month date) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM recount_metrics(whose, since);

    WITH bought AS MATERIALIZED (
        SELECT s.customer_id, l.category, date_trunc('month', s.business_date)::date AS month,
               sum(l.quantity - l.returned) AS quantity,
               sum(round(l.net * (l.quantity - l.returned) / l.quantity, 2)) AS amount
          FROM retail_sale s JOIN retail_saleline l ON l.sale_id = s.id
         WHERE s.customer_id = ANY(whose) AND NOT s.is_test AND s.state IN ('committed', 'partially_returned')
           AND (only_month IS NULL OR (s.business_date >= only_month AND s.business_date < only_month + interval '1 month'))
           AND l.category <> '' AND l.returned < l.quantity
         GROUP BY 1, 2, 3),
    gone AS (
        DELETE FROM customers_categorytotal t
         WHERE t.customer_id = ANY(whose) AND (only_month IS NULL OR t.month = only_month)
           AND NOT EXISTS (SELECT FROM bought b WHERE (b.customer_id, b.category, b.month)
                                                    = (t.customer_id, t.category, t.month)))
    INSERT INTO customers_categorytotal AS t (customer_id, category, month, quantity, amount)
    SELECT customer_id, category, month, quantity, amount FROM bought ORDER BY customer_id, category, month
    ON CONFLICT (customer_id, category, month) DO UPDATE SET quantity = excluded.quantity, amount = excluded.amount
     WHERE (t.quantity, t.amount) IS DISTINCT FROM (excluded.quantity, excluded.amount);
END
$$
"""

# The sales that were recorded before there were metrics, of the customers of one range.
BEFORE = """
INSERT INTO customers_customermetrics (customer_id, window_starts_at, turnover, visits, oldest_at, turnover_total,
    visits_total, first_at, last_at)
SELECT customer_id, w.since, coalesce(sum(net) FILTER (WHERE occurred_at > w.since), 0),
       count(*) FILTER (WHERE occurred_at > w.since), min(occurred_at) FILTER (WHERE occurred_at > w.since),
       sum(net), count(*), min(occurred_at), max(occurred_at)
  FROM retail_sale CROSS JOIN (SELECT now() - interval '365 days' AS since) w
 WHERE customer_id > %(after)s AND customer_id <= %(until)s AND NOT is_test AND state IN ('committed', 'partially_returned')
 GROUP BY customer_id, w.since
ON CONFLICT DO NOTHING;
INSERT INTO customers_categorytotal (customer_id, category, month, quantity, amount)
SELECT s.customer_id, l.category, date_trunc('month', s.business_date)::date, sum(l.quantity - l.returned),
       sum(round(l.net * (l.quantity - l.returned) / l.quantity, 2))
  FROM retail_sale s JOIN retail_saleline l ON l.sale_id = s.id
 WHERE s.customer_id > %(after)s AND s.customer_id <= %(until)s AND NOT s.is_test
   AND s.state IN ('committed', 'partially_returned') AND l.category <> '' AND l.returned < l.quantity
 GROUP BY 1, 2, 3
ON CONFLICT DO NOTHING;
"""
# A commit checks the key of each customer that it names: in small ones, a till that changes a customer waits for a moment. Smaller ones
# read all lines more often.
RANGE = 50_000


def count_before(_apps, schema_editor):
    """Fill the metrics, a range of customers a transaction; what an interrupted run filled stays."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(min(customer_id), 0) - 1, coalesce(max(customer_id), -1) FROM retail_sale")
        after, last = cursor.fetchone()
        while after < last:
            # Two statements in one call are one transaction.
            cursor.execute(BEFORE, {"after": after, "until": after + RANGE})
            after += RANGE


class Migration(migrations.Migration):
    """What is sold by processes of an earlier version while this runs is not counted: `verify_metrics --rebuild` does so later."""

    # Tills write sales and customers meanwhile.
    atomic = False
    dependencies = [
        ("customers", "0009_customer_metrics_and_segments"),
        ("retail", "0016_company_adjustment_limit"),
    ]

    operations = [
        migrations.RunSQL(ADD, "DROP FUNCTION add_sale_to_metrics"),
        migrations.RunSQL(RECOUNT, "DROP FUNCTION recount_metrics"),
        migrations.RunSQL(RECOUNT_WHOLE, "DROP FUNCTION recount_customers"),
        migrations.RunPython(count_before, migrations.RunPython.noop),
    ]
