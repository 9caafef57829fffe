"""Limits by the minute: of a terminal's requests (off unless set), and of wrong credentials from one address.

They count in the cache and let everything pass while the cache is away: a shop that sells is worth more than a limit. What
guards codes and documents against guessing does not live here (`pos_api.services.lookups`).
"""

import logging

from django.core.cache import cache

from pos_api.problems import TooManyRequests

logger = logging.getLogger(__name__)
MINUTE = 60


def count_request(key_id: str, *, limit: int, at: float) -> None:
    """Count one request of a key in the present minute. Raises TooManyRequests beyond the limit."""
    _count(f"terminal-requests:{key_id}", limit=limit, at=at)


def count_failure(address: str, *, limit: int, at: float) -> None:
    """Count one wrong credential from a network address. Raises TooManyRequests beyond the limit.

    Only wrong credentials are counted and refused: a till that shares its address with a guesser goes on selling.
    """
    _count(f"failed-authentications:{address}", limit=limit, at=at)


def _count(what: str, *, limit: int, at: float) -> None:
    minute = int(at // MINUTE)
    name = f"{what}:{minute}"
    try:
        cache.add(name, 0, timeout=2 * MINUTE)
        count = cache.incr(name)
    except Exception:
        # Whatever the cache's driver raises when it is away; a counter that expired in between too.
        logger.warning("Requests are not counted: the cache does not answer", exc_info=True)
        return
    if count > limit:
        raise TooManyRequests(retry_after=max(1, int((minute + 1) * MINUTE - at) + 1))
