from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from pos_api.demo.build import Demo, NotADemo


class Command(BaseCommand):
    help = (
        "Fill an empty database with a believable chain: stores, tills, products, customers, campaigns, sales. "
        "Running it again adds what is missing and changes nothing else."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--password", help="of the users; a random one is made and printed otherwise")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("Sample data is not for production (FIEL_ENV=production).")
        try:
            lines = Demo(at=timezone.now(), password=options["password"]).build()
        except NotADemo as error:
            raise CommandError(str(error)) from error
        for line in lines:
            self.stdout.write(line)
