"""The jobs of loyalty. Each is a wake-up: it takes no arguments, asks the database what is due, and may run twice."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from loyalty.services import tiers
from loyalty.services.expiry import post_expired


@shared_task
def expire_value(**_kwargs: Any) -> None:
    post_expired(at=timezone.now())


@shared_task
def requalify_tiers(**_kwargs: Any) -> None:
    """Look at the tiers of those who have just bought, and once a day at everybody's."""
    at = timezone.now()
    tiers.requalify_recent(at=at)
    tiers.requalify_due(at=at)
