"""What time does with mailings, each minute: begins those whose moment has come, ends those with nothing left to send."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from campaigns.models import Job, JobState
from messaging.models import Mailing, MailingState, Message, MessageState
from messaging.services.mailing_course import FREEZE, start_freezing, stop

# A mailing that comes this late is no longer what somebody planned: a person decides.
LATEST = timedelta(hours=6)
_CLOSED_AT_ONCE = 5_000
_OPEN = (MessageState.QUEUED, MessageState.CLAIMED)


def advance_mailings(*, at: datetime) -> dict[str, int]:
    """Do what is due; return how many mailings were begun, held, ended and reopened, and how many messages were closed. May run any number of times."""
    begun, late = _begin_due(at=at)
    return {
        "begun": begun,
        "late": late,
        "held": _hold_unfrozen(at=at),
        "closed": close_cancelled(at=at),
        "reopened": reopen_finished(at=at),
        "finished": finish_sent(at=at),
    }


def _begin_due(*, at: datetime) -> tuple[int, int]:
    begun = late = 0
    due = Mailing.objects.filter(state=MailingState.SCHEDULED, send_at__lte=at)
    for pk in due.order_by("send_at", "pk").values_list("pk", flat=True):
        with transaction.atomic():
            mailing = due.select_for_update(skip_locked=True).filter(pk=pk).first()
            if mailing is None or mailing.send_at is None:
                continue
            if at - mailing.send_at > LATEST:
                stop(mailing, note="late", by=None, at=at)
                late += 1
            else:
                start_freezing(mailing, by=None, at=at)
                begun += 1
    return begun, late


def _hold_unfrozen(*, at: datetime) -> int:
    """Pause mailings whose job was cancelled or failed: whoever resumes them asks for another."""
    held = 0
    for pk in Mailing.objects.filter(state=MailingState.FREEZING).order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            freezing = Mailing.objects.select_for_update(skip_locked=True).filter(state=MailingState.FREEZING)
            mailing = freezing.filter(pk=pk).first()
            if mailing is None:
                continue
            job = Job.objects.filter(kind=FREEZE, arguments__mailing=pk).order_by("-pk").first()
            if job is not None and not job.is_active:
                stop(
                    mailing,
                    note="job_failed" if job.state == JobState.FAILED else "job_cancelled",
                    by=None,
                    at=at,
                )
                held += 1
    return held


def close_cancelled(*, at: datetime, limit: int = 20 * _CLOSED_AT_ONCE) -> int:
    """Close what waits in cancelled mailings, in batches; return how many messages that were."""
    closed = 0
    waiting = Message.objects.filter(state=MessageState.QUEUED)
    cancelled = Mailing.objects.filter(
        Exists(waiting.filter(mailing=OuterRef("pk"))), state=MailingState.CANCELLED
    )
    for mailing_id in cancelled.order_by("pk").values_list("pk", flat=True):
        while closed < limit:
            with transaction.atomic():
                rows = waiting.filter(mailing=mailing_id).order_by("due_at", "pk")
                batch = list(
                    rows.select_for_update(skip_locked=True).values_list("pk", flat=True)[:_CLOSED_AT_ONCE]
                )
                Message.objects.filter(pk__in=batch).update(
                    state=MessageState.SUPPRESSED, reason="mailing_cancelled", closed_at=at
                )
            closed += len(batch)
            if len(batch) < _CLOSED_AT_ONCE:
                break
    return closed


def reopen_finished(*, at: datetime) -> int:
    """Let mailings send again of which a message goes on with another channel, because it came back after the end; return how many."""
    queued = Message.objects.filter(mailing=OuterRef("pk"), state=MessageState.QUEUED)
    finished = Mailing.objects.filter(Exists(queued), state=MailingState.FINISHED)
    return finished.update(state=MailingState.SENDING, ended_at=None, updated_at=at)


def finish_sent(*, at: datetime) -> int:
    """End the mailings that send and have nothing queued or claimed; return how many.

    One statement, so that none of them can be paused or begin again in between. A message in doubt does not hold it up: it is
    never sent again.
    """
    left = Message.objects.filter(mailing=OuterRef("pk"), state__in=_OPEN)
    sending = Mailing.objects.filter(~Exists(left), state=MailingState.SENDING)
    return sending.update(state=MailingState.FINISHED, ended_at=at, updated_at=at)
