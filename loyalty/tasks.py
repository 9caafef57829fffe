"""The jobs of the ledger. Each is a wake-up: it takes no arguments, asks the database what is due, and may run twice."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from loyalty.services.expiry import post_expired


@shared_task
def expire_value(**_kwargs: Any) -> None:
    post_expired(at=timezone.now())
