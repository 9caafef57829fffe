"""What a terminal is told of itself and its store, as types for the OpenAPI document."""

from typing import Literal

from msgspec import Struct


class StoreAnswer(Struct, kw_only=True):
    code: str
    name: str
    brand: str
    time_zone: str
    online_shop: bool
    totals_mode: Literal["strict", "accept"]


class ReceiptAnswer(Struct, kw_only=True):
    header: list[str]
    footer: list[str]
    shows_savings: bool


class TerminalAnswer(Struct, kw_only=True):
    terminal: str
    name: str
    test: bool
    store: StoreAnswer
    receipt: ReceiptAnswer
    plan_version: int
    time: str
