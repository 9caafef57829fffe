"""Who is told what happened, what was told, and every call that was made for it."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class DisabledReason(models.TextChoices):
    FAILING = "failing", _("It refused or did not answer for days")
    GONE = "gone", _("It answered 410: gone for good")


class WebhookEndpoint(models.Model):
    """An address of another system, and which events it is told.

    `is_active` is what the database's triggers ask before they write an event. The failures in a row and when they
    began belong to the address, not to one delivery: while it rests (`rest_until`) nothing is sent to it.
    """

    uuid = models.UUIDField(_("id"), unique=True, default=uuid.uuid4, editable=False)
    description = models.CharField(_("description"), max_length=160)
    url = models.CharField(_("address"), max_length=500)
    event_types = ArrayField(models.CharField(max_length=40), verbose_name=_("events"))
    store_codes = ArrayField(
        models.CharField(max_length=64), verbose_name=_("stores"), default=list, blank=True
    )
    is_active = models.BooleanField(_("switched on"), default=True)
    version = models.PositiveIntegerField(_("version"), default=1)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)
    rest_until = models.DateTimeField(_("rests until"), null=True, blank=True)
    disabled_at = models.DateTimeField(_("switched off by us at"), null=True, blank=True)
    disabled_reason = models.CharField(
        _("why it was switched off"), max_length=10, choices=DisabledReason, blank=True, default=""
    )
    removed_at = models.DateTimeField(_("removed at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(event_types__len__gt=0), name="webhook_endpoint_has_events"
            ),
            models.CheckConstraint(
                condition=models.Q(is_active=False)
                | models.Q(removed_at__isnull=True, disabled_at__isnull=True),
                name="webhook_endpoint_off_once_removed_or_disabled",
            ),
            models.CheckConstraint(
                condition=models.Q(disabled_at__isnull=True, disabled_reason="")
                | models.Q(disabled_at__isnull=False, disabled_reason__in=DisabledReason.values),
                name="webhook_endpoint_disabled_says_why",
            ),
            models.CheckConstraint(
                condition=models.Q(failures=0, failing_since__isnull=True)
                | models.Q(failures__gt=0, failing_since__isnull=False),
                name="webhook_endpoint_failing_since_its_first_failure",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.description} {self.uuid}"


class WebhookSecret(models.Model):
    """What an endpoint's calls are signed with. It is made of the nonce and the server's key, and stands nowhere.

    Several may be valid at once: a receiver is changed without losing a call.
    """

    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="secrets", verbose_name=_("endpoint")
    )
    nonce = models.BinaryField(_("nonce"), max_length=16, editable=False)
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)

    class Meta:
        verbose_name = _("webhook secret")
        verbose_name_plural = _("webhook secrets")

    def __str__(self) -> str:
        return f"{self.endpoint_id} {self.created_at}"


class ChangeAction(models.TextChoices):
    CREATED = "created", _("Created")
    CHANGED = "changed", _("Changed")
    SWITCHED_ON = "switched_on", pgettext_lazy("endpoint", "Switched on")
    SWITCHED_OFF = "switched_off", _("Switched off")
    DISABLED = "disabled", _("Switched off by the system")
    SECRET_ROTATED = "secret_rotated", _("Secret replaced")
    REPLAYED = "replayed", _("Sent again")
    REMOVED = "removed", pgettext_lazy("endpoint", "Removed")


class WebhookChange(models.Model):
    """What somebody, or the system itself, did to an endpoint, and how it stood then. Rows are only added."""

    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.PROTECT, related_name="changes", verbose_name=_("endpoint")
    )
    action = models.CharField(_("action"), max_length=20, choices=ChangeAction)
    document = models.JSONField(_("document"), default=dict)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("by"),
    )
    changed_at = models.DateTimeField(_("changed at"))

    class Meta:
        verbose_name = _("change of a webhook endpoint")
        verbose_name_plural = _("changes of webhook endpoints")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(action__in=ChangeAction.values), name="webhook_change_action_known"
            ),
        ]
        indexes = [models.Index(fields=["endpoint", "-id"], name="webhook_change_by_endpoint")]

    def __str__(self) -> str:
        return f"{self.endpoint_id} {self.action}"


class WebhookEvent(models.Model):
    """Something that happened, as it is told: written by triggers in the transaction in which it happened.

    `data` is the document of `messaging.webhooks.documents` for the kind. Rows never change; they are removed after
    ``WEBHOOK_LOG_DAYS``.
    """

    uuid = models.UUIDField(_("id"), unique=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("event"), max_length=40)
    version = models.PositiveSmallIntegerField(_("version"), default=1, db_default=1)
    store_code = models.CharField(_("store"), max_length=64, blank=True, default="")
    occurred_at = models.DateTimeField(_("occurred at"))
    recorded_at = models.DateTimeField(_("recorded at"))
    data = models.JSONField(_("data"), encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = _("webhook event")
        verbose_name_plural = _("webhook events")
        indexes = [models.Index(fields=["recorded_at"], name="webhook_event_by_age")]

    def __str__(self) -> str:
        return f"{self.kind} {self.uuid}"


class DeliveryState(models.TextChoices):
    PENDING = "pending", _("Waiting")
    CLAIMED = "claimed", _("Being sent")
    DELIVERED = "delivered", _("Accepted")
    FAILED = "failed", pgettext_lazy("delivery", "Given up")


OPEN_STATES = (DeliveryState.PENDING, DeliveryState.CLAIMED)
# What a subject begins with, before the id.
SUBJECTS = ("sale", "account", "message", "merge", "test")


class WebhookDelivery(models.Model):
    """One event for one endpoint: the outbox row. It is sent until the endpoint accepts it or we give up.

    `subject` is what the event is about ("sale:<id>"): of one subject the next waits until the one before is closed.
    """

    endpoint = models.ForeignKey(
        WebhookEndpoint,
        on_delete=models.PROTECT,
        related_name="deliveries",
        verbose_name=_("endpoint"),
        db_index=False,
    )
    event = models.ForeignKey(
        WebhookEvent, on_delete=models.CASCADE, related_name="deliveries", verbose_name=_("event")
    )
    subject = models.CharField(_("subject"), max_length=80)
    state = models.CharField(_("state"), max_length=10, choices=DeliveryState, default=DeliveryState.PENDING)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0, db_default=0)
    due_at = models.DateTimeField(_("due at"))
    # When it was first, or again, put into the queue: what "given up after three days" counts from.
    queued_at = models.DateTimeField(_("queued at"))
    lease = models.UUIDField(_("lease"), null=True, blank=True)
    lease_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    closed_at = models.DateTimeField(_("accepted or given up at"), null=True, blank=True)
    # How the last call ended: a status of HTTP, or a code of messaging.webhooks.presentation.
    status = models.PositiveSmallIntegerField(_("status"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=40, blank=True, default="")

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        constraints = [
            models.UniqueConstraint(fields=["event", "endpoint"], name="webhook_delivery_once_per_endpoint"),
            models.CheckConstraint(
                condition=models.Q(state__in=DeliveryState.values), name="webhook_delivery_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state=DeliveryState.CLAIMED, lease__isnull=False, lease_until__isnull=False
                )
                | (~models.Q(state=DeliveryState.CLAIMED) & models.Q(lease__isnull=True)),
                name="webhook_delivery_claimed_means_leased",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=OPEN_STATES, closed_at__isnull=True)
                | (~models.Q(state__in=OPEN_STATES) & models.Q(closed_at__isnull=False)),
                name="webhook_delivery_closed_has_its_moment",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=DeliveryState.FAILED) | ~models.Q(error=""),
                name="webhook_delivery_given_up_says_why",
            ),
        ]
        indexes = [
            # In the order in which it is sent: a claim reads the first few of however many wait.
            models.Index(
                fields=["endpoint", "id"],
                name="webhook_delivery_waiting",
                condition=models.Q(state=DeliveryState.PENDING),
            ),
            models.Index(
                fields=["endpoint", "subject", "id"],
                name="webhook_delivery_of_subject",
                condition=models.Q(state__in=OPEN_STATES),
            ),
            models.Index(
                fields=["lease_until"],
                name="webhook_delivery_leased",
                condition=models.Q(state=DeliveryState.CLAIMED),
            ),
            models.Index(fields=["endpoint", "-id"], name="webhook_delivery_newest"),
            # What the list of endpoints counts: the last 24 hours of however long a log.
            models.Index(
                fields=["endpoint", "state", "closed_at"],
                name="webhook_delivery_closed",
                condition=models.Q(closed_at__isnull=False),
            ),
            models.Index(fields=["subject"], name="webhook_delivery_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} → {self.endpoint_id}"


class WebhookAttempt(models.Model):
    """One call for one delivery: what was asked and answered. Our signature is not kept."""

    delivery = models.ForeignKey(
        WebhookDelivery, on_delete=models.CASCADE, related_name="attempts", verbose_name=_("delivery")
    )
    number = models.PositiveSmallIntegerField(_("number"))
    url = models.CharField(_("address"), max_length=500)
    began_at = models.DateTimeField(_("began at"))
    duration_ms = models.PositiveIntegerField(_("duration (ms)"))
    status = models.PositiveSmallIntegerField(_("status"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=40, blank=True, default="")
    detail = models.CharField(_("detail"), max_length=240, blank=True, default="")
    response_headers = models.JSONField(_("headers of the answer"), default=dict)
    response = models.TextField(_("answer"), blank=True, default="")

    class Meta:
        verbose_name = _("webhook attempt")
        verbose_name_plural = _("webhook attempts")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__isnull=False) | ~models.Q(error=""),
                name="webhook_attempt_has_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id} {self.number}"
