"""Exports of segments as background jobs; what is written, and who may fetch it, stands in customers.services.segment_exports."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from campaigns.models import Job
from campaigns.services.jobs import JobFailed, Progress, request_job
from customers.models import Segment, SegmentExport
from customers.segments.tree import TreeInvalid
from customers.services.segment_exports import ExportTooLong, open_export, write_export

KIND = "export_segment"
WHOLE_DOCUMENTS = "customers.export_documents"


@transaction.atomic
def request_export(*, segment: Segment, format: str, user: User, at: datetime) -> tuple[SegmentExport, Job]:
    """Queue a file of the segment's customers. CPF and CNPJ stand in it in full for who may see them so, else masked."""
    export = open_export(
        segment=segment,
        format=format,
        whole_documents=user.has_perm(WHOLE_DOCUMENTS),
        user=user,
        language=get_language() or "",
        at=at,
    )
    job = request_job(
        kind=KIND,
        arguments={"export": export.pk, "segment": segment.code},
        user=user,
        at=at,
        total=segment.count,
    )
    return export, job


def work(job: Job, progress: Progress) -> dict[str, int | None]:
    """Write the file of an export; a worker that takes over writes it anew."""
    export = SegmentExport.objects.get(pk=job.arguments["export"])
    try:
        write_export(export, at=job.started_at or job.created_at, progress=progress)
    except ExportTooLong as refusal:
        raise JobFailed(str(refusal)) from refusal
    except TreeInvalid as refusal:
        raise JobFailed(_("The segment asks for something that is not there any more.")) from refusal
    return {"rows": export.rows, "size": export.size}
