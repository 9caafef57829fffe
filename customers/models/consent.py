from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models.customer import Customer
from retail.models import Store


class Purpose(models.TextChoices):
    PROMOTIONS = "promotions", _("Benefits of promotional campaigns")
    LOYALTY = "loyalty", _("Loyalty program")
    MARKETING = "marketing", _("Marketing messages")
    PROFILING = "profiling", _("Purchase profile")
    SHARING = "sharing", _("Sharing with partners")


class ConsentChannel(models.TextChoices):
    EVERY = "", _("Every channel")
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")
    WHATSAPP = "whatsapp", _("WhatsApp")


class Consent(models.Model):
    """One answer of a customer to one question, kept for ever: rows are added, never changed.

    What stands is the answer given last for a purpose and channel; one without channel answers for all of them.
    The database refuses UPDATE, DELETE and TRUNCATE.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="consents", verbose_name=_("customer")
    )
    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose)
    channel = models.CharField(_("channel"), max_length=10, choices=ConsentChannel, blank=True, default="")
    granted = models.BooleanField(_("granted"))
    text = models.TextField(_("text shown"), blank=True, default="")
    text_version = models.CharField(_("text version"), max_length=40, blank=True, default="")
    # SHA-256 of the text, in hexadecimal: what was shown can be proved without trusting the text beside it.
    text_digest = models.CharField(
        _("digest of the text"), max_length=64, blank=True, default="", db_default="", editable=False
    )
    source = models.CharField(
        _("source"), max_length=40, help_text=_("Where it was given: till, web, import.")
    )
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("store")
    )
    operator = models.CharField(_("operator"), max_length=80, blank=True, default="")
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("recorded by"),
    )
    given_at = models.DateTimeField(_("given at"))

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(purpose__in=Purpose.values), name="consent_purpose_known"
            ),
            models.CheckConstraint(
                condition=models.Q(channel__in=ConsentChannel.values), name="consent_channel_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["customer", "purpose", "channel", "-given_at", "-id"], name="consent_newest_first"
            ),
            models.Index(fields=["given_at"], name="consent_by_moment"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.purpose} {self.channel} {self.granted}"


class ConsentText(models.Model):
    """One version of the text that people are shown when they are asked: written by a manager, never changed.

    The newest version for a purpose, channel and language is the one to show; answers name its ``version``. The database
    refuses UPDATE and DELETE.
    """

    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose)
    channel = models.CharField(_("channel"), max_length=10, choices=ConsentChannel, blank=True, default="")
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES)
    number = models.PositiveIntegerField(_("number"))
    version = models.CharField(_("version"), max_length=40, unique=True)
    text = models.TextField(_("text"))
    digest = models.CharField(_("digest"), max_length=64)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("written by"),
    )
    written_at = models.DateTimeField(_("written at"))

    class Meta:
        verbose_name = _("consent text")
        verbose_name_plural = _("consent texts")
        constraints = [
            models.UniqueConstraint(
                fields=["purpose", "channel", "language", "number"], name="consent_text_once_per_number"
            ),
            models.CheckConstraint(
                condition=models.Q(purpose__in=Purpose.values), name="consent_text_purpose_known"
            ),
            models.CheckConstraint(
                condition=models.Q(channel__in=ConsentChannel.values), name="consent_text_channel_known"
            ),
            models.CheckConstraint(condition=~models.Q(text=""), name="consent_text_says_something"),
        ]

    def __str__(self) -> str:
        return self.version
