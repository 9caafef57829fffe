"""Reads for the pages and the API of webhooks."""

from datetime import datetime, timedelta

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from messaging.webhooks.models import OPEN_STATES, DeliveryState, WebhookDelivery, WebhookEndpoint

DAY = timedelta(days=1)
# An address that fails for less is tried again, and nobody has to look.
_WORTH_A_NOTICE = timedelta(hours=1)


def endpoints() -> QuerySet[WebhookEndpoint]:
    """Return the endpoints that were not removed."""
    return WebhookEndpoint.objects.filter(removed_at__isnull=True)


def with_counts(found: QuerySet[WebhookEndpoint], *, at: datetime) -> QuerySet[WebhookEndpoint]:
    """Add `waiting`, and `accepted` and `given_up` within the last 24 hours.

    Each is a question of its own that an index answers: the log behind them has a row for every event of a month.
    """

    def number(**condition: object) -> Coalesce:
        of_endpoint = WebhookDelivery.objects.filter(endpoint=OuterRef("pk"), **condition).order_by()
        counted = of_endpoint.values("endpoint").annotate(number=Count("pk")).values("number")
        return Coalesce(Subquery(counted), 0)

    return found.annotate(
        waiting=number(state__in=OPEN_STATES),
        accepted=number(state=DeliveryState.DELIVERED, closed_at__gt=at - DAY),
        given_up=number(state=DeliveryState.FAILED, closed_at__gt=at - DAY),
    )


def endpoints_in_trouble(*, at: datetime) -> list[WebhookEndpoint]:
    """Return the endpoints that we switched off, and those that have only failed for a while."""
    return list(
        endpoints()
        .filter(Q(disabled_at__isnull=False) | Q(is_active=True, failing_since__lte=at - _WORTH_A_NOTICE))
        .order_by("description", "pk")
    )


def deliveries() -> QuerySet[WebhookDelivery]:
    """Return the log with what lists show of it."""
    return WebhookDelivery.objects.select_related("endpoint", "event")
