"""Target 7: posting to one hot account; expiry over a million lots; the balance of an account with ten thousand entries."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from bench.installation import Installation
from bench.own_database import answer, own_database, start
from bench.tables import at_least, table

TITLE = "Target 7: the ledger, 8 processes on one account"
WHY_MISSED = """
Where the target is missed, and why: eight senders wait for one account's row, so that what counts is how long one of them
holds it. Ours holds it for two statements and triggers that move lot and account and refuse what must not be; the
bare one for a row without keys, conditions or triggers. Two customers never wait for each other.
"""
PROCESSES = 8
ROUNDS = 3
SECONDS = 3.0
TARGET = 0.5
LOTS = 1_000_000
ENTRIES = (100, 10_000)
DATABASE = "fiel_ledger_bench"


def measure(installation: Installation) -> dict[str, Any]:
    """Return postings a second through the services and by bare statements, expired lots a second, and look-up times."""
    _ = installation.stack
    with own_database(DATABASE) as url:
        best = _rates(url, _run(url, "open"))
        balances = {str(entries): _run(url, "balances", entries=entries) for entries in ENTRIES}
        filled = _run(url, "fill", lots=LOTS)
        expired = _run(url, "expire", lots=LOTS)
        verified = _run(url, "verify")
    return {
        "processes": PROCESSES,
        "postings/s": best,
        "ratio": best["spend"] / best["raw"],
        "balances ms": balances,
        "lots": filled["lots"],
        "expired/s": expired["lots"] / expired["seconds"],
        "verify s": verified["seconds"],
        "verify entries": verified["entries"],
    }


def _rates(url: str, account: dict[str, Any]) -> dict[str, float]:
    """Return how often a second eight processes do each job together on one account; of some rounds the best."""
    rates: dict[str, list[float]] = {"raw": [], "spend": [], "credit": []}
    workers = [_start(url, "work", account) for _ in range(PROCESSES)]
    try:
        for worker in workers:
            _line(worker)  # it has connected
        for number in range(ROUNDS + 1):
            for job in rates:
                for worker in workers:
                    _tell(worker, f"{job} {SECONDS}")
                together = sum(json.loads(_line(worker)) for worker in workers)
                if number:  # the first round warms up
                    rates[job].append(together)
    finally:
        for worker in workers:
            worker.communicate()
    return {job: max(found) for job, found in rates.items()}


def _tell(worker: subprocess.Popen[str], text: str) -> None:
    assert worker.stdin is not None
    worker.stdin.write(f"{text}\n")
    worker.stdin.flush()


def _line(worker: subprocess.Popen[str]) -> str:
    assert worker.stdout is not None
    text = worker.stdout.readline()
    if not text:
        raise RuntimeError("a process of the ledger's benchmark ended early")
    return text


def _run(url: str, job: str, **arguments: Any) -> Any:
    return answer(_start(url, job, arguments))


def _start(url: str, job: str, arguments: dict[str, Any]) -> subprocess.Popen[str]:
    return start("bench.ledger_process", url, job, arguments)


def rows(figures: dict[str, Any]) -> str:
    """Return the section: postings against bare statements, expiry, look-ups."""
    posted = figures["postings/s"]
    ratio = figures["ratio"]
    names = {
        "raw": "bare: SELECT FOR UPDATE, INSERT, UPDATE, COMMIT",
        "spend": "our services: lock the accounts, redeem from a lot",
        "credit": "our services: lock the accounts, make a lot",
    }
    measured: list[tuple[object, ...]] = [
        (
            names[job],
            f"{rate:,.0f}",
            f"{rate / posted['raw']:.2f}" if job != "raw" else "",
            at_least(ratio, TARGET) if job == "spend" else "",
        )
        for job, rate in posted.items()
    ]
    times: list[tuple[object, ...]] = [
        (f"{int(entries):,}", f"{milliseconds:.2f}")
        for entries, milliseconds in figures["balances ms"].items()
    ]
    return (
        table(
            (f"{figures['processes']} processes, one account", "a second", f"ratio (target >= {TARGET})", ""),
            measured,
        )
        + "\nWhat a customer has, by account:\n\n"
        + table(("entries on the account", "milliseconds (median)"), times)
        + f"\nExpiry of {figures['lots']:,} lots that are due: {figures['expired/s']:,.0f} lots a second by one process. `manage.py"
        f" verify_ledger` over {figures['verify entries']:,} entries: {figures['verify s']:.1f} s.\n"
    )
