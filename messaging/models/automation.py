from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models import PromoCodePool
from messaging.hold_out import is_held_out
from messaging.models.occasion import OCCASION_CODE, occasion_choices
from messaging.models.template import Channel
from retail.models import Store


class Automation(models.Model):
    """How the messages of one automatic occasion are sent. One row per occasion.

    ``settings`` is the document of ``messaging.occasions``; ``channels`` is tried in order.
    """

    occasion = models.CharField(_("occasion"), max_length=20, choices=occasion_choices, unique=True)
    enabled = models.BooleanField(_("switched on"), default=False)
    # What was due while the automation was off is not made up for.
    enabled_at = models.DateTimeField(_("switched on at"), null=True, blank=True)
    stores_off = models.ManyToManyField(
        Store, related_name="+", blank=True, verbose_name=_("stores where it is off")
    )
    channels = ArrayField(
        models.CharField(max_length=10, choices=Channel), default=list, verbose_name=_("channels, in order")
    )
    settings = models.JSONField(_("settings"), default=dict)
    pool = models.ForeignKey(
        PromoCodePool,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("promo codes"),
    )
    # So many customers in a hundred get none of its messages, to see what these achieve.
    holdout_percent = models.DecimalField(
        _("hold-out"), max_digits=5, decimal_places=2, default=Decimal("0"), db_default=Decimal("0")
    )
    number = models.PositiveIntegerField(_("number"), default=1)
    updated_at = models.DateTimeField(_("updated at"))

    class Meta:
        verbose_name = _("automation")
        verbose_name_plural = _("automations")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(occasion__regex=OCCASION_CODE), name="automation_occasion_is_a_code"
            ),
            models.CheckConstraint(
                condition=models.Q(enabled=False) | models.Q(enabled_at__isnull=False),
                name="automation_on_since",
            ),
            models.CheckConstraint(
                condition=models.Q(channels__contained_by=[channel.value for channel in Channel]),
                name="automation_channels_known",
            ),
            models.CheckConstraint(
                condition=models.Q(enabled=False) | models.Q(channels__len__gt=0),
                name="automation_on_has_channel",
            ),
            models.CheckConstraint(
                condition=models.Q(holdout_percent__gte=0, holdout_percent__lt=100),
                name="automation_hold_out_leaves_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.occasion

    def holds_out(self, customer_id: int | None) -> bool:
        """Whether a customer is one of those who are held out of this automation: always the same, a larger share adds others.

        Visitors are not: what they buy is nobody's, so they could show nothing.
        """
        return customer_id is not None and is_held_out(
            salt=f"automation:{self.occasion}", customer_id=customer_id, percent=self.holdout_percent
        )


class AutomationRevision(models.Model):
    """An automation as it was saved once: who decided what, and when."""

    automation = models.ForeignKey(
        Automation, on_delete=models.PROTECT, related_name="revisions", verbose_name=_("automation")
    )
    number = models.PositiveIntegerField(_("number"))
    document = models.JSONField(_("document"))
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("saved by"),
    )
    saved_at = models.DateTimeField(_("saved at"))

    class Meta:
        verbose_name = _("automation revision")
        verbose_name_plural = _("automation revisions")
        constraints = [
            models.UniqueConstraint(fields=["automation", "number"], name="automation_revision_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.automation_id} r{self.number}"
