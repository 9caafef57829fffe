from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from messaging.management.arguments import moment
from messaging.services.planning import plan_all


class Command(BaseCommand):
    help = "Put every message that is due into the outbox, of all occasions; running it twice adds nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--at", type=moment, default=None, help="as if it were this moment (2026-11-22T10:00-03:00)"
        )

    def handle(self, *, at: datetime | None, **options: Any) -> None:
        at = at or timezone.now()
        counts = plan_all(at=at)
        self.stdout.write(" ".join(f"{occasion}={count}" for occasion, count in counts.items()))
        if None in counts.values():
            raise CommandError("Some messages could not be planned; the log says why.")
