import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from messaging.models.template import Channel


class Verification(models.Model):
    """A code of six digits that was sent to a customer, to show at the till who it is: once, and for some minutes.

    `digest` is its keyed hash. With `nonce` and the server's key the sender makes the code once more; it stands nowhere.
    """

    uuid = models.UUIDField(_("id"), unique=True, default=uuid.uuid4, editable=False)
    customer = models.ForeignKey(
        Customer,
        on_delete=models.CASCADE,
        related_name="verifications",
        verbose_name=_("customer"),
        db_index=False,
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    digest = models.CharField(_("keyed hash"), max_length=64)
    nonce = models.BinaryField(_("nonce"), max_length=16, editable=False)
    tries = models.PositiveSmallIntegerField(_("wrong tries"), default=0)
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("expires at"))
    used_at = models.DateTimeField(_("used at"), null=True)

    class Meta:
        verbose_name = _("verification")
        verbose_name_plural = _("verifications")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(channel__in=Channel.values), name="verification_channel_known"
            ),
        ]
        indexes = [models.Index(fields=["customer", "-created_at"], name="verification_by_customer")]

    def __str__(self) -> str:
        return f"{self.uuid}"
