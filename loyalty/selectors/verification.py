"""Proof that the ledger adds up, over the whole database.

Every check is a query for rows that must not exist. All of them run as one statement, so that they see one moment even
while sales are recorded. The order of spending is proven beside them, entry by entry (`spending_order`).
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection

from loyalty.selectors.spending_order import breaches

# How many rows of one check are named.
NAMED = 20

_MOVED = """
moved AS MATERIALIZED (
    SELECT lot_id, min(id) AS first_id, max(id) AS last_id, sum(amount) AS total,
           sum(amount) FILTER (WHERE kind IN ('earn', 'load') OR (kind = 'adjust' AND amount > 0)
                                  OR (kind = 'transfer' AND amount > 0 AND NOT starts_with(cause, 'un'))) AS put_in,
           sum(amount) FILTER (WHERE kind IN ('redeem', 'restore')) AS redeemed,
           sum(amount) FILTER (WHERE kind = 'expire') AS expired,
           sum(amount) FILTER (WHERE kind = 'forfeit') AS forfeited,
           sum(amount) FILTER (WHERE kind = 'reverse') AS reversed,
           sum(amount) FILTER (WHERE kind = 'void') AS voided,
           sum(amount) FILTER (WHERE kind = 'settle') AS settled,
           sum(amount) FILTER (WHERE kind = 'adjust' AND amount < 0) AS adjusted
      FROM loyalty_entry GROUP BY lot_id
)
"""

# check: (table, query for `id, detail` of the rows that must not exist)
CHECKS: dict[str, tuple[str, str]] = {
    "lot_is_the_sum_of_its_entries": (
        "loyalty_lot",
        """
        SELECT l.id, 'remaining ' || l.remaining || ', entries ' || coalesce(m.total, 0)
          FROM loyalty_lot l LEFT JOIN moved m ON m.lot_id = l.id WHERE l.remaining <> coalesce(m.total, 0)""",
    ),
    "lot_is_between_nothing_and_what_was_earned": (
        "loyalty_lot",
        """
        SELECT l.id, 'remaining ' || l.remaining || ' of ' || l.earned
          FROM loyalty_lot l WHERE l.remaining < 0 OR l.remaining > l.earned""",
    ),
    "lot_earned_what_was_put_in": (
        "loyalty_lot",
        """
        SELECT l.id, 'earned ' || l.earned || ', put in ' || coalesce(m.put_in, 0)
          FROM loyalty_lot l LEFT JOIN moved m ON m.lot_id = l.id WHERE l.earned <> coalesce(m.put_in, 0)""",
    ),
    "account_is_the_sum_of_its_lots": (
        "loyalty_account",
        """
        SELECT a.id, 'balance ' || a.balance || ', lots ' || coalesce(s.total, 0)
          FROM loyalty_account a
          LEFT JOIN (SELECT account_id, sum(remaining) AS total FROM loyalty_lot GROUP BY account_id) s
            ON s.account_id = a.id
         WHERE a.balance <> coalesce(s.total, 0)""",
    ),
    "account_is_the_sum_of_its_entries": (
        "loyalty_account",
        """
        SELECT a.id, 'balance ' || a.balance || ', entries ' || coalesce(s.total, 0)
          FROM loyalty_account a
          LEFT JOIN (SELECT account_id, sum(amount) AS total FROM loyalty_entry GROUP BY account_id) s
            ON s.account_id = a.id
         WHERE a.balance <> coalesce(s.total, 0)""",
    ),
    "entry_is_in_the_account_of_its_lot": (
        "loyalty_entry",
        """
        SELECT e.id, 'account ' || e.account_id || ', its lot is of ' || l.account_id
          FROM loyalty_entry e JOIN loyalty_lot l ON l.id = e.lot_id WHERE l.account_id <> e.account_id""",
    ),
    "entry_has_the_sign_of_its_kind": (
        "loyalty_entry",
        """
        SELECT e.id, e.kind || ' ' || e.amount FROM loyalty_entry e
         WHERE e.amount = 0 OR (e.kind IN ('earn', 'load', 'restore') AND e.amount < 0)
            OR (e.kind IN ('redeem', 'expire', 'forfeit', 'reverse', 'settle', 'void') AND e.amount > 0)""",
    ),
    "entry_says_what_caused_it": (
        "loyalty_entry",
        """
        SELECT e.id, e.kind || ' by “' || e.cause || '”' FROM loyalty_entry e
         WHERE e.cause = ''
            OR (e.sale_id IS NULL AND (e.kind IN ('redeem', 'forfeit', 'restore', 'reverse')
                                       OR e.cause ~ '^(sale|return|cancel):'))
            OR (e.kind = 'adjust' AND (e.actor_id IS NULL OR e.reason = ''))""",
    ),
    "what_leaves_an_account_arrives_in_another": (
        "loyalty_entry",
        """
        SELECT min(e.id), e.cause || ' made ' || sum(e.amount)
          FROM loyalty_entry e WHERE e.kind = 'transfer' GROUP BY e.cause HAVING sum(e.amount) <> 0""",
    ),
    "transferred_lot_keeps_its_unit_time_and_conditions": (
        "loyalty_lot",
        """
        SELECT l.id, 'unlike lot ' || o.id || ', which it goes on from'
          FROM loyalty_lot l JOIN loyalty_account a ON a.id = l.account_id
          JOIN loyalty_lot o ON o.id = l.moved_from_id JOIN loyalty_account b ON b.id = o.account_id
         WHERE (l.sale_id, l.campaign, l.available_from, l.expires_at, l.awaits_review, l.terms,
                a.kind, a.program_id, a.plan_id)
               IS DISTINCT FROM (o.sale_id, o.campaign, o.available_from, o.expires_at, o.awaits_review, o.terms,
                b.kind, b.program_id, b.plan_id)""",
    ),
    "merged_customer_holds_and_owes_nothing": (
        "loyalty_account",
        """
        SELECT a.id, 'holds ' || a.balance || ', owes ' || a.owed || ' though merged into ' || c.merged_into_id
          FROM loyalty_account a JOIN customers_customer c ON c.id = a.customer_id
         WHERE c.merged_into_id IS NOT NULL AND (a.balance <> 0 OR a.owed <> 0)""",
    ),
    "merged_customer_has_the_merge_that_says_so": (
        "customers_customer",
        """
        SELECT c.id, 'merged into ' || coalesce(c.merged_into_id::text, 'nobody') || ', merges that stand: ' || count(m.id)
          FROM customers_customer c
          LEFT JOIN loyalty_customermerge m ON m.absorbed_id = c.id AND m.undone_at IS NULL
         WHERE c.merged_into_id IS NOT NULL OR m.id IS NOT NULL
         GROUP BY c.id HAVING (c.merged_into_id IS NOT NULL) <> (count(m.id) = 1)""",
    ),
    "nothing_comes_back_that_was_not_taken": (
        "loyalty_lot",
        """
        SELECT e.lot_id, 'sale ' || e.sale_id || ' gave back ' || sum(e.amount) || ' too much'
          FROM loyalty_entry e WHERE e.kind IN ('redeem', 'forfeit', 'restore')
         GROUP BY e.lot_id, e.sale_id HAVING sum(e.amount) > 0""",
    ),
    "account_owes_what_its_receivables_say": (
        "loyalty_account",
        """
        SELECT a.id, 'owed ' || a.owed || ', receivables ' || coalesce(s.total, 0)
          FROM loyalty_account a
          LEFT JOIN (SELECT account_id, sum("left") AS total FROM loyalty_receivable GROUP BY account_id) s
            ON s.account_id = a.id
         WHERE a.owed <> coalesce(s.total, 0)""",
    ),
    "receivable_is_what_was_not_settled": (
        "loyalty_receivable",
        """
        SELECT r.id, 'left ' || r."left" || ' of ' || r.amount || ', settled ' || coalesce(s.total, 0)
          FROM loyalty_receivable r
          LEFT JOIN (SELECT receivable_id, sum(amount) AS total FROM loyalty_settlement GROUP BY receivable_id) s
            ON s.receivable_id = r.id
         WHERE r."left" <> r.amount - coalesce(s.total, 0)""",
    ),
    "settlement_is_an_entry_or_somebodys_decision": (
        "loyalty_settlement",
        """
        SELECT s.id, 'amount ' || s.amount || ', entry ' || coalesce(e.kind || ' ' || e.amount, 'none')
               || coalesce(', moved ' || n.amount, '')
          FROM loyalty_settlement s
          JOIN loyalty_receivable r ON r.id = s.receivable_id
          LEFT JOIN loyalty_entry e ON e.id = s.entry_id
          LEFT JOIN loyalty_receivable n ON n.id = s.moved_to_id
         WHERE (e.id IS NULL AND (s.actor_id IS NULL OR s.reason = ''))
            OR e.kind <> 'settle' OR e.amount <> -s.amount OR e.account_id <> r.account_id
            OR n.amount <> s.amount OR n.account_id = r.account_id
            OR (n.id IS NOT NULL AND n.sale_id IS DISTINCT FROM r.sale_id)""",
    ),
    "entry_that_pays_a_debt_has_its_settlement": (
        "loyalty_entry",
        """
        SELECT e.id, 'settle ' || e.amount FROM loyalty_entry e
         WHERE e.kind = 'settle'
           AND NOT EXISTS (SELECT FROM loyalty_settlement s WHERE s.entry_id = e.id)""",
    ),
    "stored_value_is_of_the_kind_of_its_type": (
        "loyalty_account",
        """
        SELECT a.id, a.kind || ', of a type of ' || coalesce(t.kind, 'none')
          FROM loyalty_account a
          LEFT JOIN loyalty_storedvalue v ON v.account_id = a.id
          LEFT JOIN loyalty_storedvaluetype t ON t.id = v.type_id
         WHERE (v.id IS NOT NULL OR a.customer_id IS NULL)
           AND a.kind IS DISTINCT FROM CASE WHEN v.percent IS NULL THEN t.kind
                                            WHEN t.kind = 'voucher' THEN 'rate_voucher' END""",
    ),
    "stored_value_that_was_voided_is_over": (
        "loyalty_storedvalue",
        """
        SELECT DISTINCT v.id, 'holds ' || a.balance || CASE WHEN v.blocked_at IS NULL THEN ', not blocked' ELSE '' END
          FROM loyalty_entry e
          JOIN loyalty_account a ON a.id = e.account_id
          JOIN loyalty_storedvalue v ON v.account_id = a.id
         WHERE e.kind = 'void' AND (a.balance > 0 OR v.blocked_at IS NULL)""",
    ),
    "stored_value_belongs_to_a_record_that_stands": (
        "loyalty_storedvalue",
        """
        SELECT v.id, 'of customer ' || c.id || ', merged into ' || c.merged_into_id
          FROM loyalty_storedvalue v JOIN customers_customer c ON c.id = v.customer_id
         WHERE c.merged_into_id IS NOT NULL""",
    ),
    "guards_are_in_force": (
        "pg_trigger",
        """
        SELECT c.oid::bigint, c.relname || ' has lost ' || g.name
          FROM (VALUES ('loyalty_entry', 'loyalty_entry_posts'), ('loyalty_entry', 'loyalty_entry_append_only'),
                       ('loyalty_entry', 'loyalty_entry_no_truncate'),
                       ('loyalty_settlement', 'loyalty_settlement_posts'),
                       ('loyalty_settlement', 'loyalty_settlement_append_only'),
                       ('loyalty_settlement', 'loyalty_settlement_no_truncate'),
                       ('loyalty_receivable', 'loyalty_receivable_posts'),
                       ('loyalty_receivable', 'loyalty_receivable_guarded'),
                       ('loyalty_receivable', 'loyalty_receivable_moved_by_entries'),
                       ('loyalty_receivable', 'loyalty_receivable_kept'),
                       ('loyalty_receivable', 'loyalty_receivable_no_truncate'),
                       ('loyalty_lot', 'loyalty_lot_starts'), ('loyalty_lot', 'loyalty_lot_guarded'),
                       ('loyalty_lot', 'loyalty_lot_moved_by_entries'),
                       ('loyalty_lot', 'loyalty_lot_kept'), ('loyalty_lot', 'loyalty_lot_no_truncate'),
                       ('loyalty_account', 'loyalty_account_starts'),
                       ('loyalty_account', 'loyalty_account_guarded'),
                       ('loyalty_account', 'loyalty_account_moved_by_entries'),
                       ('loyalty_account', 'loyalty_account_kept'),
                       ('loyalty_account', 'loyalty_account_no_truncate'),
                       ('loyalty_customermerge', 'loyalty_customermerge_guarded'),
                       ('loyalty_customermerge', 'loyalty_customermerge_kept'),
                       ('loyalty_customermerge', 'loyalty_customermerge_no_truncate')) AS g(owner, name)
          JOIN pg_class c ON c.oid = to_regclass(g.owner)
         WHERE NOT EXISTS (SELECT FROM pg_trigger t
                            WHERE t.tgrelid = c.oid AND t.tgname = g.name AND t.tgenabled = 'A')""",
    ),
}

ORDER = "what_expires_first_was_spent_first"
CHECK_NAMES = (*CHECKS, ORDER)

_FIGURES = f"""
WITH {_MOVED}
SELECT a.kind, count(DISTINCT a.id), count(l.id),
       -- What moved on was earned once, in the lot that it came from.
       coalesce(sum(l.earned) FILTER (WHERE l.moved_from_id IS NULL), 0),
       coalesce(sum(l.remaining) FILTER (WHERE NOT gone AND NOT ready), 0),
       coalesce(sum(l.remaining) FILTER (WHERE NOT gone AND ready), 0),
       -coalesce(sum(m.redeemed), 0),
       coalesce(sum(l.remaining) FILTER (WHERE gone), 0) - coalesce(sum(m.expired), 0),
       -coalesce(sum(m.forfeited), 0), -coalesce(sum(m.reversed), 0), -coalesce(sum(m.voided), 0),
       -coalesce(sum(m.settled), 0), -coalesce(sum(m.adjusted), 0)
  FROM loyalty_account a
  LEFT JOIN loyalty_lot l ON l.account_id = a.id
  LEFT JOIN moved m ON m.lot_id = l.id
 CROSS JOIN LATERAL (
       SELECT coalesce(l.expires_at <= %(at)s AND (l.grace_until IS NULL OR l.grace_until <= %(at)s), false),
              l.available_from <= %(at)s AND (NOT l.awaits_review OR coalesce(l.reviewed_at <= %(at)s, false))
       ) AS state(gone, ready)
 GROUP BY a.kind ORDER BY a.kind
