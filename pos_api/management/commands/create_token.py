from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from pos_api.services.credentials import issue_user_token


class Command(BaseCommand):
    help = "Make a token for a person's programs and print it. It cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="name of an active user")
        parser.add_argument("--name", default="", help="what the token is for")

    def handle(self, *args: Any, **options: Any) -> None:
        users = get_user_model()
        user = users.objects.filter(**{users.USERNAME_FIELD: options["user"]}, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {options['user']!r}.")
        _token, credential = issue_user_token(user=user, at=timezone.now(), name=options["name"][:80])
        self.stdout.write(credential)
