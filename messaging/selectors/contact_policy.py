"""What the contact policy says about one message right now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from messaging.contact_hours import Cap, frees_at, opens_at, room
from messaging.contact_policy import DEFAULT_POLICY, EVERY_CHANNEL, Policy, governed, read_policy
from messaging.models import ContactPolicy, ContactPolicyRevision, MailingState, Message, MessageState
from retail.models import Company

# After this long a message that gave way is looked at again: the more important one has left by then, or never will.
GIVES_WAY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Wait:
    """A message must not leave yet: why (a code of messaging.reasons), and from when it may."""

    reason: str
    until: datetime


def current_policy() -> Policy:
    """Return the company's policy; the default one while nobody has decided anything."""
    document = ContactPolicy.objects.values_list("document", flat=True).first()
    return DEFAULT_POLICY if document is None else read_policy(document)


def policy_revisions() -> QuerySet[ContactPolicyRevision]:
    return ContactPolicyRevision.objects.select_related("saved_by").order_by("-number")


def why_wait(
    policy: Policy, message: Message, channel: str, company: Company, *, at: datetime
) -> Wait | None:
    """Return what holds a message back on a channel; None when it may leave now.

    The caller holds the person's lock, so that nobody else decides about the same person at the same time. Messages in
    doubt count: they may have been received.
    """
    if policy.is_empty:
        return None
    caps = policy.caps_of(channel)
    sent = _sent(message, caps, at=at)
    free_at = max((frees_at(sent[name], cap, at=at) for name, cap in caps.items()), default=at)
    until = opens_at(free_at, policy.hours(channel), _zone(message, company), sundays=policy.quiet_sundays)
    if until > at:
        return Wait("frequency_cap" if free_at > at else "quiet_hours", until)
    if _gives_way(policy, message, channel, caps, sent, at=at):
        return Wait("gives_way", at + GIVES_WAY)
    return None


def _zone(message: Message, company: Company) -> ZoneInfo:
    """Return the zone of the person: their home store's, else the company's."""
    home = message.customer.home_store if message.customer else None
    return home.zone if home else ZoneInfo(company.time_zone)


def _sent(message: Message, caps: Mapping[str, Cap], *, at: datetime) -> dict[str, list[datetime]]:
    """Return when the person got, or may have got, messages that count, by cap."""
    if not caps:
        return {}
    since = at - max(cap.span for cap in caps.values())
    rows = list(
        Message.objects.to_whom_gets(message)
        .filter(occasion__in=governed(), call_began_at__gt=since)
        .perhaps_received()
        .exclude(pk=message.pk)
        .values_list("channel", "call_began_at")
    )
    return {
        name: [moment for channel, moment in rows if moment and name in (EVERY_CHANNEL, channel)]
        for name in caps
    }


def _gives_way(
    policy: Policy,
    message: Message,
    channel: str,
    caps: Mapping[str, Cap],
    sent: Mapping[str, list[datetime]],
    *,
    at: datetime,
) -> bool:
    """Whether more important messages to the same person are due and need the room that is left."""
    before = policy.more_important_than(message.occasion)
    if not caps or not before:
        return False
    waiting = (
        Message.objects.to_whom_gets(message)
        .filter(
            Q(state=MessageState.QUEUED) | Q(state=MessageState.CLAIMED, call_began_at__isnull=True),
            Q(expires_at__isnull=True) | Q(expires_at__gt=at),
            # What stands still in a paused mailing holds nothing up.
            Q(mailing__isnull=True) | Q(mailing__state=MailingState.SENDING),
            occasion__in=before,
            due_at__lte=at,
        )
        .exclude(pk=message.pk)
    )
    chains = [chain[position:] for chain, position in waiting.values_list("channels", "position")]
    competing = {name: sum(name == EVERY_CHANNEL or channel in chain for chain in chains) for name in caps}
    return any(
        competing[name] and competing[name] >= room(sent[name], cap, at=at) for name, cap in caps.items()
    )
