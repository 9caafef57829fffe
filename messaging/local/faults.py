"""Failures on demand: the next message on a channel fails in the way that was ordered."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from messaging.models import Channel, LocalFault

_TEXT_MESSAGES = {
    "no_number": _("Refused: not a number (21211)"),
    "undelivered": _("Accepted, then not delivered (30003)"),
    "unknown_number": _("Accepted, then not delivered: nobody has the number (30005)"),
    "opted_out": _("Refused: the person opted out at the provider (21610)"),
    "too_many": _("Refused for now: too many requests (429)"),
    "answer_lost": _("Accepted, but the answer is an error (500)"),
}
KINDS = {
    Channel.EMAIL: {
        "refused": _("Refused: the mailbox does not exist"),
        "bounced": _("Accepted, then bounced"),
        "complained": _("Delivered, then marked as unwanted"),
    },
    Channel.SMS: _TEXT_MESSAGES,
    Channel.WHATSAPP: _TEXT_MESSAGES
    | {"outside_window": _("Accepted, then not delivered: no approved template (63016)")},
}


def order_fault(*, channel: str, kind: str) -> LocalFault:
    """Let the next message on a channel fail. Raises KeyError for a failure that the channel does not have."""
    if kind not in KINDS[Channel(channel)]:
        raise KeyError(kind)
    return LocalFault.objects.create(channel=channel, kind=kind)


@transaction.atomic
def take_fault(channel: str) -> str:
    """Return the failure that was ordered for the next message and forget it; empty without one."""
    ordered = LocalFault.objects.select_for_update(skip_locked=True).filter(channel=channel)
    fault = ordered.order_by("pk").first()
    if fault is None:
        return ""
    fault.delete()
    return fault.kind
