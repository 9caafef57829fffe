"""Taking the customers of a segment out as a file: asked for, written by a background job, logged, removed after some days."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from io import SEEK_END
from typing import IO, Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from customers.documents import mask
from customers.models import (
    ExportFormat,
    Segment,
    SegmentExport,
    SegmentExportDownload,
    SegmentExportPart,
    Sex,
    window_start,
)
from customers.segments.statements import segment_ids_sql
from customers.segments.tree import stored_tree
from retail.selectors.company import company_zone
from retail.table_files import csv_lines, write_xlsx

# How long a file can be fetched.
KEPT = timedelta(days=3)
BATCH = 2_000
PART = 1024 * 1024
# A sheet has 1,048,576 rows, one of them the headings.
MOST_XLSX = 1_048_575
Progress = Callable[[int, int], None]

HEADINGS = (
    _("Code"),
    _("Name"),
    _("CPF or CNPJ"),
    _("E-mail"),
    _("Phone"),
    _("Loyalty card"),
    _("Birth date"),
    _("Sex"),
    _("City"),
    _("State (UF)"),
    _("Postal code"),
    _("Home store"),
    _("Turnover in twelve months"),
    _("Purchases in twelve months"),
    _("Last purchase"),
)

_ROWS = """
SELECT c.code, c.name, c.document, c.email, c.phone, c.card, c.birth_date, c.sex, c.city, c.state, c.postal_code,
       h.name, coalesce(s.turnover, m.turnover, 0), coalesce(s.visits, m.visits, 0), (m.last_at AT TIME ZONE %s)::date
  FROM unnest(%s::bigint[]) AS w(id)
  JOIN customers_customer c ON c.id = w.id
  LEFT JOIN retail_store h ON h.id = c.home_store_id
  LEFT JOIN customers_customermetrics m ON m.customer_id = c.id
  -- Only where the clock has overtaken the metrics, and `let_old_sales_leave` has not: customers.segments.metric_fields.
  LEFT JOIN LATERAL (
       SELECT coalesce(sum(net), 0) AS turnover, count(*) AS visits
         FROM retail_sale WHERE customer_id = c.id AND NOT is_test AND state IN ('committed', 'partially_returned')
          AND occurred_at > %s) s ON m.oldest_at <= %s
 ORDER BY c.id
"""


class ExportTooLong(Exception):
    """The segment has more customers than a sheet has rows."""

    def __init__(self) -> None:
        super().__init__(_now("This is more than an Excel sheet holds. Export it as CSV."))


def open_export(
    *, segment: Segment, format: str, whole_documents: bool, user: User, language: str, at: datetime
) -> SegmentExport:
    """Record that somebody asks for the customers of a segment as it stands now. Nothing is written yet."""
    return SegmentExport.objects.create(
        segment_code=segment.code,
        segment_name=segment.name,
        tree=segment.tree,
        format=ExportFormat(format),
        whole_documents=whole_documents,
        language=language,
        requested_by=user,
        requested_at=at,
    )


def write_export(export: SegmentExport, *, at: datetime, progress: Progress) -> None:
    """Write the file of an export: who is in the segment at this moment. Starting anew has no double effect.

    `progress(done, total)` is called after each batch, and in the transaction that stores the file. Raises ExportTooLong.
    """
    ids = _frozen(export, at)
    if export.format == ExportFormat.XLSX and len(ids) > MOST_XLSX:
        raise ExportTooLong
    with tempfile.TemporaryFile() as target:
        rows = _rows(ids, export, at, progress)
        headings = [str(heading) for heading in HEADINGS]
        if export.format == ExportFormat.XLSX:
            write_xlsx(target, export.segment_code, headings, rows)
        else:
            for piece in csv_lines(headings, rows):
                target.write(piece.encode())
        size = target.seek(0, SEEK_END)
        target.seek(0)
        with transaction.atomic():
            _store(export, target)
            export.rows, export.size, export.finished_at = len(ids), size, at
            export.save(update_fields=["rows", "size", "finished_at"])
            progress(len(ids), len(ids))


def _frozen(export: SegmentExport, at: datetime) -> list[int]:
    ids = segment_ids_sql(stored_tree(export.tree), at=at, zone=company_zone())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(f"{ids.text} ORDER BY c.id", ids.params)
        return [customer_id for (customer_id,) in cursor.fetchall()]


def _rows(
    ids: Sequence[int], export: SegmentExport, at: datetime, progress: Progress
) -> Iterator[Sequence[Any]]:
    since, zone, sexes = window_start(at), str(company_zone()), dict(Sex.choices)
    for start in range(0, len(ids), BATCH):
        with connection.cursor() as cursor:
            cursor.execute(_ROWS, [zone, list(ids[start : start + BATCH]), since, since])
            found = cursor.fetchall()
        for code, name, document, email, phone, card, birth, sex, *rest in found:
            shown = document if export.whole_documents or not document else mask(document)
            yield (code, name, shown, email, phone, card, birth, str(sexes.get(sex, "")), *rest)
        progress(min(start + BATCH, len(ids)), len(ids))


def _store(export: SegmentExport, source: IO[bytes]) -> None:
    SegmentExportPart.objects.filter(export=export).delete()
    number = 0
    while content := source.read(PART):
        number += 1
        SegmentExportPart.objects.create(export=export, number=number, content=content)


def download(export: SegmentExport, *, user: User, at: datetime) -> Iterator[bytes]:
    """Record that somebody fetches the file, and return its bytes in pieces."""
    SegmentExportDownload.objects.create(export=export, downloaded_by=user, downloaded_at=at)
    numbers = list(export.parts.order_by("number").values_list("number", flat=True))
    return (bytes(export.parts.values_list("content", flat=True).get(number=number)) for number in numbers)


def remove_old_files(*, at: datetime) -> int:
    """Remove the files that were written some days ago; who took what out stays recorded. Returns how many."""
    removed = 0
    for export in SegmentExport.objects.filter(finished_at__lte=at - KEPT, removed_at__isnull=True).order_by(
        "pk"
    ):
        with transaction.atomic():
            SegmentExportPart.objects.filter(export=export).delete()
            removed += SegmentExport.objects.filter(pk=export.pk, removed_at__isnull=True).update(
                removed_at=at
            )
    return removed
