from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from loyalty.services.rights import RoleHasMore, UnknownRole, grant_rights


class Command(BaseCommand):
    help = (
        "Give an existing database role what the application needs: all tables, but of the ledger only reading and"
        " adding. Run it as the owner of the tables, after every migration."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("role", help="made before with CREATE ROLE ... LOGIN")

    def handle(self, *, role: str, **options: Any) -> None:
        try:
            grant_rights(role)
        except UnknownRole as error:
            raise CommandError(f"There is no role {role}: CREATE ROLE {role} LOGIN PASSWORD '...'") from error
        except RoleHasMore as error:
            raise CommandError(
                f"{role} is a superuser or owns the tables; nothing can be kept from it."
            ) from error
        self.stdout.write(f"{role} can run the application, and cannot rewrite the ledger.")
