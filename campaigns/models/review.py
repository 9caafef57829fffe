from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.plan import REVISION_COLUMNS
from campaigns.querysets import ReviewQuerySet


class ReviewState(models.TextChoices):
    REQUESTED = "requested", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Sent back")
    SUPERSEDED = "superseded", _("Changed since")


class Review(models.Model):
    """One request to approve one version of a document's working copy, and what a second person decided.

    The document is meant by ``kind`` and ``code``, like in the plan's log. A change of the working copy makes another
    version, of which nothing is approved yet. Once it is published, the revision keeps who asked and who approved,
    immutably.
    """

    kind = models.CharField(
        _("kind"), max_length=12, choices=[(kind.value, kind.label) for kind in REVISION_COLUMNS]
    )
    code = models.CharField(_("code"), max_length=64)
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

    objects = ReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        indexes = [models.Index(fields=["kind", "code", "version"], name="review_by_document")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=[kind.value for kind in REVISION_COLUMNS]),
                name="review_kind_known",
            ),
            models.CheckConstraint(condition=~models.Q(code=""), name="review_names_a_document"),
            models.CheckConstraint(
                condition=models.Q(state__in=ReviewState.values), name="review_state_known"
            ),
            models.UniqueConstraint(
                fields=["kind", "code"],
                condition=models.Q(state=ReviewState.REQUESTED),
                name="review_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by__isnull=True) | ~models.Q(decided_by=models.F("requested_by")),
                name="review_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=[ReviewState.APPROVED, ReviewState.REJECTED])
                | models.Q(decided_by__isnull=False, decided_at__isnull=False),
                name="review_decided_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.code} v{self.version} {self.state}"
