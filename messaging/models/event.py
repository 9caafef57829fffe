from django.db import models
from django.utils.translation import gettext_lazy as _

from messaging.models.message import Message
from messaging.models.tracking import TrackedLink

# The "provider" of what our own sender notes.
OWN = "fiel"
# What people do with messages: of many reports, the few that results are made of.
ANSWERS = ("opened", "clicked", "bounced", "complained", "unsubscribed")


class MessageEvent(models.Model):
    """Something that was reported about a message: by a provider, or by our own sender (provider "fiel").

    Rows are only added. ``event_key`` is the provider's own name for the event, so a report that
    comes twice is one row. A report about a message that we do not know stays without one.
    """

    message = models.ForeignKey(
        Message, on_delete=models.PROTECT, null=True, related_name="events", verbose_name=_("message")
    )
    provider = models.CharField(_("provider"), max_length=20)
    event_key = models.CharField(_("event key"), max_length=200)
    kind = models.CharField(_("kind"), max_length=40)
    detail = models.CharField(_("detail"), max_length=500, blank=True, default="")
    occurred_at = models.DateTimeField(_("occurred at"))
    # Which link was followed.
    link = models.ForeignKey(
        TrackedLink,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("link"),
        db_index=False,
    )

    class Meta:
        verbose_name = _("message event")
        verbose_name_plural = _("message events")
        constraints = [
            models.UniqueConstraint(fields=["provider", "event_key"], name="message_event_once_per_provider"),
        ]
        indexes = [
            models.Index(fields=["message", "id"], name="message_event_by_message"),
            models.Index(
                fields=["occurred_at"],
                name="message_event_touched",
                condition=models.Q(kind__in=["opened", "clicked"]),
            ),
            models.Index(
                fields=["message", "kind"],
                name="message_event_of_people",
                condition=models.Q(kind__in=ANSWERS),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.event_key}"
