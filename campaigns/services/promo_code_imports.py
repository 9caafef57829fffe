"""Files of up to a million promotional codes: kept, checked by a job, and added by another when somebody says so.

Checking turns the lines into rows with a result; adding inserts the good ones. Both go batch by batch, each batch in
one transaction with its progress. The same file is taken once for a pool.
"""

import hashlib
import io
import zlib
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import IO, Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Count

from campaigns.models import (
    ImportResult,
    Job,
    PromoCodeImport,
    PromoCodeImportLine,
    PromoCodePool,
)
from campaigns.services import promo_code_refusals as refusals
from campaigns.services.jobs import Progress, request_job
from campaigns.services.promo_code_files import csv_line, read_lines
from campaigns.services.promo_code_jobs import find_pool
from campaigns.services.promo_code_pools import record_event
from campaigns.services.promo_codes import (
    BATCH,
    MOST_BY_JOB,
    Terms,
    customers_named,
    insert_codes,
    refuse_empty_window,
    revision_at_issue,
)
from retail import codes

CHECK = "check_promo_code_file"
IMPORT = "import_promo_codes"
CREATED = ImportResult.CREATED.value
Row = tuple[int, str, str]


@transaction.atomic
def receive_file(
    *,
    pool: PromoCodePool,
    name: str,
    file: IO[bytes],
    terms: Terms,
    add: bool = False,
    user: User | None,
    at: datetime,
) -> tuple[PromoCodeImport, Job | None]:
    """Keep a file and queue its check; with `add` the good lines are added right after, without anybody looking.

    A file that the pool has seen is not taken again: then what became of it is returned, without a job. Raises
    TooManyCodes, FileEmpty, FileUnreadable, WindowEmpty, CampaignNotLive.
    """
    refuse_empty_window(terms)
    revision = revision_at_issue(pool)
    digest, packed, lines = _pack(file)
    found, is_new = PromoCodeImport.objects.get_or_create(
        pool=pool,
        digest=digest,
        defaults={
            "name": name[:160],
            "content": packed,
            "lines": lines,
            "terms": terms.as_document() | {"revision": revision},
            "requested_by": user,
            "created_at": at,
        },
    )
    if not is_new:
        return found, None
    arguments = {"pool": pool.code, "import": found.pk}
    if add:
        record_event(pool, "imported", user=user, at=at, file=found.name, lines=lines)
        return found, request_job(kind=IMPORT, arguments=arguments, total=2 * lines, user=user, at=at)
    return found, request_job(kind=CHECK, arguments=arguments, total=lines, user=user, at=at)


@transaction.atomic
def request_import(*, source: PromoCodeImport, user: User | None, at: datetime) -> Job:
    """Queue the adding of the good lines of a checked file. Raises ImportUnchecked, ImportDone."""
    source = PromoCodeImport.objects.select_for_update(of=("self",)).select_related("pool").get(pk=source.pk)
    if source.checked_at is None:
        raise refusals.ImportUnchecked
    arguments = {"pool": source.pool.code, "import": source.pk}
    asked = Job.objects.filter(kind=IMPORT, arguments=arguments).exclude(state__in=["failed", "cancelled"])
    if source.imported_at is not None or asked.exists():
        raise refusals.ImportDone
    record_event(source.pool, "imported", user=user, at=at, file=source.name, lines=source.lines)
    return request_job(kind=IMPORT, arguments=arguments, total=2 * source.lines, user=user, at=at)


@transaction.atomic
def forget_import(*, source: PromoCodeImport) -> None:
    """Drop a file that was not added, so that it can be sent again. Raises ImportDone, ImportUnchecked."""
    source = PromoCodeImport.objects.select_for_update().get(pk=source.pk)
    if source.imported_at is not None:
        raise refusals.ImportDone
    unfinished = Job.objects.filter(kind__in=[CHECK, IMPORT], state__in=["queued", "running"])
    if unfinished.filter(arguments__import=source.pk).exists():
        raise refusals.ImportUnchecked
    PromoCodeImportLine.objects.filter(source=source).delete()
    source.delete()


def check(job: Job, progress: Progress) -> dict[str, int]:
    """Turn the lines of a file into rows that say what would become of them."""
    source = _source(job)
    _check(source, job, progress)
    return source.counts


def add(job: Job, progress: Progress) -> dict[str, int]:
    """Check the file unless that was done, then add its good lines."""
    source = _source(job)
    pool = find_pool(job)
    if source.checked_at is None:
        _check(source, job, progress)
    terms, revision = Terms.from_document(source.terms), source.terms["revision"]
    position = 0
    while True:
        with transaction.atomic():
            rows = list(
                PromoCodeImportLine.objects.filter(
                    source=source, result=ImportResult.GOOD, line__gt=position
                ).order_by("line")[:BATCH]
            )
            if not rows:
                break
            owners = [row.customer_id for row in rows]
            made = set(
                insert_codes(
                    pool,
                    [row.code for row in rows],
                    terms,
                    customers=owners,
                    revision=revision,
                    at=job.created_at,
                )
            )
            keys = {True: [], False: []}  # type: dict[bool, list[int]]
            for row in rows:
                keys[row.code in made].append(row.pk)
            PromoCodeImportLine.objects.filter(pk__in=keys[True]).delete()
            PromoCodeImportLine.objects.filter(pk__in=keys[False]).update(result=ImportResult.TAKEN)
            position = rows[-1].line
            source.counts = source.counts | {CREATED: source.counts.get(CREATED, 0) + len(made)}
            source.save(update_fields=["counts"])
            progress(min(source.lines + position, 2 * source.lines))
    return _finish(source, job, progress)


