"""What documents that go live have in common: revisions that never change; and beside campaigns, a working copy."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class PublishedStatus(models.TextChoices):
    """What the manager decided."""

    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Live")
    PAUSED = "paused", _("Paused")


class PublishedDocument(models.Model):
    """A stable identity, its working copy, and the revision that is live (`live_revision` of each kind).

    Services write the document and the columns that repeat it together, and nobody else does.
    """

    code = models.SlugField(_("code"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=200)
    status = models.CharField(
        _("status"), max_length=10, choices=PublishedStatus, default=PublishedStatus.DRAFT
    )
    document = models.JSONField(_("document"), help_text=_("The working copy, in canonical form."))
    version = models.PositiveIntegerField(
        _("version"),
        default=1,
        help_text=_("Goes up with every change of the working copy; stops lost updates."),
    )
    created_at = models.DateTimeField(_("created at"))
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("updated by"),
    )
    updated_at = models.DateTimeField(_("updated at"))

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Revision(models.Model):
    """What was published, by whom and when, and who approved it. Immutable: the database refuses UPDATE and DELETE."""

    number = models.PositiveIntegerField(_("number"))
    document = models.JSONField(_("document"))
    comment = models.CharField(_("comment"), max_length=240, blank=True, default="")
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("published by"),
    )
    published_at = models.DateTimeField(_("published at"))
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("submitted by"),
    )
    submitted_at = models.DateTimeField(_("submitted at"), null=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("approved by"),
    )
    approved_at = models.DateTimeField(_("approved at"), null=True)

    class Meta:
        abstract = True


def known_and_live(kind: str) -> list[models.BaseConstraint]:
    """Return the constraints on the state of one kind of document."""
    return [
        models.CheckConstraint(
            condition=models.Q(status__in=PublishedStatus.values), name=f"{kind}_status_known"
        ),
        models.CheckConstraint(
            condition=models.Q(status=PublishedStatus.DRAFT) | models.Q(live_revision__isnull=False),
            name=f"{kind}_beyond_draft_has_revision",
        ),
    ]
