"""What a channel is given, what it answers, and how it says no."""

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from messaging.models import SuppressionReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message, ready to leave. `uuid` is ours; the provider repeats it in its reports."""

    uuid: uuid.UUID
    to: str
    subject: str
    text: str
    html: str
    unsubscribe_url: str
    # The name that an e-mail or a text message comes from; empty: the provider's choice.
    sender: str = ""
    # The address that it comes from; empty: the installation's own.
    sender_address: str = ""
    # WhatsApp: the approved template and the values of its variables.
    content_sid: str = ""
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider's yes."""

    provider: str
    provider_id: str


class DeliveryError(Exception):
    """The provider did not say yes. `error_code` and `detail` are the provider's own words."""

    def __init__(self, error_code: str, detail: str) -> None:
        super().__init__(error_code, detail)
        self.error_code = error_code
        self.detail = detail


class DeliveryFailed(DeliveryError):
    """A definite no: nothing was or will be delivered by this call.

    `permanent` gives the address up, otherwise the call is repeated later, with much patience when the
    provider caps what one person gets. `suppress` says that this address must not be written to again.
    """

    def __init__(
        self,
        error_code: str,
        detail: str,
        *,
        permanent: bool,
        capped: bool = False,
        suppress: SuppressionReason | None = None,
    ) -> None:
        super().__init__(error_code, detail)
        self.permanent = permanent
        self.capped = capped
        self.suppress = suppress


class DeliveryInDoubt(DeliveryError):
    """Nobody knows whether the message was accepted: the answer got lost or was none."""


# Hands one message to the provider, in one call. Raises DeliveryFailed or DeliveryInDoubt.
Send = Callable[[Outgoing], Receipt]


class Channel(Protocol):
    """One way to reach a person."""

    def is_available(self) -> bool:
        """Whether a provider is set up."""
        ...

    def session(self) -> AbstractContextManager[Send]:
        """Return what sends the messages of one batch, one after the other, over one connection where the provider has such.

        Entering calls nobody. A connection that an error may have spoiled is not used again; one that cannot be opened is a
        refusal (`connection`), never a doubt: nothing was handed over.
        """
        ...