def refused_lines(source: PromoCodeImport) -> Iterator[str]:
    """Yield the lines that are not good as CSV for programs: line, code, customer, result."""
    yield csv_line(["line", "code", "customer", "result"])
    for rows in refused_rows(source):
        yield "".join(csv_line([row.line, row.code, row.owner, row.result]) for row in rows)


def refused_rows(source: PromoCodeImport) -> Iterator[list[PromoCodeImportLine]]:
    """Yield the lines that are not good in their order, some thousands at a time."""
    position = 0
    refused = PromoCodeImportLine.objects.filter(source=source).exclude(result=ImportResult.GOOD)
    while True:
        rows = list(refused.filter(line__gt=position).order_by("line")[:BATCH])
        if not rows:
            return
        position = rows[-1].line
        yield rows


def _pack(file: IO[bytes]) -> tuple[str, bytes, int]:
    """Return a file's digest, its content compressed, and how many lines it has, a piece at a time."""
    digest, packer, packed, lines, piece = hashlib.sha256(), zlib.compressobj(6), [], 0, b""
    last = b""
    while piece := file.read(1 << 20):
        if b"\x00" in piece:
            raise refusals.FileUnreadable("file")
        digest.update(piece)
        packed.append(packer.compress(piece))
        # Lines end in LF, CR or both; both may be parted by the end of a piece.
        lines += piece.count(b"\n") + piece.count(b"\r") - piece.count(b"\r\n")
        lines -= last == b"\r" and piece.startswith(b"\n")
        last = piece[-1:]
    lines += last not in (b"\n", b"\r", b"")
    if not last:
        raise refusals.FileEmpty("file")
    if lines > MOST_BY_JOB + 1:
        raise refusals.TooManyCodes("file")
    return digest.hexdigest(), b"".join([*packed, packer.flush()]), lines


def _source(job: Job) -> PromoCodeImport:
    return PromoCodeImport.objects.get(pk=job.arguments["import"])


def _unpacked(source: PromoCodeImport) -> Iterator[Row]:
    content = zlib.decompress(bytes(source.content or b""))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    del content
    return read_lines(io.StringIO(text, newline=None))


def _check(source: PromoCodeImport, job: Job, progress: Progress) -> None:
    rows = (row for row in _unpacked(source) if row[0] > job.done)
    while batch := list(islice(rows, BATCH)):
        with transaction.atomic():
            _stage(source, batch)
            progress(batch[-1][0])
    with transaction.atomic():
        source.counts = _counted(source)
        source.checked_at = job.created_at
        source.content = None
        source.save(update_fields=["counts", "checked_at", "content"])
        progress(source.lines)


_INSERT_ROWS = """
INSERT INTO campaigns_promocodeimportline (source_id, line, code, owner, customer_id, result)
SELECT %s, w.line, w.code, w.owner, w.customer_id,
    CASE WHEN w.result <> 'good' THEN w.result
         WHEN EXISTS (SELECT FROM campaigns_promocode k WHERE k.code = w.code) THEN 'taken'
         ELSE 'good' END
FROM unnest(%s::int[], %s::text[], %s::text[], %s::bigint[], %s::text[]) AS w(line, code, owner, customer_id, result)
"""

_MARK_REPEATED = """
UPDATE campaigns_promocodeimportline r SET result = 'repeated'
WHERE r.source_id = %s AND r.line BETWEEN %s AND %s AND r.result = 'good' AND EXISTS (
    SELECT FROM campaigns_promocodeimportline e
    WHERE e.source_id = r.source_id AND e.code = r.code AND e.line < r.line AND e.result = 'good')
"""


def _stage(source: PromoCodeImport, batch: list[Row]) -> None:
    customers = customers_named({owner for _line, _code, owner in batch if owner})
    results = []
    for _line, code, owner in batch:
        if not codes.is_word(code):
            results.append(ImportResult.INVALID.value)
        elif owner and owner not in customers:
            results.append(ImportResult.CUSTOMER_UNKNOWN.value)
        else:
            results.append(ImportResult.GOOD.value)
    columns: list[Any] = [
        [line for line, _code, _owner in batch],
        [code for _line, code, _owner in batch],
        [owner for _line, _code, owner in batch],
        [customers[owner].pk if owner in customers else None for _line, _code, owner in batch],
        results,
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_ROWS, [source.pk, *columns])
        cursor.execute(_MARK_REPEATED, [source.pk, batch[0][0], batch[-1][0]])


def _finish(source: PromoCodeImport, job: Job, progress: Progress) -> dict[str, int]:
    created = source.counts.get(CREATED, 0)
    with transaction.atomic():
        source.counts = _counted(source) | ({CREATED: created} if created else {})
        source.imported_at = job.created_at
        source.save(update_fields=["counts", "imported_at"])
        progress(2 * source.lines, None, source.counts)
    return source.counts


def _counted(source: PromoCodeImport) -> dict[str, int]:
    rows = PromoCodeImportLine.objects.filter(source=source).values_list("result")
    return dict(rows.annotate(number=Count("pk")).order_by("result"))
