"""What points of sale are answered about sales, returns and cancellations, as types for the OpenAPI document."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from pos_api.evaluation_answers import EvaluationAnswer, Money, Number

SaleStateWord = Literal["committed", "partially_returned", "returned", "cancelled"]


class DiscrepancyAnswer(Struct, kw_only=True):
    field: str
    sent: Money
    computed: Money


class SaleAnswer(EvaluationAnswer, kw_only=True):
    """The final evaluation of a recorded sale."""

    sale: Annotated[str, Meta(description="Our id of the sale.")]
    state: SaleStateWord
    ticket: str
    business_date: str
    flags: list[str]
    discrepancies: list[DiscrepancyAnswer]
    balances: list["BalanceAnswer"] | UnsetType = UNSET


class ReversedAnswer(Struct, kw_only=True):
    campaign: str
    discount: Money


class BalanceAnswer(Struct, kw_only=True):
    """What the customer has now. Money for cashback, else points or stamps; `owed` is paid by what is earned next."""

    kind: Literal["points", "stamps", "cashback"]
    available: Money | int
    pending: Money | int
    owed: Money | int
    program: str | UnsetType = UNSET
    plan: str | UnsetType = UNSET


class MovedAnswer(Struct, kw_only=True):
    """Value that moved: money for cashback, else points or stamps. `expired` of what came back stays expired."""

    kind: str
    amount: Money | UnsetType = UNSET
    program: str | UnsetType = UNSET
    plan: str | UnsetType = UNSET
    points: int | str | UnsetType = UNSET
    stamps: int | str | UnsetType = UNSET
    code: str | UnsetType = UNSET
    expired: int | str | UnsetType = UNSET


class RefundAnswer(Struct, kw_only=True):
    """`amount` is money to give back. `withheld` is what the sale had earned and was spent: it was taken off."""

    amount: Money
    withheld: Money


class NotUndoneAnswer(Struct, kw_only=True):
    """Something that stays: a gift or reward that went home, a code of the sale that was used, the delivery."""

    kind: Literal["gift", "code", "delivery", "reward"]
    program: str | UnsetType = UNSET
    campaign: str | UnsetType = UNSET
    sku: str | UnsetType = UNSET
    quantity: str | UnsetType = UNSET
    code: str | UnsetType = UNSET
    amount: Money | UnsetType = UNSET


class UndoneAnswer(Struct, kw_only=True):
    """What a return or a cancellation did to stored value, and what it could not undo."""

    restored: list[MovedAnswer]
    taken_back: list[MovedAnswer]
    owed: list[MovedAnswer]
    not_undone: list[NotUndoneAnswer]


class CreditNoteAnswer(Struct, kw_only=True):
    """A credit note that a return gave. `code` pays in a sale: it is whole here, and again when the return is sent again while it
    can be read; masked in a sale that is read later; null in a quote.
    """

    code: str | None
    last4: str | None
    amount: Money
    expires_at: str | None


class ReturnRefundAnswer(RefundAnswer, kw_only=True):
    """`value` is what the units were worth: `amount`, `withheld`, the credit note and what was restored as stored value.

    `credit_note` is there when one was asked for; null when there was nothing to give.
    """

    value: Money
    credit_note: CreditNoteAnswer | UnsetType | None = UNSET


class ReturnLineAnswer(Struct, kw_only=True):
    """`quantity` came back in this return, `returned` so far."""

    line: int
    quantity: Number
    returned: Number
    value: Money


class ReturnAnswer(UndoneAnswer, kw_only=True):
    """A recorded return. `reversed` is the discount that each campaign had given on the units."""

    sale: str
    return_: str = field(name="return")
    state: SaleStateWord
    returned_at: str
    lines: list[ReturnLineAnswer]
    refund: ReturnRefundAnswer
    reversed: list[ReversedAnswer]
    balances: list[BalanceAnswer] | UnsetType = UNSET


class CancelledAnswer(UndoneAnswer, kw_only=True):
    """A cancelled sale, the activations whose uses were given back, and what is left to refund."""

    sale: str
    state: SaleStateWord
    ticket: str
    business_date: str
    cancelled_at: str | None
    reversed: list[ReversedAnswer]
    refund: RefundAnswer


class PaymentAnswer(Struct, kw_only=True):
    method: str
    amount: Money


class StoredSaleAnswer(Struct, kw_only=True):
    """A sale as it stands now, with the answer that it got."""

    sale: str
    state: SaleStateWord
    store: str
    terminal: str
    ticket: str
    business_date: str
    occurred_at: str
    received_at: str
    cancelled_at: str | None
    fiscal_key: str | None
    operation: str
    customer: str | None
    charged: Money
    payments: list[PaymentAnswer]
    is_test: bool
    flags: list[str]
    refunded: Annotated[Money, Meta(description="What its returns were worth so far.")]
    returns: list[ReturnAnswer]
    answer: SaleAnswer | None
