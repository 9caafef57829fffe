"""Reading customers and what is known of them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from customers.models import Consent


@dataclass(slots=True)
class StandingConsents:
    """The answers of one customer that stand, by purpose and channel."""

    answers: dict[tuple[str, str], tuple[datetime, int, bool]] = field(default_factory=dict)

    def get(self, purpose: str, channel: str = "") -> bool | None:
        """Return the answer for a purpose and channel; None when it was never asked.

        The newer of the answer for this channel and the answer for all channels counts. Without a channel
        only answers for all channels count.
        """
        given = [self.answers[key] for key in {(purpose, channel), (purpose, "")} if key in self.answers]
        return max(given)[2] if given else None

    def granted(self, purpose: str, channel: str = "") -> bool:
        """Tell whether the customer agreed and has not taken it back."""
        return self.get(purpose, channel) is True

    def __iter__(self) -> Iterable[tuple[str, str, bool]]:
        return iter((*key, granted) for key, (_at, _id, granted) in sorted(self.answers.items()))


def standing_consents(customers: Collection[int]) -> dict[int, StandingConsents]:
    """Return the standing answers of each customer, by primary key, in one query.

    Of several answers to one question the one given last stands, not the one that arrived last: an old
    paper form that is typed in late does not undo a revocation.
    """
    standing = {customer: StandingConsents() for customer in customers}
    newest = (
        Consent.objects.filter(customer__in=customers)
        .order_by("customer", "purpose", "channel", "-given_at", "-id")
        .distinct("customer", "purpose", "channel")
    )
    for customer, purpose, channel, given_at, key, granted in newest.values_list(
        "customer_id", "purpose", "channel", "given_at", "id", "granted"
    ):
        standing[customer].answers[purpose, channel] = (given_at, key, granted)
    return standing
