"""Limits by the minute, counted in the cache. While it is away everything passes: a shop that sells is worth more than a limit."""

import logging

from django.core.cache import cache

logger = logging.getLogger(__name__)
MINUTE = 60


def seconds_to_wait(what: str, *, limit: int, at: float) -> int:
    """Count one more of something in the present minute; return 0 within the limit, else after how many seconds to come back."""
    minute = int(at // MINUTE)
    name = f"{what}:{minute}"
    try:
        cache.add(name, 0, timeout=2 * MINUTE)
        count = cache.incr(name)
    except Exception:
        # Whatever the cache's driver raises when it is away; a counter that expired in between too.
        logger.warning("Requests are not counted: the cache does not answer", exc_info=True)
        return 0
    return 0 if count <= limit else max(1, int((minute + 1) * MINUTE - at) + 1)
