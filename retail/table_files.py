"""Tables as files: CSV that a Brazilian Excel opens as it is, and XLSX, both written row by row."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

from django.utils.translation import get_language
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

# A spreadsheet runs cells that begin like this, or with the wide forms of these signs; text from customers must stay text.
_RUNNABLE = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Characters of CSV that are sent at once: a line each would be a million small pieces for a million rows.
_PIECE = 32_768
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


def csv_lines(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield a CSV file: with a byte order mark and semicolons, decimals as the active language writes them."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    comma = (get_language() or "").startswith("pt")
    buffer.write("\ufeff")
    writer.writerow([neutralised(str(title)) for title in headings])
    for row in rows:
        writer.writerow([_csv_cell(value, comma) for value in row])
        if buffer.tell() > _PIECE:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def write_xlsx(target: IO[bytes], name: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows as a workbook of one sheet, row by row: numbers and dates are real ones."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(name[:31])
    sheet.freeze_panes = "A2"
    titles = [WriteOnlyCell(sheet, value=str(title)) for title in headings]
    for title in titles:
        title.font = Font(bold=True)
    sheet.append(titles)
    for row in rows:
        sheet.append([_xlsx_cell(sheet, value) for value in row])
    book.save(target)


def neutralised(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_RUNNABLE) else text


def _csv_cell(value: Any, comma: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        text = f"{value:f}" if isinstance(value, Decimal) else str(value)
        return text.replace(".", ",") if comma else text
    if isinstance(value, datetime):
        return value.strftime("%d/%m/%Y %H:%M" if comma else "%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y" if comma else "%Y-%m-%d")
    return neutralised(str(value))


def _xlsx_cell(sheet: Any, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = _UNPRINTABLE.sub("", value)
    if not text.startswith("="):
        return text
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    return cell
