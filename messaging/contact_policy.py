"""The document of the contact policy: one typed declaration for the form, the API, the stored row and the last look."""

from datetime import time
from itertools import takewhile
from typing import Annotated, Any, Literal

import msgspec

from messaging.contact_hours import Cap, QuietHours
from messaging.occasions import KINDS

MOST_MESSAGES = 100
LONGEST_DAYS = 90
EVERY_CHANNEL = "all"

Clock = Annotated[
    str,
    msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="What the person's clocks show."),
]
Channel = Literal["email", "sms", "whatsapp"]


class PolicyRefused(Exception):
    """A contact policy cannot be used. `field` is the path of what is wrong, `code` why."""

    def __init__(self, field: str, code: str) -> None:
        super().__init__(field, code)
        self.field = field
        self.code = code


class QuietDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Hours in which nobody is written to on a channel; they may go past midnight."""

    starts: Clock
    ends: Clock

    @property
    def hours(self) -> QuietHours:
        return QuietHours(time.fromisoformat(self.starts), time.fromisoformat(self.ends))


class CapDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """At most `most` messages to one person in any `days` times 24 hours."""

    most: Annotated[int, msgspec.Meta(ge=1, le=MOST_MESSAGES)]
    days: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_DAYS)]

    @property
    def cap(self) -> Cap:
        return Cap(self.most, self.days)


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole policy. `priority` lists occasions, the most important first; the others follow in their usual order."""

    quiet: dict[Channel, QuietDocument] = {}
    quiet_sundays: bool = False
    caps: dict[Literal["all", "email", "sms", "whatsapp"], CapDocument] = {}
    priority: list[Annotated[str, msgspec.Meta(max_length=20)]] = []

    def hours(self, channel: str) -> QuietHours | None:
        document = self.quiet.get(channel)  # type: ignore[call-overload]
        return document.hours if document else None

    def caps_of(self, channel: str) -> dict[str, Cap]:
        """Return the caps that a message on a channel keeps to, by what they count."""
        return {name: found.cap for name, found in self.caps.items() if name in (EVERY_CHANNEL, channel)}

    @property
    def is_empty(self) -> bool:
        return not (self.quiet or self.quiet_sundays or self.caps)

    def order(self) -> list[str]:
        """Return every occasion that keeps to the policy, the most important first."""
        listed = [code for code in self.priority if code in KINDS]
        return listed + [code for code in governed() if code not in listed]

    def more_important_than(self, occasion: str) -> list[str]:
        """Return the occasions that go before one that keeps to the policy."""
        return list(takewhile(lambda code: code != occasion, self.order()))


# What holds until somebody decides otherwise: nobody is disturbed at night or on Sundays.
DEFAULT_POLICY = Policy(
    quiet={
        "email": QuietDocument(starts="21:00", ends="09:00"),
        "sms": QuietDocument(starts="21:00", ends="09:00"),
        "whatsapp": QuietDocument(starts="21:00", ends="09:00"),
    },
    quiet_sundays=True,
)


def governed() -> list[str]:
    """Return the occasions that keep to the policy, in their usual order."""
    return [kind.code for kind in KINDS.values() if kind.purpose.keeps_to_policy]


def read_policy(document: dict[str, Any]) -> Policy:
    """Turn a stored document into a policy."""
    return msgspec.convert(document, Policy)


def write_policy(policy: Policy) -> dict[str, Any]:
    """Return the document to store."""
    document: dict[str, Any] = msgspec.to_builtins(policy)
    return document


def check_policy(policy: Policy) -> None:
    """Refuse what could let nobody through, or names nothing. Raises PolicyRefused."""
    for channel, quiet in policy.quiet.items():
        if quiet.starts == quiet.ends:
            raise PolicyRefused(f"quiet.{channel}.ends", "whole_day")
    known = governed()
    for place, code in enumerate(policy.priority):
        if code not in known:
            raise PolicyRefused(f"priority[{place}]", "unknown_occasion")
        if code in policy.priority[:place]:
            raise PolicyRefused(f"priority[{place}]", "repeated")
