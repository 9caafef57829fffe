"""What points of sale are answered about a basket, as types for the OpenAPI document.

The bodies themselves are written by `campaigns.engine.rendering`; a test holds the two against each other.
"""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from loyalty.redemption import REASONS

Money = Annotated[str, Meta(pattern=r"^-?[0-9]+\.[0-9]{2}$", examples=["12.50"])]
NotRedeemedReason = Literal[REASONS]  # type: ignore[valid-type]
Number = Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]{1,3})?$", examples=["2"])]


class Totals(Struct, kw_only=True):
    """`net` = gross - markdown - exchange - discount - redeemed: what is left to pay, never negative."""

    gross: Money
    markdown: Money
    exchange: Money
    discount: Money
    redeemed: Money
    net: Money


class DeliveryTotals(Struct, kw_only=True):
    """Beside `totals`, and no part of them."""

    fee: Money
    discount: Money
    net: Money


class LineAdjustmentAnswer(Struct, kw_only=True):
    campaign: str
    benefit: str
    amount: Money


class LineAnswer(Struct, kw_only=True):
    """`net` = gross - markdown - discount; exchange and redemption belong to the sale."""

    line: int
    sku: str
    quantity: Number
    unit_price: Money
    gross: Money
    markdown: Money
    exchange_share: Money
    discount: Money
    net: Money
    adjustments: list[LineAdjustmentAnswer]


class ActivationAnswer(Struct, kw_only=True):
    campaign: str
    name: str
    description: str
    discount: Money
    applications: int


class GiftOptionAnswer(Struct, kw_only=True):
    """Whole pieces are a number; a weighed gift's quantity is a text."""

    sku: str
    name: str
    quantity: int | Number


class GiftAnswer(Struct, kw_only=True):
    """`choose` entries of `options` may be picked; send them back as `gifts`."""

    campaign: str
    choose: int
    options: list[GiftOptionAnswer]
    chosen: list[GiftOptionAnswer]


class PointsAnswer(Struct, kw_only=True):
    program: str
    points: int | str


class CashbackAnswer(Struct, kw_only=True):
    campaign: str
    amount: Money
    available_from: str | None
    expires_at: str | None


class CodeEarnedAnswer(Struct, kw_only=True):
    """`code` is made when the sale is recorded."""

    campaign: str
    code: str | UnsetType = UNSET
    valid_until: str | None


class VoucherAnswer(Struct, kw_only=True):
    """Given by a campaign or by an issuing rule, worth an amount or a percentage of one purchase.

    `code` is made when the sale is recorded. It can be read again by sending the same sale again, for a while: print it.
    """

    campaign: str | UnsetType = UNSET
    rule: str | UnsetType = UNSET
    amount: Money | UnsetType = UNSET
    percent: str | UnsetType = UNSET
    valid_until: str | None
    code: str | UnsetType = UNSET
    stored_value: int | UnsetType = UNSET


class StampAnswer(Struct, kw_only=True):
    plan: str
    stamps: int


class EarnedAnswer(Struct, kw_only=True):
    points: list[PointsAnswer]
    cashback: list[CashbackAnswer]
    codes: list[CodeEarnedAnswer]
    vouchers: list[VoucherAnswer]
    stamps: list[StampAnswer] | UnsetType = UNSET


class PromoCodeAnswer(Struct, kw_only=True):
    """`not_usable` is one word for unknown, used up, expired, blocked and another customer's.

    A VIP card that was `applied` stands under its own code as `campaign`.
    """

    code: str
    status: Literal["applied", "not_activated", "not_usable"]
    campaign: str | UnsetType = UNSET


class OptionalAnswer(Struct, kw_only=True):
    """A campaign that activates when its code is sent back in `accepted`."""

    campaign: str
    name: str
    description: str
    discount: Money


