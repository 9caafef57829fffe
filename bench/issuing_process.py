"""The process of the issuing benchmark: ``python -m bench.issuing_process run ARGUMENTS`` prints JSON on its last line."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

# The tables of which a voucher has one row each.
TABLES = (
    "loyalty_account",
    "loyalty_storedvalue",
    "loyalty_storedvaluecode",
    "loyalty_lot",
    "loyalty_entry",
)


def run(customers: int) -> dict[str, Any]:
    """Fill the database, preview and issue one run, and insert the same rows into bare tables."""
    from django.db import transaction
    from django.utils import timezone

    from loyalty.models import AccountKind
    from loyalty.selectors.stored_values import usual_type
    from loyalty.services import issuing_runs

    _fill(customers)
    at = timezone.now()
    values = {
        "name": "bench",
        "type": usual_type(AccountKind.VOUCHER),
        "minimum_visits": 1,
        "tiers": [{"from": "100.00", "percent": "5"}],
        "valid_days": 30,
    }
    started = time.monotonic()
    with transaction.atomic():
        made = issuing_runs.save_run(run=None, values=values, user=None, at=at)
        made = issuing_runs.preview(made, at=at)
    previewed = time.monotonic()
    with transaction.atomic():
        issuing_runs.confirm(made, version=None, accepts_overlap=False, user=None, at=at)
    begun, issued = time.monotonic(), 0
    while True:
        with transaction.atomic():
            batch = issuing_runs.issue_batch(made, limit=issuing_runs.BATCH)
        if not batch:
            break
        issued += batch
    ended = time.monotonic()
    return {"preview": previewed - started, "issue": ended - begun, "issued": issued, "bare": _bare()}


def _fill(customers: int) -> None:
    """Make customers with one purchase each, of which every tenth is of 100.00 or more."""
    from django.db import connection
    from django.utils import timezone

    from customers.models import Customer
    from retail.models import Store, Terminal

    store = Store.objects.create(code="bench", name="bench")
    terminal = Terminal.objects.create(store=store, code="1", name="1")
    now = timezone.now()
    # The others are like this one, whatever columns a customer has.
    first = Customer.objects.create(code="B0", created_at=now)
    names = ", ".join(
        str(field.column) for field in Customer._meta.concrete_fields if field.name not in ("id", "code")
    )
    with connection.cursor() as cursor:
        # What is filled in here refers to what exists: that is not looked up row by row.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            f"INSERT INTO customers_customer (code, {names}) SELECT 'B' || n, {names}"  # noqa: S608
            "  FROM customers_customer, generate_series(1, %s) n WHERE id = %s",
            [customers - 1, first.pk],
        )
        cursor.execute(
            """
            INSERT INTO retail_sale (uuid, store_id, terminal_id, business_date, ticket, state, customer_id, operation,
                occurred_at, received_at, gross, markdown, exchange, discount, redeemed, net, delivery_fee,
                delivery_discount, charged, plan_version, fingerprint, request, flags)
            SELECT gen_random_uuid(), %(store)s, %(terminal)s, %(now)s::date, id, 'committed', id, 'sale', %(now)s, %(now)s,
                   worth, 0, 0, 0, 0, worth, 0, 0, worth, 1, '', '{}', '[]'
              FROM (SELECT id, 10 + id %% 100 AS worth FROM customers_customer) AS bought
            """,
            {"store": store.pk, "terminal": terminal.pk, "now": now},
        )
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("ANALYZE customers_customer, retail_sale")


def _bare() -> float:
    """Return the seconds of inserting what was issued into tables without keys, conditions or triggers."""
    from django.db import connection

    seconds = 0.0
    with connection.cursor() as cursor:
        for name in TABLES:
            cursor.execute(f"CREATE TABLE bare_{name} (LIKE {name})")
            started = time.monotonic()
            cursor.execute(f"INSERT INTO bare_{name} SELECT * FROM {name}")  # noqa: S608
            seconds += time.monotonic() - started
    return seconds


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps({"run": run}[sys.argv[1]](**json.loads(sys.argv[2]))), flush=True)
