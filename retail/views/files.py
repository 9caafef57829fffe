"""Tables (`retail.table_files`) as answers to a browser."""

import tempfile
from collections.abc import Iterable, Sequence
from typing import Any

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse

from retail.table_files import csv_lines, write_xlsx

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def csv_response(name: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponseBase:
    """Stream rows as `name`.csv."""
    response = StreamingHttpResponse(csv_lines(headings, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def xlsx_response(name: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponseBase:
    """Return rows as `name`.xlsx, built on disk."""
    target = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    write_xlsx(target, name, headings, rows)
    target.seek(0)
    return FileResponse(target, as_attachment=True, filename=f"{name}.xlsx", content_type=XLSX)
