"""What a terminal is told of itself and its store, as types for the OpenAPI document."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from pos_api.evaluation_answers import Money


class StoreAnswer(Struct, kw_only=True):
    code: str
    name: str
    brand: str
    time_zone: str
    online_shop: bool
    totals_mode: Literal["strict", "accept"]
    offline_redeem_limit: Annotated[
        Money,
        Meta(description="What a sale may redeem while the till is offline; above it a manager is told."),
    ]


Mode = Literal["never", "offer", "always"]


class ReceiptModes(Struct, kw_only=True):
    """On which channels to offer the receipt. Where it is `always` sent, customers with an address are not asked."""

    email: Mode
    sms: Mode
    whatsapp: Mode


class ReceiptAnswer(Struct, kw_only=True):
    header: list[str]
    footer: list[str]
    shows_savings: bool
    send: Annotated[
        ReceiptModes, Meta(description="What the customer answers is told by `POST sales/{sale}/receipt/`.")
    ]
    operations: Annotated[
        list[str], Meta(description="The operations of sales that have such receipts; none: all.")
    ]


class TerminalAnswer(Struct, kw_only=True):
    terminal: str
    name: str
    test: bool
    store: StoreAnswer
    receipt: ReceiptAnswer
    plan_version: int
    time: str
