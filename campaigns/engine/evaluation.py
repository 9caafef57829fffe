"""What an evaluation answers. Money is integer cents; `rendering.render` makes the JSON body of the POS API."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from operator import sub
from typing import Any, TypeVar, overload

from msgspec import Struct

from campaigns.engine.verdict import Verdict
from loyalty.redeemed import Redemption


class Totals(Struct, frozen=True, kw_only=True, gc=False):
    """`net` = gross - markdown - exchange - discount - redeemed, never negative.

    `exchange` is the part of the exchanged value that this sale absorbed; the rest is `exchange_left`.
    """

    gross: int
    markdown: int
    exchange: int
    discount: int
    redeemed: int = 0
    net: int
    exchange_left: int = 0


class Adjustment(Struct, frozen=True, gc=False):
    """What one benefit of one campaign took off a line."""

    campaign: str
    benefit: str
    amount: int


class LineResult(Struct, frozen=True, gc=False):
    """`net` = gross - markdown - discount; the exchange belongs to the sale."""

    line: int
    sku: str
    quantity: Decimal
    unit_price: int
    gross: int
    markdown: int
    exchange_share: int
    discount: int
    net: int
    adjustments: tuple[Adjustment, ...] = ()


T = TypeVar("T")
# The campaign, its benefit, and the cents that this takes off lines by their positions.
Discount = tuple[str, str, Sequence[tuple[int, int]]]


class LineResults(Sequence[LineResult]):
    """The lines of an answer, in the order in which they came.

    Kept as columns (those of LineResult up to `discount`, and what is left before it) and as the discounts in the order
    in which they were taken: a line is put together when somebody reads it, and who wants totals or activations does
    not pay for it. Reading the lines twice puts them together twice.
    """

    __slots__ = ("columns", "discounts")

    def __init__(self, columns: tuple[Sequence[Any], ...], discounts: Sequence[Discount]) -> None:
        self.columns = columns
        self.discounts = discounts

    def __iter__(self) -> Iterator[LineResult]:
        return map(LineResult, *self.complete_columns(Adjustment))

    def complete_columns(self, adjustment: Callable[[str, str, int], T]) -> tuple[Sequence[Any], ...]:
        """Return all columns of LineResult, with what `adjustment` makes of campaign, benefit and cents in the last."""
        *amounts, taken, values = self.columns
        adjustments: list[tuple[T, ...]] = [()] * len(taken)
        for campaign, benefit, parts in self.discounts:
            for position, cents in parts:
                adjustments[position] += (adjustment(campaign, benefit, cents),)
        return *amounts, taken, list(map(sub, values, taken)), adjustments

    def __len__(self) -> int:
        return len(self.columns[0])

    @overload
    def __getitem__(self, index: int) -> LineResult: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[LineResult, ...]: ...
    def __getitem__(self, index: int | slice) -> LineResult | tuple[LineResult, ...]:
        return tuple(self)[index]

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, Sequence) else NotImplemented

    __hash__ = None  # type: ignore[assignment]


class Consumption(Struct, frozen=True, kw_only=True, gc=False):
    """What a commit must count against one limit, in the window that began at `window_start` (None: ever).

    `key` is what the scope counts by: empty for `total`, the store's code, or the promotional code; for `customer` it
    is empty too, the caller knows the customer.
    """

    scope: str
    counts: str
    per: str
    key: str = ""
    window_start: datetime | None = None
    amount: int
    max: int


class DealShare(Struct, frozen=True, kw_only=True, gc=False):
    """The units of one line that belong to an activation's deal, and the part of its discount they carry."""

    line: int
    quantity: Decimal
    amount: int


