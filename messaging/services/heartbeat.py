"""Notes that a job ran to its end."""

from datetime import datetime
from typing import Any

from messaging.models import JobHeartbeat


def record_heartbeat(*, job: str, at: datetime, summary: dict[str, Any]) -> None:
    """Keep when a job last finished and what it did."""
    JobHeartbeat.objects.update_or_create(job=job, defaults={"finished_at": at, "summary": summary})
