from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.published import Revision
from campaigns.querysets import CampaignQuerySet


class CampaignCategory(models.Model):
    """A label that managers filter campaigns by ("Promoções de Verão")."""

    code = models.SlugField(_("code"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=120)

    class Meta:
        verbose_name = _("campaign category")
        verbose_name_plural = _("campaign categories")

    def __str__(self) -> str:
        return self.name


class CampaignStatus(models.TextChoices):
    """What the manager decided. Scheduled, running and over follow from the period and the moment."""

    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    PAUSED = "paused", _("Paused")


class Campaign(models.Model):
    """A campaign's stable identity, its working copy, and the revision that is live.

    The columns beside ``document`` repeat what lists filter and order by; ``campaigns.services.campaigns``
    writes them together with the document and nobody else does.
    """

    code = models.SlugField(_("code"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=160)
    category = models.CharField(_("category"), max_length=64, blank=True, default="", db_index=True)
    status = models.CharField(
        _("status"), max_length=10, choices=CampaignStatus, default=CampaignStatus.DRAFT
    )
    priority = models.IntegerField(_("priority"), default=0)
    starts_at = models.DateTimeField(_("starts at"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends at"), null=True, blank=True)
    benefit_kinds = models.JSONField(_("benefit kinds"), default=list)
    document = models.JSONField(_("document"), help_text=_("The working copy, in canonical form."))
    version = models.PositiveIntegerField(
        _("version"),
        default=1,
        help_text=_("Goes up with every change of the working copy; stops lost updates."),
    )
    live_revision = models.ForeignKey(
        "CampaignRevision",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("live revision"),
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("created by"),
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

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        permissions = [
            ("publish_campaign", "Can publish, pause and roll back campaigns"),
            ("approve_campaign", "Can approve campaigns that somebody else submits"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True)
                | models.Q(starts_at__isnull=True)
                | models.Q(starts_at__lt=models.F("ends_at")),
                name="campaign_period_not_empty",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=CampaignStatus.values), name="campaign_status_known"
            ),
            models.CheckConstraint(
                condition=models.Q(status=CampaignStatus.DRAFT) | models.Q(live_revision__isnull=False),
                name="campaign_beyond_draft_has_revision",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class CampaignRevision(Revision):
    """One published state of a campaign."""

    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="revisions", verbose_name=_("campaign")
    )

    class Meta:
        verbose_name = _("campaign revision")
        verbose_name_plural = _("campaign revisions")
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="campaign_revision_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} r{self.number}"
