"""How far a mailing is, and what came of it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, QuerySet

from messaging.hold_out import Group, Uplift, uplift
from messaging.models import (
    Mailing,
    MailingChange,
    MailingMember,
    MailingState,
    Message,
    MessageState,
)
from messaging.selectors.attribution import Attribution, attribution, of_mailing
from messaging.selectors.outcomes import Outcome, outcome_of
from retail.models import SaleState

_GOT = (MessageState.SENT, MessageState.DELIVERED, MessageState.READ)
_WAITING = (MessageState.QUEUED, MessageState.CLAIMED)
# What makes somebody an author, in a mailing's history.
_WRITING = ("created", "changed")

# The same window for both parts, from the moment when the mailing began; a sale counts as it does for segments.
_BOUGHT = """
SELECT m.held_out, count(DISTINCT m.customer_id), count(DISTINCT s.customer_id), count(s.id), coalesce(sum(s.net), 0)
  FROM messaging_mailingmember m
  LEFT JOIN retail_sale s ON s.customer_id = m.customer_id AND NOT s.is_test AND s.state <> ALL (%s)
       AND s.occurred_at >= %s AND s.occurred_at < %s
 WHERE m.mailing_id = %s
 GROUP BY m.held_out
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Messages of a mailing by what became of them. `arrived` were delivered or read; `not_sent` is by reason."""

    people: int = 0
    held_out: int = 0
    waiting: int = 0
    sent: int = 0
    arrived: int = 0
    read: int = 0
    failed: int = 0
    in_doubt: int = 0
    not_sent: dict[str, int] = field(default_factory=dict)

    @property
    def messages(self) -> int:
        return self.waiting + self.done

    @property
    def done(self) -> int:
        return self.sent + self.failed + self.in_doubt + sum(self.not_sent.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What came of a mailing. Revenue is in reais; `until` is when the last sale of the comparison counts.

    `attribution` follows each message for the company's days; `written_to`, `held_out` and `uplift` compare the two parts over the
    mailing's own days, whoever got something.
    """

    progress: Progress
    outcome: Outcome
    attribution: Attribution
    written_to: Group
    held_out: Group
    sales: int
    uplift: Uplift | None
    until: datetime | None


def progress_of(mailing: Mailing) -> Progress:
    """Count the messages of a mailing. One query."""
    return progress_by_mailing([mailing])[mailing.pk]


def progress_by_mailing(mailings: list[Mailing]) -> dict[int, Progress]:
    """Count the messages of mailings, by key. One query."""
    rows = (
        Message.objects.filter(mailing__in=mailings)
        .order_by()
        .values_list("mailing", "state", "reason")
        # Not of keys, which the index by mailing does not have.
        .annotate(number=Count("*"))
    )
    counted: dict[int, dict[tuple[str, str], int]] = {mailing.pk: {} for mailing in mailings}
    for mailing_id, state, reason, number in rows:
        counted[mailing_id][state, reason] = number
    return {mailing.pk: _progress(mailing, counted[mailing.pk]) for mailing in mailings}


def _progress(mailing: Mailing, counted: dict[tuple[str, str], int]) -> Progress:
    def number(*states: str) -> int:
        return sum(count for (state, _reason), count in counted.items() if state in states)

    not_sent: dict[str, int] = {}
    for (state, reason), count in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
        if state == MessageState.SUPPRESSED:
            not_sent[reason] = not_sent.get(reason, 0) + count
    return Progress(
        people=mailing.member_count,
        held_out=mailing.held_out_count,
        waiting=number(*_WAITING),
        sent=number(*_GOT),
        arrived=number(MessageState.DELIVERED, MessageState.READ),
        read=number(MessageState.READ),
        failed=number(MessageState.FAILED),
        in_doubt=number(MessageState.IN_DOUBT),
        not_sent=not_sent,
    )


def results_of(mailing: Mailing) -> Results:
    """Return what came of a mailing so far. A constant number of queries."""
    groups, sales = _bought(mailing)
    return Results(
        progress=progress_of(mailing),
        outcome=outcome_of(Message.objects.filter(mailing=mailing)),
        attribution=attribution(of_mailing(mailing)),
        written_to=groups[False],
        held_out=groups[True],
        sales=sales,
        uplift=uplift(groups[False], groups[True]),
        until=mailing.started_at + timedelta(days=mailing.result_days) if mailing.started_at else None,
    )


def _bought(mailing: Mailing) -> tuple[dict[bool, Group], int]:
    """Return both parts of a mailing by whether they were held out, and the sales of those who were to be written to."""
    groups = {held_out: Group(people=0, buyers=0) for held_out in (False, True)}
    sales = 0
    if mailing.started_at is None:
        return groups, sales
    until = mailing.started_at + timedelta(days=mailing.result_days)
    undone = [SaleState.CANCELLED.value, SaleState.RETURNED.value]
    with transaction.atomic(), connection.cursor() as cursor:
        # Compiling a plan that reads a million rows takes longer than running it.
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(_BOUGHT, [undone, mailing.started_at, until, mailing.pk])
        for held_out, people, buyers, number, revenue in cursor.fetchall():
            groups[held_out] = Group(people=people, buyers=buyers, revenue=revenue)
            if not held_out:
                sales = number
    return groups, sales


def authors_of(mailing: Mailing) -> set[int]:
    """Return the keys of those who wrote or changed a mailing, at any time, or handed it in: they do not approve it."""
    wrote = mailing.changes.filter(action__in=_WRITING, made_by__isnull=False)
    keys = {mailing.created_by_id, mailing.submitted_by_id, *wrote.values_list("made_by", flat=True)}
    return {key for key in keys if key is not None}


def mailings_waiting_for(user: Any) -> list[Mailing]:
    """Return the mailings that wait for this person's decision, the longest waiting first; what they wrote themselves does not."""
    if not user.has_perms(("messaging.view_mailing", "messaging.approve_mailing")):
        return []
    own = MailingChange.objects.filter(mailing=OuterRef("pk"), action__in=_WRITING, made_by=user)
    waiting = Mailing.objects.filter(~Exists(own), state=MailingState.AWAITING)
    waiting = waiting.exclude(created_by=user).exclude(submitted_by=user)
    return list(waiting.select_related("submitted_by").order_by("updated_at", "pk"))


def may_return(mailing: Mailing, user: Any) -> bool:
    """Whether somebody may take a mailing back to the drafts: who may write it, and of what waits for approval who may approve."""
    return user.has_perm("messaging.change_mailing") or (
        mailing.state == MailingState.AWAITING and user.has_perm("messaging.approve_mailing")
    )


def members_of(mailing: Mailing) -> QuerySet[MailingMember]:
    """Return the members of a mailing with their customers, for lists and files."""
    return MailingMember.objects.filter(mailing=mailing).select_related("customer", "sale")


def messages_of_members(mailing: Mailing, members: list[MailingMember]) -> dict[int, Message]:
    """Return the message of each of these members, by customer. One query."""
    found = Message.objects.filter(mailing=mailing, customer__in=[member.customer_id for member in members])
    return {message.customer_id: message for message in found if message.customer_id is not None}
