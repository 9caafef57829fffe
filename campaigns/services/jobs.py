"""Background work that people ask for: it shows how far it is, can be cancelled, and survives the death of its worker.

The database is the queue. A worker claims a job by a conditional update and leaves its mark on the row; everything
that it records from then on is conditional on that mark. Work that records its effect and its progress in one
transaction therefore has each effect exactly once: the record of a worker that was given up is refused, and its effect
is rolled back with it.
"""

import logging
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import FrameType
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _

from campaigns.models import Job, JobState

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
# Starts without any progress after which a job is given up: it would take every worker down with it.
MOST_ATTEMPTS = 5


class JobError(Exception):
    """A refusal; `code` is stable, the message is for people."""

    code = "job_error"
    message = gettext_lazy("The job could not be changed.")

    def __init__(self) -> None:
        super().__init__(str(self.message))


class JobEnded(JobError):
    code = "job_ended"
    message = gettext_lazy("This job has ended already.")


class JobFailed(Exception):
    """Raised by work that cannot go on: the message is shown to whoever asked for it."""


class JobCancelled(Exception):
    """Raised by `progress` when somebody asked to stop. Work lets it pass."""


class JobLost(Exception):
    """Raised by `progress` when another worker has taken the job over. Work lets it pass."""


class Progress:
    """Called by work, at least every 20 seconds, best in the transaction of what it has just done.

    `done` and `total` count whatever the kind counts; `result` replaces what is recorded so far, and a worker that
    takes over finds it in `job.result`. Raises JobCancelled or JobLost; the transaction around it is then rolled back.
    """

    def __init__(self, job: Job, claim: UUID, clock: Clock) -> None:
        self.job = job
        self._claim = claim
        self._clock = clock
        self._reached_before = job.done

    def __call__(self, done: int, total: int | None = None, result: Mapping[str, Any] | None = None) -> None:
        values: dict[str, Any] = {"done": done, "heartbeat_at": self._clock()}
        if done > self._reached_before:
            # Farther than the worker before: work that starts anew and always dies at one place is given up.
            values["attempts"] = 0
        if total is not None:
            values["total"] = total
        if result is not None:
            values["result"] = dict(result)
        self._record(values)
        for name, value in values.items():
            setattr(self.job, name, value)

    def alive(self) -> None:
        """Show life within a long step, without progress. Raises like a call."""
        self._record({"heartbeat_at": self._clock()})

    def _record(self, values: Mapping[str, Any]) -> None:
        mine = Job.objects.filter(pk=self.job.pk, claim=self._claim, state=JobState.RUNNING)
        if mine.filter(cancel_requested=False).update(**values) == 1:
            return
        raise JobCancelled if mine.exists() else JobLost


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKind:
    """What a kind of job does and whom it concerns.

    `work(job, progress)` returns the result, or None to keep what progress recorded. It is called again after a worker
    died, with `job.done` and `job.result` as last recorded: it goes on from there, or starts anew without a double
    effect. `url_name` with the argument named `url_argument` is the page of what the job works on; `url_label` says what that is.
    """

    code: str
    label: Promise | str
    work: Callable[[Job, Progress], Mapping[str, Any] | None]
    view_permission: str
    change_permission: str
    url_name: str = ""
    url_argument: str = ""
    url_label: Promise | str = ""


KINDS: dict[str, JobKind] = {}


def register_kind(kind: JobKind) -> None:
    """Make a kind known, once, when the application starts. Raises ValueError for a code that is taken."""
    if kind.code in KINDS:
        raise ValueError(f"There is a kind of job named {kind.code} already.")
    KINDS[kind.code] = kind


def request_job(
    *, kind: str, arguments: Mapping[str, Any], user: User | None, at: datetime, total: int | None = None
) -> Job:
    """Queue a job, as part of the caller's transaction. `arguments` are JSON values. Raises KeyError for an unknown kind."""
    return Job.objects.create(
        kind=KINDS[kind].code,
        arguments=dict(arguments),
        total=total,
        language=get_language() or "",
        requested_by=user,
        created_at=at,
    )


def cancel_job(*, job: Job, at: datetime) -> Job:
    """Stop a job: at once when nobody works on it, else at its next progress. Raises JobEnded."""
    same = Job.objects.filter(pk=job.pk)
    stopped = same.due(at=at).update(
        state=JobState.CANCELLED, cancel_requested=True, finished_at=at, claim=None
    )
    if not stopped and not same.filter(state=JobState.RUNNING).update(cancel_requested=True):
        raise JobEnded
    job.refresh_from_db()
    return job


