"""Reads for the pages and the API of webhooks."""

from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from messaging.webhooks.models import OPEN_STATES, DeliveryState, WebhookDelivery, WebhookEndpoint

DAY = timedelta(days=1)
# An address that fails for less is tried again, and nobody has to look.
_WORTH_A_NOTICE = timedelta(hours=1)


def endpoints() -> QuerySet[WebhookEndpoint]:
    """Return the endpoints that were not removed."""
    return WebhookEndpoint.objects.filter(removed_at__isnull=True)


def with_counts(found: QuerySet[WebhookEndpoint], *, at: datetime) -> QuerySet[WebhookEndpoint]:
    """Add `waiting`, and `accepted` and `given_up` within the last 24 hours."""

    def number(**condition: object) -> Count:
        return Count(
            "deliveries", filter=Q(**{f"deliveries__{name}": value for name, value in condition.items()})
        )

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
