from django.db import models
from django.utils.translation import gettext_lazy as _

LONGEST_ATTRIBUTION = 90
LONGEST_ANSWER = 160


class MarketingSettings(models.Model):
    """What the company decided about tracking, attribution, double opt-in and stopping. At most one row, with primary key 1.

    Without a row nothing is tracked, sales count for seven days, one yes is enough, and our own words answer who says stop.
    """

    track_links = models.BooleanField(
        _("count clicks"),
        default=False,
        help_text=_("Links of marketing messages lead through this installation."),
    )
    track_opens = models.BooleanField(
        _("count opened e-mails"),
        default=False,
        help_text=_("Marketing e-mails carry an invisible picture."),
    )
    attribution_days = models.PositiveSmallIntegerField(
        _("sales count for"),
        default=7,
        help_text=_("Days after a message in which a purchase of its customer is counted for it."),
    )
    # What was agreed to before this moment stands as it is.
    double_opt_in_since = models.DateTimeField(_("double opt-in since"), null=True, blank=True)

    # What is answered, by SMS or WhatsApp, to whoever says stop; empty: our own words, in the language of the customer.
    stop_answer = models.CharField(
        _("answer to SAIR"), max_length=LONGEST_ANSWER, blank=True, default="", db_default=""
    )

    class Meta:
        verbose_name = _("marketing settings")
        verbose_name_plural = _("marketing settings")
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="marketing_settings_has_one_row"),
            models.CheckConstraint(
                condition=models.Q(attribution_days__gte=1, attribution_days__lte=LONGEST_ATTRIBUTION),
                name="marketing_settings_attribution_in_range",
            ),
        ]

    def __str__(self) -> str:
        return "marketing settings"


class TrackedLink(models.Model):
    """One destination that marketing messages of one source lead to: what a tracked address stands for.

    ``source`` is the text that the link stands in: "template:12", "mailing:3" or "occasion:opt_in". Rows are never changed, so no address of ours ever leads
    anywhere else than on the day it was sent.
    """

    source = models.CharField(_("source"), max_length=40)
    destination = models.TextField(_("destination"))
    digest = models.CharField(_("digest of the destination"), max_length=64)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("tracked link")
        verbose_name_plural = _("tracked links")
        constraints = [
            models.UniqueConstraint(fields=["source", "digest"], name="tracked_link_once_per_source"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.digest[:12]}"
