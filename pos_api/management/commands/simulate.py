import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from pos_api.decoding import parse_json
from pos_api.errors import as_problem, problem_document
from pos_api.problems import NotJson
from pos_api.services.simulation import company_zone, run_simulation


class Command(BaseCommand):
    help = (
        "Evaluate baskets against campaign documents, as POST /api/v1/simulations/ does. FILE holds one JSON document or "
        "one on each line; - reads lines from standard input. Writes one answer or problem document per line, in order, "
        "and nothing else."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="a file, or - for standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        self.zone = company_zone()
        if options["file"] == "-":
            for line in sys.stdin.buffer:
                self._answer_line(line)
            return
        try:
            data = Path(options["file"]).read_bytes()
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}") from error
        try:
            parse_json(data)
        except NotJson:
            lines = [line for line in data.splitlines() if line.strip()]
            if len(lines) > 1 and lines[0].rstrip().endswith(b"}"):
                for line in lines:
                    self._answer_line(line)
                return
        self._answer_line(data)

    def _answer_line(self, data: bytes) -> None:
        if not data.strip():
            return
        try:
            body = run_simulation(parse_json(data), now=timezone.now(), zone=self.zone)
        except Exception as error:
            problem = as_problem(error)
            if problem is None:
                raise
            body = problem_document(problem)
        self.stdout.write(msgspec.json.encode(body).decode())
        self.stdout.flush()
