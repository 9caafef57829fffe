"""Issuing vouchers: the preview over all customers, and the issue to every tenth against bare inserts of the same rows."""

from __future__ import annotations

from typing import Any

from bench.installation import Installation
from bench.own_database import answer, own_database, start
from bench.tables import table

TITLE = "Issuing vouchers in a run"
WHY_MISSED = ""
CUSTOMERS = 1_000_000
DATABASE = "fiel_issuing_bench"


def measure(installation: Installation) -> dict[str, Any]:
    """Return the seconds of the preview, vouchers a second, and the same rows a second by bare INSERT … SELECT."""
    _ = installation.stack
    with own_database(DATABASE) as url:
        found: dict[str, Any] = answer(start("bench.issuing_process", url, "run", {"customers": CUSTOMERS}))
    return {
        "customers": CUSTOMERS,
        "preview s": found["preview"],
        "issued": found["issued"],
        "issued/s": found["issued"] / found["issue"],
        "bare/s": found["issued"] / found["bare"],
        "ratio": found["bare"] / found["issue"],
    }


def rows(figures: dict[str, Any]) -> str:
    """Return the section."""
    head = ("", "vouchers a second", "ratio")
    measured: list[tuple[object, ...]] = [
        ("bare: INSERT … SELECT of the same rows, without keys or triggers", f"{figures['bare/s']:,.0f}", ""),
        (
            f"a run: codes, accounts, lots, entries, {figures['issued']:,} vouchers in batches that commit",
            f"{figures['issued/s']:,.0f}",
            f"{figures['ratio']:.3f}",
        ),
    ]
    return (
        f"One process, {figures['customers']:,} customers with a purchase each. The preview, one statement that goes through all of"
        f" them, takes {figures['preview s']:.1f} s.\n\n" + table(head, measured)
    )
