"""The people whom the fault runs write to, and what became of their messages."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from typing import Any

from django.utils import timezone

_numbers = count(1)


def fill_people(number: int, **values: Any) -> list[Any]:
    """Add customers with a phone of their own who agreed to marketing on every channel."""
    from customers.models import Consent, Customer

    # What bulk_create fills in by itself differs: an id each.
    people = Customer.objects.bulk_create(
        [
            Customer(**{"name": "Ana Souza", "phone": f"+55119{next(_numbers):08d}"} | values)
            for _person in range(number)
        ],
        batch_size=2_000,
    )
    agreed = timezone.now() - timedelta(days=365 * 12)
    Consent.objects.bulk_create(
        [
            Consent(customer=person, purpose="marketing", granted=True, source="till", given_at=agreed)
            for person in people
        ],
        batch_size=2_000,
    )
    return people


def queue_greetings(people: Sequence[Any]) -> None:
    """Queue the greeting of this year for everybody, due now and for a day."""
    from messaging.models import Message

    now = timezone.now()
    Message.objects.bulk_create(
        [
            Message(
                occasion="birthday",
                occasion_key=str(now.year),
                person=f"c:{person.pk}",
                customer=person,
                channels=["sms"],
                due_at=now,
                expires_at=now + timedelta(days=1),
                planned_at=now,
            )
            for person in people
        ],
        batch_size=2_000,
    )


def states() -> Counter[str]:
    """Return how many messages are in each state."""
    from messaging.models import Message

    return Counter(Message.objects.values_list("state", flat=True))


def unsettled() -> int:
    """Return how many messages wait or are held by a sender."""
    from messaging.models import Message

    return Message.objects.filter(state__in=["queued", "claimed"]).count()


def compare(received: Counter[str]) -> dict[str, int]:
    """Hold what customers received against what the outbox says.

    `twice` were received more than once; `lost` are said to be sent and were not received, or have no outcome; `unknown` are in
    doubt and were received; `unheard` are in doubt, and the provider never had them; `refused` failed or were not sent, with a reason.
    """
    from messaging.models import Message

    found: Counter[str] = Counter(twice=sum(times > 1 for times in received.values()))
    stored = Message.objects.values_list("uuid", "state", "reason")
    for uuid, state, reason in stored.iterator(chunk_size=5_000):
        was_received = str(uuid) in received
        if state == "in_doubt":
            found["unknown" if was_received else "unheard"] += 1
        elif state in ("failed", "suppressed"):
            found["lost" if was_received or not reason else "refused"] += 1
        elif state in ("sent", "delivered", "read"):
            found["sent" if was_received else "lost"] += 1
        else:
            found["lost"] += 1
    return {name: found[name] for name in ("sent", "twice", "lost", "unknown", "unheard", "refused")}
