"""What a sale asks to use of a customer's value, and what it is given or refused. Values only.

Money is integer cents, points and stamps are integer hundredths, as in `loyalty.value`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct

MAX: Literal["max"] = "max"
Wanted = int | Literal["max"]  # an amount, or as much as is allowed


class StoredValueRequest(Struct, frozen=True, kw_only=True, gc=False):
    """A stored value that was presented; `code` in upper case, without outer spaces."""

    code: str
    amount: Wanted = MAX


class RewardRequest(Struct, frozen=True, kw_only=True, gc=False):
    """A reward that was asked for: the gift `sku` of a program's level, or the one reward of a stamp plan."""

    program: str
    sku: str = ""


class RedeemRequest(Struct, frozen=True, kw_only=True):
    """What the cashier asks for. `cashback` in cents, `points` in hundredths by program; "max": as much as is allowed."""

    cashback: Wanted | None = None
    points: Mapping[str, Wanted] = {}
    stored_values: tuple[StoredValueRequest, ...] = ()
    rewards: tuple[RewardRequest, ...] = ()


class Redeemed(Struct, frozen=True, kw_only=True):
    """One value that was used.

    `kind` is reward, points, cashback, or that of a stored value (gift_card, e_purse, voucher, credit_note). `amount` is
    the money that it takes off the sale; off the delivery fee with `target` "delivery", which is no part of the totals.
    `units` are hundredths of points or stamps, as `unit` says (None for money). `balance_after` is what can still be used, in units or cents;
    `forfeited` cents are lost with it. `takes` and `forfeits` name the lots: (lot id, hundredths), each lot at most once.
    A reward's `reward` is gift, product or delivery, and `line` the one line that it stands on. `lines` are (line number,
    cents) of a stored value that pays some lines only, `holder` the id of a stored value's account. What `is_whole` comes
    back only with the last unit of the sale: a voucher in percent, whose one use `units` count.
    """

    kind: str
    amount: int
    balance_after: int
    units: int | None = None
    unit: str = ""
    program: str = ""
    code: str = ""
    sku: str = ""
    name: str = ""
    reward: str = ""
    target: str = "sale"
    line: int | None = None
    forfeited: int = 0
    takes: tuple[tuple[int, int], ...] = ()
    forfeits: tuple[tuple[int, int], ...] = ()
    lines: tuple[tuple[int, int], ...] = ()
    holder: int | None = None
    is_whole: bool = False


class Refused(Struct, frozen=True, kw_only=True):
    """Something asked for that was not given, or not all of it.

    `path` is where in the request (`redeem.cashback`), `reason` one of REASONS; `required` and `actual` are the numbers
    that the reason compares, read by `unit`: money (cents), points (hundredths) or instant.
    """

    kind: str
    path: str
    reason: str
    required: int | datetime | None = None
    actual: int | None = None
    unit: str = ""
    program: str = ""
    code: str = ""


class Redemption(Struct, frozen=True, kw_only=True):
    """What a sale uses, in the order in which it is used, and what it was refused."""

    redeemed: tuple[Redeemed, ...] = ()
    refused: tuple[Refused, ...] = ()

    @property
    def total(self) -> int:
        """The cents that come off the sale; the delivery fee apart."""
        return sum([used.amount for used in self.redeemed if used.target == "sale"])

    @property
    def delivery(self) -> int:
        """The cents that come off the delivery fee."""
        return sum([used.amount for used in self.redeemed if used.target == "delivery"])


# Every reason of a refusal; `campaigns.explanations` has their sentences.
REASONS = (
    "customer_required",  # only a known customer holds it
    "unknown_program",  # there is no such program or plan
    "not_usable",  # a stored value that is unknown, used up or expired: one word for all
    "no_balance",  # nothing is there to be used
    "pending",  # what is there can be used from `required` on
    "awaits_review",  # what is there waits for the answer to a survey
    "minimum_purchase",  # the sale must come to `required`, it comes to `actual`
    "max_percent",  # the terms allow `required` in this sale
    "insufficient_balance",  # `required` was asked for, `actual` is there
    "nothing_due",  # there is nothing left to pay
    "above_due",  # more was asked for than is left to pay: `actual`
    "not_money",  # these points buy gifts only
    "redeem_step",  # they are used in multiples of `required`
    "not_offered",  # the program does not offer this reward
    "one_per_sale",  # another reward was given already
    "product_not_in_basket",  # a reward on a product that is not bought
    "no_delivery_fee",  # a reward on a delivery that costs nothing
    "used_whole",  # a gift card is used whole, whatever was asked
    "not_for_products",  # it pays certain products, and none of them is left to pay
)
