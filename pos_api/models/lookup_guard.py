from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from retail.models import Terminal


class LookupGuard(models.Model):
    """Failed look-ups of one terminal in the present minute, and until when it may not look up any more.

    ``tried`` holds short hashes of what was looked up: the same wrong code sent again and again is one failure.
    """

    terminal = models.OneToOneField(
        Terminal, on_delete=models.CASCADE, primary_key=True, related_name="+", verbose_name=_("terminal")
    )
    window_started_at = models.DateTimeField(_("window started at"))
    tried = ArrayField(models.CharField(max_length=16), default=list, verbose_name=_("tried"))
    locked_until = models.DateTimeField(_("locked until"), null=True, blank=True)

    class Meta:
        verbose_name = _("look-up guard")
        verbose_name_plural = _("look-up guards")

    def __str__(self) -> str:
        return str(self.terminal_id)
