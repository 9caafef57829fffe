from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.campaign import Campaign


class ReviewState(models.TextChoices):
    REQUESTED = "requested", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Sent back")
    SUPERSEDED = "superseded", _("Changed since")


class CampaignReview(models.Model):
    """One request to approve one version of a campaign's working copy, and what a second person decided.

    A change of the working copy makes another version, of which nothing is approved yet. Once it is published, the
    revision keeps who asked and who approved, immutably.
    """

    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, related_name="reviews", verbose_name=_("campaign")
    )
    version = models.PositiveIntegerField(_("version"))
    state = models.CharField(_("state"), max_length=10, choices=ReviewState, default=ReviewState.REQUESTED)
    comment = models.CharField(_("comment"), max_length=240, blank=True, default="")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("requested by"),
    )
    requested_at = models.DateTimeField(_("requested at"))
    decision_comment = models.CharField(_("comment on the decision"), max_length=240, blank=True, default="")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)

    class Meta:
        verbose_name = _("campaign review")
        verbose_name_plural = _("campaign reviews")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=ReviewState.values), name="campaign_review_state_known"
            ),
            models.UniqueConstraint(
                fields=["campaign"],
                condition=models.Q(state=ReviewState.REQUESTED),
                name="campaign_review_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by__isnull=True) | ~models.Q(decided_by=models.F("requested_by")),
                name="campaign_review_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=[ReviewState.APPROVED, ReviewState.REJECTED])
                | models.Q(decided_by__isnull=False, decided_at__isnull=False),
                name="campaign_review_decided_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} v{self.version} {self.state}"
