"""How often one link may be used in a minute: pages that need no sign-in are guarded against being hammered.

It counts in the cache, and lets everything pass while the cache is away: that somebody can stop messages is worth more than the
limit. Nothing about a person is counted, only the link.
"""

import hashlib
import logging

from django.core.cache import cache

logger = logging.getLogger(__name__)
MINUTE = 60
LIMIT = 30


def may_go_on(token: str, *, at: float) -> bool:
    """Count one use of a link in the present minute; return whether it is within the limit. `at` is in seconds."""
    digest = hashlib.sha256(token.encode()).hexdigest()[:32]
    name = f"public-link:{digest}:{int(at // MINUTE)}"
    try:
        cache.add(name, 0, timeout=2 * MINUTE)
        return int(cache.incr(name)) <= LIMIT
    except Exception:
        # Whatever the cache's driver raises when it is away; a counter that expired in between too.
        logger.warning("Uses of links are not counted: the cache does not answer", exc_info=True)
        return True