class Activation(Struct, frozen=True, gc=False):
    """One campaign that activated. `discount` is the money off today; the budget counts exactly that.

    `items` are those that its limits of items counted, by line number; empty when it counted gifts.
    """

    campaign: str
    name: str
    description: str = ""
    revision: Any = None
    discount: int = 0
    applications: int = 1
    lines: tuple[int, ...] = ()
    deal: tuple[DealShare, ...] = ()
    consumption: tuple[Consumption, ...] = ()
    budget: int | None = None
    promo_codes: tuple[str, ...] = ()
    items: tuple[tuple[int, int], ...] = ()


class GiftOption(Struct, frozen=True, kw_only=True, gc=False):
    sku: str
    name: str
    quantity: Decimal


class GiftOffer(Struct, frozen=True, kw_only=True, gc=False):
    """`choose` entries may be picked from the options; `chosen` were picked in the request."""

    campaign: str
    choose: int
    options: tuple[GiftOption, ...]
    chosen: tuple[GiftOption, ...] = ()


class PointsEarned(Struct, frozen=True, kw_only=True, gc=False):
    program: str
    points: Decimal


class CashbackEarned(Struct, frozen=True, kw_only=True, gc=False):
    """Credit for a later purchase; `terms` are the redemption conditions of the benefit, as in its document."""

    campaign: str
    amount: int
    available_from: datetime
    expires_at: datetime | None = None
    terms: dict[str, Any] = {}


class CodeEarned(Struct, frozen=True, kw_only=True, gc=False):
    campaign: str
    pool: str
    valid_until: datetime | None = None


class VoucherEarned(Struct, frozen=True, kw_only=True, gc=False):
    """A voucher that a campaign gives, or a rule of issuing (`rule`): cents, or with `percent` (millionths) a rate."""

    campaign: str = ""
    amount: int = 0
    valid_until: datetime | None = None
    rule: str = ""
    percent: int | None = None


class Earned(Struct, frozen=True, kw_only=True, gc=False):
    points: tuple[PointsEarned, ...] = ()
    cashback: tuple[CashbackEarned, ...] = ()
    codes: tuple[CodeEarned, ...] = ()
    vouchers: tuple[VoucherEarned, ...] = ()


class EarnedShare(Struct, frozen=True, kw_only=True, gc=False):
    """How the lines share what a program (`points`, hundredths) or a campaign (`cashback`, cents) gives for the sale.

    `lines` are (line number, amount), by line number; they add up to what is earned.
    """

    kind: str
    code: str
    lines: tuple[tuple[int, int], ...]


class PromoCodeResult(Struct, frozen=True, kw_only=True, gc=False):
    """`status` is applied, not_activated or not_usable."""

    code: str
    status: str
    campaign: str = ""


class OptionalOffer(Struct, frozen=True, kw_only=True, gc=False):
    """An optional campaign that would activate if the operator accepted it, and what it alone would take off."""

    campaign: str
    name: str
    description: str
    discount: int


class Refusal(Struct, frozen=True, gc=False):
    """A candidate that did not activate. `verdicts` hold every reason, the one to show first; never empty."""

    campaign: str
    name: str
    verdicts: tuple[Verdict, ...]


class Delivery(Struct, frozen=True, kw_only=True, gc=False):
    fee: int
    discount: int
    net: int


class Evaluation(Struct, frozen=True, kw_only=True):
    """`earned_shares` (only with deals) stand in the order of `earned.points`, then `earned.cashback`.

    `redemption` is None where none was asked for.
    """

    plan_version: int
    totals: Totals
    delivery: Delivery
    lines: LineResults
    activations: tuple[Activation, ...] = ()
    gifts: tuple[GiftOffer, ...] = ()
    earned: Earned = Earned()
    promo_codes: tuple[PromoCodeResult, ...] = ()
    optional: tuple[OptionalOffer, ...] = ()
    not_activated: tuple[Refusal, ...] = ()
    stamps: tuple[str, ...] = ()  # codes of the stamp plans that give a stamp for this sale
    earned_shares: tuple[EarnedShare, ...] = ()
    redemption: Redemption | None = None
