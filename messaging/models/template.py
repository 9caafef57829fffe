from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from messaging.models.occasion import OCCASION_CODE, occasion_choices


class Channel(models.TextChoices):
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")
    WHATSAPP = "whatsapp", _("WhatsApp")


class Template(models.Model):
    """The text of one occasion on one channel in one language, with liquid variables.

    ``messaging.services.templates`` checks the texts and keeps a revision of each saving.
    """

    occasion = models.CharField(_("occasion"), max_length=20, choices=occasion_choices)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES)
    subject = models.CharField(_("subject"), max_length=200, blank=True, default="")
    text = models.TextField(_("text"))
    html = models.TextField(_("HTML"), blank=True, default="")
    content_sid = models.CharField(
        _("approved template"),
        max_length=40,
        blank=True,
        default="",
        help_text=_(
            "The provider's id of the approved WhatsApp template (HX…). Without it only customers "
            "who wrote in the last 24 hours can be reached."
        ),
    )
    number = models.PositiveIntegerField(_("number"), default=1)
    updated_at = models.DateTimeField(_("updated at"))

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        constraints = [
            models.UniqueConstraint(
                fields=["occasion", "channel", "language"],
                name="template_once_per_occasion_channel_and_language",
            ),
            models.CheckConstraint(
                condition=models.Q(channel__in=Channel.values), name="template_channel_known"
            ),
            models.CheckConstraint(
                condition=models.Q(occasion__regex=OCCASION_CODE), name="template_occasion_is_a_code"
            ),
            models.CheckConstraint(
                condition=~models.Q(channel=Channel.EMAIL) | ~models.Q(subject=""),
                name="template_email_has_subject",
            ),
            models.CheckConstraint(condition=~models.Q(text=""), name="template_text_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.occasion} {self.channel} {self.language}"


class TemplateRevision(models.Model):
    """The texts of a template as they were saved once."""

    template = models.ForeignKey(
        Template, on_delete=models.PROTECT, related_name="revisions", verbose_name=_("template")
    )
    number = models.PositiveIntegerField(_("number"))
    subject = models.CharField(_("subject"), max_length=200, blank=True, default="")
    text = models.TextField(_("text"))
    html = models.TextField(_("HTML"), blank=True, default="")
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("saved by"),
    )
    saved_at = models.DateTimeField(_("saved at"))

    class Meta:
        verbose_name = _("template revision")
        verbose_name_plural = _("template revisions")
        constraints = [
            models.UniqueConstraint(fields=["template", "number"], name="template_revision_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.template_id} r{self.number}"
