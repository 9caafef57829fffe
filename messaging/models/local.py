from django.db import models
from django.utils.translation import gettext_lazy as _

from messaging.models.template import Channel


class LocalDelivery(models.Model):
    """What the local imitation of a provider accepted: the customer's inbox in a demonstration.

    It knows nothing about our messages but what a provider is told: an address, a text, and where to
    report. Filled only while DEMO is on.
    """

    provider_id = models.CharField(_("provider's id"), max_length=200, unique=True)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    sender = models.CharField(_("from"), max_length=254)
    to = models.CharField(_("to"), max_length=254)
    subject = models.CharField(_("subject"), max_length=300, blank=True, default="")
    text = models.TextField(_("text"), blank=True, default="")
    html = models.TextField(_("HTML"), blank=True, default="")
    headers = models.JSONField(_("headers"), default=dict)
    status = models.CharField(_("status"), max_length=20)
    callback_url = models.CharField(_("reports to"), max_length=500, blank=True, default="")
    # The reports that are still to be made, first one first.
    remaining = models.JSONField(_("remaining reports"), default=list)
    # The code that goes with a report of a failure.
    error_code = models.CharField(_("error"), max_length=10, blank=True, default="", db_default="")
    accepted_at = models.DateTimeField(_("accepted at"))

    class Meta:
        verbose_name = _("local delivery")
        verbose_name_plural = _("local deliveries")
        indexes = [models.Index(fields=["-accepted_at", "-id"], name="local_delivery_newest")]

    def __str__(self) -> str:
        return self.provider_id


class LocalContent(models.Model):
    """A template as the imitated Twilio keeps it, with the answer of an imitated WhatsApp. Filled only while DEMO is on."""

    sid = models.CharField(_("provider's id"), max_length=40, unique=True)
    friendly_name = models.CharField(_("name"), max_length=200)
    language = models.CharField(_("language"), max_length=10)
    body = models.TextField(_("text"))
    variables = models.JSONField(_("variables"), default=dict)
    # What the approval was asked for under; empty until it is.
    approval_name = models.CharField(_("name at WhatsApp"), max_length=512, blank=True, default="")
    category = models.CharField(_("category"), max_length=20, blank=True, default="")
    status = models.CharField(_("status"), max_length=20, default="unsubmitted")
    rejection_reason = models.CharField(_("reason of the rejection"), max_length=500, blank=True, default="")
    # When the imitated WhatsApp answers by itself.
    answers_at = models.DateTimeField(_("answers at"), null=True, blank=True)

    class Meta:
        verbose_name = _("local content")
        verbose_name_plural = _("local contents")

    def __str__(self) -> str:
        return self.sid


class LocalFault(models.Model):
    """A failure that was ordered for the next message on a channel. Used once, the oldest first."""

    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    kind = models.CharField(_("failure"), max_length=20)

    class Meta:
        verbose_name = _("local fault")
        verbose_name_plural = _("local faults")

    def __str__(self) -> str:
        return f"{self.channel} {self.kind}"
