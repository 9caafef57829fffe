"""One process of the ledger's benchmark: ``python -m bench.ledger_process JOB ARGUMENTS`` prints JSON on its last line."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

CHUNK = 100_000
LOTS_A_CUSTOMER = 10
LOOKUPS = 50


def _now() -> datetime:
    from django.utils import timezone

    return timezone.now()


def _account() -> Any:
    from customers.models import Customer
    from loyalty.models import Account

    code = uuid4().hex
    customer = Customer.objects.create(code=code, name=code)
    return Account.objects.create(customer=customer, kind="cashback", created_at=_now())


def open_account() -> dict[str, Any]:
    """Make the hot account, with one lot that nobody can empty, and the bare tables beside it."""
    from django.db import connection, transaction

    from loyalty.services.ledger import Credit, credit

    account, at = _account(), _now()
    with transaction.atomic():
        [made] = credit(
            [Credit(account=account, cause="adjustment:bench", amount=10**11, available_from=at)],
            occurred_at=at,
            at=at,
        )
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE raw_account (id bigint PRIMARY KEY, balance numeric(14,2) NOT NULL)")
        cursor.execute("INSERT INTO raw_account VALUES (1, 1000000000)")
        cursor.execute(
            "CREATE TABLE raw_entry (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account_id bigint NOT NULL,"
            " amount numeric(14,2) NOT NULL, cause text NOT NULL, recorded_at timestamptz NOT NULL)"
        )
    return {"customer": account.customer_id, "lot": made.lot_id}


def work(customer: int, lot: int) -> None:
    """Connect, then do for each line `JOB SECONDS` of the input that job for so long; print how often a second."""
    from django.db import connection

    connection.ensure_connection()
    jobs = {"raw": _raw(), "spend": _spend(customer, lot), "credit": _credit(customer)}
    print("ready", flush=True)
    for line in sys.stdin:
        job, seconds = line.split()
        once, started, done = jobs[job], time.monotonic(), 0
        while time.monotonic() - started < float(seconds):
            once(f"{job}:{uuid4().hex}")
            done += 1
        print(done / (time.monotonic() - started), flush=True)


def _raw() -> Callable[[str], None]:
    """Move a balance with bare statements on bare tables."""
    import psycopg2
    from django.db import connection as django_connection

    parameters = django_connection.get_connection_params()
    parameters.pop("cursor_factory", None)
    connection = psycopg2.connect(**parameters)
    cursor = connection.cursor()

    def once(cause: str) -> None:
        cursor.execute("SELECT balance FROM raw_account WHERE id = 1 FOR UPDATE")
        cursor.execute(
            "INSERT INTO raw_entry (account_id, amount, cause, recorded_at) VALUES (1, -0.01, %s, now())",
            [cause],
        )
        cursor.execute("UPDATE raw_account SET balance = balance - 0.01 WHERE id = 1")
        connection.commit()

    return once


def _spend(customer: int, lot: int) -> Callable[[str], None]:
    """Redeem a cent from the lot of the hot account, as a sale does."""
    from django.db import transaction

    from loyalty.services import ledger

    at = _now()

    def once(cause: str) -> None:
        with transaction.atomic(durable=True):
            ledger.lock_accounts(customer)
            ledger.spend([(lot, 1)], cause=cause, occurred_at=at, at=at)

    return once


def _credit(customer: int) -> Callable[[str], None]:
    """Make a lot of the hot account, as a sale does."""
    from django.db import transaction

    from loyalty.services import ledger

    at = _now()

    def once(cause: str) -> None:
        with transaction.atomic(durable=True):
            account = ledger.lock_accounts(customer)["cashback", None]
            made = ledger.Credit(
                account=account, cause=cause, amount=1, available_from=at, expires_at=at + timedelta(days=30)
            )
            ledger.credit([made], occurred_at=at, at=at)

    return once


def balances(entries: int) -> float:
    """Return the median milliseconds of looking up an account with so many entries, most of its lots spent."""
    from django.db import connection, transaction

    from loyalty.selectors.balances import balances as look_up
    from loyalty.services import ledger

    account, at = _account(), _now()
    lots = [
        ledger.Credit(account=account, cause=f"bench:{number}", amount=100, available_from=at)
        for number in range(entries // 2)
    ]
    with transaction.atomic():
        made = ledger.credit(lots, occurred_at=at, at=at)
        spent = [(one.lot_id, 100) for one in made[: -max(1, len(made) // 100)]]
        ledger.spend(spent, cause="sale:all", occurred_at=at, at=at)
        ledger.spend(
            [(one.lot_id, 50) for one in made[-max(1, len(made) // 100) :]],
            cause="sale:rest",
            occurred_at=at,
            at=at,
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE loyalty_lot, loyalty_account")
    times = []
    for _ in range(LOOKUPS):
        started = time.perf_counter()
        look_up(account.customer_id, at=at)
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def fill(lots: int) -> dict[str, Any]:
    """Make lots that have expired, ten a customer, in bulk."""
    from django.db import connection

    from customers.models import Customer

    names = [uuid4().hex for _ in range(max(1, lots // LOTS_A_CUSTOMER))]
    Customer.objects.bulk_create([Customer(code=name, name=name) for name in names], batch_size=5_000)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO loyalty_account (customer_id, kind, created_at) SELECT c.id, 'cashback', now()"
            " FROM customers_customer c WHERE NOT EXISTS (SELECT FROM loyalty_account a WHERE a.customer_id = c.id)"
        )
        for first in range(0, lots, CHUNK):
            cursor.execute(
                """
                WITH owners AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM loyalty_account),
                made AS (
                    INSERT INTO loyalty_lot (account_id, source, cause, campaign, earned, available_from, expires_at,
                                             awaits_review, terms, created_at)
                    SELECT o.id, 'adjustment', 'fill:' || n, '', 1 + n %% 50, now() - interval '90 days',
                           now() - (n %% 5000) * interval '1 minute', false, '{}', now() - interval '90 days'
                      FROM generate_series(%s::bigint, %s::bigint) n
                      JOIN owners o ON o.place = n %% (SELECT count(*) FROM owners)
                    RETURNING id, account_id, cause, earned)
                INSERT INTO loyalty_entry (lot_id, account_id, kind, amount, cause, reason, occurred_at, recorded_at)
                SELECT id, account_id, 'earn', earned, cause, '', now(), now() FROM made
                """,
                [first, min(first + CHUNK, lots) - 1],
            )
        cursor.execute("ANALYZE loyalty_lot, loyalty_account, loyalty_entry")
    return {"lots": lots}


def expire(lots: int) -> dict[str, Any]:
    """Post all that is due; return how long it took."""
    from loyalty.services.expiry import post_expired

    started = time.monotonic()
    posted = post_expired(at=_now(), limit=10 * lots)
    if posted != lots:
        raise RuntimeError(f"{posted} lots expired, not {lots}")
    return {"lots": posted, "seconds": time.monotonic() - started}


def verify() -> dict[str, Any]:
    """Prove the ledger; its sales exist in name only, which is the one thing that is not asked here."""
    from loyalty.models import Entry
    from loyalty.selectors.verification import problems

    started = time.monotonic()
    found = [problem for problem in problems() if problem.check != "entry_says_what_caused_it"]
    if found:
        raise RuntimeError(f"the ledger does not add up: {found[:3]}")
    return {"seconds": time.monotonic() - started, "entries": Entry.objects.count()}


JOBS: dict[str, Callable[..., Any]] = {
    "open": open_account,
    "work": work,
    "balances": balances,
    "fill": fill,
    "expire": expire,
    "verify": verify,
}

if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(JOBS[sys.argv[1]](**json.loads(sys.argv[2]))), flush=True)
