"""Promotional codes from and to files: a list in, one result a line; a pool out, as CSV."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from campaigns import codes
from campaigns.models import PromoCodePool
from campaigns.services.promo_codes import (
    BATCH,
    MOST_AT_ONCE,
    Terms,
    TooManyCodes,
    customers_named,
    insert_codes,
    refuse_empty_window,
)
from customers.models import Customer


@dataclass(frozen=True, slots=True)
class ImportedLine:
    """What became of one line: `result` is created, repeated, invalid, taken or customer_unknown."""

    line: int
    code: str
    result: str


@transaction.atomic
def import_codes(*, pool: PromoCodePool, text: str, terms: Terms) -> list[ImportedLine]:
    """Add the codes of a text: one on each line, optionally followed by a customer's document, code or card.

    Columns are separated by comma, semicolon or tab; a heading line `code` is skipped. Good lines are kept whatever
    the others hold. Raises TooManyCodes, WindowEmpty.
    """
    refuse_empty_window(terms)
    rows = _rows(text)
    if len(rows) > MOST_AT_ONCE:
        raise TooManyCodes("text")
    customers = customers_named({owner for _line, _code, owner in rows if owner})
    results: dict[int, ImportedLine] = {}
    wanted: dict[str, tuple[int, Customer | None]] = {}
    for line, code, owner in rows:
        if not codes.is_word(code):
            results[line] = ImportedLine(line, code, "invalid")
        elif code in wanted:
            results[line] = ImportedLine(line, code, "repeated")
        elif owner and owner not in customers:
            results[line] = ImportedLine(line, code, "customer_unknown")
        else:
            wanted[code] = (line, customers.get(owner))
    created: set[str] = set()
    entries = [(code, customer) for code, (_line, customer) in wanted.items()]
    for start in range(0, len(entries), BATCH):
        created.update(insert_codes(pool, entries[start : start + BATCH], terms))
    for code, (line, _customer) in wanted.items():
        results[line] = ImportedLine(line, code, "created" if code in created else "taken")
    return [results[line] for line in sorted(results)]


def import_summary(lines: Sequence[ImportedLine]) -> dict[str, int]:
    """Count the results of an import; what did not happen is left out."""
    return dict(Counter(line.result for line in lines))


def _rows(text: str) -> list[tuple[int, str, str]]:
    lines = text.lstrip("\ufeff").splitlines()
    sample = next((line for line in lines if line.strip()), "")
    delimiter = next((mark for mark in ";\t," if mark in sample), ",")
    found = []
    for position, cells in enumerate(csv.reader(lines, delimiter=delimiter), start=1):
        code = codes.normalize(cells[0]) if cells else ""
        if not code or (position == 1 and code in ("CODE", "CÓDIGO", "CODIGO")):
            continue
        found.append((position, code, cells[1].strip() if len(cells) > 1 else ""))
    return found


_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def export_codes(pool: PromoCodePool) -> Iterable[str]:
    """Yield a pool's codes as lines of CSV, a heading first. Cells cannot start a formula in a spreadsheet."""
    yield _csv_line(["code", "customer", "max_uses", "used", "starts_at", "expires_at", "active"])
    rows = pool.codes.select_related("customer").order_by("pk")
    for code in rows.iterator(chunk_size=2_000):
        yield _csv_line(
            [
                code.code,
                code.customer.code or code.customer.document if code.customer else "",
                code.max_uses,
                code.used,
                code.starts_at.isoformat() if code.starts_at else "",
                code.expires_at.isoformat() if code.expires_at else "",
                "1" if code.is_active else "0",
            ]
        )


def _csv_line(cells: Sequence[Any]) -> str:
    buffer = io.StringIO()
    texts = ["" if cell is None else str(cell) for cell in cells]
    csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(
        [f"'{text}" if text.startswith(_DANGEROUS) else text for text in texts]
    )
    return buffer.getvalue()
