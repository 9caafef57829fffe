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
    accepted_at = models.DateTimeField(_("accepted at"))

    class Meta:
        verbose_name = _("local delivery")
        verbose_name_plural = _("local deliveries")
        indexes = [models.Index(fields=["-accepted_at", "-id"], name="local_delivery_newest")]

    def __str__(self) -> str:
        return self.provider_id
