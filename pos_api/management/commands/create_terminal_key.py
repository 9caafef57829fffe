from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from pos_api.services.credentials import issue_terminal_key
from retail.models import Terminal


class Command(BaseCommand):
    help = "Make a key for a terminal and print it. It cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("store", help="code of the store")
        parser.add_argument("terminal", help="code of the terminal")
        parser.add_argument("--test", action="store_true", help="a key for trying things out (fiel_test_...)")
        parser.add_argument("--name", default="", help="what the key is for")

    def handle(self, *args: Any, **options: Any) -> None:
        terminal = Terminal.objects.filter(
            store__code=options["store"], code=options["terminal"], is_active=True, store__is_active=True
        ).first()
        if terminal is None:
            raise CommandError(f"Store {options['store']!r} has no active terminal {options['terminal']!r}.")
        _key, credential = issue_terminal_key(
            terminal=terminal, at=timezone.now(), name=options["name"][:80], is_test=options["test"]
        )
        self.stdout.write(credential)
