import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models import PromoCode
from customers.models import Customer
from messaging.addresses import person_key
from messaging.models.cart import Cart
from messaging.models.mailing import Mailing
from messaging.models.occasion import OCCASION_CODE, occasion_choices
from messaging.models.template import Channel
from messaging.purposes import Urgency
from messaging.querysets import MessageQuerySet
from messaging.schedule import State
from retail.models import Sale, Store

LONGEST_SUBJECT = 300


class MessageState(models.TextChoices):
    QUEUED = State.QUEUED.value, _("Queued")
    CLAIMED = State.CLAIMED.value, _("Being sent")
    SENT = State.SENT.value, _("Sent")
    DELIVERED = State.DELIVERED.value, _("Delivered")
    READ = State.READ.value, _("Read")
    FAILED = State.FAILED.value, _("Failed")
    IN_DOUBT = State.IN_DOUBT.value, _("In doubt")
    SUPPRESSED = State.SUPPRESSED.value, _("Not sent")


_ACCEPTED = [MessageState.SENT, MessageState.DELIVERED, MessageState.READ]


class Message(models.Model):
    """One message to one person about one occasion: the outbox, and the record of what was sent.

    The unique key makes "twice" impossible however many planners run. A sender claims a row under a lease
    and commits before it calls the provider; ``call_began_at`` is committed last, so that a claim
    without it is known not to have reached the provider. ``channels`` is the chain, ``position`` where it stands.
    """

    uuid = models.UUIDField(_("id"), unique=True, default=uuid.uuid4, editable=False)
    occasion = models.CharField(_("occasion"), max_length=20, choices=occasion_choices)
    occasion_key = models.CharField(_("occasion key"), max_length=80)
    person = models.CharField(
        _("person"), max_length=80, help_text=_("“c:” and the customer's key, or a hash of the address.")
    )
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="messages",
        verbose_name=_("customer"),
    )
    store = models.ForeignKey(
        Store,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="messages",
        verbose_name=_("store"),
    )
    cart = models.ForeignKey(
        Cart, on_delete=models.PROTECT, null=True, blank=True, related_name="messages", verbose_name=_("cart")
    )
    mailing = models.ForeignKey(
        Mailing,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="messages",
        verbose_name=_("mailing"),
        db_index=False,
    )
    sale = models.ForeignKey(
        Sale,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("sale"),
        db_index=False,
    )
    promo_code = models.ForeignKey(
        PromoCode,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="messages",
        verbose_name=_("promo code"),
    )
    state = models.CharField(_("state"), max_length=10, choices=MessageState, default=MessageState.QUEUED)
    # Why it was not sent or failed: a code of messaging.reasons; details beside it.
    reason = models.CharField(_("reason"), max_length=40, blank=True, default="")
    error = models.CharField(_("error"), max_length=500, blank=True, default="")
    channels = ArrayField(
        models.CharField(max_length=10, choices=Channel), verbose_name=_("channels, in order")
    )
    position = models.PositiveSmallIntegerField(_("place in the chain"), default=0)
    # messaging.purposes.Urgency: what is due earlier and can wait stands behind a code that somebody waits for.
    urgency = models.PositiveSmallIntegerField(
        _("urgency"), default=Urgency.IN_TURN.value, db_default=Urgency.IN_TURN.value, editable=False
    )
    due_at = models.DateTimeField(_("due at"))
    expires_at = models.DateTimeField(_("useless from"), null=True, blank=True)
    planned_at = models.DateTimeField(_("planned at"))
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0)
    lease = models.UUIDField(_("lease"), null=True, blank=True)
    lease_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    call_began_at = models.DateTimeField(_("call began at"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("failed or given up at"), null=True, blank=True)
    # What the person got.
    channel = models.CharField(_("channel"), max_length=10, choices=Channel, blank=True, default="")
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    to = models.CharField(_("to"), max_length=254, blank=True, default="")
    subject = models.CharField(_("subject"), max_length=LONGEST_SUBJECT, blank=True, default="")
    text = models.TextField(_("text"), blank=True, default="")
    html = models.TextField(_("HTML"), blank=True, default="")
    # What operators bill: of a text message that was handed over.
    segments = models.PositiveSmallIntegerField(_("segments"), null=True, blank=True)
    # In reais, by the company's prices of the moment when it was handed over; without such a price, unknown.
    cost = models.DecimalField(_("cost"), max_digits=10, decimal_places=4, null=True, blank=True)
    provider = models.CharField(_("provider"), max_length=20, blank=True, default="")
    provider_id = models.CharField(_("provider's id"), max_length=200, blank=True, default="")

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(
                fields=["occasion", "occasion_key", "person"], name="message_once_per_occasion_and_person"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=MessageState.values), name="message_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(occasion__regex=OCCASION_CODE), name="message_occasion_is_a_code"
            ),
            models.CheckConstraint(
                condition=models.Q(urgency__in=[urgency.value for urgency in Urgency]),
                name="message_urgency_known",
            ),
            models.CheckConstraint(
                condition=models.Q(channels__contained_by=[channel.value for channel in Channel])
                & models.Q(channels__len__gt=0),
                name="message_channels_known",
            ),
            models.CheckConstraint(
                condition=models.Q(state=MessageState.CLAIMED, lease__isnull=False, lease_until__isnull=False)
                | (~models.Q(state=MessageState.CLAIMED) & models.Q(lease__isnull=True)),
                name="message_claimed_means_leased",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=[MessageState.SUPPRESSED, MessageState.FAILED])
                | ~models.Q(reason=""),
                name="message_not_sent_says_why",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=_ACCEPTED) | models.Q(sent_at__isnull=False),
                name="message_sent_has_its_moment",
            ),
            models.CheckConstraint(
                condition=models.Q(cost__isnull=True) | models.Q(cost__gte=0),
                name="message_cost_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=models.F("due_at")),
                name="message_expires_after_due",
            ),
        ]
        indexes = [
            # Mailings have their own: a million rows that wait in one do not stand before a code that somebody waits for.
            models.Index(
                fields=["urgency", "due_at", "id"],
                name="message_due_by_urgency",
                condition=models.Q(state=MessageState.QUEUED, mailing__isnull=True),
            ),
            models.Index(
                fields=["mailing", "due_at", "id"],
                name="message_due_of_mailing",
                condition=models.Q(state=MessageState.QUEUED, mailing__isnull=False),
            ),
            # Progress and results of a million people are counted without reading their texts.
            models.Index(
                fields=["mailing", "state", "reason"],
                include=["id", "sent_at", "segments", "cost"],
                name="message_by_mailing",
                condition=models.Q(mailing__isnull=False),
            ),
            models.Index(
                fields=["lease_until"],
                name="message_leased",
                condition=models.Q(state=MessageState.CLAIMED),
            ),
            models.Index(
                fields=["id"],
                name="message_in_doubt",
                condition=models.Q(state=MessageState.IN_DOUBT),
            ),
            models.Index(fields=["-planned_at", "-id"], name="message_newest"),
            models.Index(
                fields=["occasion", "planned_at"],
                include=["id", "state", "reason", "sent_at", "segments", "cost"],
                name="message_by_occasion",
            ),
            models.Index(fields=["customer", "-planned_at"], name="message_by_customer"),
            models.Index(fields=["person", "occasion", "-sent_at"], name="message_by_person"),
            models.Index(
                fields=["provider_id"], name="message_by_provider_id", condition=~models.Q(provider_id="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.occasion} {self.occasion_key} {self.person}"

    @property
    def addressee(self) -> str:
        """Who gets it as records stand now; `person` is who it was planned for, perhaps before their record was merged."""
        return person_key(customer_id=self.customer_id) or self.person
