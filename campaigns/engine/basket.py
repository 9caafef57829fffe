"""What an evaluation is given: the basket, the store, the shopper and what campaigns have been used for.

Values only. Money is integer cents, quantities are `Decimal` with at most three places, instants are aware. The
caller has read the catalogue, the customer and the counters; the engine fetches nothing.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec import Struct


class Line(Struct, frozen=True, kw_only=True, gc=False):
    """One line of the basket. `line` is its number: unique, and what decides every tie."""

    line: int
    sku: str = ""
    code: str = ""  # product code: one product may have several SKUs
    ncm: str = ""
    categories: tuple[str, ...] = ()  # with every ancestor, so that a campaign on "clothes" sees "coats"
    groupings: tuple[str, ...] = ()
    quantity: Decimal
    unit_price: int
    original_price: int | None = None  # the price before any reduction, when known
    floor_price: int | None = None  # no discount takes a unit below it
    discountable: bool = True
    seller: str = ""


class ExchangedItem(Struct, frozen=True, kw_only=True, gc=False):
    """An item that the customer gives back in this sale, at the value that it is worth."""

    sku: str = ""
    quantity: Decimal
    unit_price: int


class Payment(Struct, frozen=True, kw_only=True, gc=False):
    method: str
    amount: int | None = None


class PromoCode(Struct, frozen=True, kw_only=True, gc=False):
    """A code that was entered, as the caller looked it up.

    `campaign` is the code of the campaign that its pool opens (empty when the pool opens those that name it), `usable`
    is false for a code that is unknown, used up, expired or another customer's. A code nobody knows has neither
    campaign nor pool. A VIP card is a code with a `percent` (millionths), taken off after all campaigns; it stands under
    its own code in the place of a campaign.
    """

    code: str  # normalised: upper case, no outer spaces
    campaign: str = ""
    pool: str = ""
    usable: bool = True
    percent: int | None = None


class GiftChoice(Struct, frozen=True, kw_only=True, gc=False):
    """One entry that the operator picked from a campaign's list."""

    campaign: str
    sku: str
    quantity: Decimal = Decimal(1)


class Basket(Struct, frozen=True, kw_only=True):
    lines: tuple[Line, ...]
    exchange: tuple[ExchangedItem, ...] = ()
    delivery_fee: int = 0
    promo_codes: tuple[PromoCode, ...] = ()
    payments: tuple[Payment, ...] = ()
    operation: str = "sale"
    captured: Mapping[str, str] = {}  # data typed at the till
    accepted: frozenset[str] = frozenset()  # optional campaigns that the operator accepted
    gifts: tuple[GiftChoice, ...] = ()


class Store(Struct, frozen=True, kw_only=True):
    """Where the sale happens. Schedules, limit windows and birthdays follow its time zone."""

    code: str = ""
    groupings: frozenset[str] = frozenset()
    timezone: ZoneInfo


class Shopper(Struct, frozen=True, kw_only=True):
    """A known customer. An anonymous shopper is `None` wherever a `Shopper | None` is expected.

    What is not known is `None`, and a condition on it is not met. `metrics` cover twelve months of completed sales:
    `turnover` (cents), `visits`, `last_purchase_days`.
    """

    document: str = ""
    age: int | None = None  # derived from `birth_date` when absent
    sex: str = ""
    birth_date: date | None = None
    groupings: frozenset[str] = frozenset()
    level: int | None = None
    loyalty_category: str = ""
    first_purchase: bool | None = None  # derived from `previous_purchases` when absent
    previous_purchases: int | None = None
    consents: frozenset[str] = frozenset()  # purposes whose consent stands
    turnover: int | None = None
    visits: int | None = None
    last_purchase_days: int | None = None
    agenda: bool = False  # has an appointment with a seller
    open_credits: frozenset[str] = frozenset()  # campaigns whose cashback is pending or available


class LimitUse(Struct, frozen=True, gc=False):
    """How often one limit was used within its present window; `cancelled` of `used` were cancelled again."""

    used: int = 0
    cancelled: int = 0


class CampaignUsage(Struct, frozen=True, kw_only=True):
    """What one campaign has granted so far.

    `by_limit` answers for one limit exactly, by `(scope, counts, per)`; a scope that it does not name is answered by
    the plain numbers, which then hold for any window.
    """

    total: int = 0
    customer: int = 0
    store: int = 0
    code: int = 0
    total_cancelled: int = 0
    customer_cancelled: int = 0
    budget_spent: int = 0
    by_limit: Mapping[tuple[str, str, str], LimitUse] = {}


class CatalogueItem(Struct, frozen=True, kw_only=True, gc=False):
    """What the catalogue says of a product that a campaign may give away."""

    name: str = ""
    price: int | None = None


class Program(Struct, frozen=True, kw_only=True, gc=False):
    """A points program: `points` for each `per_amount` cents. Without both it earns nothing by itself.

    Without `earns_on_discounted`, lines that were marked down or discounted give no points.
    """

    code: str
    points: Decimal | None = None
    per_amount: int | None = None
    earns_on_discounted: bool = True


class Surroundings(Struct, frozen=True, kw_only=True):
    """Everything beside plan, basket and shopper that an evaluation depends on."""

    moment: datetime
    store: Store
    usage: Mapping[str, CampaignUsage] = {}
    products: Mapping[str, CatalogueItem] = {}
    programs: tuple[Program, ...] = ()
