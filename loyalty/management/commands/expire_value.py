from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from loyalty.services.expiry import post_expired


class Command(BaseCommand):
    help = (
        "Post what has expired of points, stamps and cashback, now and in this process: works without Redis and"
        " without workers. Nobody can spend what has expired, whether this has run or not."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, default=1_000_000, help="at most this many lots")

    def handle(self, *, limit: int, **options: Any) -> None:
        self.stdout.write(f"expired={post_expired(at=timezone.now(), limit=limit)}")
