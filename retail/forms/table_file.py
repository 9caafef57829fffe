"""Tables that people upload: CSV as Excel writes it, or XLSX. Cells become text, exactly as they are meant."""

import csv
import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

MAX_BYTES = 16 * 1024 * 1024
# A small file can unpack into a huge one.
_MAX_UNPACKED = 256 * 1024 * 1024
MAX_ROWS = 100_000
_MAX_COLUMNS = 100
# What zipfile, the XML parser (a SyntaxError) and openpyxl raise for files that are damaged or encrypted.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    InvalidFileException,
    SyntaxError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    RuntimeError,
    EOFError,
    OSError,
)


def read_table(file: UploadedFile) -> list[list[str]]:
    """Return the rows of a CSV or XLSX file, without empty ones. Raises ValidationError."""
    if (file.size or 0) > MAX_BYTES:
        raise ValidationError(_("The file is larger than 16 MB. Divide it."), code="too_large")
    content = file.read()
    rows = _xlsx_rows(content) if content[:2] == b"PK" else _csv_rows(content)
    found: list[list[str]] = []
    for row in rows:
        cells = row[:_MAX_COLUMNS]
        if any(cells):
            found.append(cells)
        if len(found) > MAX_ROWS:
            raise ValidationError(_("The file has too many rows. Divide it."), code="too_many_rows")
    return found


def bare(text: str) -> str:
    """Return a heading without what people write differently: accents, spaces, signs, capitals."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]", "", plain)


def _csv_rows(content: bytes) -> Iterator[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What older Excels in Brazil save.
        text = content.decode("cp1252", errors="replace")
    if "\x00" in text:
        raise ValidationError(_("This is neither a CSV nor an XLSX file."), code="format")
    first = text.partition("\n")[0]
    delimiter = max(";\t,", key=first.count)
    try:
        for row in csv.reader(io.StringIO(text), delimiter=delimiter):
            yield [cell.strip() for cell in row]
    except csv.Error as error:
        raise ValidationError(_("This is neither a CSV nor an XLSX file."), code="format") from error


def _xlsx_rows(content: bytes) -> Iterator[list[str]]:
    wrong = ValidationError(_("This is neither a CSV nor an XLSX file."), code="format")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MAX_UNPACKED:
                raise ValidationError(_("The file is larger than 16 MB. Divide it."), code="too_large")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        for row in book.worksheets[0].iter_rows(values_only=True):
            yield [_text(cell) for cell in row]
    except _BROKEN as error:
        raise wrong from error


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    # Excel keeps every number as a float: 7891000100103.0 is a barcode, 12.9 a price.
    text = repr(cell) if not isinstance(cell, str) else cell
    if not isinstance(cell, str) and text.endswith(".0"):
        text = text.removesuffix(".0")
    return text.strip()
