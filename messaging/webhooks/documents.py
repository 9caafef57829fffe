"""What an event says. Each kind has one document, which only ever gains members; docs/webhooks.md tells it to receivers.

The documents are written by the triggers of migration 0010 in the transaction in which it happened; these types are
what the OpenAPI document publishes and what tests hold every written document against. Personal data is no more than
needed: our id, the chain's own code, and the document masked.
"""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct

Amount = Annotated[str, Meta(description="With two decimals, such as “162.00”.", examples=["162.00"])]


class Document(Struct, forbid_unknown_fields=True, kw_only=True):
    """A part of an event."""


class EventCustomer(Document):
    """A customer, without anything that would reach him. `document` is masked."""

    id: int
    code: str | None
    document: str | None


class SaleTotals(Document):
    gross: Amount
    markdown: Amount
    exchange: Amount
    discount: Amount
    redeemed: Amount
    net: Amount
    charged: Amount
    delivery_fee: Amount
    delivery_discount: Amount


class SaleFacts(Document):
    """What every event of a sale says of it."""

    sale: UUID
    ticket: str
    business_date: date
    terminal: str
    customer: EventCustomer | None


class SaleRecorded(SaleFacts):
    """A sale was recorded. `state` is “cancelled” when its cancellation had come before it."""

    state: Literal["committed", "cancelled"]
    operation: str
    totals: SaleTotals
    flags: list[str]


class CancelRefund(Document):
    amount: Amount
    withheld: Amount


class SaleCancelled(SaleFacts):
    """What was left of a sale was cancelled."""

    refund: CancelRefund | None


class ReturnRefund(Document):
    value: Amount
    amount: Amount
    withheld: Amount
    credited: Amount


class ReturnedLine(Document):
    line: int
    quantity: str
    returned: str
    value: Amount


class SaleReturned(SaleFacts, rename={"reference": "return"}):
    """Units of a sale came back. `state` is that of the sale after it."""

    reference: str
    state: Literal["partially_returned", "returned"]
    refund: ReturnRefund
    lines: list[ReturnedLine]


class ActivationRecorded(SaleFacts):
    """A campaign, or a VIP card's rate, was granted in a sale."""

    campaign: str | None
    vip_card: int | None
    discount: Amount
    applications: int


class ActivationUndone(ActivationRecorded):
    """A return or a cancellation took back an activation, in part (`undone` so far) or whole."""

    undone: Amount
    is_reversed: bool


class StoredValueFacts(Document):
    """Which stored value an account belongs to; its code is never told."""

    id: int
    type: str


class BalanceChanged(Document):
    """Entries of one kind moved one balance; `balance` and `owed` are those after them."""

    account: int
    kind: str
    program: str | None
    stamp_plan: str | None
    stored_value: StoredValueFacts | None
    customer: EventCustomer | None
    movement: str
    amount: Amount
    balance: Amount
    owed: Amount
    sale: UUID | None
    by_hand: bool


class MessageChanged(Document):
    """A message came into another state; `reason` says why it failed or was not sent."""

    message: UUID
    occasion: str
    occasion_key: str
    channel: str
    state: str
    reason: str
    customer: EventCustomer | None


class MessageTouched(Document):
    """A person opened a message, or followed a link in it."""

    message: UUID
    occasion: str
    occasion_key: str
    channel: str
    customer: EventCustomer | None


class CustomerMerged(Document):
    """Two records of one person became one, or two again. What belonged to `absorbed` belongs to `kept` meanwhile."""

    merge: int
    kept: EventCustomer
    absorbed: EventCustomer


class TestEvent(Document):
    """Sent by hand, to see that the way is open."""

    text: str


class Envelope(Struct, kw_only=True):
    """The body of every call."""

    id: Annotated[
        UUID, Meta(description="The same for every try and every replay; also the header webhook-id.")
    ]
    type: str
    version: Annotated[int, Meta(description="Of the document in `data`.")]
    sequence: Annotated[int, Meta(description="Rises with every event of this installation, with gaps.")]
    timestamp: Annotated[datetime, Meta(description="When it happened.")]
    recorded_at: Annotated[datetime, Meta(description="When this installation heard of it.")]
    store: Annotated[str | None, Meta(description="The code of the store where it happened, if in one.")]
    data: Any
