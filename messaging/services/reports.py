"""What providers report about messages: idempotent, in any order."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction

from messaging.models import OWN, Message, MessageEvent, MessageState, SuppressionReason
from messaging.schedule import State, after_report
from messaging.services import opt_outs

# The line in a message's life that says which call it was, before the chain went on.
_PASSED = "channel_failed"
_REPORTED = (State.SENT, State.DELIVERED, State.READ, State.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One event of one provider. `state` is what it says about the delivery; None says nothing about it."""

    provider: str
    event_key: str
    kind: str
    occurred_at: datetime
    state: State | None = None
    detail: str = ""
    provider_id: str = ""
    suppress: SuppressionReason | None = None


@transaction.atomic
def record_report(*, message_uuid: UUID | None, report: Report) -> bool:
    """Store a report and let it move its message; return whether the message changed.

    The message is found by our id, else by the provider's. A report about an unknown message is kept beside;
    one that is known already changes nothing.
    """
    message = _find(message_uuid, report)
    # The unique key decides; two copies that arrive at once wait for each other here.
    _event, is_new = MessageEvent.objects.get_or_create(
        provider=report.provider,
        event_key=report.event_key[:200],
        defaults={
            "message": message,
            "kind": report.kind[:40],
            "detail": without_address(report.detail, message.to if message else "")[:500],
            "occurred_at": report.occurred_at,
        },
    )
    if message is None or not is_new:
        return False
    if message.provider_id and report.provider_id and report.provider_id != message.provider_id:
        # About another call than the one that counts, perhaps to another address.
        return False
    passed = is_passed(message, report.provider_id)
    # Until the next call, the row has the address of the one that passed.
    is_about_address = not passed or message.provider_id == report.provider_id
    if report.suppress is not None and message.to and is_about_address:
        opt_outs.suppress(
            channel=message.channel, address=message.to, reason=report.suppress, at=report.occurred_at
        )
    return _come_back(message, report) if passed else _move(message, report)


def is_passed(message: Message, provider_id: str) -> bool:
    """Whether a call of the provider was reported as failed, and the chain went on from it."""
    return (
        message.position > 0
        and provider_id != ""
        and message.events.filter(provider=OWN, kind=_PASSED, detail=provider_id[:500]).exists()
    )


def go_on(message: Message, *, at: datetime) -> bool:
    """Let a locked message that a provider could not deliver go on with the next channel; return whether there is one, in time.

    Its call stays known, so that what is still reported about it is not taken for the next one; the row keeps what left by it
    until the next call. The caller saves.
    """
    in_time = message.expires_at is None or at < message.expires_at
    if not message.provider_id or not in_time or message.position + 1 >= len(message.channels):
        return False
    MessageEvent.objects.create(
        message=message,
        provider=OWN,
        event_key=uuid4().hex,
        kind=_PASSED,
        detail=message.provider_id[:500],
        occurred_at=at,
    )
    message.position += 1
    message.attempt = 0
    message.state, message.reason, message.closed_at = MessageState.QUEUED, "", None
    message.due_at, message.sent_at = at, None
    return True


def _come_back(message: Message, report: Report) -> bool:
    """Take a message back to the call that arrived after all, while nobody has claimed it since; return whether it was."""
    arrived = report.state in (State.DELIVERED, State.READ)
    if not arrived or message.state != MessageState.QUEUED or message.provider_id != report.provider_id:
        return False
    message.position -= 1
    message.state = MessageState.SENT
    return _move(message, report)


def without_address(text: str, address: str) -> str:
    """Take a person's address out of a provider's words: events are kept when the person is erased."""
    return text.replace(address, "…") if address else text


def _find(message_uuid: UUID | None, report: Report) -> Message | None:
    messages = Message.objects.select_for_update()
    if message_uuid is not None:
        return messages.filter(uuid=message_uuid).first()
    if report.provider_id:
        return messages.filter(provider_id=report.provider_id).order_by("pk").first()
    return None


def _move(message: Message, report: Report) -> bool:
    """Advance the message; return whether its state changed."""
    if report.state is None:
        return False
    before = State(message.state)
    message.state = after_report(before, report.state)
    if message.state not in _REPORTED:
        # Never given to a provider: nothing to note.
        return False
    message.sent_at = message.sent_at or message.call_began_at or report.occurred_at
    if report.provider_id and not message.provider_id:
        message.provider, message.provider_id = report.provider, report.provider_id
    if report.state == State.DELIVERED:
        message.delivered_at = message.delivered_at or report.occurred_at
    if report.state == State.READ:
        message.read_at = message.read_at or report.occurred_at
    if message.state != before:
        message.lease = message.lease_until = None
        if message.state == State.FAILED:
            message.reason, message.error = "undelivered", report.detail[:500]
            message.closed_at = report.occurred_at
            # Whoever makes the call may not have recorded it yet, and goes on then.
            if before != State.CLAIMED:
                go_on(message, at=report.occurred_at)
        else:
            message.reason, message.error, message.closed_at = "", "", None
    message.save()
    return message.state != before
