"""The request documents of points of sale, and how they become the engine's basket.

These types are the contract: decoding, every error message and the OpenAPI document come from them.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from django.utils.translation import gettext as _
from msgspec import Meta, Struct, field

from campaigns.engine import basket as engine
from loyalty.redemption import MAX, RedeemRequest, RewardRequest, StoredValueRequest
from loyalty.redemption import Wanted as Amount
from loyalty.stored_codes import canonical
from pos_api.catalogue import CatalogueRow
from pos_api.decoding import Decoder
from pos_api.fields import (
    MAX_CENTS,
    MAX_QUANTITY,
    Cents,
    Day,
    Document,
    Email,
    Identifier,
    LineNumber,
    Moment,
    Ncm,
    Phone,
    Quantity,
    ShortText,
    Wanted,
    Word,
)
from pos_api.problems import FieldProblem

MAX_LINES = 2000
FAR_FROM_TOO_MUCH = MAX_CENTS // (MAX_QUANTITY + 1)

Name = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^\S(?:.*\S)?$")]


class BasketLine(Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """One line. What is absent (`code`, `ncm`, `category`, `original_price`) comes from the catalogue."""

    line: Annotated[LineNumber, Meta(description="Number of the line, unique in the basket.")]
    sku: Identifier
    quantity: Quantity
    unit_price: Cents
    code: Identifier | None = None
    ncm: Ncm | None = None
    category: Identifier | None = None
    original_price: Cents | None = None
    seller: Identifier | None = None


class ExchangedLine(Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """An item that the customer gives back in this sale."""

    sku: Identifier
    quantity: Quantity
    unit_price: Cents


class CustomerReference(Struct, forbid_unknown_fields=True, kw_only=True):
    """Who buys, by what is known. The first of document, card, code, phone and email that is given decides."""

    document: Document | None = None
    card: Identifier | None = None
    code: Identifier | None = None
    phone: Phone | None = None
    email: Email | None = None

    def key(self) -> tuple[str, str] | None:
        """Return the name and the value that decide who it is; None when nothing is given."""
        for name in ("document", "card", "code", "phone", "email"):
            value = getattr(self, name)
            if value is not None:
                return name, str(value).lower() if name == "email" else str(value)
        return None


class PaymentPart(Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """A method, and how much is paid by it where that is known already."""

    method: Name
    amount: Cents | None = None


def _one() -> Quantity:
    return Quantity(1)


def _nothing() -> Cents:
    return Cents(0)


class GiftPick(Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """One entry of a campaign's list of gifts, as the operator picked it."""

    campaign: Identifier
    sku: Identifier
    quantity: Quantity = field(default_factory=_one)


def _as_much_as_allowed() -> Wanted:
    return Wanted(-1)


