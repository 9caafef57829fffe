"""The jobs of the API. Each is a wake-up: it takes no arguments, asks the database what is due, and may run twice."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from pos_api.services.retention import purge


@shared_task
def purge_expired(**_kwargs: Any) -> None:
    purge(at=timezone.now())
