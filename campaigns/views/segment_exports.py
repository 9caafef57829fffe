"""Pages of the exports of a segment: asking for a file, watching it being written, fetching it; and who took out what."""

from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views import View

from campaigns.models import Job
from campaigns.services import segment_exports as services
from campaigns.tasks import wake_jobs
from campaigns.views.jobs import show_jobs
from customers.models import ExportFormat, Segment, SegmentExport
from customers.services.segment_exports import KEPT, download
from retail.views.access import PageMixin, acting_user
from retail.views.columns import Column
from retail.views.files import XLSX
from retail.views.lists import ListPage

PERMISSIONS = ("customers.view_segment", "customers.export_segment")
CONTENT_TYPES = {ExportFormat.CSV: "text/csv; charset=utf-8", ExportFormat.XLSX: XLSX}
_WATCHED = 5


class SegmentExports(ListPage):
    """The exports of one segment. Posting asks for another."""

    model = SegmentExport
    permission_required = PERMISSIONS
    template_name = "campaigns/segment_exports.html"
    columns = (
        Column(name="requested_at", label=_("Requested"), kind="moment", order_by="requested_at"),
        Column(name="requested_by", label=_("By"), value=lambda export: str(export.requested_by)),
        Column(name="format", label=_("Format"), labels=dict(ExportFormat.choices)),
        Column(name="whole_documents", label=_("CPF and CNPJ"), labels={True: _("in full"), False: _("masked")}, on_phone=False),
        Column(name="rows", label=_("Customers"), kind="number"),
        Column(
            name="file", label=_("File"), value=lambda export: _file_state(export),
            labels={"ready": _("Download"), "removed": pgettext_lazy("file", "Removed"), "waiting": _("Not written")},
            url=lambda export: reverse("campaigns:segment_export_file", args=[export.pk]) if _file_state(export) == "ready" else None,
        ),
    )  # fmt: skip
    default_order = "-requested_at"
    export_name = "exports"
    empty_icon = "download"
    empty_title = _("No exports yet")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.segment = get_object_or_404(Segment, code=kwargs["code"])
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        segment = get_object_or_404(Segment, code=code)
        format = request.POST.get("format", "")
        if format not in ExportFormat.values:
            raise Http404
        services.request_export(segment=segment, format=format, user=acting_user(request), at=timezone.now())
        wake_jobs()
        return HttpResponseRedirect(reverse("campaigns:segment_exports", args=[code]))

    @property
    def title(self) -> Any:  # type: ignore[override]
        return self.segment.name

    def get_queryset(self) -> QuerySet[SegmentExport]:
        return SegmentExport.objects.filter(segment_code=self.segment.code).select_related("requested_by")

    def extra_context(self) -> dict[str, Any]:
        jobs = Job.objects.filter(kind=services.KIND, arguments__segment=self.segment.code).order_by("-pk")
        active = [job for job in jobs[:_WATCHED] if job.is_active]
        return {
            "segment": self.segment,
            "subtitle": _("Exports"),
            "jobs": show_jobs(active, self.request.user),
            "formats": ExportFormat.choices,
            "in_full": self.request.user.has_perm(services.WHOLE_DOCUMENTS),
            "days": KEPT.days,
            "trail": [
                (_("Segments"), reverse("customers:segment_list")),
                (self.segment.name, reverse("customers:segment_detail", args=[self.segment.code])),
            ],
        }


def _file_state(export: SegmentExport) -> str:
    if export.removed_at is not None:
        return "removed"
    return "ready" if export.finished_at is not None else "waiting"


class SegmentExportFile(PageMixin, View):
    """The file of an export, while it is kept, for whoever may see as much as stands in it."""

    permission_required = PERMISSIONS

    def get(self, request: HttpRequest, pk: int) -> Any:
        export = get_object_or_404(SegmentExport, pk=pk, finished_at__isnull=False, removed_at__isnull=True)
        return export_file(export, acting_user(request))


def export_file(export: SegmentExport, user: User) -> StreamingHttpResponse:
    """Return the file as an answer, and record who fetched it. Raises PermissionDenied."""
    if export.whole_documents and not user.has_perm(services.WHOLE_DOCUMENTS):
        raise PermissionDenied
    pieces = download(export, user=user, at=timezone.now())
    response = StreamingHttpResponse(pieces, content_type=CONTENT_TYPES[ExportFormat(export.format)])
    response["Content-Length"] = str(export.size)
    response["Content-Disposition"] = f'attachment; filename="{export.segment_code}.{export.format}"'
    response["Cache-Control"] = "private, no-store"
    return response
