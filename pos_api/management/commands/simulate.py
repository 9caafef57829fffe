import logging
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from pos_api.decoding import MAX_BULK_BODY, parse_json
from pos_api.errors import as_problem, defect, problem_document
from pos_api.problems import NotJson, TooLarge
from pos_api.services.simulation import company_zone, run_simulation

logger = logging.getLogger(__name__)
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Command(BaseCommand):
    help = (
        "Evaluate baskets against campaign documents, as POST /api/v1/simulations/ does. FILE holds one JSON document or "
        "one on each line; - reads lines from standard input. Writes one answer or problem document per line, in order, "
        "and nothing else. Empty lines are passed over. Exits with 1 when FILE is one document that is no JSON in UTF-8; "
        "of lines, the problem documents say which cannot be read, and the others are answered."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="a file, or - for standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        self.zone = company_zone()
        self.unreadable = 0
        if options["file"] == "-":
            self._answer(sys.stdin.buffer)
            return
        try:
            data = Path(options["file"]).read_bytes()
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}") from error
        holds_lines = _holds_lines(data)
        self._answer(data.split(b"\n") if holds_lines else [data])
        if self.unreadable and not holds_lines:
            raise CommandError(_("%(file)s could not be read.") % {"file": options["file"]})

    def _answer(self, lines: Iterable[bytes]) -> None:
        """Answer each line that is not empty; a reader that goes away ends it quietly."""
        mark = BYTE_ORDER_MARK
        try:
            for line in lines:
                # Editors on Windows begin a file with a mark that is no part of its first document.
                document = line.removeprefix(mark)
                mark = b""
                if document.strip():
                    self.stdout.write(self._answer_to(document))
                    self.stdout.flush()
        except BrokenPipeError:
            # The interpreter flushes once more on its way out, into a pipe that nobody reads.
            sys.stdout = None

    def _answer_to(self, data: bytes) -> str:
        try:
            if len(data) > MAX_BULK_BODY:
                raise TooLarge
            body = run_simulation(parse_json(data), now=timezone.now(), zone=self.zone)
        except Exception as error:
            self.unreadable += isinstance(error, NotJson | TooLarge)
            problem = as_problem(error)
            if problem is None:
                logger.exception("A simulation failed")
                problem = defect()
            body = problem_document(problem)
        return msgspec.json.encode(body).decode()


def _holds_lines(data: bytes) -> bool:
    """Say whether a file holds a document on each line, and not one document over several lines."""
    lines = [line for line in data.removeprefix(BYTE_ORDER_MARK).split(b"\n") if line.strip()]
    return len(lines) > 1 and any(_is_document(line) for line in lines)


def _is_document(line: bytes) -> bool:
    if not line.lstrip().startswith(b"{"):
        return False
    try:
        return isinstance(parse_json(line), dict)
    except NotJson:
        return False
