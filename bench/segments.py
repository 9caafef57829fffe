"""Target 9: segments over a million customers and ten million sale lines, against the same question to the sales."""

from __future__ import annotations

from typing import Any

from bench.installation import Installation
from bench.own_database import answer, own_database, start
from bench.tables import at_least, at_most, table

TITLE = "Target 9: segments over 1,000,000 customers and 10,000,000 sale lines"
WHY_MISSED = """
Where a target is missed, and why: what is kept saves reading the sales of customers, not the customers themselves: a segment that many
are in looks at many rows. And a sale changes one row of metrics and one of each category that it has, each with its indexes, among
millions of rows of which few are in memory; that is several times the work of adding ten thousand sales in one statement.
"""
CUSTOMERS = 1_000_000
SALES = 3_333_334
LINES = 3
NEW_SALES = 10_000
RATIO, SECONDS, PRODUCT_SECONDS, UPKEEP = 50.0, 0.2, 1.0, 50.0
DATABASE = "fiel_segments_bench"
# question: what it is called on the page; whether it asks metrics alone, so that the target holds
QUESTIONS = {
    "best": ("turnover of twelve months among the best 1%, state, sex", "metrics"),
    "lost": ("turnover >= 300.00, no purchase for 90 days, state", "metrics"),
    "either": ("(turnover among the best 1% or 12 visits) and consent by e-mail", "mixed"),
    "category": ("2 units of a category in 6 months, sex", "products"),
    "all": ("every active customer of a state", ""),
}


def measure(installation: Installation) -> dict[str, Any]:
    """Return seconds of each question by our statement and by the sales, of filling, proof and rolling, and of upkeep."""
    _ = installation.stack
    with own_database(DATABASE) as url:
        arguments = {"customers": CUSTOMERS, "sales": SALES, "lines": LINES, "new_sales": NEW_SALES}
        found: dict[str, Any] = answer(start("bench.segments_process", url, "run", arguments))
    return found


def rows(figures: dict[str, Any]) -> str:
    """Return the section."""
    questions: list[tuple[object, ...]] = []
    for name, (label, kind) in QUESTIONS.items():
        one = figures["questions"][name]
        ratio = one["raw"] / one["ours"]
        verdict = ""
        if kind == "metrics":
            verdict = f"{at_least(ratio, RATIO)}; {at_most(one['ours'], SECONDS)}"
        elif kind == "products":
            verdict = at_most(one["ours"], PRODUCT_SECONDS)
        questions.append(
            (label, f"{one['count']:,}", f"{one['raw']:.3f}", f"{one['ours']:.3f}", f"{ratio:,.0f}", verdict)
        )
    upkeep = figures["upkeep us"]
    return (
        table(
            (
                "question",
                "customers",
                "the sales, s",
                "ours, s",
                "times faster",
                ">= 50 and <= 0.2 s; products <= 1 s",
            ),
            questions,
        )
        + "\n"
        + table(
            ("what a sale of 3 lines costs more", "microseconds", f"target <= {UPKEEP:.0f}"),
            [
                (
                    "in the database, 10,000 sales",
                    f"{upkeep['database']:.0f}",
                    at_most(upkeep["database"], UPKEEP),
                ),
                ("with the way there, one statement a sale", f"{upkeep['statement']:.0f}", ""),
            ],
        )
        + f"\nCounting everything anew takes {figures['filled s']:.0f} s, `manage.py verify_metrics` {figures['verify s']:.0f} s;"
        f" {figures['left']:,} customers whose sales left the twelve months in a day are brought up to date in"
        f" {figures['left s']:.1f} s. A grouping of {figures['members']:,} members is refreshed in {figures['refresh s']:.1f} s.\n"
    )
