from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from messaging.models.occasion import OCCASION_CODE, occasion_choices


class Channel(models.TextChoices):
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")
    WHATSAPP = "whatsapp", _("WhatsApp")


class AppliesTo(models.TextChoices):
    """What a template is for. It decides which variables there are."""

    OCCASION = "occasion", _("An automation")
    CUSTOMERS = "customers", _("Mailings to customers")
    SALES = "sales", _("Mailings to the customers of sales")


class HtmlFormat(models.TextChoices):
    """How the HTML of an e-mail is written."""

    RICH = "rich", _("Rich text")
    MJML = "mjml", _("MJML")


class Category(models.TextChoices):
    """What WhatsApp calls the purpose of a template; it decides the price of each message."""

    MARKETING = "marketing", _("Marketing")
    UTILITY = "utility", _("Utility")


class PhoneField(models.TextChoices):
    """Which numbers a WhatsApp template is sent to."""

    MOBILE = "mobile", _("Mobile numbers only")
    CUSTOMER_PHONE = "customer_phone", _("The customer's phone, whatever it is")


class Approval(models.TextChoices):
    """Where a template stands with WhatsApp."""

    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Waiting for approval")
    APPROVED = "approved", pgettext_lazy("template", "Approved")
    REJECTED = "rejected", _("Rejected")
    PAUSED = "paused", _("Paused by WhatsApp")


class TemplateQuerySet(models.QuerySet["Template"]):
    def in_use(self, occasion: str) -> "TemplateQuerySet":
        """Return the texts that an occasion's messages are filled from: at most one for a channel and language."""
        return self.filter(occasion=occasion, in_use=True)

    def standing(self) -> "TemplateQuerySet":
        """Return what was not put into the archive."""
        return self.filter(archived_at__isnull=True)

    def insertable(self, *, channel: str, applies_to: str) -> "TemplateQuerySet":
        """Return the named templates that a mailing on a channel can begin with."""
        # Whoever bought is a customer: texts for customers fit sales too, not the other way round.
        fitting = [AppliesTo.CUSTOMERS]
        if applies_to == AppliesTo.SALES:
            fitting.append(AppliesTo.SALES)
        return self.standing().filter(channel=channel, applies_to__in=fitting)


