"""When a call is made again, how long a failing address rests, and when we give up. No clock, no database."""

from datetime import datetime, timedelta

# Between one try and the next, as Standard Webhooks proposes: ten tries in a little more than three days.
STEPS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
# The longest that an event waits for its address, also where the address rested instead of being tried.
GIVE_UP_AFTER = timedelta(hours=76)
# An address that has only failed for so long is switched off.
DISABLE_AFTER = timedelta(days=5)

_PATIENCE = 3
_SHORTEST_REST = timedelta(seconds=30)
_LONGEST_REST = timedelta(minutes=10)


def next_try(at: datetime, *, attempt: int, queued_at: datetime) -> datetime | None:
    """Return when to try again after failure number `attempt` (1, 2, ...); None when it was the last try."""
    if attempt > len(STEPS):
        return None
    due_at = at + STEPS[attempt - 1]
    return due_at if due_at <= queued_at + GIVE_UP_AFTER else None


def rest_until(at: datetime, *, failures: int, asked: timedelta | None = None) -> datetime | None:
    """Return until when nothing is sent to an address after that many failures in a row; None: it goes on.

    Two failures may be about two events; from the third on it is the address, and calling it for each of the
    thousands that wait would only keep us and it busy. `asked` is what the address asks for itself (Retry-After).
    """
    own = None
    if failures >= _PATIENCE:
        own = min(_SHORTEST_REST * 2 ** min(failures - _PATIENCE, 10), _LONGEST_REST)
    if asked is not None:
        own = max(own or timedelta(0), min(asked, timedelta(hours=1)))
    return None if own is None else at + own


def is_given_up(at: datetime, *, failing_since: datetime) -> bool:
    """Whether an address that has failed without a break since then is switched off at this failure."""
    return at - failing_since >= DISABLE_AFTER
