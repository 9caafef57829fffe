from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from messaging.management.arguments import moment
from messaging.services.delivery import deliver_due, sweep_expired_leases
from messaging.services.mailing_clock import advance_mailings
from messaging.webhooks.services.delivery import deliver_due as deliver_webhooks
from messaging.webhooks.services.delivery import sweep

LONGEST = timedelta(minutes=5)


class Command(BaseCommand):
    help = "Send the messages and webhooks that are due, now and in this process: works without Redis and without workers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, default=10_000, help="at most this many of each")
        parser.add_argument(
            "--at", type=moment, default=None, help="as if it were this moment (2026-11-22T10:00-03:00)"
        )

    def handle(self, *, limit: int, at: datetime | None, **options: Any) -> None:
        def clock() -> datetime:
            return at or timezone.now()

        # What a mailing's moment asks for is a job: `manage.py run_jobs` gathers its people.
        advance_mailings(at=clock())
        requeued, in_doubt = sweep_expired_leases(at=clock())
        summary = deliver_due(clock=clock, limit=limit)
        counts = summary.as_document() | {"requeued": requeued}
        counts["in_doubt"] += in_doubt
        advance_mailings(at=clock())
        self.stdout.write(_line(counts))
        requeued, closed = sweep(at=clock())
        webhooks = deliver_webhooks(clock=clock, limit=limit, longest=LONGEST).as_document()
        self.stdout.write("webhooks: " + _line(webhooks | {"requeued": requeued, "closed": closed}))


def _line(counts: Mapping[str, int]) -> str:
    return " ".join(f"{name}={count}" for name, count in counts.items())