class Template(models.Model):
    """A text on one channel in one language, with liquid variables.

    An occasion has one text of its own for each channel and language (without a name), and any number with names;
    one of them is `in_use`. Mailings have named ones only. ``messaging.services.templates`` checks the texts and
    keeps a revision of each saving.
    """

    LONGEST_NAME = 80

    name = models.CharField(
        _("name"),
        max_length=LONGEST_NAME,
        blank=True,
        default="",
        help_text=_("How you find it again, such as ANNIV. Empty: the occasion's own text."),
    )
    applies_to = models.CharField(
        _("applies to"), max_length=10, choices=AppliesTo, default=AppliesTo.OCCASION
    )
    occasion = models.CharField(
        _("occasion"), max_length=20, choices=occasion_choices, blank=True, default=""
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES)
    # Whether the occasion's messages are filled from this text.
    in_use = models.BooleanField(_("in use"), default=True)
    archived_at = models.DateTimeField(_("archived at"), null=True, blank=True)
    subject = models.CharField(_("subject"), max_length=200, blank=True, default="")
    text = models.TextField(_("text"), blank=True, default="")
    html = models.TextField(_("HTML"), blank=True, default="")
    html_format = models.CharField(
        _("format"), max_length=4, choices=HtmlFormat, default=HtmlFormat.RICH, db_default=HtmlFormat.RICH
    )
    # What follows concerns WhatsApp only.
    category = models.CharField(
        _("category"),
        max_length=10,
        choices=Category,
        default=Category.MARKETING,
        db_default=Category.MARKETING,
    )
    phone_field = models.CharField(
        _("phone"),
        max_length=20,
        choices=PhoneField,
        default=PhoneField.CUSTOMER_PHONE,
        db_default=PhoneField.CUSTOMER_PHONE,
    )
    approval = models.CharField(
        _("approval"), max_length=10, choices=Approval, default=Approval.DRAFT, db_default=Approval.DRAFT
    )
    rejection_reason = models.CharField(_("reason of the rejection"), max_length=500, blank=True, default="")
    # What was handed in, under the provider's id. `content_sid` is the same id while it may be sent, else empty.
    submitted_sid = models.CharField(_("provider's id"), max_length=40, blank=True, default="")
    content_sid = models.CharField(_("approved template"), max_length=40, blank=True, default="")
    # The names behind {{1}}, {{2}} … of what was handed in, in order.
    numbered_variables = ArrayField(
        models.CharField(max_length=80), verbose_name=_("numbered variables"), default=list, blank=True
    )
    allow_several = models.BooleanField(
        _("allow several"),
        default=False,
        db_default=False,
        help_text=_("Mailings may send it to many people at once."),
    )
    submitted_at = models.DateTimeField(_("submitted at"), null=True, blank=True)
    approval_checked_at = models.DateTimeField(_("approval checked at"), null=True, blank=True)
    number = models.PositiveIntegerField(_("number"), default=1)
    updated_at = models.DateTimeField(_("updated at"))

    objects = TemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        constraints = [
            models.UniqueConstraint(
                fields=["occasion", "channel", "language"],
                condition=models.Q(name=""),
                name="template_once_per_occasion_channel_and_language",
            ),
            models.UniqueConstraint(
                fields=["occasion", "channel", "language"],
                condition=models.Q(in_use=True),
                name="template_one_in_use",
            ),
            models.UniqueConstraint(
                Upper("name"),
                "channel",
                "language",
                condition=~models.Q(name="") & models.Q(archived_at__isnull=True),
                name="template_name_once",
            ),
            models.CheckConstraint(
                condition=models.Q(channel__in=Channel.values), name="template_channel_known"
            ),
            models.CheckConstraint(
                condition=models.Q(occasion="") | models.Q(occasion__regex=OCCASION_CODE),
                name="template_occasion_is_a_code",
            ),
            models.CheckConstraint(
                condition=models.Q(applies_to=AppliesTo.OCCASION) & ~models.Q(occasion="")
                | models.Q(applies_to__in=[AppliesTo.CUSTOMERS, AppliesTo.SALES], occasion=""),
                name="template_applies_to_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(name="") | models.Q(applies_to=AppliesTo.OCCASION),
                name="template_of_mailings_named",
            ),
            models.CheckConstraint(
                condition=models.Q(in_use=False)
                | models.Q(applies_to=AppliesTo.OCCASION, archived_at__isnull=True),
                name="template_in_use_stands",
            ),
            models.CheckConstraint(
                condition=~models.Q(channel=Channel.EMAIL) | ~models.Q(subject=""),
                name="template_email_has_subject",
            ),
            # The text part of an e-mail can be made of its HTML.
            models.CheckConstraint(
                condition=~models.Q(text="") | models.Q(channel=Channel.EMAIL) & ~models.Q(html=""),
                name="template_text_not_empty",
            ),
            models.CheckConstraint(
                condition=models.Q(approval__in=Approval.values)
                & models.Q(category__in=Category.values)
                & models.Q(phone_field__in=PhoneField.values)
                & models.Q(html_format__in=HtmlFormat.values),
                name="template_words_known",
            ),
            models.CheckConstraint(
                condition=models.Q(content_sid="") | models.Q(approval=Approval.APPROVED),
                name="template_sent_only_when_approved",
            ),
            models.CheckConstraint(
                condition=models.Q(allow_several=False) | models.Q(approval=Approval.APPROVED),
                name="template_several_only_when_approved",
            ),
            models.CheckConstraint(
                condition=~models.Q(approval=Approval.REJECTED) | ~models.Q(rejection_reason=""),
                name="template_rejection_says_why",
            ),
        ]
        indexes = [
            models.Index(
                fields=["approval_checked_at"],
                name="template_awaiting_news",
                condition=~models.Q(submitted_sid=""),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name or self.occasion} {self.channel} {self.language}"


class TemplateRevision(models.Model):
    """The texts of a template as they were saved once."""

    template = models.ForeignKey(
        Template, on_delete=models.PROTECT, related_name="revisions", verbose_name=_("template")
    )
    number = models.PositiveIntegerField(_("number"))
    subject = models.CharField(_("subject"), max_length=200, blank=True, default="")
    text = models.TextField(_("text"), blank=True, default="")
    html = models.TextField(_("HTML"), blank=True, default="")
    html_format = models.CharField(
        _("format"), max_length=4, choices=HtmlFormat, default=HtmlFormat.RICH, db_default=HtmlFormat.RICH
    )
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
