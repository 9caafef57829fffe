"""What must hold over the whole database, whatever was done: `assert_world()`.

The proof of the ledger (`loyalty.selectors.verification`) and beside it what sales, returns, limits and codes promise each
other. Every check is a query for rows that must not exist. Tests that commit end with it (tests/conftest.py), so do the
stateful machine at the end of each run and the fault runs (`make faults`).
"""

from collections.abc import Collection

from django.db import connection
from django.utils import timezone

from customers.verification import CHECKS as METRICS
from loyalty.selectors.verification import figures
from loyalty.selectors.verification import problems as ledger_problems

# check: query for `id, detail` of the rows that must not exist
CHECKS: dict[str, str] = {
    **METRICS,
    "counter_is_what_stands_in_its_window": """
        SELECT c.id, 'used ' || c.used || ', activations hold ' || coalesce(s.held, 0)
          FROM campaigns_campaigncounter c
          LEFT JOIN (SELECT (u->>'counter')::bigint AS counter,
                            sum((u->>'amount')::numeric - coalesce((u->>'released')::numeric, 0)) AS held
                       FROM campaigns_activation a CROSS JOIN jsonb_array_elements(a.consumption) AS u
                      WHERE u ? 'counter' GROUP BY 1) s ON s.counter = c.id
         WHERE c.used <> coalesce(s.held, 0) OR c.used > c.maximum""",
    "code_is_used_by_sales_that_stand": """
        SELECT k.id, k.code || ' used ' || k.used || ', sales ' || coalesce(s.sales, 0)
          FROM campaigns_promocode k
          LEFT JOIN (SELECT (u->>'promo_code')::bigint AS code, count(DISTINCT a.sale_id) AS sales
                       FROM campaigns_activation a CROSS JOIN jsonb_array_elements(a.consumption) AS u
                      WHERE u ? 'promo_code' AND a.reversed_at IS NULL GROUP BY 1) s ON s.code = k.id
         WHERE k.used <> coalesce(s.sales, 0)""",
    "code_is_used_by_each_customer_in_sales_that_stand": """
        SELECT p.id, p.customer_key || ' used ' || p.used || ', sales ' || coalesce(s.sales, 0)
          FROM campaigns_promocodeuse p
          LEFT JOIN (SELECT (u->>'promo_code')::bigint AS code, u->>'customer' AS customer,
                            count(DISTINCT a.sale_id) AS sales
                       FROM campaigns_activation a CROSS JOIN jsonb_array_elements(a.consumption) AS u
                      WHERE u ? 'promo_code' AND a.reversed_at IS NULL GROUP BY 1, 2) s
            ON s.code = p.promo_code_id AND s.customer = p.customer_key
         WHERE p.used <> coalesce(s.sales, 0)""",
    "reservation_that_is_over_keeps_nothing": """
        SELECT r.id, 'is ' || r.state FROM pos_api_reservation r
         WHERE r.state <> 'open' AND (EXISTS (SELECT FROM loyalty_hold h WHERE h.reservation = r.uuid)
            OR EXISTS (SELECT FROM campaigns_promocodehold h WHERE h.reservation = r.uuid))""",
    "sale_that_is_over_holds_no_activation": """
        SELECT a.id, 'of a sale that is ' || s.state
          FROM campaigns_activation a JOIN retail_sale s ON s.id = a.sale_id
         WHERE s.state IN ('returned', 'cancelled') AND a.reversed_at IS NULL""",
    "sale_has_its_answer": """
        SELECT s.id, s.state || ' without an answer' FROM retail_sale s
         WHERE s.state <> 'cancelled' AND s.response IS NULL""",
    "sale_is_the_sum_of_its_lines": """
        SELECT s.id, 'gross ' || s.gross || ' of ' || l.gross || ', discount ' || s.discount || ' of ' || l.discount
          FROM retail_sale s
          JOIN (SELECT sale_id, sum(gross) AS gross, sum(markdown) AS markdown, sum(discount) AS discount
                  FROM retail_saleline GROUP BY sale_id) l ON l.sale_id = s.id
         WHERE (s.gross, s.markdown, s.discount) IS DISTINCT FROM (l.gross, l.markdown, l.discount)""",
    "sale_is_refunded_what_its_returns_say": """
        SELECT s.id, 'refunded ' || s.refunded || ', returns ' || coalesce(r.value, 0)
          FROM retail_sale s
          LEFT JOIN (SELECT sale_id, sum(value) AS value FROM retail_salereturn GROUP BY sale_id) r
            ON r.sale_id = s.id
         WHERE s.refunded <> coalesce(r.value, 0)""",
    "sale_gives_back_no_more_money_than_it_took": """
        SELECT s.id, 'charged ' || s.charged || ', exchanged ' || s.exchange || ', given back ' || g.money
          FROM retail_sale s
         CROSS JOIN LATERAL (
               SELECT coalesce((SELECT sum(r.amount + r.withheld + r.credited) FROM retail_salereturn r WHERE r.sale_id = s.id), 0)
                    + coalesce((s.shares#>>'{cancelled,refund,amount}')::numeric, 0)
                    + coalesce((s.shares#>>'{cancelled,refund,withheld}')::numeric, 0) AS money) g
         WHERE g.money > s.charged + s.exchange OR g.money < 0""",
    "return_gave_the_credit_note_that_it_says": """
        SELECT r.id, 'says ' || r.credited || ', made ' || coalesce(n.made, 0)
          FROM retail_salereturn r JOIN retail_sale s ON s.id = r.sale_id
          LEFT JOIN LATERAL (
               SELECT sum(l.earned) AS made FROM loyalty_storedvalue v JOIN loyalty_lot l ON l.account_id = v.account_id
                WHERE v.origin = 'return:' || r.sale_id AND v.operation = r.reference
                  AND starts_with(l.cause, 'issue:')) n ON true
         WHERE coalesce(n.made, 0) <> CASE WHEN s.is_test THEN 0 ELSE r.credited END""",
    "line_came_back_as_its_returns_say": """
        SELECT l.id, 'returned ' || l.returned || ', returns ' || coalesce(r.quantity, 0)
          FROM retail_saleline l
          LEFT JOIN (SELECT sale_line_id, sum(quantity) AS quantity FROM retail_salereturnline GROUP BY 1) r
            ON r.sale_line_id = l.id
         WHERE l.returned <> coalesce(r.quantity, 0)""",
    "sale_is_in_the_state_of_its_lines": """
        SELECT s.id, s.state || ', ' || l.back || ' of ' || l.sold || ' units came back'
          FROM retail_sale s
          JOIN (SELECT sale_id, sum(quantity) AS sold, sum(returned) AS back FROM retail_saleline GROUP BY sale_id) l
            ON l.sale_id = s.id
         WHERE s.state <> 'cancelled'
           AND s.state <> CASE WHEN l.back = l.sold THEN 'returned' WHEN l.back > 0 THEN 'partially_returned'
                               ELSE 'committed' END""",
    # Records that were ever merged are of one person, or were taken for it while they were.
    "value_moves_for_the_customer_of_the_sale": """
        WITH RECURSIVE known(a, b) AS (
            SELECT kept_id, absorbed_id FROM loyalty_customermerge UNION
            SELECT absorbed_id, kept_id FROM loyalty_customermerge),
        linked(a, b) AS (
            SELECT a, b FROM known UNION SELECT l.a, k.b FROM linked l JOIN known k ON k.a = l.b)
        SELECT e.id, e.kind || ' for customer ' || a.customer_id || ', sale of ' || coalesce(s.customer_id::text, 'nobody')
          FROM loyalty_entry e JOIN loyalty_account a ON a.id = e.account_id JOIN retail_sale s ON s.id = e.sale_id
         WHERE s.is_test OR (a.customer_id IS NOT NULL AND s.customer_id IS DISTINCT FROM a.customer_id
               AND NOT EXISTS (SELECT FROM linked l WHERE l.a = s.customer_id AND l.b = a.customer_id))""",
    "merged_customer_has_nothing_of_his_own": """
        SELECT s.id, 'sale of customer ' || c.id || ', merged into ' || c.merged_into_id
          FROM retail_sale s JOIN customers_customer c ON c.id = s.customer_id WHERE c.merged_into_id IS NOT NULL
         UNION ALL
        SELECT c.id, 'merged into ' || m.id || ', which is merged into ' || m.merged_into_id
          FROM customers_customer c JOIN customers_customer m ON m.id = c.merged_into_id
         WHERE m.merged_into_id IS NOT NULL
         UNION ALL
        SELECT k.id, k.scope_key || ' used ' || k.used FROM campaigns_campaigncounter k
          JOIN customers_customer c ON k.scope_key = 'c:' || c.id
         WHERE k.scope = 'customer' AND c.merged_into_id IS NOT NULL AND k.used > 0""",
    "cancelled_sale_spent_nothing": """
        SELECT s.id, 'still holds ' || -sum(e.amount) || ' of lot ' || e.lot_id
          FROM retail_sale s JOIN loyalty_entry e ON e.sale_id = s.id
         WHERE s.state = 'cancelled' AND e.kind IN ('redeem', 'forfeit', 'restore')
         GROUP BY s.id, e.lot_id HAVING sum(e.amount) <> 0""",
}


def problems() -> list[tuple[str, str]]:
    """Return `(check, what is wrong)` of every promise that the database breaks."""
    found = [(one.check, f"{one.table} {one.row}: {one.detail}") for one in ledger_problems()]
    found += [
        ("all_that_was_earned_is_accounted_for", f"{one.kind}: {one.earned} of {one.accounted_for}")
        for one in figures(at=timezone.now())
        if one.earned != one.accounted_for
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "\nUNION ALL\n".join(
                f"SELECT '{check}', 'row ' || id || ': ' || detail FROM ({query}) AS q(id, detail)"  # noqa: S608
                for check, query in CHECKS.items()
            )
        )
        return found + cursor.fetchall()


def assert_world(*, but_for: Collection[str] = ()) -> None:
    """Fail with every broken promise, but for the checks that a test breaks on purpose."""
    broken = [f"{check}: {detail}" for check, detail in problems() if check not in but_for]
    assert not broken, "\n".join(broken)
