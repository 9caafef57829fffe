from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from campaigns.services.jobs import run_due_jobs


class Command(BaseCommand):
    help = (
        "Run the background jobs that wait, now and in this process: works without Redis and without workers."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, default=1_000, help="at most this many jobs")

    def handle(self, *, limit: int, **options: Any) -> None:
        outcomes = run_due_jobs(clock=timezone.now, limit=limit)
        self.stdout.write(
            " ".join(f"{state}={count}" for state, count in sorted(outcomes.items())) or "nothing to do"
        )
