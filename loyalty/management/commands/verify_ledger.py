from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from loyalty.selectors.verification import CHECK_NAMES, Figures, Problem, figures, problems


class Command(BaseCommand):
    help = (
        "Prove that the whole ledger adds up: balances, lots, entries and debts, and that what expires first was spent"
        " first. Reads only, at one moment, while sales go on. Names the rows and exits with 1 when it does not."
    )

    def handle(self, **options: Any) -> None:
        found = problems()
        for one in figures(at=timezone.now()):
            self.stdout.write(_line(one))
            if one.earned != one.accounted_for:
                detail = f"earned {one.earned}, accounted for {one.accounted_for}"
                found.append(Problem("all_that_was_earned_is_accounted_for", one.kind, 0, detail, 1))
        for problem in found:
            self.stderr.write(
                f"{problem.check} ({problem.rows}): {problem.table} {problem.row}: {problem.detail}"
            )
        if found:
            raise CommandError(
                f"The ledger does not add up: {len({one.check for one in found})} checks failed."
            )
        self.stdout.write(f"{len(CHECK_NAMES)} checks passed: the ledger adds up.")


def _line(one: Figures) -> str:
    parts = [f"accounts={one.accounts}", f"lots={one.lots}", f"earned={one.earned}"]
    parts += [
        f"{name}={getattr(one, name)}"
        for name in (
            "pending",
            "available",
            "redeemed",
            "expired",
            "forfeited",
            "reversed",
            "voided",
            "settled",
            "adjusted",
        )
    ]
    return f"{one.kind}: {' '.join(parts)}"
