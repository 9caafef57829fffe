from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models

from messaging.purposes import Urgency
from messaging.schedule import State

if TYPE_CHECKING:
    from messaging.models import Message


class MessageQuerySet(models.QuerySet):
    """The vocabulary of the outbox."""

    def due(self, urgency: Urgency, *, at: datetime) -> Self:
        """Messages of one urgency that a sender may claim and that belong to no mailing, the longest waiting first."""
        waiting = self.filter(state=State.QUEUED, mailing__isnull=True, urgency=urgency, due_at__lte=at)
        return waiting.order_by("due_at", "pk")

    def due_of_mailing(self, mailing_id: int, *, at: datetime) -> Self:
        """Messages of a mailing whose moment has come. Whether the mailing sends is for the sender to ask."""
        return self.filter(state=State.QUEUED, mailing=mailing_id, due_at__lte=at).order_by("due_at", "pk")

    def lease_expired(self, *, at: datetime) -> Self:
        """Messages whose sender has not reported back in time."""
        return self.filter(state=State.CLAIMED, lease_until__lte=at).order_by("pk")

    def to_whom_gets(self, message: "Message") -> Self:
        """Messages to the person of another one, also those that went to a record which was merged into theirs."""
        if message.customer_id is not None:
            return self.filter(customer=message.customer_id)
        return self.filter(person=message.person)

    def perhaps_received(self) -> Self:
        """Messages that the person got, or may have got: they count for frequency."""
        return self.filter(state__in=[State.CLAIMED, State.SENT, State.DELIVERED, State.READ, State.IN_DOUBT])