def may_view_job(user: Any, job: Job) -> bool:
    """Whoever asked for it, or may view what its kind concerns."""
    return job.requested_by_id == user.pk or (
        job.kind in KINDS and user.has_perm(KINDS[job.kind].view_permission)
    )


def may_cancel_job(user: Any, job: Job) -> bool:
    """Whoever asked for it, or may change what its kind concerns."""
    return job.requested_by_id == user.pk or (
        job.kind in KINDS and user.has_perm(KINDS[job.kind].change_permission)
    )


def run_due_jobs(*, clock: Clock, limit: int = 1_000) -> Counter[str]:
    """Run the jobs that wait or were left by a dead worker, oldest first; return how many ended in which state."""
    outcomes: Counter[str] = Counter()
    for _number in range(limit):
        claimed = _claim_next(clock())
        if claimed is None:
            break
        outcomes[_run(*claimed, clock=clock)] += 1
    return outcomes


def run_job(*, job_id: int, clock: Clock) -> str | None:
    """Run one job if nobody else does, and return the state in which it ended; None when it is not to be had."""
    job = Job.objects.get(pk=job_id)
    claim = _claim(job, clock())
    return None if claim is None else _run(job, claim, clock=clock)


def _claim_next(at: datetime) -> tuple[Job, UUID] | None:
    known = Job.objects.due(at=at).filter(kind__in=KINDS)
    for job in known.order_by("created_at", "pk")[:50]:
        claim = _claim(job, at)
        if claim is not None:
            return job, claim
    return None


def _claim(job: Job, at: datetime) -> UUID | None:
    """Take a job for this worker. Two that try at once: the database lets one of them change the row."""
    due = Job.objects.filter(pk=job.pk).due(at=at)
    if due.filter(cancel_requested=True).update(state=JobState.CANCELLED, finished_at=at, claim=None):
        return None
    given_up = due.filter(attempts__gte=MOST_ATTEMPTS)
    with override(job.language or None):
        error = _("It was started several times and never got any further.")
    if given_up.update(state=JobState.FAILED, error=error, finished_at=at, claim=None):
        logger.error("job %s %s was given up", job.kind, job.pk)
        return None
    claim = uuid4()
    taken = due.filter(Q(attempts__lt=MOST_ATTEMPTS), cancel_requested=False).update(
        state=JobState.RUNNING,
        claim=claim,
        attempts=F("attempts") + 1,
        heartbeat_at=at,
        started_at=job.started_at or at,
    )
    if taken != 1:
        return None
    job.refresh_from_db()
    return claim


@contextmanager
def _stopped_by_sigterm() -> Iterator[None]:
    """Turn SIGTERM into SystemExit while a job works, so that it is given back; only main threads receive signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)


def _stop(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _run(job: Job, claim: UUID, *, clock: Clock) -> str:
    """Do the work and record how it ended; return that state, or `lost` when another worker has taken over."""
    mine = Job.objects.filter(pk=job.pk, claim=claim, state=JobState.RUNNING)
    values: dict[str, Any]
    try:
        with _stopped_by_sigterm(), override(job.language or None):
            result = KINDS[job.kind].work(job, Progress(job, claim, clock))
        values = {"state": JobState.FINISHED}
        if result is not None:
            values["result"] = dict(result)
    except JobCancelled:
        values = {"state": JobState.CANCELLED}
    except JobLost:
        return "lost"
    except JobFailed as failure:
        values = {"state": JobState.FAILED, "error": str(failure)}
    except (OperationalError, InterfaceError):
        # The database went away or was too busy: the lease runs out, and the job is taken up again.
        logger.exception("job %s %s was interrupted", job.kind, job.pk)
        raise
    except Exception:
        logger.exception("job %s %s failed", job.kind, job.pk)
        with override(job.language or None):
            values = {"state": JobState.FAILED, "error": _("Something unexpected went wrong; it was logged.")}
    except BaseException:
        # This worker is told to stop: the next one need not wait for the lease to run out, and the job is not to blame.
        mine.update(state=JobState.QUEUED, claim=None, attempts=Greatest(F("attempts") - 1, 0))
        raise
    if not mine.update(claim=None, finished_at=clock(), **values):
        return "lost"
    job.refresh_from_db()
    return job.state
