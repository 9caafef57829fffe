"""The log of webhooks is kept for a while only."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef

from messaging.webhooks.models import OPEN_STATES, WebhookDelivery, WebhookEvent

BATCH = 1_000


def purge_events(*, at: datetime) -> int:
    """Remove events older than ``WEBHOOK_LOG_DAYS`` with their deliveries and calls; return how many events.

    What is still to be sent stays. Each batch is committed by itself, so it may be stopped at any moment.
    """
    still_open = WebhookDelivery.objects.filter(event=OuterRef("pk"), state__in=OPEN_STATES)
    old = WebhookEvent.objects.filter(
        ~Exists(still_open), recorded_at__lt=at - timedelta(days=settings.WEBHOOK_LOG_DAYS)
    ).order_by("recorded_at", "pk")
    removed = 0
    while batch := list(old.values_list("pk", flat=True)[:BATCH]):
        WebhookEvent.objects.filter(pk__in=batch).delete()
        removed += len(batch)
    return removed
