"""The process of the benchmark of segments: ``python -m bench.segments_process run ARGUMENTS`` prints JSON on its last line."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo

ROUNDS = 5
# Filled without what is checked and sorted row by row; the indexes that questions use are built afterwards.
_WITHOUT = """
DO $$
DECLARE one record;
BEGIN
    FOR one IN SELECT i.indexname AS name, i.tablename AS t FROM pg_indexes i
                WHERE i.tablename IN ('retail_sale', 'retail_saleline') AND i.indexname NOT LIKE '%_pkey' LOOP
        IF EXISTS (SELECT FROM pg_constraint WHERE conname = one.name) THEN
            EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I CASCADE', one.t, one.name);
        ELSE
            EXECUTE format('DROP INDEX %I', one.name);
        END IF;
    END LOOP;
END $$
"""
_CUSTOMERS = """
INSERT INTO customers_customer (name, document, email, phone, sex, birth_date, street, number, complement, district, city,
    state, postal_code, country, origin, remark, language, loyalty_category, is_active, created_at, updated_at)
SELECT 'Customer ' || n, NULL, 'c' || n || '@example.com', '', (ARRAY['f', 'm', ''])[1 + n %% 3],
       date '1950-01-01' + n %% 20000, '', '', '', '', (ARRAY['São Paulo', 'Curitiba', 'Recife', 'Santos'])[1 + n %% 4],
       (ARRAY['SP', 'PR', 'PE', 'MG', 'RJ', 'BA', 'RS', 'SC', 'CE', 'GO'])[1 + n %% 10],
       lpad((n %% 99999)::text, 8, '0'), 'BR', '', '', 'pt-br', '', true, now(), now()
  FROM generate_series(1, %s) n
"""
# Few customers buy much: the square of chance.
_SALES = """
INSERT INTO retail_sale (uuid, store_id, terminal_id, business_date, ticket, state, customer_id, is_test, operation,
    occurred_at, received_at, gross, markdown, exchange, discount, redeemed, net, delivery_fee, delivery_discount, charged,
    plan_version, fingerprint, request, flags)
SELECT gen_random_uuid(), %s, %s, (now() - s.age)::date, n::text, 'committed', 1 + floor(%s * s.chance)::bigint, false,
       'sale', now() - s.age, now(), s.net, 0, 0, 0, 0, s.net, 0, 0, s.net, 1, '', '{}', '[]'
  FROM (SELECT n, power(random(), 2) AS chance, random() * interval '730 days' AS age,
               round((20 + 300 * power(random(), 3))::numeric, 2) AS net
          FROM generate_series(1, %s) n OFFSET 0) s
"""
_LINES = """
INSERT INTO retail_saleline (sale_id, line, sku, code, ncm, category, seller, quantity, unit_price, gross, markdown,
    exchange_share, discount, net, refundable, returned)
SELECT s.id, n, 'SKU-' || (s.id * n) %% 5000, '', '', 'c' || (s.id * n) %% 60, '', 1 + (s.id + n) %% 2,
       s.part, s.part * (1 + (s.id + n) %% 2), 0, 0, 0, s.part * (1 + (s.id + n) %% 2), 0, 0
  FROM (SELECT id, round(net / 3, 2) AS part FROM retail_sale WHERE id > %s) s, generate_series(1, %s) n
"""
_CONSENTS = """
INSERT INTO customers_consent (customer_id, purpose, channel, granted, text, text_version, source, operator, given_at)
SELECT id, 'marketing', '', id % 3 > 0, '', '', 'bench', '', now() FROM customers_customer WHERE id % 2 = 0
"""
_INDEXES = (
    "ALTER TABLE retail_saleline ADD CONSTRAINT sale_line_once UNIQUE (sale_id, line)",
    "CREATE INDEX sale_line_by_sku ON retail_saleline (sku)",
    "CREATE INDEX sale_by_customer ON retail_sale (customer_id, occurred_at DESC)",
    "CREATE INDEX sale_by_moment ON retail_sale (occurred_at DESC)",
)
_STANDS = "NOT s.is_test AND s.state IN ('committed', 'partially_returned')"
_BOUGHT = f"""
    (SELECT s.customer_id, sum(s.net) AS turnover, count(*) AS visits, max(s.occurred_at) AS last_at FROM retail_sale s
      WHERE s.customer_id IS NOT NULL AND {_STANDS} AND s.occurred_at > %(since)s GROUP BY s.customer_id)
