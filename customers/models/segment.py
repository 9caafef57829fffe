from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Segment(models.Model):
    """A named question about customers: a tree of conditions (`customers.segments.tree`), asked anew whenever it is used.

    `count` is what it came to when it was last counted. Each saving is a `SegmentRevision`.
    """

    code = models.SlugField(_("code"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=120)
    tree = models.JSONField(_("conditions"))
    revision = models.PositiveIntegerField(_("revision"), default=1)
    count = models.PositiveBigIntegerField(_("customers"), null=True, blank=True)
    counted_at = models.DateTimeField(_("counted at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"))
    updated_at = models.DateTimeField(_("changed at"))

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        permissions = [
            ("export_segment", _("Can export the customers of segments")),
            ("export_documents", _("Can export CPF and CNPJ in full")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(count__isnull=True, counted_at__isnull=True)
                | models.Q(count__isnull=False, counted_at__isnull=False),
                name="segment_count_has_its_moment",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SegmentRevision(models.Model):
    """A segment as it was saved once. Rows are only added."""

    segment = models.ForeignKey(
        Segment, on_delete=models.CASCADE, related_name="revisions", verbose_name=_("segment")
    )
    number = models.PositiveIntegerField(_("number"))
    name = models.CharField(_("name"), max_length=120)
    tree = models.JSONField(_("conditions"))
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("saved by"),
    )
    saved_at = models.DateTimeField(_("saved at"))

    class Meta:
        verbose_name = _("revision of a segment")
        verbose_name_plural = _("revisions of segments")
        constraints = [
            models.UniqueConstraint(fields=["segment", "number"], name="segment_revision_once"),
        ]

    def __str__(self) -> str:
        return f"{self.segment_id} {self.number}"


class ExportFormat(models.TextChoices):
    CSV = "csv", _("CSV")
    XLSX = "xlsx", _("Excel (XLSX)")


class SegmentExport(models.Model):
    """Personal data that somebody took out: whose question, in which form, by whom, and how many rows it came to.

    The row is kept; its file (`SegmentExportPart`) is removed after some days. `job` is the background job that writes it.
    `whole_documents` says whether CPF and CNPJ stand in it in full.
    """

    segment_code = models.CharField(_("segment"), max_length=64)
    segment_name = models.CharField(_("name"), max_length=120)
    tree = models.JSONField(_("conditions"))
    format = models.CharField(_("format"), max_length=4, choices=ExportFormat)
    whole_documents = models.BooleanField(_("CPF and CNPJ in full"), default=False)
    language = models.CharField(_("language of its texts"), max_length=10, blank=True, default="")
    rows = models.PositiveBigIntegerField(_("customers"), null=True)
    size = models.PositiveBigIntegerField(_("bytes"), null=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("requested by"),
    )
    requested_at = models.DateTimeField(_("requested at"))
    finished_at = models.DateTimeField(_("finished at"), null=True)
    removed_at = models.DateTimeField(_("file removed at"), null=True)

    class Meta:
        verbose_name = _("export of a segment")
        verbose_name_plural = _("exports of segments")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(format__in=ExportFormat.values), name="segment_export_format_known"
            ),
            models.CheckConstraint(
                condition=models.Q(finished_at__isnull=True)
                | models.Q(rows__isnull=False, size__isnull=False),
                name="segment_export_finished_is_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["segment_code", "-id"], name="segment_export_by_segment"),
            models.Index(
                fields=["finished_at"],
                condition=models.Q(removed_at__isnull=True),
                name="segment_export_with_file",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.segment_code} {self.pk}"


class SegmentExportPart(models.Model):
    """A piece of the file of an export, in its order."""

    export = models.ForeignKey(
        SegmentExport,
        on_delete=models.CASCADE,
        related_name="parts",
        verbose_name=_("export"),
        db_index=False,
    )
    number = models.PositiveIntegerField(_("number"))
    content = models.BinaryField(_("content"))

    class Meta:
        verbose_name = _("part of an exported file")
        verbose_name_plural = _("parts of exported files")
        constraints = [
            models.UniqueConstraint(fields=["export", "number"], name="segment_export_part_once"),
        ]

    def __str__(self) -> str:
        return f"{self.export_id} {self.number}"


class SegmentExportDownload(models.Model):
    """Somebody fetched the file of an export. Rows are only added."""

    export = models.ForeignKey(
        SegmentExport, on_delete=models.PROTECT, related_name="downloads", verbose_name=_("export")
    )
    downloaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("downloaded by"),
    )
    downloaded_at = models.DateTimeField(_("downloaded at"))

    class Meta:
        verbose_name = _("download of an export")
        verbose_name_plural = _("downloads of exports")

    def __str__(self) -> str:
        return f"{self.export_id} {self.downloaded_at:%Y-%m-%d %H:%M}"
