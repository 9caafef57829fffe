"""What the processes of the ledger's concurrency tests do. Each starts afresh and connects by itself."""

import multiprocessing
import os
from datetime import datetime
from typing import Any

import psycopg2

# Processes that inherit no connection of ours.
fresh = multiprocessing.get_context("spawn")


def in_processes(work: Any, jobs: list[tuple[Any, ...]]) -> list[Any]:
    """Run `work(*job)` for each job in a process of its own, all at once; return what they return."""
    with fresh.Pool(len(jobs)) as pool:
        return pool.starmap_async(work, jobs, chunksize=1).get(timeout=180)


def spend_one_by_one(database_url: str, customer_id: int, name: str, attempts: int, at: datetime) -> int:
    """Spend 1.00 `attempts` times as a sale does: lock the accounts, read, take what expires first."""
    os.environ["DATABASE_URL"] = database_url
    import django

    django.setup()
    from django.db import transaction

    from loyalty.rules import take_in_order
    from loyalty.selectors.balances import usable_lots
    from loyalty.services.ledger import lock_accounts, spend

    granted = 0
    for number in range(attempts):
        with transaction.atomic(durable=True):
            account = lock_accounts(customer_id)["cashback", None]
            lots = usable_lots([account.pk], at=at).get(account.pk, [])
            takes = take_in_order(1_00, [(lot.id, lot.remaining) for lot in lots])
            if sum(part for _lot, part in takes) == 1_00:
                spend(takes, cause=f"sale:{name}-{number}", occurred_at=at, at=at)
                granted += 1
    return granted


def spend_unlocked(database_url: str, lot_ids: list[int], name: str, attempts: int, at: datetime) -> int:
    """Spend 1.00 `attempts` times without any lock: the database itself must refuse what is not left."""
    os.environ["DATABASE_URL"] = database_url
    import django

    django.setup()
    from django.db import transaction

    from loyalty.services.ledger import spend
    from loyalty.services.refusals import InsufficientValue

    granted = 0
    for number in range(attempts):
        try:
            with transaction.atomic(durable=True):
                lot = lot_ids[number % len(lot_ids)]
                spend([(lot, 1_00)], cause=f"sale:{name}-{number}", occurred_at=at, at=at)
        except InsufficientValue:
            continue
        granted += 1
    return granted


def read_check_write(database_url: str, attempts: int, barrier: Any) -> int:
    """What the ledger must not do: read a balance, compare, write what was read less one."""
    connection = psycopg2.connect(database_url)
    granted = 0
    with connection.cursor() as cursor:
        for _attempt in range(attempts):
            barrier.wait(60)
            cursor.execute("SELECT balance FROM naive_account")
            [balance] = cursor.fetchone()
            if balance >= 1:
                cursor.execute("UPDATE naive_account SET balance = %s", [balance - 1])
                granted += 1
            connection.commit()
    connection.close()
    return granted
