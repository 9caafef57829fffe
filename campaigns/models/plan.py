from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class PlanHead(models.Model):
    """The number of the current plan. Exactly one row, locked by whoever publishes.

    Evaluations read it in a query that they make anyway. Taking numbers under this row's lock, and not
    from a sequence, makes version n visible only after n - 1 is.
    """

    version = models.PositiveBigIntegerField(_("version"), default=0)

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plan")
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="plan_head_has_one_row")]

    def __str__(self) -> str:
        return str(self.version)


class PlanKind(models.TextChoices):
    """What a step of the plan is about."""

    CAMPAIGN = "campaign", _("Campaign")
    ASSOCIATION = "association", _("Association")
    MARKDOWN = "markdown", _("Price markdown")
    POLICY = "policy", _("Calculation policy")


# The column that holds the revision of each kind of document.
REVISION_COLUMNS = {
    PlanKind.CAMPAIGN: "campaign_revision",
    PlanKind.ASSOCIATION: "association_revision",
    PlanKind.MARKDOWN: "markdown_revision",
}


def _only_its_revision() -> models.Q:
    """Say that a step has no revision of another kind than its own."""
    condition = models.Q()
    for kind, column in REVISION_COLUMNS.items():
        condition &= models.Q(kind=kind) | models.Q(**{f"{column}__isnull": True})
    return condition


class PlanChange(models.Model):
    """One step from plan version n - 1 to n: a document goes live, changes or stops, or a setting changes.

    A document is meant by ``kind`` and ``code``. What is live in version n is, for each document, its last change up
    to n: any plan of the past can be put together again. The revision is null when the document stopped; the code is
    empty when only the company's policy changed.
    """

    version = models.PositiveBigIntegerField(_("version"), unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=PlanKind)
    code = models.CharField(_("code"), max_length=64, blank=True, default="")
    campaign_revision = models.ForeignKey(
        "CampaignRevision",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("campaign revision"),
    )
    association_revision = models.ForeignKey(
        "AssociationRevision",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("association revision"),
    )
    markdown_revision = models.ForeignKey(
        "MarkdownRevision",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("markdown revision"),
    )
    policy = models.JSONField(_("calculation policy"), default=dict)
    action = models.CharField(_("action"), max_length=20)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("changed by"),
    )
    changed_at = models.DateTimeField(_("changed at"))

    class Meta:
        verbose_name = _("plan change")
        verbose_name_plural = _("plan changes")
        indexes = [models.Index(fields=["kind", "code", "-version"], name="plan_change_by_document")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=PlanKind.values), name="plan_change_kind_known"
            ),
            models.CheckConstraint(condition=_only_its_revision(), name="plan_change_revision_of_its_kind"),
            models.CheckConstraint(
                condition=models.Q(kind=PlanKind.POLICY, code="")
                | (~models.Q(kind=PlanKind.POLICY) & ~models.Q(code="")),
                name="plan_change_names_a_document",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} {self.kind} {self.code} {self.action}"
