"""What stands in the outbox, how much waits there and for how long. Each answer comes from an index."""

from collections.abc import Collection, Iterable
from datetime import datetime

from messaging.models import Mailing, MailingState, Message, MessageState
from messaging.purposes import Urgency
from messaging.selectors.contacts import Recipient


def written_about(occasion: str, keys: Collection[str], people: Iterable[Recipient]) -> set[tuple[str, str]]:
    """Return for which of some keys and people an occasion has a message: (key, person)."""
    found = Message.objects.filter(
        occasion=occasion, occasion_key__in=keys, person__in=[one.person for one in people]
    )
    return set(found.values_list("occasion_key", "person"))


def unsettled() -> dict[str, int]:
    """Return how many messages have no outcome, by state."""
    # Two statements for what is queued: each has a partial index, and together they have none.
    queued = Message.objects.filter(state=MessageState.QUEUED)
    in_mailings = queued.filter(mailing__isnull=False).count()
    return {
        MessageState.QUEUED.value: queued.filter(mailing__isnull=True).count() + in_mailings,
        MessageState.CLAIMED.value: Message.objects.filter(state=MessageState.CLAIMED).count(),
        MessageState.IN_DOUBT.value: Message.objects.filter(state=MessageState.IN_DOUBT).count(),
    }


def oldest_due_at(*, at: datetime) -> datetime | None:
    """Return since when the message waits that is due the longest; None when nothing does.

    What stands still in a mailing that somebody paused does not wait for us.
    """
    found = [Message.objects.due(urgency, at=at) for urgency in Urgency]
    sending = Mailing.objects.filter(state=MailingState.SENDING).order_by("pk").values_list("pk", flat=True)
    found += [Message.objects.due_of_mailing(mailing_id, at=at) for mailing_id in sending]
    firsts = [queue.values_list("due_at", flat=True).first() for queue in found]
    return min((due_at for due_at in firsts if due_at is not None), default=None)