"""  # noqa: S608
# The same questions as somebody asks them who keeps nothing. They must come to the same numbers.
RAW = {
    "best": f"""
        SELECT count(*) FROM customers_customer c JOIN {_BOUGHT} b ON b.customer_id = c.id
         WHERE c.is_active AND b.turnover >= %(best)s AND c.state = 'SP' AND c.sex = 'f'""",  # noqa: S608
    "lost": f"""
        SELECT count(*) FROM customers_customer c JOIN {_BOUGHT} b ON b.customer_id = c.id
         WHERE c.is_active AND b.turnover >= 300 AND b.last_at < %(lost)s AND c.state = 'SP'""",  # noqa: S608
    "either": f"""
        SELECT count(*) FROM customers_customer c JOIN {_BOUGHT} b ON b.customer_id = c.id
         WHERE c.is_active AND (b.turnover >= %(best)s OR b.visits >= 12)
           AND (SELECT n.granted FROM customers_consent n WHERE n.customer_id = c.id AND n.purpose = 'marketing'
                   AND n.channel IN ('', 'email') ORDER BY n.given_at DESC, n.id DESC LIMIT 1)""",  # noqa: S608
    "category": f"""
        SELECT count(*) FROM customers_customer c
          JOIN (SELECT s.customer_id FROM retail_saleline l JOIN retail_sale s ON s.id = l.sale_id
                 WHERE l.category = 'c6' AND {_STANDS} AND s.business_date >= %(months)s
                 GROUP BY s.customer_id HAVING sum(l.quantity - l.returned) >= 2) b ON b.customer_id = c.id
         WHERE c.is_active AND c.sex = 'f'""",  # noqa: S608
    "all": "SELECT count(*) FROM customers_customer c WHERE c.is_active AND c.state = 'SP'",
}


def run(customers: int, sales: int, lines: int, new_sales: int) -> dict[str, Any]:
    """Fill the database, ask each question both ways in turn, keep the metrics of new sales, and prove them."""
    from django.utils import timezone

    from customers.services.metrics import let_old_sales_leave
    from customers.verification import differences

    place = _fill(customers, sales, lines)
    filled = _seconds(_count_anew)
    at = timezone.now()
    questions = _ask(at)
    upkeep = _keep(place, customers, new_sales, lines)
    started = time.monotonic()
    left = let_old_sales_leave(at=at + timedelta(days=1))
    ended = time.monotonic()
    wrong: list[Any] = []
    verified = _seconds(lambda: wrong.extend(differences()))
    if wrong:
        raise RuntimeError(f"the metrics are not what the sales come to: {wrong[0]}")
    members, refreshed = _refresh(timezone.now())
    return {
        "questions": questions,
        "upkeep us": upkeep,
        "filled s": filled,
        "verify s": verified,
        "left": left,
        "left s": ended - started,
        "members": members,
        "refresh s": refreshed,
    }


def _execute(statement: str, parameters: Any = None) -> list[Any]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def _seconds(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def _fill(customers: int, sales: int, lines: int) -> tuple[int, int]:
    from retail.models import Category, Store, Terminal

    store = Store.objects.create(code="bench", name="bench")
    terminal = Terminal.objects.create(store=store, code="1", name="1")
    Category.objects.bulk_create(
        Category(code=f"c{number}", name=f"Category {number}", path=[f"c{number}"]) for number in range(60)
    )
    _execute(_WITHOUT)
    # What is made here is whole: nothing needs to look for the rows that it names.
    _execute("SET session_replication_role = replica")
    _execute("SET maintenance_work_mem = '256MB'")
    _execute(_CUSTOMERS, [customers])
    _execute(_SALES, [store.pk, terminal.pk, customers, sales])
    _execute(_LINES, [0, lines])
    _execute(_CONSENTS)
    for statement in _INDEXES:
        _execute(statement)
    _execute("SET session_replication_role = DEFAULT")
    _execute("VACUUM ANALYZE customers_customer")
    _execute("VACUUM ANALYZE retail_sale")
    _execute("VACUUM ANALYZE retail_saleline")
    _execute("ANALYZE customers_consent")
    return store.pk, terminal.pk


def _count_anew() -> None:
    """Fill the metrics as the migration does where there are sales already."""
    from django.db import connection

    with connection.schema_editor(atomic=False) as editor:
        import_module("customers.migrations.0010_keeping_metrics").count_before(None, editor)
    _execute("VACUUM ANALYZE customers_customermetrics")
    _execute("VACUUM ANALYZE customers_categorytotal")


def _ask(at: Any) -> dict[str, dict[str, float]]:
    """Return for each question the seconds of both ways, taken in turn, and the number that both come to."""
    from customers.models import CustomerMetrics, window_start
    from customers.segments.statements import count_customers
    from customers.segments.tree import read_tree

    zone = ZoneInfo("America/Sao_Paulo")
    today = at.astimezone(zone).date()
    best = CustomerMetrics.objects.order_by("-turnover").values_list("turnover", flat=True)[
        _execute("SELECT count(*) / 100 FROM customers_customer")[0][0]
    ]
    state = {"field": "state", "operator": "eq", "value": "SP"}
    woman = {"field": "sex", "operator": "eq", "value": "f"}
    much = {"field": "turnover", "operator": "gte", "value": str(best)}
    trees = {
        "best": [much, state, woman],
        "lost": [
            {"field": "turnover", "operator": "gte", "value": "300.00"},
            {"field": "last_purchase_days", "operator": "gt", "value": 90},
            state,
        ],
        "either": [
            {"any": [much, {"field": "visits", "operator": "gte", "value": 12}]},
            {"field": "consent_email", "operator": "eq", "value": "marketing"},
        ],
        "category": [
            {
                "field": "bought_category",
                "of": ["c6"],
                "measure": "quantity",
                "operator": "gte",
                "value": "2",
                "period": {"months": 6},
            },
            woman,
        ],
        "all": [state],
    }
    month = today.year * 12 + today.month - 6
    parameters = {
        "since": window_start(at),
        "best": best,
        "lost": _midnight(today - timedelta(days=90), zone),
        "months": today.replace(year=month // 12, month=month % 12 + 1, day=1),
    }
    answers = {}
    for name, conditions in trees.items():
        tree = read_tree({"all": conditions})
        times: dict[str, list[float]] = {"raw": [], "ours": []}
        for _ in range(ROUNDS):
            started = time.monotonic()
            [(raw,)] = _execute(RAW[name], parameters)
            middle = time.monotonic()
            ours = count_customers(tree, at=at, zone=zone)
            times["raw"].append(middle - started)
            times["ours"].append(time.monotonic() - middle)
        if raw != ours:
            raise RuntimeError(f"{name}: the sales say {raw}, the segment {ours}")
        answers[name] = {"count": ours} | {way: statistics.median(taken) for way, taken in times.items()}
    return answers


def _midnight(day: Any, zone: ZoneInfo) -> Any:
    from datetime import datetime
    from datetime import time as clock

    return datetime.combine(day, clock(), tzinfo=zone)


def _keep(place: tuple[int, int], customers: int, new_sales: int, lines: int) -> dict[str, float]:
    """Return the microseconds that adding a new sale to the metrics takes: in the database alone, and statement by statement."""
    from django.db import transaction
    from django.utils import timezone

    from customers.models import window_start
    from customers.services.metrics import add_sale

    at, taken = timezone.now(), {}
    for name in ("warm", "database", "statement"):
        [(last,)] = _execute("SELECT max(id) FROM retail_sale")
        _execute(_SALES, [*place, customers, new_sales])
        _execute(
            "UPDATE retail_sale SET occurred_at = now(), business_date = current_date WHERE id > %s", [last]
        )
        _execute(_LINES, [last, lines])
        ids = [key for (key,) in _execute("SELECT id FROM retail_sale WHERE id > %s ORDER BY id", [last])]
        started = time.monotonic()
        with transaction.atomic():
            if name == "statement":
                for key in ids:
                    add_sale(key, at=at)
            else:
                _execute(
                    "SELECT count(add_sale_to_metrics(id, %s)) FROM retail_sale WHERE id = ANY(%s)",
                    [window_start(at), ids],
                )
        taken[name] = (time.monotonic() - started) / len(ids) * 1e6
    return {"database": taken["database"], "statement": taken["statement"]}


def _refresh(at: Any) -> tuple[int, float]:
    """Return how many members a grouping of a segment has, and the seconds of giving it them."""
    from customers.services.segment_groupings import make_grouping, refresh
    from customers.services.segments import create_segment

    tree = {"all": [{"field": "turnover", "operator": "gte", "value": "500.00"}]}
    segment = create_segment(name="Bench", tree=tree, user=None, at=at)
    grouping = make_grouping(segment=segment)
    started = time.monotonic()
    refresh(grouping.pk, at=at)
    return grouping.customers.count(), time.monotonic() - started


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps({"run": run}[sys.argv[1]](**json.loads(sys.argv[2]))), flush=True)
