"""Bulk upsert: a list in, one result per row out, and a wrong row never stops the others."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from pos_api.decoding import MAX_BULK_BODY
from pos_api.errors import field_problems
from pos_api.problems import invalid_field
from pos_api.validation import unclean_texts
from pos_api.views.base import answer, read_json

MAX_ROWS = 10_000


class RowResult(Protocol):
    """What became of one row: ``created``, ``updated``, ``unchanged`` or ``error``, which has ``errors``."""

    @property
    def index(self) -> int: ...
    @property
    def status(self) -> str: ...
    @property
    def instance(self) -> Any: ...
    @property
    def errors(self) -> Sequence[Any]: ...


def read_rows(request: Request) -> list[Any]:
    """Return the rows of a bulk request: a JSON list of 1 to 10,000, at most 32 MB.

    A single object is a list of one. Raises 400, 413, 415 or 422 problems.
    """
    raw = read_json(request, MAX_BULK_BODY)
    return check_rows([raw] if isinstance(raw, dict) else raw)


def check_rows(rows: Any) -> list[Any]:
    """Return ``rows`` when it is a list of 1 to 10,000. Raises 422 problems."""
    if not isinstance(rows, list):
        raise invalid_field("", "type", _("Must be a list of objects."))
    if not rows:
        raise invalid_field("", "too_short", _("Must have at least one row."))
    if len(rows) > MAX_ROWS:
        raise invalid_field("", "too_long", _("Must have at most %(n)d rows.") % {"n": MAX_ROWS})
    return rows


def upsert_answer(
    results: Sequence[RowResult], represent: Callable[[Any], dict[str, Any]] | None = None
) -> HttpResponse:
    """Answer ``{"summary": {...}, "results": [{"row", "status", ...}]}`` with one result per row, in order."""
    summary = {"created": 0, "updated": 0, "unchanged": 0, "error": 0}
    rows = []
    for result in results:
        summary[result.status] += 1
        row: dict[str, Any] = {"row": result.index, "status": result.status}
        if result.errors:
            row["errors"] = field_problems(result.errors)
        elif represent is not None:
            row.update(represent(result.instance))
        rows.append(row)
    return answer({"summary": summary, "results": rows})


def row_errors(row: Any) -> list[Any]:
    """Return errors for texts in ``row`` that hold characters which cannot be stored or seen."""
    return unclean_texts(row)
