from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.campaign import Campaign, CampaignRevision


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


class PlanChange(models.Model):
    """One step from plan version n - 1 to n: a campaign goes live, changes or stops, or a setting changes.

    The campaigns of version n are, for each campaign, the last change up to n: any plan of the past can be
    put together again. ``revision`` is null when the campaign stopped; ``campaign`` is null when only
    the company's policy changed.
    """

    version = models.PositiveBigIntegerField(_("version"), unique=True)
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, null=True, related_name="plan_changes", verbose_name=_("campaign")
    )
    revision = models.ForeignKey(
        CampaignRevision, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("revision")
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
        indexes = [models.Index(fields=["campaign", "-version"], name="plan_change_by_campaign")]

    def __str__(self) -> str:
        return f"{self.version} {self.action}"
