from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.job import Job


class Backtest(models.Model):
    """One question to the recorded sales of a period, and its report.

    ``document`` is the question with every campaign written out, so that it can be asked again. ``campaign`` is the code
    of the campaign whose page asked it, if any: a draft may be deleted, its report stays. ``last_sale`` is the newest sale
    there was: a back-test that starts again looks at the same ones. The database refuses to change a report.
    """

    name = models.CharField(_("name"), max_length=160, blank=True, default="")
    campaign = models.CharField(_("campaign"), max_length=64, blank=True, default="", db_index=True)
    document = models.JSONField(_("question"))
    from_date = models.DateField(_("from"))
    until_date = models.DateField(_("until"))
    last_sale = models.BigIntegerField(_("newest sale"))
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="backtest", verbose_name=_("job"))
    report = models.JSONField(_("report"), null=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("requested by"),
    )
    requested_at = models.DateTimeField(_("requested at"))

    class Meta:
        verbose_name = _("back-test")
        verbose_name_plural = _("back-tests")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(from_date__lte=models.F("until_date")), name="backtest_period_not_empty"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.name}"
