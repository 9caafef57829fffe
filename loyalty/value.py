"""What a customer holds when a sale begins: cashback, points, stamps, stored values. Values only.

Money is integer cents; points and stamps are integer hundredths of their unit; percentages are integer millionths;
instants are aware. Whoever reads the ledger makes these; `loyalty.redemption` says what of them a sale may use.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from retail import money

HUNDRED = 100  # hundredths in one point or one stamp


class CashbackTerms(Struct, frozen=True, kw_only=True, gc=False):
    """The conditions under which one credit of cashback may be redeemed.

    `max_percent` (millionths, None: everything) is of the sale, or of each line with `apply_to` "item"; `average_price`
    then counts every unit at the average price of the sale. `minimum_purchase` is in cents. `remainder` says what
    becomes of what one sale leaves: "kept" or "forfeited".
    """

    max_percent: int | None = None
    minimum_purchase: int | None = None
    apply_to: str = "sale"
    average_price: bool = False
    requires_review: bool = False
    remainder: str = "kept"


NO_TERMS = CashbackTerms()


def cashback_terms(document: Mapping[str, Any]) -> CashbackTerms:
    """Return the terms that a campaign's document wrote (`Lot.terms`, `CashbackEarned.terms`): money and percentages are texts."""
    percent, minimum = document.get("max_percent"), document.get("minimum_purchase")
    return CashbackTerms(
        max_percent=None if percent is None else int(Decimal(str(percent)) * 10_000),
        minimum_purchase=None if minimum is None else money.parse(minimum),
        apply_to=document.get("apply_to", "sale"),
        average_price=document.get("average_price", False),
        requires_review=document.get("requires_review", False),
        remainder=document.get("remainder", "kept"),
    )


class UnitLot(Struct, frozen=True, kw_only=True, gc=False):
    """What is left of one lot of points or stamps, in hundredths. It can be used from `available_from` until `expires_at`.

    None means always. Who restores late gives the later of expiry and grace as `expires_at`.
    """

    id: int
    amount: int
    available_from: datetime | None = None
    expires_at: datetime | None = None


class CashbackLot(Struct, frozen=True, kw_only=True, gc=False):
    """What is left of one credit of cashback, in cents, but for what is `held` for other sales.

    `campaign` gave it (empty: none did, as with an adjustment).
    """

    id: int
    amount: int
    campaign: str = ""
    available_from: datetime | None = None
    expires_at: datetime | None = None
    reviewed: bool = False
    terms: CashbackTerms = NO_TERMS
    held: int = 0


class RewardOffer(Struct, frozen=True, kw_only=True, gc=False):
    """What an account's units can be given for.

    `kind` is "gift" (a level's product, outside lines and totals), "product" (`percent` off one unit of `sku` in the
    basket) or "delivery" (`percent` off the delivery fee). `cost` is in hundredths, `percent` in millionths.
    """

    kind: str
    cost: int
    sku: str = ""
    percent: int = 0
    name: str = ""


class UnitAccount(Struct, frozen=True, kw_only=True):
    """A customer's points of one program, or stamps of one plan (`unit` is "points" or "stamps").

    `point_value` is what a whole point pays, in cents; None: it pays nothing. They are redeemed in multiples of
    `redeem_step` hundredths.
    """

    program: str
    unit: str = "points"
    lots: tuple[UnitLot, ...] = ()
    point_value: int | None = None
    redeem_step: int = HUNDRED
    offers: tuple[RewardOffer, ...] = ()


class StoredValue(Struct, frozen=True, kw_only=True, gc=False):
    """A gift card, e-purse, voucher or credit note, found by the code as it was presented.

    `balance` is what can be used now, in cents; `lots` are where it stands, those that expire first first. A voucher with
    `percent` (millionths) is worth that part of one sale, and `lots` hold one use. It pays only lines of its `categories`
    or `groupings` (both empty: every line), and only a sale of `minimum_purchase` cents or more. `holder` is the id of its
    account.
    """

    code: str
    kind: str
    balance: int
    expires_at: datetime | None = None
    lots: tuple[UnitLot, ...] = ()
    percent: int | None = None
    minimum_purchase: int | None = None
    categories: frozenset[str] = frozenset()
    groupings: frozenset[str] = frozenset()
    holder: int | None = None

    @property
    def is_for_all_lines(self) -> bool:
        return not (self.categories or self.groupings)

    def pays(self, line: "SaleLine") -> bool:
        """Say whether it may pay a line at all."""
        return (
            self.is_for_all_lines
            or not self.categories.isdisjoint(line.categories)
            or not self.groupings.isdisjoint(line.groupings)
        )


class Balances(Struct, frozen=True, kw_only=True):
    """Everything that this sale could use.

    `accounts` hold one entry for each active program and plan, with no lots where the customer has none; an anonymous
    shopper (`known` false) holds stored values only.
    """

    known: bool = True
    cashback: tuple[CashbackLot, ...] = ()
    accounts: tuple[UnitAccount, ...] = ()
    stored_values: tuple[StoredValue, ...] = ()


NO_BALANCES = Balances()
ANONYMOUS = Balances(known=False)


class SaleLine(Struct, frozen=True, kw_only=True, gc=False):
    """One line of the sale as it stands before redemption: `due` cents for `thousandths` of a unit.

    `categories` are its own and those above it.
    """

    line: int
    sku: str = ""
    thousandths: int = 1000
    due: int
    categories: tuple[str, ...] = ()
    groupings: Collection[str] = ()


def usable(lot: UnitLot | CashbackLot, at: datetime) -> bool:
    """Say whether a lot can be used at a moment: available, and not expired. The two bounds are half open."""
    return (
        lot.amount > 0
        and (lot.available_from is None or lot.available_from <= at)
        and (lot.expires_at is None or at < lot.expires_at)
    )


def available(lot: CashbackLot, at: datetime) -> bool:
    """Say whether a credit can be used at a moment: usable, and reviewed where it waits for that."""
    return usable(lot, at) and (lot.reviewed or not lot.terms.requires_review)


NEVER = datetime.max.replace(tzinfo=UTC)


def by_expiry(lot: UnitLot | CashbackLot) -> tuple[datetime, int]:
    """Sort key: the lot that expires first, one that never does last; of equal ones the one with the smaller id."""
    return lot.expires_at or NEVER, lot.id
