"""Schedulers side by side, each a process with a clock that it is told: what the periodic jobs do at each moment."""

import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.loyalty.spenders import fresh

STEP = timedelta(minutes=5)
_APART = timedelta(seconds=20)
_PATIENCE_SECONDS = 300


def run_schedulers(environment: Mapping[str, str], moments: list[datetime], *, number: int) -> None:
    """Have some schedulers plan, send, sweep and expire at each moment, all at the same time; their clocks are 20 seconds apart."""
    with fresh.Manager() as manager:
        barrier = manager.Barrier(number)
        jobs = [
            (dict(environment), barrier, moments, (place - number // 2) * _APART) for place in range(number)
        ]
        with fresh.Pool(number) as pool:
            pool.starmap_async(_schedule, jobs, chunksize=1).get(timeout=600 + 10 * len(moments))


def _schedule(environment: dict[str, str], barrier: Any, moments: list[datetime], apart: timedelta) -> None:
    os.environ.update(environment)
    import django

    django.setup()
    from loyalty.services.expiry import post_expired
    from messaging.services.delivery import deliver_due, sweep_expired_leases
    from messaging.services.planning import plan_all

    try:
        for moment in moments:
            at = moment + apart
            barrier.wait(_PATIENCE_SECONDS)
            planned = plan_all(at=at)
            if None in planned.values():
                raise RuntimeError(f"not everything could be planned at {at}: {planned}")
            deliver_due(clock=lambda at=at: at)  # type: ignore[misc]
            sweep_expired_leases(at=at)
            post_expired(at=at)
    except BaseException:
        # The others need not wait for this one.
        barrier.abort()
        raise
