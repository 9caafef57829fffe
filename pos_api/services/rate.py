"""Limits by the minute: of a terminal's requests (off unless set), and of wrong credentials from one address.

What guards codes and documents against guessing does not live here (`pos_api.services.lookups`).
"""

from pos_api.problems import TooManyRequests
from retail.rate import seconds_to_wait


def count_request(key_id: str, *, limit: int, at: float) -> None:
    """Count one request of a key in the present minute. Raises TooManyRequests beyond the limit."""
    _count(f"terminal-requests:{key_id}", limit=limit, at=at)


def count_failure(address: str, *, limit: int, at: float) -> None:
    """Count one wrong credential from a network address. Raises TooManyRequests beyond the limit.

    Only wrong credentials are counted and refused: a till that shares its address with a guesser goes on selling.
    """
    _count(f"failed-authentications:{address}", limit=limit, at=at)


def _count(what: str, *, limit: int, at: float) -> None:
    wait = seconds_to_wait(what, limit=limit, at=at)
    if wait:
        raise TooManyRequests(retry_after=wait)
