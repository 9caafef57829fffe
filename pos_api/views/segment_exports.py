"""Files that the customers of a segment are taken out in. Who asked for one and who fetched it is kept for ever."""

from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from campaigns.services.segment_exports import request_export
from campaigns.tasks import wake_jobs
from campaigns.views.segment_exports import export_file
from customers.models import ExportFormat, SegmentExport
from pos_api.openapi import PAGE_PARAMETERS, Json, operation, page_of
from pos_api.pagination import paginated
from pos_api.problems import invalid_field
from pos_api.segment_documents import MOMENT, TEXT
from pos_api.views.base import ManagerView, answer
from pos_api.views.jobs import JOB, represent_job
from pos_api.views.resources import (
    find_or_404,
    user_of,
)
from pos_api.views.segments import TAG, find_segment, read_members

EXPORT: Json = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "segment": TEXT,
        "format": {"enum": ["csv", "xlsx"]},
        "whole_documents": {"type": "boolean", "description": "CPF and CNPJ stand in it in full."},
        "rows": {"type": ["integer", "null"]},
        "requested_by": TEXT,
        "requested_at": {"type": "string", "format": "date-time"},
        "finished_at": MOMENT,
        "removed_at": MOMENT,
        "job": JOB,
    },
}


def represent_export(export: SegmentExport) -> Json:
    return {
        "id": export.pk,
        "segment": export.segment_code,
        "format": export.format,
        "whole_documents": export.whole_documents,
        "rows": export.rows,
        "requested_by": export.requested_by.get_username(),
        "requested_at": export.requested_at,
        "finished_at": export.finished_at,
        "removed_at": export.removed_at,
    }


class SegmentExportListView(ManagerView):
    permissions = {
        "GET": ("customers.view_segment", "customers.export_segment"),
        "POST": ("customers.view_segment", "customers.export_segment"),
    }

    @operation(
        id="segment_exports_list",
        tag=TAG,
        summary="List who took the customers of a segment out",
        responses={200: page_of(EXPORT)},
        parameters=PAGE_PARAMETERS,
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        found = SegmentExport.objects.filter(segment_code=find_segment(code).code).select_related(
            "requested_by"
        )
        return paginated(request, found, represent_export, ordering=("-pk",))

    @operation(
        id="segment_exports_create",
        tag=TAG,
        summary="Have the customers of a segment written to a file",
        description=(
            "A background job writes it (`job`). CPF and CNPJ are masked unless the caller may export them in full. The file is "
            "kept for three days; who asked for it and who fetched it, for ever."
        ),
        request={
            "type": "object",
            "required": ["format"],
            "additionalProperties": False,
            "properties": {"format": {"enum": ["csv", "xlsx"]}},
        },
        responses={202: EXPORT},
        examples={"For Excel": {"format": "xlsx"}},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        segment = find_segment(code)
        raw = read_members(request, {"properties": {"format": {}}, "required": ["format"]})
        if raw["format"] not in ExportFormat.values:
            message = _("This must be one of %(choices)s.") % {"choices": ", ".join(ExportFormat.values)}
            raise invalid_field("format", "choice", message)
        export, job = request_export(
            segment=segment, format=raw["format"], user=user_of(request), at=timezone.now()
        )
        wake_jobs()
        return answer(represent_export(export) | {"job": represent_job(job)}, 202)


class SegmentExportFileView(ManagerView):
    permissions = {"GET": ("customers.view_segment", "customers.export_segment")}

    @operation(
        id="segment_exports_file",
        tag=TAG,
        summary="Fetch the file of an export",
        responses={200: {"type": "string", "format": "binary"}},
        problems={403: "CPF and CNPJ stand in it in full, and the caller may not export them."},
    )
    def get(self, request: Request, pk: int) -> StreamingHttpResponse:
        kept = SegmentExport.objects.filter(finished_at__isnull=False, removed_at__isnull=True)
        return export_file(find_or_404(kept, pk=pk), user_of(request))
