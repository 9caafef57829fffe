"""The fields of a simulation document, and the engine's values made of them."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from campaigns.engine import fields
from campaigns.engine.basket import (
    Basket,
    CampaignUsage,
    ExchangedItem,
    GiftChoice,
    Line,
    Payment,
    Program,
    PromoCode,
    Shopper,
    Store,
)
from campaigns.engine.decoding import Reader, join
from campaigns.engine.marks import gettext_noop
from retail import money

MAX_LINES = 2000
MAX_PRICE = 99_999_999_999  # cents
MAX_GROSS = 10**14  # cents: what numeric(14,2) can hold


def normalise_code(code: str) -> str:
    """Codes ignore case and outer spaces."""
    return code.strip().upper()


@fields.declared
class LineDocument:
    line: int | None = fields.integer(label="Line", default=None)
    sku: str = fields.text(label="SKU", default="")
    code: str = fields.text(label="Product code", default="")
    ncm: str = fields.text(label="NCM", default="")
    category: str = fields.text(label="Category", default="")
    categories: tuple[str, ...] = fields.texts(label="Categories", default=())
    groupings: tuple[str, ...] = fields.texts(label="Groupings", default=())
    quantity: Decimal = fields.quantity(label="Quantity")
    unit_price: int = fields.money(label="Unit price", maximum=MAX_PRICE)
    original_price: int | None = fields.money(label="Original price", default=None, maximum=MAX_PRICE)
    floor_price: int | None = fields.money(label="Floor price", default=None, maximum=MAX_PRICE)
    discountable: bool = fields.boolean(label="Discountable", default=True)
    seller: str = fields.text(label="Seller", default="")


@fields.declared
class ExchangeDocument:
    sku: str = fields.text(label="SKU", default="")
    code: str = fields.text(label="Product code", default="")
    quantity: Decimal = fields.quantity(label="Quantity")
    unit_price: int = fields.money(label="Unit price", maximum=MAX_PRICE)


@fields.declared
class PaymentDocument:
    method: str = fields.text(label="Method", minimum=1)
    amount: int | None = fields.money(label="Amount", default=None)


@fields.declared
class GiftDocument:
    campaign: str = fields.text(label="Campaign", minimum=1)
    sku: str = fields.text(label="SKU", minimum=1)
    quantity: Decimal = fields.quantity(label="Quantity", default=Decimal(1))


@fields.declared
class CustomerDocument:
    document: str = fields.text(label="Document", default="")
    code: str = fields.text(label="Code", default="")
    phone: str = fields.text(label="Phone", default="")
    email: str = fields.text(label="E-mail", default="")
    card: str = fields.text(label="Card", default="")


@fields.declared
class BasketDocument:
    basket: str | None = fields.text(label="Basket", default=None)
    occurred_at: datetime | None = fields.instant(label="Occurred at", default=None)
    operation: str = fields.text(label="Operation", default="sale", minimum=1)
    customer: CustomerDocument | None = fields.record(CustomerDocument, label="Customer", default=None)
    captured: dict[str, str] | None = fields.declare("map", label="Captured", default=None, maximum=200)
    lines: tuple[LineDocument, ...] = fields.objects(LineDocument, label="Lines", min_items=1)
    exchange: tuple[ExchangeDocument, ...] = fields.objects(ExchangeDocument, label="Exchange", default=())
    delivery_fee: int = fields.money(label="Delivery fee", default=0, maximum=MAX_PRICE)
    promo_codes: tuple[str, ...] = fields.texts(label="Promotional codes", default=())
    payments: tuple[PaymentDocument, ...] = fields.objects(PaymentDocument, label="Payments", default=())
    accepted: tuple[str, ...] = fields.texts(label="Accepted campaigns", default=())
    gifts: tuple[GiftDocument, ...] = fields.objects(GiftDocument, label="Gifts", default=())

    def faults(self) -> list[tuple[str, str, str]]:
        numbers = [line.line or position for position, line in enumerate(self.lines, 1)]
        found = []
        if len(numbers) > MAX_LINES:
            found.append(("lines", "too_many", gettext_noop("At most 2000 lines.")))
        if len(set(numbers)) != len(numbers):
            found.append(("lines", "repeated", gettext_noop("Two lines have the same number.")))
        if sum(money.gross(line.unit_price, line.quantity) for line in self.lines) >= MAX_GROSS:
            found.append(("lines", "too_large", gettext_noop("The amounts are too large.")))
        return found


@fields.declared
class MetricsDocument:
    visits: int | None = fields.integer(label="Visits", default=None, minimum=0)
    turnover: int | None = fields.money(label="Turnover", default=None)
    last_purchase_days: int | None = fields.integer(
        label="Days since the last purchase", default=None, minimum=0
    )


@fields.declared
class ShopperDocument:
    document: str = fields.text(label="Document", default="")
    age: int | None = fields.integer(label="Age", default=None, minimum=0, maximum=150)
    sex: str = fields.text(label="Sex", default="")
    birth_date: date | None = fields.declare("date", label="Birth date", default=None)
    groupings: tuple[str, ...] = fields.texts(label="Groupings", default=())
    level: int | None = fields.integer(label="Level", default=None, minimum=0)
    loyalty_category: str = fields.text(label="Loyalty category", default="")
    first_purchase: bool | None = fields.boolean(label="First purchase", default=None)
    previous_purchases: int | None = fields.integer(label="Previous purchases", default=None, minimum=0)
    consents: tuple[str, ...] = fields.texts(label="Consents", default=())
    metrics: MetricsDocument | None = fields.record(MetricsDocument, label="Metrics", default=None)
    turnover: int | None = fields.money(label="Turnover", default=None)
    visits: int | None = fields.integer(label="Visits", default=None, minimum=0)
    last_purchase_days: int | None = fields.integer(
        label="Days since the last purchase", default=None, minimum=0
    )
    agenda: bool = fields.boolean(label="Agenda", default=False)


@fields.declared
class PromoCodeDocument:
    code: str = fields.text(label="Code", minimum=1)
    campaign: str = fields.text(label="Campaign", default="")
    pool: str = fields.text(label="Pool", default="")
    usable: bool = fields.boolean(label="Usable", default=True)
    percent: int | None = fields.percent(label="Rate of a VIP card", default=None)


@fields.declared
class UsageDocument:
    total: int = fields.integer(label="Total", default=0, minimum=0)
    total_cancelled: int = fields.integer(label="Total, cancelled", default=0, minimum=0)
    customer: int = fields.integer(label="Customer", default=0, minimum=0)
    customer_cancelled: int = fields.integer(label="Customer, cancelled", default=0, minimum=0)
    store: int = fields.integer(label="Store", default=0, minimum=0)
    code: int = fields.integer(label="Code", default=0, minimum=0)
    budget_spent: int = fields.money(label="Budget spent", default=0)


@fields.declared
class StoreDocument:
    code: str = fields.text(label="Code", default="")
    groupings: tuple[str, ...] = fields.texts(label="Groupings", default=())
    timezone: str | None = fields.text(label="Time zone", default=None)


def _whole_hundredths(number: Decimal | None) -> bool:
    """Say whether a number of points is above nothing, with at most two decimals."""
    return number is None or (number > 0 and number * 100 == int(number * 100))


NOT_POINTS = gettext_noop("Must be more than 0, with at most two decimals.")


@fields.declared
class LevelDocument:
    """A threshold of a program, and the SKUs that can be had for its points."""

    points: Decimal = fields.decimal(label="Points")
    name: str = fields.text(label="Name", default="")
    gifts: tuple[str, ...] = fields.texts(label="Gifts", default=())

    def faults(self) -> list[tuple[str, str, str]]:
        return [] if _whole_hundredths(self.points) else [("points", "invalid_number", NOT_POINTS)]


@fields.declared
class ProgramDocument:
    code: str = fields.text(label="Code", minimum=1)
    points: Decimal | None = fields.decimal(label="Points", default=None)
    per_amount: int | None = fields.money(label="Per amount", default=None, minimum=1)
    earns_on_discounted: bool = fields.boolean(label="Discounted products earn", default=True)
    point_value: int | None = fields.money(label="Point value", default=None)
    redeem_step: Decimal | None = fields.decimal(label="Redeem step", default=None)
    levels: tuple[LevelDocument, ...] = fields.objects(LevelDocument, label="Levels", default=())

    def faults(self) -> list[tuple[str, str, str]]:
        found = []
        if bool(self.points) != bool(self.per_amount):
            missing = "per_amount" if self.points else "points"
            message = gettext_noop("Give points and the value that earns them, or neither.")
            found.append((missing, "required", message))
        if not _whole_hundredths(self.redeem_step):
            found.append(("redeem_step", "invalid_number", NOT_POINTS))
        return found


@fields.declared
class StampPlanDocument:
    """One stamp for each order with a product of the category; `orders` of them give the reward."""

    code: str = fields.text(label="Code", minimum=1)
    category: str = fields.text(label="Category", default="")
    orders: int = fields.integer(label="Orders", maximum=32_767)
    reward: str = fields.choice((("product", ""), ("delivery", "")), label="Reward")
    product: str = fields.text(label="Product", default="")
    percent: int = fields.percent(label="Percentage")

    def faults(self) -> list[tuple[str, str, str]]:
        if self.reward == "product" and not self.product:
            return [("product", "required", gettext_noop("This field is required."))]
        if self.reward == "delivery" and self.product:
            return [
                ("product", "not_allowed", gettext_noop("A reward on the delivery fee names no product."))
            ]
        return []


@fields.declared
class ReturnDocument:
    line: int = fields.integer(label="Line")
    quantity: Decimal = fields.quantity(label="Quantity")


def read_object(reader: Reader, cls: Any, value: Any, path: str) -> Any:
    """Read one declared object; None when anything in it was refused."""
    values = reader.fields(cls.fields, value, path)
    if values is None:
        return None
    built = cls(**values)
    for name, code, message in getattr(built, "faults", list)():
        reader.refuse(join(path, name), code, message)
    return built


def read_objects(reader: Reader, cls: Any, value: Any, path: str) -> list[Any]:
    """Read a list of declared objects, leaving out those that were refused."""
    if not isinstance(value, list | tuple):
        reader.refuse(path, "invalid_type", gettext_noop("Must be a list."))
        return []
    read = [read_object(reader, cls, item, join(path, position)) for position, item in enumerate(value)]
    return [item for item in read if item is not None]


def basket_of(document: BasketDocument, codes: Mapping[str, PromoCode]) -> Basket:
    """Return the basket; a code that is not among the known ones is not usable."""
    entered = dict.fromkeys(normalise_code(code) for code in document.promo_codes)
    return Basket(
        lines=tuple(_line_of(line, position) for position, line in enumerate(document.lines, 1)),
        exchange=tuple(
            ExchangedItem(sku=item.sku, quantity=item.quantity, unit_price=item.unit_price)
            for item in document.exchange
        ),
        delivery_fee=document.delivery_fee,
        promo_codes=tuple(codes.get(code) or PromoCode(code=code, usable=False) for code in entered),
        payments=tuple(
            Payment(method=payment.method, amount=payment.amount) for payment in document.payments
        ),
        operation=document.operation,
        captured=document.captured or {},
        accepted=frozenset(document.accepted),
        gifts=tuple(
            GiftChoice(campaign=gift.campaign, sku=gift.sku, quantity=gift.quantity)
            for gift in document.gifts
        ),
    )


def _line_of(line: LineDocument, position: int) -> Line:
    categories = line.categories
    if line.category and line.category not in categories:
        categories = (line.category, *categories)
    return Line(
        line=line.line or position,
        sku=line.sku,
        code=line.code,
        ncm=line.ncm,
        categories=categories,
        groupings=line.groupings,
        quantity=line.quantity,
        unit_price=line.unit_price,
        original_price=line.original_price,
        floor_price=line.floor_price,
        discountable=line.discountable,
        seller=line.seller,
    )


def shopper_of(document: ShopperDocument) -> Shopper:
    metrics = document.metrics or MetricsDocument()

    def metric(name: str) -> int | None:
        own: int | None = getattr(document, name)
        return getattr(metrics, name) if own is None else own

    return Shopper(
        document=document.document,
        age=document.age,
        sex=document.sex,
        birth_date=document.birth_date,
        groupings=frozenset(document.groupings),
        level=document.level,
        loyalty_category=document.loyalty_category,
        first_purchase=document.first_purchase,
        previous_purchases=document.previous_purchases,
        consents=frozenset(document.consents),
        turnover=metric("turnover"),
        visits=metric("visits"),
        last_purchase_days=metric("last_purchase_days"),
        agenda=document.agenda,
    )


def usage_of(document: UsageDocument) -> CampaignUsage:
    return CampaignUsage(
        **{field.name: getattr(document, field.name) for field in UsageDocument.fields}  # type: ignore[attr-defined]
    )


def store_of(reader: Reader, document: StoreDocument, zone: ZoneInfo, path: str) -> Store:
    """Return the store; an unknown time zone is refused."""
    if document.timezone is not None:
        try:
            zone = ZoneInfo(document.timezone)
        except (KeyError, OSError, ValueError):
            reader.refuse(join(path, "timezone"), "invalid_choice", gettext_noop("Unknown time zone."))
    return Store(code=document.code, groupings=frozenset(document.groupings), timezone=zone)


def program_of(document: ProgramDocument) -> Program:
    return Program(
        code=document.code,
        points=document.points,
        per_amount=document.per_amount,
        earns_on_discounted=document.earns_on_discounted,
    )
