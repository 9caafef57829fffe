from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from messaging.management.arguments import moment
from messaging.services.notices import plan_vip_notices
from messaging.services.planning import plan_birthdays, plan_recoveries


class Command(BaseCommand):
    help = (
        "Put the birthday and recovery messages that are due, and the notices of VIP cards, into the outbox; running it "
        "twice adds nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--at", type=moment, default=None, help="as if it were this moment (2026-11-22T10:00-03:00)"
        )

    def handle(self, *, at: datetime | None, **options: Any) -> None:
        at = at or timezone.now()
        self.stdout.write(
            f"birthdays={plan_birthdays(at=at)} recoveries={plan_recoveries(at=at)} "
            f"vip_notices={plan_vip_notices(at=at)}"
        )
