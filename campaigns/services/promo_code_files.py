"""Promotional codes from and to files: a short list in at once, one result a line; a pool out."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from campaigns.models import ImportResult, PromoCode, PromoCodePool
from campaigns.models.promo_code import CodeState, code_state
from campaigns.services import promo_code_refusals as refusals
from campaigns.services.promo_codes import (
    MOST_AT_ONCE,
    Terms,
    customers_named,
    insert_codes,
    refuse_empty_window,
    revision_at_issue,
)
from retail import codes

_HEADINGS = frozenset({"CODE", "CÓDIGO", "CODIGO", "PROMO_CODE", "CUPOM"})
# Longer than any code or document: what is cut off was not one anyway.
_CELL = 80
# More than any such line has; the CSV reader refuses cells of 131,072 characters.
_LINE = 1_000


@dataclass(frozen=True, slots=True)
class ImportedLine:
    """What became of one line: `result` is an ImportResult."""

    line: int
    code: str
    result: str


@transaction.atomic
def import_codes(
    *, pool: PromoCodePool, text: str, terms: Terms, at: datetime, only_check: bool = False
) -> list[ImportedLine]:
    """Add the codes of a short text: one on each line, optionally followed by a customer's document, code or card.

    Columns are separated by comma, semicolon or tab; a heading line `code` is skipped. Good lines are kept whatever
    the others hold; with `only_check` none is, and good lines say so. Raises TooManyAtOnce, WindowEmpty, CampaignNotLive.
    """
    refuse_empty_window(terms)
    revision = revision_at_issue(pool)
    rows = []
    for row in read_lines(text.splitlines()):
        rows.append(row)
        if len(rows) > MOST_AT_ONCE:
            raise refusals.TooManyAtOnce("lines")
    customers = customers_named({owner for _line, _code, owner in rows if owner})
    results: dict[int, str] = {}
    wanted: dict[str, tuple[int, int | None]] = {}
    for line, code, owner in rows:
        if not codes.is_word(code):
            results[line] = ImportResult.INVALID
        elif code in wanted:
            results[line] = ImportResult.REPEATED
        elif owner and owner not in customers:
            results[line] = ImportResult.CUSTOMER_UNKNOWN
        else:
            wanted[code] = (line, customers[owner].pk if owner else None)
    if only_check:
        taken = set(PromoCode.objects.filter(code__in=wanted).values_list("code", flat=True))
        kept, word = set(wanted) - taken, ImportResult.GOOD
    else:
        owners = [customer for _line, customer in wanted.values()]
        kept = set(insert_codes(pool, list(wanted), terms, customers=owners, revision=revision, at=at))
        word = ImportResult.CREATED
    for code, (line, _customer) in wanted.items():
        results[line] = word if code in kept else ImportResult.TAKEN
    return [ImportedLine(line, code, str(results[line])) for line, code, _owner in rows]


def import_summary(lines: Sequence[ImportedLine]) -> dict[str, int]:
    """Count the results of an import; what did not happen is left out."""
    return dict(Counter(line.result for line in lines))


def read_lines(lines: Iterable[str]) -> Iterator[tuple[int, str, str]]:
    """Yield line number, code and customer of each line that has a code; the first may be a heading."""
    delimiter = ""
    for position, line in enumerate(lines, start=1):
        line = line.lstrip("\ufeff") if position == 1 else line
        if not line.strip():
            continue
        delimiter = delimiter or next((mark for mark in ";\t," if mark in line), "")
        # Cells are short and hold no line breaks: one that opens a quote and never closes it ends with its line.
        cells = next(csv.reader([line[:_LINE]], delimiter=delimiter or ","), [])
        code = codes.normalize(cells[0].replace("\x00", "")) if cells else ""
        if not code or (position == 1 and code in _HEADINGS):
            continue
        yield position, code[:_CELL], cells[1].replace("\x00", "").strip()[:_CELL] if len(cells) > 1 else ""


_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_EXPORT_BATCH = 5_000


class ExportedCode(NamedTuple):
    """A code as files tell of it. `customer` is whose it is, None for anybody's."""

    code: str
    customer: str | int | None
    state: CodeState
    max_uses: int | None
    max_uses_per_customer: int | None
    used: int
    starts_at: datetime | None
    expires_at: datetime | None
    active: bool
    created_at: datetime


def export_codes(pool: PromoCodePool, *, with_documents: bool, at: datetime) -> Iterator[str]:
    """Yield a pool's codes as CSV for programs, a heading first. Cells cannot start a formula in a spreadsheet."""
    yield csv_line(ExportedCode._fields)
    for found in exported_codes(pool, with_documents=with_documents, at=at):
        yield csv_lines(_cells(code) for code in found)


def exported_codes(
    pool: PromoCodePool, *, with_documents: bool, at: datetime
) -> Iterator[list[ExportedCode]]:
    """Yield a pool's codes, some thousands at a time: a million take no more memory than the first.

    A customer without a code of the chain's own is named by the document, for whoever may see it, or else by the id.
    """
    # Values, not objects: a million of those take four times as long.
    rows = pool.codes.order_by("pk").values_list(
        "pk",
        "code",
        "customer__code",
        "customer__document" if with_documents else "customer_id",
        "max_uses",
        "max_uses_per_customer",
        "used",
        "starts_at",
        "expires_at",
        "is_active",
        "created_at",
    )
    last = 0
    while found := list(rows.filter(pk__gt=last)[:_EXPORT_BATCH]):
        last = found[-1][0]
        yield [_exported(row, pool, at) for row in found]


def _exported(row: tuple[Any, ...], pool: PromoCodePool, at: datetime) -> ExportedCode:
    _pk, code, own_code, otherwise, max_uses, personal, used, starts_at, expires_at, active, created_at = row
    state = code_state(
        pool_is_active=pool.is_active,
        is_active=active,
        used=used,
        max_uses=max_uses,
        starts_at=starts_at,
        expires_at=expires_at,
        at=at,
    )
    return ExportedCode(
        code=code,
        customer=own_code or otherwise,
        state=state,
        max_uses=max_uses,
        max_uses_per_customer=personal,
        used=used,
        starts_at=starts_at,
        expires_at=expires_at,
        active=active,
        created_at=created_at,
    )


def _cells(code: ExportedCode) -> list[Any]:
    return [
        *code[:2],
        code.state.value,
        *code[3:6],
        code.starts_at and code.starts_at.isoformat(),
        code.expires_at and code.expires_at.isoformat(),
        "1" if code.active else "0",
        code.created_at.isoformat(),
    ]


def csv_line(cells: Sequence[Any]) -> str:
    """Return one line of CSV, every cell quoted and none a formula."""
    return csv_lines([cells])


def csv_lines(rows: Iterable[Sequence[Any]]) -> str:
    """Return lines of CSV, every cell quoted and none a formula."""
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(
        [_harmless(cell) for cell in cells] for cells in rows
    )
    return buffer.getvalue()


def _harmless(cell: Any) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_DANGEROUS) else text
