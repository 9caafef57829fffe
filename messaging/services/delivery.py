"""Sends what is due: claim under a lease, commit, look again, call the provider once, record.

A process may be killed at any point. Before the call began, the message goes back to the queue; afterwards it is
in doubt and is never sent again by itself, because nobody knows whether the provider took it. Only a
report of the provider resolves that. docs/decisions/0050-outbox-and-in-doubt.md says why.
"""

import logging
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Self

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, F

from messaging.channels import CHANNELS
from messaging.channels.base import DeliveryFailed, DeliveryInDoubt, Outgoing, Receipt, Send
from messaging.models import OWN, Mailing, MailingState, Message, MessageEvent, MessageState
from messaging.purposes import Urgency
from messaging.querysets import MessageQuerySet
from messaging.schedule import State, after_report, next_attempt
from messaging.services import opt_outs
from messaging.services.preparation import ClaimLost, prepare
from messaging.services.reports import go_on, is_passed, without_address

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]

# Claims are small, so that few messages wait for one slow call; a lease outlives the slowest call by far.
BATCH = 20
LEASE = timedelta(minutes=5)
# One run ends well before the time limit of its task; the next tick goes on.
LONGEST_RUN = timedelta(minutes=5)


@dataclass(slots=True)
class Summary:
    """What one run of the sender did."""

    sent: int = 0
    not_sent: int = 0
    retried: int = 0
    failed: int = 0
    in_doubt: int = 0
    lost: int = 0

    def as_document(self) -> dict[str, int]:
        return asdict(self)


class Connections:
    """The sessions of a batch, by channel: entered with the first message that needs one, left together in the end."""

    def __init__(self) -> None:
        self._entered: dict[str, Send] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._entered.clear()
        self._stack.close()

    def send(self, channel: str, outgoing: Outgoing) -> Receipt:
        """Hand one message to a channel's provider. Raises DeliveryFailed or DeliveryInDoubt."""
        if channel not in self._entered:
            self._entered[channel] = self._stack.enter_context(CHANNELS[channel].session())
        return self._entered[channel](outgoing)


def deliver_due(*, clock: Clock, limit: int = 1_000) -> Summary:
    """Send up to `limit` due messages and return what became of them. Any number may run at once.

    `clock` is asked before each message: a batch can take minutes, and leases and codes start with the call.
    """
    summary = Summary()
    ends_at = clock() + LONGEST_RUN
    remaining = limit
    while remaining > 0 and clock() < ends_at:
        lease, claimed = claim(at=clock(), limit=min(BATCH, remaining))
        if not claimed:
            break
        remaining -= len(claimed)
        try:
            with Connections() as connections:
                for message_id in claimed:
                    if clock() >= ends_at:
                        break
                    outcome = deliver(
                        message_id=message_id, lease=lease, connections=connections, clock=clock
                    )
                    setattr(summary, outcome, getattr(summary, outcome) + 1)
        finally:
            give_back(lease=lease)
    return summary


def give_back(*, lease: uuid.UUID) -> int:
    """Return to the queue what was claimed under a lease and not begun; return how many that were."""
    # What was not begun was not tried.
    return Message.objects.filter(lease=lease, state=MessageState.CLAIMED, call_began_at__isnull=True).update(
        state=MessageState.QUEUED, lease=None, lease_until=None, attempt=F("attempt") - 1
    )


