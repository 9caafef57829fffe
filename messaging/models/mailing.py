import uuid
from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models import Customer, Segment
from messaging.models.template import AppliesTo, Channel, HtmlFormat, Template
from retail.models import Sale

MAILING = "mailing"
DIRECT = "direct"


class MailingState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    AWAITING = "awaiting", _("Waiting for approval")
    SCHEDULED = "scheduled", pgettext_lazy("mailing", "Scheduled")
    FREEZING = "freezing", _("Gathering its people")
    SENDING = "sending", _("Sending")
    PAUSED = "paused", pgettext_lazy("mailing", "Paused")
    FINISHED = "finished", pgettext_lazy("mailing", "Finished")
    CANCELLED = "cancelled", pgettext_lazy("mailing", "Cancelled")


class Audience(models.TextChoices):
    """Whom a mailing is for."""

    PERSON = "person", _("One person")
    SALES = "sales", _("The customers of selected sales")
    SEGMENT = "segment", _("A segment")


class Mailing(models.Model):
    """Something that is written once to many people, or to one: its audience, its texts and where it stands.

    The audience is frozen as `MailingMember` rows and as messages of the outbox when it begins. `reached` is the last
    customer, and `written` the last member, that freezing has come to; a worker that takes over goes on behind them.
    `tree` is the segment's question as it was when the mailing was confirmed.
    """

    LONGEST_NAME = 120

    uuid = models.UUIDField(_("id"), unique=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=LONGEST_NAME)
    audience = models.CharField(_("audience"), max_length=10, choices=Audience)
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("customer"),
    )
    sale = models.ForeignKey(
        Sale, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("sale")
    )
    segment = models.ForeignKey(
        Segment, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("segment")
    )
    segment_name = models.CharField(_("segment's name"), max_length=120, blank=True, default="")
    tree = models.JSONField(_("conditions"), null=True, blank=True)
    channels = ArrayField(
        models.CharField(max_length=10, choices=Channel), verbose_name=_("channels, in order")
    )
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES)
    holdout_percent = models.DecimalField(
        _("hold-out"), max_digits=5, decimal_places=2, default=Decimal("0"), db_default=Decimal("0")
    )
    result_days = models.PositiveSmallIntegerField(_("days in which sales count"), default=14)
    useful_days = models.PositiveSmallIntegerField(_("days in which it is of use"), default=3)
    send_at = models.DateTimeField(_("send at"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=MailingState, default=MailingState.DRAFT)
    # Where it goes on after a pause.
    paused_from = models.CharField(
        _("paused from"), max_length=10, choices=MailingState, blank=True, default=""
    )
    note = models.CharField(_("why it stands still"), max_length=40, blank=True, default="")
    number = models.PositiveIntegerField(_("version"), default=1)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created at"))
    updated_at = models.DateTimeField(_("changed at"))
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("sent for approval by"),
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("approved by"),
    )
    started_at = models.DateTimeField(_("begun at"), null=True, blank=True)
    frozen_at = models.DateTimeField(_("people gathered at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    # Whoever refused profiling gets nothing of it; decided anew when its people are gathered.
    by_profile = models.BooleanField(
        _("chooses by what people bought or read"), default=False, db_default=False, editable=False
    )
    reached = models.BigIntegerField(_("last customer looked at"), default=0)
    written = models.BigIntegerField(_("last member written to"), default=0)
    member_count = models.PositiveIntegerField(_("people"), default=0)
    held_out_count = models.PositiveIntegerField(_("held out"), default=0)

    class Meta:
        verbose_name = _("mailing")
        verbose_name_plural = _("mailings")
        permissions = [
            ("send_mailing", _("Can send mailings")),
            ("approve_mailing", _("Can approve mailings")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=MailingState.values), name="mailing_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(audience=Audience.PERSON)
                & (models.Q(customer__isnull=False) | models.Q(sale__isnull=False))
                | models.Q(audience=Audience.SALES, customer__isnull=True, sale__isnull=True)
                | models.Q(
                    audience=Audience.SEGMENT, customer__isnull=True, sale__isnull=True, tree__isnull=False
                ),
                name="mailing_audience_is_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(channels__contained_by=[channel.value for channel in Channel])
                & models.Q(channels__len__gt=0),
                name="mailing_channels_known",
            ),
            models.CheckConstraint(
                condition=models.Q(holdout_percent__gte=0, holdout_percent__lt=100),
                name="mailing_hold_out_leaves_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(result_days__gte=1, result_days__lte=90)
                & models.Q(useful_days__gte=1, useful_days__lte=30),
                name="mailing_days_in_range",
            ),
            models.CheckConstraint(
                condition=models.Q(state=MailingState.PAUSED) & ~models.Q(paused_from="")
                | ~models.Q(state=MailingState.PAUSED) & models.Q(paused_from=""),
                name="mailing_paused_knows_from_where",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=[MailingState.SENDING, MailingState.FINISHED])
                | models.Q(frozen_at__isnull=False, started_at__isnull=False),
                name="mailing_sends_what_is_frozen",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=[MailingState.FINISHED, MailingState.CANCELLED], ended_at__isnull=False
                )
                | ~models.Q(state__in=[MailingState.FINISHED, MailingState.CANCELLED])
                & models.Q(ended_at__isnull=True),
                name="mailing_end_has_its_moment",
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="mailing_newest"),
            models.Index(
                fields=["id"], name="mailing_sending", condition=models.Q(state=MailingState.SENDING)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def applies_to(self) -> str:
        """What its texts may speak of: the sale too, where there is one for each person."""
        about_sales = self.audience == Audience.SALES or self.sale_id is not None
        return AppliesTo.SALES if about_sales else AppliesTo.CUSTOMERS

    @property
    def is_to_one(self) -> bool:
        return self.audience == Audience.PERSON

    @property
    def occasion(self) -> str:
        return DIRECT if self.is_to_one else MAILING

    @property
    def occasion_key(self) -> str:
        return f"direct:{self.uuid.hex}" if self.is_to_one else f"mailing:{self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether anything may still change."""
        return self.state not in (MailingState.FINISHED, MailingState.CANCELLED)


class MailingText(models.Model):
    """What a mailing says on one channel. On WhatsApp it is a template's approved text, under the id of that approval."""

    mailing = models.ForeignKey(
        Mailing, on_delete=models.CASCADE, related_name="texts", verbose_name=_("mailing"), db_index=False
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    subject = models.CharField(_("subject"), max_length=200, blank=True, default="")
    text = models.TextField(_("text"), blank=True, default="")
    html = models.TextField(_("HTML"), blank=True, default="")
    html_format = models.CharField(_("format"), max_length=4, choices=HtmlFormat, default=HtmlFormat.RICH)
    template = models.ForeignKey(
        Template,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("template"),
    )
    content_sid = models.CharField(_("approved template"), max_length=40, blank=True, default="")

    class Meta:
        verbose_name = _("text of a mailing")
        verbose_name_plural = _("texts of mailings")
        constraints = [
            models.UniqueConstraint(fields=["mailing", "channel"], name="mailing_text_once_per_channel"),
            models.CheckConstraint(
                condition=~models.Q(channel=Channel.WHATSAPP) | models.Q(template__isnull=False),
                name="mailing_text_of_whatsapp_has_template",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mailing_id} {self.channel}"

    @property
    def is_withdrawn(self) -> bool:
        """Whether WhatsApp no longer approves what was chosen."""
        return self.template is not None and (
            not self.content_sid or self.template.content_sid != self.content_sid
        )

    def as_template(self) -> Template:
        """Return the text as one that messages are filled from, unsaved."""
        mailing, approved = self.mailing, self.template
        template = Template(
            name=mailing.name[: Template.LONGEST_NAME],
            applies_to=mailing.applies_to,
            # Its own variables are those of the occasion.
            occasion=mailing.occasion,
            channel=self.channel,
            language=mailing.language if approved is None else approved.language,
            in_use=False,
            subject=self.subject,
            text=self.text,
            html=self.html,
            html_format=self.html_format,
        )
        if approved is not None:
            template.category, template.phone_field = approved.category, approved.phone_field
            template.content_sid = self.content_sid
            template.numbered_variables = approved.numbered_variables
        return template


class MailingSale(models.Model):
    """A sale that was selected for a mailing."""

    mailing = models.ForeignKey(
        Mailing, on_delete=models.CASCADE, related_name="sales", verbose_name=_("mailing"), db_index=False
    )
    sale = models.ForeignKey(
        Sale, on_delete=models.PROTECT, related_name="+", verbose_name=_("sale"), db_index=False
    )

    class Meta:
        verbose_name = _("sale of a mailing")
        verbose_name_plural = _("sales of mailings")
        constraints = [
            models.UniqueConstraint(fields=["mailing", "sale"], name="mailing_sale_once"),
        ]

    def __str__(self) -> str:
        return f"{self.mailing_id} {self.sale_id}"


class MailingMember(models.Model):
    """Somebody of a mailing's audience, as it was frozen. Who is held out gets no message and is compared with the rest."""

    mailing = models.ForeignKey(
        Mailing, on_delete=models.CASCADE, related_name="members", verbose_name=_("mailing"), db_index=False
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("customer")
    )
    sale = models.ForeignKey(
        Sale,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("sale"),
        db_index=False,
    )
    held_out = models.BooleanField(_("held out"))

    class Meta:
        verbose_name = _("member of a mailing")
        verbose_name_plural = _("members of mailings")
        constraints = [
            models.UniqueConstraint(fields=["mailing", "customer"], name="mailing_member_once"),
        ]
        indexes = [models.Index(fields=["mailing", "id"], name="mailing_member_in_order")]

    def __str__(self) -> str:
        return f"{self.mailing_id} {self.customer_id}"


class MailingChange(models.Model):
    """Something that was done with a mailing: who, when, what. Rows are only added."""

    mailing = models.ForeignKey(
        Mailing, on_delete=models.CASCADE, related_name="changes", verbose_name=_("mailing"), db_index=False
    )
    action = models.CharField(_("action"), max_length=20)
    detail = models.CharField(_("detail"), max_length=500, blank=True, default="")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("made by"),
    )
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("change of a mailing")
        verbose_name_plural = _("changes of mailings")
        indexes = [models.Index(fields=["mailing", "id"], name="mailing_change_in_order")]

    def __str__(self) -> str:
        return f"{self.mailing_id} {self.action}"