class PresentedValue(Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """A gift card, e-purse, voucher or credit note that the customer presents."""

    code: Word
    amount: Wanted = field(default_factory=_as_much_as_allowed)


class RewardPick(Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """A level's gift (`sku`), or the reward of a stamp plan."""

    program: Identifier
    sku: Identifier | None = None


class RedeemDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """What the customer wants to use. `max` is as much as is allowed."""

    cashback: Annotated[Wanted, Meta(description="Money.")] | None = None
    points: Annotated[dict[Identifier, Wanted], Meta(max_length=20, description="Points by program.")] = {}
    stored_values: Annotated[list[PresentedValue], Meta(max_length=20)] = []
    rewards: Annotated[list[RewardPick], Meta(max_length=20)] = []


class ProofDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """How the customer shows who they are: the code that was sent, with its verification, or the PIN.

    Only recording a sale looks at it. It is stored nowhere.
    """

    verification: Identifier | None = None
    code: Annotated[str, Meta(pattern=r"^[0-9]{6}$", description="Six digits.")] | None = None
    pin: Annotated[str, Meta(pattern=r"^[0-9]{4,8}$", description="Four to eight digits.")] | None = None


class BasketDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """A basket, as evaluating reads it. Nothing is stored."""

    lines: Annotated[list[BasketLine], Meta(min_length=1, max_length=MAX_LINES)]
    basket: Annotated[Identifier, Meta(description="The point of sale's own id of it.")] | None = None
    occurred_at: Moment | None = None
    operation: Name = "sale"
    customer: CustomerReference | None = None
    captured: Annotated[dict[Name, ShortText], Meta(max_length=50)] = {}
    exchange: Annotated[list[ExchangedLine], Meta(max_length=MAX_LINES)] = []
    delivery_fee: Cents = field(default_factory=_nothing)
    promo_codes: Annotated[list[Word], Meta(max_length=20)] = []
    payments: Annotated[list[PaymentPart], Meta(max_length=50)] = []
    accepted: Annotated[list[Identifier], Meta(max_length=100)] = []
    gifts: Annotated[list[GiftPick], Meta(max_length=200)] = []
    redeem: RedeemDocument | None = None
    reservation: (
        Annotated[Identifier, Meta(description="The reservation that keeps what this basket uses.")] | None
    ) = None
    proof: ProofDocument | None = None


class SaleDocument(BasketDocument, forbid_unknown_fields=True, kw_only=True):
    """A sale to record: the basket, what was charged, and the ticket that makes it unique."""

    ticket: Identifier
    total: Annotated[Cents, Meta(description="What was charged: totals.net of the evaluation.")]
    business_date: Day | None = None
    plan_version: Annotated[int, Meta(ge=0, le=2**53)] | None = None
    fiscal_key: Annotated[str, Meta(min_length=44, max_length=44, pattern=r"^[0-9A-Z]{44}$")] | None = None
    offline: bool = False


def _check_basket(basket: BasketDocument) -> list[FieldProblem]:
    errors: list[FieldProblem] = []
    lines = basket.lines
    if len({line.line for line in lines}) < len(lines):
        errors += _repeated_lines(lines)
    # First what cannot be too much whatever the quantities, as nearly every basket is.
    if sum([line.unit_price for line in lines]) > FAR_FROM_TOO_MUCH and _value_above(lines) > MAX_CENTS:
        errors.append(
            FieldProblem("lines", "too_large", _("The sale's value is greater than can be stored."))
        )
    if sum([item.unit_price * (int(item.quantity) + 1) for item in basket.exchange]) > MAX_CENTS:
        errors.append(FieldProblem("exchange", "too_large", _("The value is greater than can be stored.")))
    if basket.customer is not None and basket.customer.key() is None:
        message = _("Give a document, card, code, phone or email, or leave the customer out.")
        errors.append(FieldProblem("customer", "required", message))
    if basket.proof is not None:
        proof = basket.proof
        if (proof.verification is None) != (proof.code is None) or (proof.code is None) == (
            proof.pin is None
        ):
            message = _("Give a verification with its code, or a PIN.")
            errors.append(FieldProblem("proof", "required", message))
    if basket.redeem is not None:
        errors += repeated_values(basket.redeem.stored_values)
    return errors


def repeated_values(values: list[PresentedValue]) -> list[FieldProblem]:
    """Return what is wrong where one code is presented twice."""
    seen: set[str] = set()
    errors = []
    for position, presented in enumerate(values):
        code = canonical(presented.code)
        if code in seen:
            message = _("This code was given already.")
            errors.append(FieldProblem(f"redeem.stored_values[{position}].code", "duplicate", message))
        seen.add(code)
    return errors


def _value_above(lines: list[BasketLine]) -> int:
    """Return cents that the lines together do not reach."""
    return sum([line.unit_price * (int(line.quantity) + 1) for line in lines])


def _repeated_lines(lines: list[BasketLine]) -> list[FieldProblem]:
    seen: set[int] = set()
    errors = []
    for position, line in enumerate(lines):
        if line.line in seen:
            message = _("Another line of this basket has this number.")
            errors.append(FieldProblem(f"lines[{position}].line", "duplicate", message))
        seen.add(line.line)
    return errors


def _check_sale(sale: SaleDocument) -> list[FieldProblem]:
    errors = _check_basket(sale)
    if sale.occurred_at is None and sale.business_date is None:
        message = _("Give occurred_at or business_date.")
        errors.append(FieldProblem("occurred_at", "required", message))
    if sale.payments:
        errors += _check_payments(sale)
    return errors


def _check_payments(sale: SaleDocument) -> list[FieldProblem]:
    errors = [
        FieldProblem(f"payments[{position}].amount", "required", _("This is required."))
        for position, payment in enumerate(sale.payments)
        if payment.amount is None
    ]
    if not errors and sum(payment.amount or 0 for payment in sale.payments) != sale.total:
        message = _("The payments do not add up to the total.")
        errors.append(FieldProblem("payments", "payments_sum", message))
    return errors


EVALUATE_DECODER: Decoder[BasketDocument] = Decoder(BasketDocument, _check_basket)
SALE_DECODER: Decoder[SaleDocument] = Decoder(SaleDocument, _check_sale)


def engine_basket(
    document: BasketDocument,
    catalogue: Mapping[str, CatalogueRow],
    category_paths: Mapping[str, tuple[str, ...]],
    promo_codes: tuple[engine.PromoCode, ...],
) -> engine.Basket:
    """Return the engine's basket: the request's lines, completed from the catalogue."""
    return engine.Basket(
        lines=tuple([_engine_line(line, catalogue.get(line.sku), category_paths) for line in document.lines]),
        exchange=tuple(
            [
                engine.ExchangedItem(sku=item.sku, quantity=item.quantity, unit_price=+item.unit_price)
                for item in document.exchange
            ]
        ),
        delivery_fee=+document.delivery_fee,
        promo_codes=promo_codes,
        payments=tuple(
            [
                engine.Payment(method=part.method, amount=None if part.amount is None else +part.amount)
                for part in document.payments
            ]
        ),
        operation=document.operation,
        captured=document.captured,
        accepted=frozenset(document.accepted),
        gifts=tuple(
            [
                engine.GiftChoice(campaign=pick.campaign, sku=pick.sku, quantity=pick.quantity)
                for pick in document.gifts
            ]
        ),
    )


def redeem_request(document: BasketDocument) -> RedeemRequest | None:
    """Return what is to be redeemed; None when nothing is asked for."""
    asked = document.redeem
    if asked is None or not (
        asked.cashback is not None or asked.points or asked.stored_values or asked.rewards
    ):
        return None
    return RedeemRequest(
        cashback=None if asked.cashback is None else _wanted(asked.cashback),
        points={program: _wanted(wanted) for program, wanted in asked.points.items()},
        stored_values=tuple(
            StoredValueRequest(code=str(presented.code), amount=_wanted(presented.amount))
            for presented in asked.stored_values
        ),
        rewards=tuple(RewardRequest(program=pick.program, sku=pick.sku or "") for pick in asked.rewards),
    )


def _wanted(wanted: Wanted) -> Amount:
    return MAX if wanted < 0 else +wanted


def _engine_line(
    line: BasketLine, known: CatalogueRow | None, category_paths: Mapping[str, tuple[str, ...]]
) -> engine.Line:
    # `+` turns our integer type into a plain one, with which the engine computes faster.
    original_price = None if line.original_price is None else +line.original_price
    categories: tuple[str, ...] = ()
    if line.category is not None:
        categories = category_paths.get(line.category, (line.category,))
    if known is None:
        return engine.Line(
            line=line.line,
            sku=line.sku,
            code=line.code or "",
            ncm=line.ncm or "",
            categories=categories,
            quantity=line.quantity,
            unit_price=+line.unit_price,
            original_price=original_price,
            seller=line.seller or "",
        )
    return engine.Line(
        line=line.line,
        sku=line.sku,
        code=line.code or known.code,
        ncm=line.ncm or known.ncm,
        categories=categories or known.categories,
        groupings=known.groupings,
        quantity=line.quantity,
        unit_price=+line.unit_price,
        original_price=known.original_price if original_price is None else original_price,
        floor_price=known.floor_price,
        discountable=known.discountable,
        seller=line.seller or "",
    )


def document_date(document: SaleDocument, zone: Any) -> date:
    """Return the business date of a sale: as given, else the day of `occurred_at` in the store's zone."""
    if document.business_date is not None:
        return document.business_date
    assert document.occurred_at is not None  # noqa: S101 - one of the two is required
    return document.occurred_at.astimezone(zone).date()
