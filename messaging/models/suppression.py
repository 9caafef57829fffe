from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from messaging.models.template import Channel

LONGEST_LIFT_REASON = 200


class SuppressionReason(models.TextChoices):
    UNSUBSCRIBED = "unsubscribed", _("Unsubscribed by the link")
    REPLIED_STOP = "replied_stop", _("Answered STOP")
    PROVIDER = "provider", _("Opted out at the provider")
    BOUNCED = "bounced", _("The address does not exist")
    COMPLAINED = "complained", _("Marked as unwanted")


class Suppression(models.Model):
    """Why an address gets no marketing on a channel any more, whoever it belongs to. Each reason stands, and ends, for itself.

    Only a keyed hash of the address is kept, so that it outlives the erasure of the customer.
    """

    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    address_hash = models.CharField(_("hash of the address"), max_length=64)
    reason = models.CharField(_("reason"), max_length=20, choices=SuppressionReason)
    suppressed_at = models.DateTimeField(_("since"))
    lifted_at = models.DateTimeField(_("lifted at"), null=True, blank=True)
    # Who knew better than a provider, and why; nobody where its person agreed anew.
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("lifted by"),
    )
    lift_reason = models.CharField(
        _("why it was lifted"), max_length=LONGEST_LIFT_REASON, blank=True, default="", db_default=""
    )

    class Meta:
        verbose_name = _("opt-out")
        verbose_name_plural = _("opt-outs")
        permissions = [("lift_suppression", _("Can let bounced addresses be written to again"))]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "address_hash", "reason"],
                condition=models.Q(lifted_at__isnull=True),
                name="suppression_once_per_address_and_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(reason__in=SuppressionReason.values), name="suppression_reason_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.address_hash[:12]}"