"""  # noqa: S608 - made of the constant above


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that must not be so. `rows` says how many the check found in all."""

    check: str
    table: str
    row: int
    detail: str
    rows: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of everything that was earned of one kind of value, at a moment. Transfers leave it where it is."""

    kind: str
    accounts: int
    lots: int
    earned: Decimal
    pending: Decimal
    available: Decimal
    redeemed: Decimal
    expired: Decimal
    forfeited: Decimal
    reversed: Decimal
    voided: Decimal
    settled: Decimal
    adjusted: Decimal

    @property
    def outstanding(self) -> Decimal:
        """What is owed of it: it can be used, or later."""
        return self.pending + self.available

    @property
    def accounted_for(self) -> Decimal:
        """What must equal `earned`. `redeemed` is without what returns gave back."""
        gone = self.redeemed + self.expired + self.forfeited + self.reversed + self.voided
        return self.outstanding + gone + self.settled + self.adjusted


def problems() -> list[Problem]:
    """Return the rows that break a promise of the ledger, at most twenty of each check."""
    return _broken_sums() + _broken_order()


def _broken_order() -> list[Problem]:
    found = list(breaches())
    return [Problem(ORDER, "loyalty_entry", entry, detail, len(found)) for entry, detail in found[:NAMED]]


def _broken_sums() -> list[Problem]:
    found = "\nUNION ALL\n".join(
        f"SELECT '{check}' AS name, '{table}' AS tablename, row_id, detail FROM ({query}) AS q(row_id, detail)"  # noqa: S608
        for check, (table, query) in CHECKS.items()
    )
    statement = f"""
        WITH {_MOVED}, found AS ({found}),
             counted AS (SELECT found.*, count(*) OVER (PARTITION BY name) AS whole,
                                row_number() OVER (PARTITION BY name ORDER BY row_id) AS place FROM found)
        SELECT name, tablename, row_id, detail, whole FROM counted WHERE place <= {NAMED} ORDER BY name, place
        """  # noqa: S608 - made of the constants above
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [Problem(*row) for row in cursor.fetchall()]


def figures(*, at: datetime) -> list[Figures]:
    """Return what became of all that was earned, by kind of value. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, {"at": at})
        return [Figures(*row) for row in cursor.fetchall()]
