"""The course of a mailing: confirmed, approved by a second person, begun, paused, resumed, cancelled.

Who may be written to is decided when each message leaves; here stands what is decided about the mailing as a whole.
"""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.models import Job
from campaigns.services.approval import is_required
from campaigns.services.jobs import request_job
from customers.segments.tree import TreeInvalid, stored_tree
from messaging.models import Audience, Mailing, MailingState
from messaging.selectors.audience import current_tree
from messaging.selectors.mailings import authors_of
from messaging.services.mailings import (
    MailingInvalid,
    MailingRefused,
    lock_mailing,
    moment_problems,
    note_change,
    require_state,
    text_problems,
)
from retail.rows import FieldError

FREEZE = "freeze_mailing"
_DRAFT = (MailingState.DRAFT,)
_BEFORE_MESSAGES = (MailingState.DRAFT, MailingState.AWAITING, MailingState.SCHEDULED)
_MOVING = (MailingState.SCHEDULED, MailingState.FREEZING, MailingState.SENDING)


# --- From the draft to the first message -------------------------------------------------------


@transaction.atomic
def confirm_mailing(
    *, mailing: Mailing, version: int | None = None, by: User | None, at: datetime
) -> Mailing:
    """Let a draft go: at once, at its moment, or to a second person where the company asks for one.

    Who is asked for is the segment's question of now; a moment that has passed is refused. Raises MailingInvalid, MailingRefused(`not_a_draft`, `mailing_changed`).
    """
    locked = lock_mailing(mailing, version)
    require_state(locked, _DRAFT, "not_a_draft", _("It was sent already."))
    if locked.segment is not None:
        locked.tree, locked.segment_name = current_tree(locked), locked.segment.name
    _refuse_problems(locked, at=at)
    if is_required() and not locked.is_to_one:
        locked.state, locked.submitted_by, locked.updated_at = MailingState.AWAITING, by, at
        locked.save()
        note_change(locked, "submitted", by=by, at=at)
        return locked
    note_change(locked, "confirmed", by=by, at=at)
    return _let_go(locked, by=by, at=at)


@transaction.atomic
def approve_mailing(*, mailing: Mailing, version: int | None = None, by: User, at: datetime) -> Mailing:
    """Let a mailing go that others wrote and handed in, while its moment has not passed.

    Raises MailingInvalid, MailingRefused(`not_awaiting`, `second_person_needed`, `mailing_changed`).
    """
    locked = lock_mailing(mailing, version)
    require_state(locked, (MailingState.AWAITING,), "not_awaiting", _("It does not wait for approval."))
    if by.pk in authors_of(locked):
        raise MailingRefused("second_person_needed", _("Somebody else than who wrote it must decide."))
    _refuse_problems(locked, at=at)
    locked.approved_by = by
    note_change(locked, "approved", by=by, at=at)
    return _let_go(locked, by=by, at=at)


@transaction.atomic
def return_to_draft(*, mailing: Mailing, comment: str = "", by: User | None, at: datetime) -> Mailing:
    """Take a mailing that has not begun back to the drafts, or send it back with a comment. Raises MailingRefused(`begun`)."""
    locked = lock_mailing(mailing)
    waits = locked.state == MailingState.PAUSED and locked.paused_from == MailingState.SCHEDULED
    if not waits:
        require_state(locked, _BEFORE_MESSAGES, "begun", _("It has begun already: pause it, or cancel it."))
    locked.state, locked.paused_from, locked.note = MailingState.DRAFT, "", ""
    locked.submitted_by = locked.approved_by = None
    locked.number += 1
    locked.updated_at = at
    locked.save()
    note_change(locked, "returned", detail=comment, by=by, at=at)
    return locked


def start_freezing(mailing: Mailing, *, by: User | None, at: datetime) -> Job:
    """Begin with a locked mailing, as part of the caller's transaction: its job gathers the people."""
    mailing.state, mailing.paused_from, mailing.note = MailingState.FREEZING, "", ""
    mailing.started_at = mailing.started_at or at
    mailing.save()
    return request_job(kind=FREEZE, arguments={"mailing": mailing.pk}, user=by, at=at)


def _let_go(mailing: Mailing, *, by: User | None, at: datetime) -> Mailing:
    mailing.updated_at = at
    if mailing.send_at is not None and mailing.send_at > at:
        mailing.state = MailingState.SCHEDULED
        mailing.save()
    else:
        start_freezing(mailing, by=by, at=at)
    return mailing


def _refuse_problems(mailing: Mailing, *, at: datetime) -> None:
    texts = mailing.texts.select_related("template", "mailing").order_by("pk")
    problems = [error for text in texts for error in text_problems(text)]
    if mailing.audience == Audience.SEGMENT:
        try:
            stored_tree(mailing.tree)
        except TreeInvalid:
            message = _("The segment asks for something that is not there any more.")
            problems.append(FieldError("segment", "segment_invalid", message))
    problems += moment_problems(mailing.send_at, at=at)
    if problems:
        raise MailingInvalid(problems)


# --- While it goes on --------------------------------------------------------------------------


@transaction.atomic
def pause_mailing(*, mailing: Mailing, by: User | None, at: datetime, note: str = "") -> Mailing:
    """Stop a mailing where it is: nothing is claimed any more, and what was claimed and not begun goes back.

    Raises MailingRefused(`not_going`).
    """
    locked = lock_mailing(mailing)
    require_state(locked, _MOVING, "not_going", _("It is not under way."))
    stop(locked, note=note, by=by, at=at)
    return locked


def stop(mailing: Mailing, *, note: str, by: User | None, at: datetime) -> None:
    """Pause a locked mailing, as part of the caller's transaction."""
    mailing.paused_from, mailing.state, mailing.note = mailing.state, MailingState.PAUSED, note
    mailing.updated_at = at
    mailing.save()
    note_change(mailing, "paused", detail=note, by=by, at=at)


@transaction.atomic
def resume_mailing(*, mailing: Mailing, by: User | None, at: datetime) -> Mailing:
    """Go on where a mailing was paused; a scheduled one whose moment has passed begins now. Raises MailingRefused(`not_paused`)."""
    locked = lock_mailing(mailing)
    require_state(locked, (MailingState.PAUSED,), "not_paused", _("It is not paused."))
    origin = locked.paused_from
    note_change(locked, "resumed", by=by, at=at)
    locked.paused_from, locked.note, locked.updated_at = "", "", at
    if origin == MailingState.SENDING:
        locked.state = MailingState.SENDING
        locked.save()
        return locked
    if origin == MailingState.FREEZING:
        start_freezing(locked, by=by, at=at)
        return locked
    locked.state = MailingState.SCHEDULED
    return _let_go(locked, by=by, at=at)


@transaction.atomic
def cancel_mailing(*, mailing: Mailing, by: User | None, at: datetime) -> Mailing:
    """End a mailing for good. What waits is closed in batches afterwards; it is not claimed from now on.

    Raises MailingRefused(`ended`).
    """
    locked = lock_mailing(mailing)
    if not locked.is_open:
        raise MailingRefused("ended", _("It has ended already."))
    locked.state, locked.paused_from, locked.note = MailingState.CANCELLED, "", ""
    locked.ended_at = locked.updated_at = at
    locked.save()
    note_change(locked, "cancelled", by=by, at=at)
    return locked
