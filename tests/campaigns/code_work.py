"""Runs jobs on promotional codes in the test's own process, in small batches."""

from datetime import UTC, datetime
from io import BytesIO

import pytest

from campaigns.models import Job
from campaigns.services import jobs, promo_code_imports
from campaigns.services import promo_codes as codes

AT = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)


def run(job: Job, *, stops_after: int | None = None) -> Job:
    """Run a job; `stops_after` batches its worker is told to stop."""
    original = jobs.Progress.__call__
    calls = iter(range(1_000))

    def progress(self, *arguments):
        original(self, *arguments)
        if next(calls) + 1 == stops_after:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs.Progress, "__call__", progress)
        try:
            jobs.run_job(job_id=job.pk, clock=lambda: AT)
        except KeyboardInterrupt:
            assert stops_after
    job.refresh_from_db()
    return job


def receive(pool, text: str | bytes, **others):
    content = text if isinstance(text, bytes) else text.encode()
    others = {"name": "codes.csv", "terms": codes.Terms(max_uses=2), "user": None, "at": AT} | others
    return promo_code_imports.receive_file(pool=pool, file=BytesIO(content), **others)
