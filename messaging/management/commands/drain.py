from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from messaging.management.arguments import moment
from messaging.services.delivery import deliver_due, sweep_expired_leases


class Command(BaseCommand):
    help = "Send the messages that are due, now and in this process: works without Redis and without workers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, default=10_000, help="at most this many messages")
        parser.add_argument(
            "--at", type=moment, default=None, help="as if it were this moment (2026-11-22T10:00-03:00)"
        )

    def handle(self, *, limit: int, at: datetime | None, **options: Any) -> None:
        def clock() -> datetime:
            return at or timezone.now()

        requeued, in_doubt = sweep_expired_leases(at=clock())
        summary = deliver_due(clock=clock, limit=limit)
        counts = summary.as_document() | {"requeued": requeued}
        counts["in_doubt"] += in_doubt
        self.stdout.write(" ".join(f"{name}={count}" for name, count in counts.items()))
