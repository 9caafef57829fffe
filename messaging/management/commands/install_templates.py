from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from messaging.services.standard_templates import install_standard_templates


class Command(BaseCommand):
    help = "Save the standard text of every automation, and ANNIV and its kin, wherever none is; what is there stays as it is."

    def handle(self, **options: Any) -> None:
        found = install_standard_templates(at=timezone.now())
        self.stdout.write(f"{found.added} texts were added.")
        if found.refused:
            names = ", ".join(str(template) for template in found.refused)
            # An update goes on: whoever shortens the names adds them from the list of templates.
            self.stderr.write(f"Too long with this company's name, or otherwise refused: {names}")