@transaction.atomic
def claim(*, at: datetime, limit: int) -> tuple[uuid.UUID, list[int]]:
    """Reserve due messages for this process; return the lease and their keys, in order.

    What belongs to no mailing goes first, by its urgency: sixty thousand reminders of one moment do not stand before a code
    that a customer waits for at the till. Mailings that send share the rest; whether one sends is read here each time.
    """
    lease = uuid.uuid4()
    claimed: list[int] = []
    for urgency in Urgency:
        claimed += _lock(Message.objects.due(urgency, at=at), limit - len(claimed))
    if len(claimed) < limit:
        sending = Mailing.objects.filter(state=MailingState.SENDING)
        keys = list(sending.order_by("pk").values_list("pk", flat=True))
        for number, mailing_id in enumerate(keys):
            # An equal part of what is left for each, so that a large one does not stand before a small one.
            share = -(-(limit - len(claimed)) // (len(keys) - number))
            # No join: the mailing's own row must not be locked by those who send.
            due = Message.objects.due_of_mailing(mailing_id, at=at)
            claimed += _lock(due.filter(Exists(sending.filter(pk=mailing_id))), share)
    Message.objects.filter(pk__in=claimed).update(
        state=MessageState.CLAIMED,
        lease=lease,
        lease_until=at + LEASE,
        call_began_at=None,
        # That of a channel before, when the chain went on.
        provider_id="",
        attempt=F("attempt") + 1,
    )
    return lease, claimed


def _lock(due: MessageQuerySet, limit: int) -> list[int]:
    if limit <= 0:
        return []
    locked = due.select_for_update(skip_locked=True)
    return list(locked.values_list("pk", flat=True)[:limit])


def deliver(
    *, message_id: int, lease: uuid.UUID, clock: Clock, connections: Connections | None = None
) -> str:
    """Send one claimed message; return the name of the outcome in Summary. Without the connections of a batch it has its own."""
    if connections is None:
        with Connections() as own:
            return deliver(message_id=message_id, lease=lease, clock=clock, connections=own)
    at = clock()
    try:
        message, outgoing = prepare(message_id=message_id, lease=lease, at=at, lease_until=at + LEASE)
    except ClaimLost:
        return "lost"
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        # A defect that shows with this message must not hold up all that wait behind it.
        logger.exception("message %s could not be prepared", message_id)
        refusal = DeliveryFailed(type(error).__name__, str(error), permanent=False)
        return _record_refusal(message_id, lease, refusal, at=at)
    if outgoing is None:
        return {MessageState.QUEUED: "retried", MessageState.FAILED: "failed"}.get(
            MessageState(message.state), "not_sent"
        )
    return _call(message, outgoing, connections, lease=lease, clock=clock)


def _call(
    message: Message, outgoing: Outgoing, connections: Connections, *, lease: uuid.UUID, clock: Clock
) -> str:
    try:
        receipt = connections.send(message.channel, outgoing)
    except DeliveryFailed as error:
        return _record_refusal(message.pk, lease, error, at=clock())
    except DeliveryInDoubt as error:
        return _record_doubt(message.pk, lease, error.error_code, error.detail, at=clock())
    except Exception as error:
        # Whatever it was, it came after the call began.
        logger.exception("message %s: the call to the provider ended unexpectedly", message.uuid)
        return _record_doubt(message.pk, lease, type(error).__name__, str(error), at=clock())
    return _record_sent(message.pk, receipt, at=clock())


@transaction.atomic
def _record_sent(message_id: int, receipt: Receipt, *, at: datetime) -> str:
    # What left stays as it is: there is no need to read and write it again.
    message = Message.objects.select_for_update().defer("subject", "text", "html").get(pk=message_id)
    if is_passed(message, receipt.provider_id):
        # A report was so much quicker that the next channel may be under way.
        return "sent"
    # The provider's first reports may have been quicker than we are.
    message.state = after_report(State(message.state), State.SENT)
    message.provider, message.provider_id = receipt.provider, receipt.provider_id
    message.sent_at = message.call_began_at
    if message.state != MessageState.FAILED:
        message.reason = message.error = ""
    _release(message)
    _note(message, "accepted", receipt.provider_id, at=at)
    if message.state == MessageState.FAILED:
        go_on(message, at=at)
    message.save()
    return "sent"


@transaction.atomic
def _record_refusal(message_id: int, lease: uuid.UUID, error: DeliveryFailed, *, at: datetime) -> str:
    message = Message.objects.select_for_update().get(pk=message_id)
    if error.suppress is not None:
        opt_outs.suppress(channel=message.channel, address=message.to, reason=error.suppress, at=at)
    _note(message, "refused", f"{error.error_code} {error.detail}", at=at)
    if message.state != MessageState.CLAIMED or message.lease != lease:
        return "lost"
    message.error = f"{error.error_code} {error.detail}"[:500]
    # A refusal costs nothing.
    message.segments = message.cost = None
    _release(message)
    retry_at = None if error.permanent else next_attempt(at, message.attempt, capped_by_provider=error.capped)
    if retry_at is not None:
        message.state, message.due_at = MessageState.QUEUED, _within(message, retry_at)
    elif message.position + 1 < len(message.channels):
        # This channel is over; the chain goes on with the next one.
        message.position += 1
        message.attempt = 0
        message.state = MessageState.QUEUED
    else:
        message.state, message.closed_at = MessageState.FAILED, at
        message.reason = "refused" if error.permanent else "gave_up"
    message.save()
    return "failed" if message.state == MessageState.FAILED else "retried"


def _within(message: Message, retry_at: datetime) -> datetime:
    """Return the next try, or the last moment at which the sender still gives a reason for not trying."""
    if message.expires_at is None or retry_at < message.expires_at:
        return retry_at
    return message.expires_at - timedelta(microseconds=1)


@transaction.atomic
def _record_doubt(message_id: int, lease: uuid.UUID, code: str, detail: str, *, at: datetime) -> str:
    message = Message.objects.select_for_update().get(pk=message_id)
    _note(message, "outcome_unknown", f"{code} {detail}", at=at)
    if message.state != MessageState.CLAIMED or message.lease != lease:
        # A report, or the sweeper, was quicker.
        return "lost"
    message.state, message.reason = MessageState.IN_DOUBT, "outcome_unknown"
    message.error = f"{code} {detail}"[:500]
    _release(message)
    message.save()
    return "in_doubt"


@transaction.atomic
def sweep_expired_leases(*, at: datetime, limit: int = 1_000) -> tuple[int, int]:
    """Settle the claims of senders that died; return how many went back to the queue and how many are in doubt."""
    expired = list(Message.objects.lease_expired(at=at).select_for_update(skip_locked=True)[:limit])
    requeued = in_doubt = 0
    for message in expired:
        if message.call_began_at is None:
            # The provider was not called, and without its lease the old sender cannot call any more.
            message.state = MessageState.QUEUED
            message.attempt -= 1
            requeued += 1
        else:
            message.state, message.reason = MessageState.IN_DOUBT, "worker_died"
            _note(message, "worker_died", "", at=at)
            in_doubt += 1
        _release(message)
        message.save()
    return requeued, in_doubt


def _release(message: Message) -> None:
    message.lease = message.lease_until = None


def _note(message: Message, kind: str, detail: str, *, at: datetime) -> None:
    MessageEvent.objects.create(
        message=message,
        provider=OWN,
        event_key=uuid.uuid4().hex,
        kind=kind,
        detail=without_address(detail, message.to)[:500],
        occurred_at=at,
    )
