from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.querysets import JobQuerySet


class JobState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    FINISHED = "finished", _("Finished")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class Job(models.Model):
    """One piece of background work: what was asked, how far it is, what came out.

    ``claim`` names the worker that runs it; whatever that worker records is refused once another took over.
    ``heartbeat_at`` is when it last recorded something. ``attempts`` counts starts since it
    last got farther than the worker before.
    """

    kind = models.CharField(_("kind"), max_length=40)
    arguments = models.JSONField(_("arguments"), default=dict)
    state = models.CharField(_("state"), max_length=10, choices=JobState, default=JobState.QUEUED)
    done = models.PositiveBigIntegerField(_("done"), default=0)
    total = models.PositiveBigIntegerField(_("total"), null=True, blank=True)
    result = models.JSONField(_("result"), default=dict)
    error = models.TextField(_("error"), blank=True, default="")
    cancel_requested = models.BooleanField(_("cancel requested"), default=False)
    language = models.CharField(_("language of its texts"), max_length=10, blank=True, default="")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("requested by"),
    )
    claim = models.UUIDField(_("claim"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(_("created at"))
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    heartbeat_at = models.DateTimeField(_("last sign of life"), null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=JobState.values), name="job_state_known"),
            models.CheckConstraint(
                condition=models.Q(total__isnull=True) | models.Q(done__lte=models.F("total")),
                name="job_done_within_total",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=JobState.RUNNING)
                | models.Q(claim__isnull=False, heartbeat_at__isnull=False),
                name="job_running_is_claimed",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=[JobState.QUEUED, JobState.RUNNING], finished_at__isnull=True)
                | models.Q(
                    ~models.Q(state__in=[JobState.QUEUED, JobState.RUNNING]), finished_at__isnull=False
                ),
                name="job_end_has_a_moment",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at", "id"],
                name="job_unfinished",
                condition=models.Q(state__in=[JobState.QUEUED, JobState.RUNNING]),
            ),
            models.Index(fields=["kind", "-id"], name="job_by_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_active(self) -> bool:
        """True while it waits or runs."""
        return self.state in (JobState.QUEUED, JobState.RUNNING)

    def silence(self, *, at: datetime) -> timedelta:
        """Return how long ago a running job last showed that it lives; zero while it does not run."""
        if self.state != JobState.RUNNING or self.heartbeat_at is None:
            return timedelta()
        return at - self.heartbeat_at
