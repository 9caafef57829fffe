from django.db import models
from django.utils.translation import gettext_lazy as _


class JobHeartbeat(models.Model):
    """When a periodic job last ran to its end, and what it did. The health page reads it."""

    job = models.CharField(_("job"), max_length=60, unique=True)
    finished_at = models.DateTimeField(_("finished at"))
    summary = models.JSONField(_("summary"), default=dict)

    class Meta:
        verbose_name = _("job heartbeat")
        verbose_name_plural = _("job heartbeats")

    def __str__(self) -> str:
        return self.job
