"""Puts what is due into the outbox. Any number of planners may run at once, any number of times."""

import logging
from datetime import datetime

from messaging.batches import batches
from messaging.hold_out import HELD_OUT
from messaging.models import Automation, Message, MessageState
from messaging.occasions import AUTOMATIC, PLANNED
from messaging.occasions.parts import Candidate

logger = logging.getLogger(__name__)


def plan(occasion: str, *, at: datetime) -> int:
    """Queue the messages of one occasion that are due at `at`; return how many rows were new.

    An automation that is off plans nothing. Raises KeyError for an occasion that nobody plans.
    """
    kind = PLANNED[occasion]
    kind.before_planning(at=at)
    automation = None
    if occasion in AUTOMATIC:
        automation = Automation.objects.select_related("pool").filter(occasion=occasion, enabled=True).first()
        if automation is None:
            return 0
    new = 0
    for batch in batches(kind.candidates(automation, at=at)):
        new += queue(occasion, automation, batch, at=at)
        kind.after_planning(batch, at=at)
    return new


def plan_all(*, at: datetime, every_minute: bool | None = None) -> dict[str, int | None]:
    """Plan every occasion, or those of one rhythm; return how many rows were new by occasion.

    None stands for one that could not be planned: a defect of one must not hold up the others.
    """
    planned: dict[str, int | None] = {}
    for occasion, kind in PLANNED.items():
        if every_minute is None or kind.every_minute == every_minute:
            try:
                planned[occasion] = plan(occasion, at=at)
            except Exception:
                logger.exception("messages of the occasion %s could not be planned", occasion)
                planned[occasion] = None
    return planned


def queue(occasion: str, automation: Automation | None, candidates: list[Candidate], *, at: datetime) -> int:
    """Insert the rows that are not there yet; return how many. The unique key decides, not what was read before."""
    rows = [_row(occasion, automation, candidate, at=at) for candidate in candidates]
    # A skipped row gets no key; what is there afterwards with our uuid is ours.
    Message.objects.bulk_create(rows, ignore_conflicts=True)
    return Message.objects.filter(uuid__in=[row.uuid for row in rows]).count()


def _row(occasion: str, automation: Automation | None, candidate: Candidate, *, at: datetime) -> Message:
    # Who would get nothing anyway shows nothing: they are in neither part.
    held_out = automation is not None and automation.holds_out(candidate.recipient.customer_id)
    reason = candidate.reason or (HELD_OUT if held_out else "")
    suppressed = bool(reason)
    chain = candidate.channels or (automation.channels if automation else ())
    return Message(
        occasion=occasion,
        occasion_key=candidate.occasion_key,
        person=candidate.recipient.person,
        customer_id=candidate.recipient.customer_id,
        store_id=candidate.store_id,
        channels=list(chain),
        urgency=PLANNED[occasion].urgency,
        language=candidate.recipient.language,
        due_at=candidate.window.due_at,
        expires_at=candidate.window.ends_at,
        planned_at=at,
        state=MessageState.SUPPRESSED if suppressed else MessageState.QUEUED,
        reason=reason,
        closed_at=at if suppressed else None,
        **candidate.columns,
    )
