"""The jobs of customers. Each is a wake-up: it takes no arguments, asks the database what is due, and may run twice."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from customers.services.metrics import let_old_sales_leave
from customers.services.segment_exports import remove_old_files
from customers.services.segment_groupings import refresh_due


@shared_task
def roll_metrics(**_kwargs: Any) -> None:
    """Let sales leave the twelve months of their customers."""
    let_old_sales_leave(at=timezone.now())


@shared_task
def refresh_segment_groupings(**_kwargs: Any) -> None:
    """Bring the members of groupings of segments up to date."""
    refresh_due(at=timezone.now())


@shared_task
def remove_export_files(**_kwargs: Any) -> None:
    """Remove exported files that could be fetched for long enough."""
    remove_old_files(at=timezone.now())


def wake_groupings() -> None:
    """Ask a worker to look at groupings now, after one was made; without a broker the next tick does."""
    from kombu.exceptions import OperationalError

    try:
        refresh_segment_groupings.apply_async(retry=False)
    except OperationalError:
        return
