"""The jobs of loyalty. Each is a wake-up: it takes no arguments, asks the database what is due, and may run twice."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from loyalty.services import tiers
from loyalty.services.expiry import post_expired
from loyalty.services.new_customers import welcome_new_customers


@shared_task
def expire_value(**_kwargs: Any) -> None:
    post_expired(at=timezone.now())


@shared_task
def requalify_tiers(**_kwargs: Any) -> None:
    """Look at the tiers of those who have just bought, and once a day at everybody's."""
    at = timezone.now()
    tiers.requalify_recent(at=at)
    tiers.requalify_due(at=at)


@shared_task
def give_to_new_customers(**_kwargs: Any) -> None:
    """Give new customers with an e-mail what issuing rules give them."""
    welcome_new_customers(at=timezone.now())
