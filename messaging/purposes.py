"""Why we may write to somebody at all. Plain Python: no Django, no clock, no settings."""

from enum import IntEnum, StrEnum


class MessagePurpose(StrEnum):
    """What stands against a message, by what it is for (docs/algorithms/messages.md, section 2).

    `marketing` needs a standing consent, carries the link to stop, and keeps to the contact policy. A `notice` tells one of the
    company's own people something: nobody consents to that, but whoever asked for silence gets it. A `transactional` message was asked for
    by what its person just did, and nothing but a missing address stands against it.
    """

    MARKETING = "marketing"
    TRANSACTIONAL = "transactional"
    NOTICE = "notice"

    @property
    def needs_consent(self) -> bool:
        return self is MessagePurpose.MARKETING

    @property
    def keeps_to_policy(self) -> bool:
        return self is MessagePurpose.MARKETING

    @property
    def respects_silence(self) -> bool:
        return self is not MessagePurpose.TRANSACTIONAL


class Urgency(IntEnum):
    """Which messages leave first when more are due than can leave at once: the smaller number."""

    AT_ONCE = 0  # somebody stands there and waits for it
    BEFORE_LONG = 1  # it is of no use some minutes later
    SOON = 2  # its person has just done something, and expects it
    IN_TURN = 3
