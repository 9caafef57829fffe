from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from customers.services import metrics
from customers.verification import CHECKS, differences, kept


class Command(BaseCommand):
    help = (
        "Prove that the metrics of all customers (turnover, visits, first and last purchase, purchases by category and month)"
        " are what their sales come to. Reads only, while sales go on. Names what differs and exits with 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--rebuild",
            action="store_true",
            help="First count every customer anew, a few at a time; sales go on, and it may be stopped and run again.",
        )

    def handle(self, *, rebuild: bool, **options: Any) -> None:
        at = timezone.now()
        if rebuild:
            self.stdout.write(f"{metrics.rebuild(at=at)} customers counted anew.")
        found = differences()
        for one in found:
            self.stderr.write(f"{one.check} ({one.rows}): customer {one.customer}: {one.detail}")
        if found:
            raise CommandError(
                "The metrics are not what the sales come to. `verify_metrics --rebuild` counts them anew."
            )
        figures = kept(at=at)
        self.stdout.write(
            f"{len(CHECKS)} checks passed: customers={figures.customers} categories={figures.categories}"
            f" behind={figures.behind}"
        )
