"""The jobs of campaigns. A wake-up: it takes no arguments, asks the database what is due, and may run twice."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from campaigns.services import jobs


# Acknowledged when it begins: the database knows what is left to do, and a job may take longer than the
# broker waits. Work of hours is not cut off.
@shared_task(acks_late=False, reject_on_worker_lost=False, time_limit=86_400, soft_time_limit=86_340)
def run_due_jobs(**_kwargs: Any) -> None:
    jobs.run_due_jobs(clock=timezone.now)


def wake_jobs() -> None:
    """Ask a worker to look now, after a job was requested and committed; without a broker the next tick does."""
    from kombu.exceptions import OperationalError

    try:
        run_due_jobs.apply_async(retry=False)
    except OperationalError:
        return
