"""Adjustments that wait for a second person, and those that were decided."""

from django.db.models import QuerySet

from loyalty.models import AdjustmentRequest


def adjustment_requests() -> QuerySet[AdjustmentRequest]:
    """Return all requests with what names their accounts, and the people."""
    return AdjustmentRequest.objects.select_related(
        "account__customer",
        "account__program",
        "account__plan",
        "account__stored_value__type",
        "account__stored_value__customer",
        "requested_by",
        "decided_by",
    )