class ReasonAnswer(Struct, kw_only=True):
    """Why a campaign gives nothing, and the numbers that would change it. `text` follows Accept-Language."""

    reason: str
    required: Any = UNSET
    actual: Any = UNSET
    missing: Any = UNSET
    subject: str | UnsetType = UNSET
    lines: list[int] | UnsetType = UNSET
    text: str | UnsetType = UNSET


class RefusalAnswer(ReasonAnswer, kw_only=True):
    """The first reason stands beside the campaign; `reasons` lists all of them where there are several."""

    campaign: str
    name: str
    reasons: list[ReasonAnswer] | UnsetType = UNSET


class RedeemedAnswer(Struct, kw_only=True):
    """One value that was used, in the order in which it was used.

    `balance_after` is what can still be used: money, or a number of points or stamps where these are given. What comes
    off the delivery fee (`reward` delivery) is no part of `totals.redeemed`; a gift comes off nothing.
    """

    kind: Literal["reward", "points", "cashback", "voucher", "gift_card", "e_purse", "credit_note"]
    amount: Money
    balance_after: int | str
    program: str | UnsetType = UNSET
    points: int | str | UnsetType = UNSET
    stamps: int | str | UnsetType = UNSET
    code: str | UnsetType = UNSET
    reward: Literal["gift", "product", "delivery"] | UnsetType = UNSET
    sku: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    forfeited: Annotated[Money, Meta(description="What is lost with it.")] | UnsetType = UNSET


class NotRedeemedAnswer(Struct, kw_only=True):
    """Something asked for that was not given, or not all of it; `path` is where it was asked for."""

    kind: str
    path: str
    reason: NotRedeemedReason
    program: str | UnsetType = UNSET
    code: str | UnsetType = UNSET
    required: Any = UNSET
    actual: Any = UNSET
    text: str | UnsetType = UNSET


class EvaluationAnswer(Struct, kw_only=True):
    """What every candidate campaign gives the basket, or why it gives nothing."""

    plan_version: int
    totals: Totals
    delivery: DeliveryTotals
    lines: list[LineAnswer]
    activations: list[ActivationAnswer]
    gifts: list[GiftAnswer]
    earned: EarnedAnswer
    promo_codes: list[PromoCodeAnswer]
    redeemed: list[RedeemedAnswer]
    optional: list[OptionalAnswer]
    not_activated: list[RefusalAnswer]
    messages: list[str]
    exchange_left: Money | UnsetType = UNSET
    not_redeemed: list[NotRedeemedAnswer] | UnsetType = UNSET
    # More is redeemed than the company gives without a proof: the sale will need one.
    proof_required: bool | UnsetType = UNSET
    proof_method: Literal["otp", "pin"] | UnsetType = UNSET


class RestoredAnswer(Struct, kw_only=True):
    """Value that a return gives back as value."""

    kind: str
    amount: Money
    program: str | UnsetType = UNSET
    points: int | str | UnsetType = UNSET
    stamps: int | str | UnsetType = UNSET
    code: str | UnsetType = UNSET


class TakenBackAnswer(Struct, kw_only=True):
    """What the sale had earned and a return takes back."""

    kind: Literal["points", "cashback"]
    program: str | UnsetType = UNSET
    points: int | str | UnsetType = UNSET
    campaign: str | UnsetType = UNSET
    amount: Money | UnsetType = UNSET


class SimulatedRefundAnswer(Struct, kw_only=True):
    """What the return would give back: `amount` is money, beside what returns as value."""

    amount: Money
    restored: list[RestoredAnswer]
    taken_back: list[TakenBackAnswer]


class SimulatedCodeAnswer(PromoCodeAnswer, kw_only=True):
    """A VIP card that can be used says its rate in `percent`."""

    percent: str | UnsetType = UNSET


class SimulationAnswer(EvaluationAnswer, kw_only=True):
    """An evaluation; `refund` stands with it when the document has `returns`."""

    promo_codes: list[SimulatedCodeAnswer]  # type: ignore[assignment]
    refund: SimulatedRefundAnswer | UnsetType = UNSET
