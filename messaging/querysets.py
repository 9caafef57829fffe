from datetime import datetime
from typing import Self

from django.db import models

from messaging.schedule import State


class MessageQuerySet(models.QuerySet):
    """The vocabulary of the outbox."""

    def due(self, *, at: datetime) -> Self:
        """Messages that a sender may claim and that belong to no mailing, the longest waiting first."""
        return self.filter(state=State.QUEUED, mailing__isnull=True, due_at__lte=at).order_by("due_at", "pk")

    def due_of_mailing(self, mailing_id: int, *, at: datetime) -> Self:
        """Messages of a mailing whose moment has come. Whether the mailing sends is for the sender to ask."""
        return self.filter(state=State.QUEUED, mailing=mailing_id, due_at__lte=at).order_by("due_at", "pk")

    def lease_expired(self, *, at: datetime) -> Self:
        """Messages whose sender has not reported back in time."""
        return self.filter(state=State.CLAIMED, lease_until__lte=at).order_by("pk")

    def perhaps_received(self) -> Self:
        """Messages that the person got, or may have got: they count for frequency."""
        return self.filter(state__in=[State.CLAIMED, State.SENT, State.DELIVERED, State.READ, State.IN_DOUBT])
