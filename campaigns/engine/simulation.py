"""Simulate: evaluate a basket against documents that need not be saved. Reads nothing but its arguments."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import structs

from campaigns.engine import simulation_document as documents
from campaigns.engine.basket import (
    Basket,
    CampaignUsage,
    CatalogueItem,
    Program,
    Shopper,
    Store,
)
from campaigns.engine.decoding import Reader
from campaigns.engine.drafts import DRAFT_FIELDS, read_drafts
from campaigns.engine.evaluate import BasketError, evaluate
from campaigns.engine.evaluation import Evaluation
from campaigns.engine.fields import DocumentError, Field
from campaigns.engine.marks import gettext_noop
from campaigns.engine.plan import Plan
from campaigns.engine.redeem_document import read_balances, read_redeem
from campaigns.engine.redemption import Redeeming, is_bought, open_credits
from campaigns.engine.redemption_body import ExplainRefused
from campaigns.engine.refunds import refund_of, render_refund
from campaigns.engine.rendering import Explain, percent_text, render

_AT = Field(name="at", type="instant", label="At", nullable=True)
COMPANY_ZONE = ZoneInfo("America/Sao_Paulo")
KNOWN = frozenset(
    {
        *DRAFT_FIELDS,
        "only",
        "basket",
        "store",
        "shopper",
        "usage",
        "balances",
        "programs",
        "stamp_plans",
        "returns",
        "at",
    }
)


class Simulation:
    """A simulation document, read. Raises DocumentError with every fault."""

    def __init__(self, document: Any, *, now: datetime, zone: ZoneInfo = COMPANY_ZONE) -> None:
        reader = Reader()
        mapping = reader.mapping(document, "")
        if mapping is None:
            raise DocumentError(reader.problems)
        reader.unknown(mapping, KNOWN, "")
        self.drafts = read_drafts(reader, mapping)
        self.usage = _usage(reader, mapping.get("usage"))
        programs = _units(reader, documents.ProgramDocument, mapping, "programs")
        self.programs: tuple[Program, ...] = tuple(documents.program_of(program) for program in programs)
        self.plans = _units(reader, documents.StampPlanDocument, mapping, "stamp_plans")
        self.returns = documents.read_objects(
            reader, documents.ReturnDocument, mapping.get("returns", []), "returns"
        )
        store = documents.StoreDocument()
        if mapping.get("store") is not None:
            store = documents.read_object(reader, documents.StoreDocument, mapping["store"], "store") or store
        self.store: Store = documents.store_of(reader, store, zone, "store")
        asked, basket = _basket(reader, mapping.get("basket"))
        held, place, shopper = _shopper(reader, mapping, basket)
        self.balances = read_balances(
            reader,
            held,
            place,
            programs,
            self.plans,
            known=shopper is not None or place == "shopper.balances",
        )
        self.redeem = read_redeem(reader, asked, "basket.redeem", self.balances)
        moment = reader.field(_AT, mapping.get("at"), "")
        if reader.problems or basket is None:
            raise DocumentError(reader.problems)
        self.basket: Basket = documents.basket_of(basket, self.drafts.promo_codes)
        self.moment: datetime = moment or basket.occurred_at or now
        self.shopper = shopper
        if shopper is not None and self.balances.cashback:
            self.shopper = structs.replace(shopper, open_credits=open_credits(self.balances, self.moment))

    def gift_skus(self, plan: Plan) -> frozenset[str]:
        """Return the SKUs that the campaigns of this basket may give away."""
        concerned = [
            *plan.candidates(self.basket, self.store),
            *(plan.campaigns[code] for code in self.drafts.listed),
        ]
        return frozenset(
            product.sku
            for compiled in concerned
            for benefit in compiled.campaign.benefits
            for product in getattr(benefit, "products", ())
        )

    def run(
        self, plan: Plan, basket: Basket | None = None, products: Mapping[str, CatalogueItem] | None = None
    ) -> Evaluation:
        """Evaluate the basket, listing every campaign that the document gives. `products` names gifts by SKU.

        The document's own basket redeems what it asks for; another one nothing.
        Raises BasketError for a gift choice that no campaign offers.
        """
        redeeming = None
        if basket is None and self.redeem is not None:
            redeeming = Redeeming(request=self.redeem, balances=self.balances)
        evaluation = self._evaluate(plan, basket or self.basket, products, redeeming)
        if self.plans and self.shopper is not None:
            evaluation = structs.replace(evaluation, stamps=self._stamps(basket or self.basket, evaluation))
        return evaluation

    def _stamps(self, basket: Basket, evaluation: Evaluation) -> tuple[str, ...]:
        return tuple(sorted(plan.code for plan in self.plans if is_bought(basket, evaluation, plan.category)))

    def _evaluate(
        self,
        plan: Plan,
        basket: Basket,
        products: Mapping[str, CatalogueItem] | None,
        redeeming: Redeeming | None,
    ) -> Evaluation:
        try:
            return evaluate(
                plan,
                basket,
                self.shopper,
                moment=self.moment,
                store=self.store,
                usage=self.usage,
                products=products,
                programs=self.programs,
                including=self.drafts.listed,
                redeeming=redeeming,
                with_deals=bool(self.returns),
            )
        except BasketError as error:
            raise BasketError(
                [replace(problem, path=f"basket.{problem.path}") for problem in error.problems]
            ) from error


def simulate(
    document: Any,
    *,
    now: datetime,
    zone: ZoneInfo = COMPANY_ZONE,
    live: Plan | None = None,
    explain: Explain | None = None,
    explain_refused: ExplainRefused | None = None,
    read_products: Callable[[frozenset[str]], Mapping[str, CatalogueItem]] | None = None,
    as_given: Any = None,
) -> dict[str, Any]:
    """Return the evaluation that a simulation document asks for, as the POS API writes it.

    `now` holds when the document names no moment, `zone` when it names no time zone. `live` is the published plan,
    used when the document says so. `read_products` names and prices gifts by their SKUs. Every campaign of the document
    is listed, activated or not, with its reason; a VIP card with its rate. `as_given` is the document before it was completed with what is stored:
    what somebody wrote must name campaigns of this simulation.
    Raises DocumentError (BasketError for gifts) with every fault and its path.
    """
    simulation = Simulation(document, now=now, zone=zone)
    live = live if simulation.drafts.live else None
    _check_names(document if as_given is None else as_given, simulation, live)
    plan = simulation.drafts.plan(live)
    evaluation = simulation.run(
        plan, products=read_products(simulation.gift_skus(plan)) if read_products else None
    )
    body = render(evaluation, explain, explain_refused)
    rates = {code.code: code.percent for code in simulation.basket.promo_codes if code.percent is not None}
    for entered in body["promo_codes"]:
        if entered["code"] in rates and entered["status"] != "not_usable":
            entered["percent"] = percent_text(rates[entered["code"]])
    if simulation.returns:
        returned = {row.line: row.quantity for row in simulation.returns}
        _check_returns(simulation, returned)
        refund = refund_of(
            evaluation, returned, plan.policy, lambda kept: simulation.run(plan, kept), simulation.basket
        )
        body["refund"] = render_refund(refund)
    return body


def _check_names(document: Mapping[str, Any], simulation: Simulation, live: Plan | None) -> None:
    """Refuse names of campaigns that are neither given nor live: what was said of them would have no effect."""
    known = {campaign.code for campaign in simulation.drafts.campaigns}
    if live is not None:
        known.update(live.campaigns)
    named = [(f"usage.{code}", code) for code in document.get("usage") or {}]
    for place, association in enumerate(document.get("associations") or ()):
        codes = enumerate(association["campaigns"])
        named += [(f"associations.{place}.campaigns.{position}", code) for position, code in codes]
    for place, promo_code in enumerate(document.get("promo_codes") or ()):
        if promo_code.get("campaign"):
            named.append((f"promo_codes.{place}.campaign", promo_code["campaign"]))
    reader = Reader()
    for path, code in named:
        if code not in known:
            message = gettext_noop("No campaign of this simulation has the code %(campaign)s.")
            reader.refuse(path, "unknown", message, campaign=code)
    if reader.problems:
        raise DocumentError(reader.problems)


def _check_returns(simulation: Simulation, returned: Mapping[int, Decimal]) -> None:
    reader = Reader()
    sold = {line.line: line.quantity for line in simulation.basket.lines}
    for position, row in enumerate(simulation.returns):
        if row.line not in sold:
            reader.refuse(f"returns.{position}.line", "unknown_line", gettext_noop("There is no such line."))
        elif row.quantity > sold[row.line]:
            reader.refuse(f"returns.{position}.quantity", "too_large", gettext_noop("More than was sold."))
    if len(returned) != len(simulation.returns):
        reader.refuse("returns", "repeated", gettext_noop("Contains the same line twice."))
    if reader.problems:
        raise DocumentError(reader.problems)


def _usage(reader: Reader, value: Any) -> dict[str, CampaignUsage]:
    if value is None:
        return {}
    mapping = reader.mapping(value, "usage")
    found = {}
    for code, item in (mapping or {}).items():
        read = documents.read_object(reader, documents.UsageDocument, item, f"usage.{code}")
        if read is not None:
            found[code] = documents.usage_of(read)
    return found


def _basket(reader: Reader, value: Any) -> tuple[Any, Any]:
    """Return what is to be redeemed, unread, and the basket's document."""
    if value is None:
        reader.refuse("basket", "required", gettext_noop("This field is required."))
        return None, None
    asked, rest = _apart(value, "redeem")
    return asked, documents.read_object(reader, documents.BasketDocument, rest, "basket")


def _shopper(reader: Reader, mapping: Mapping[str, Any], basket: Any) -> tuple[Any, str, Shopper | None]:
    """Return the balances, unread, where they stand, and the shopper.

    A shopper of null is anonymous; without the field, the basket's customer is one of whom nothing is known. Balances
    beside the shopper are whoever's: an anonymous one may hold stored values.
    """
    held, path = mapping.get("balances"), "balances"
    if "shopper" not in mapping:
        return held, path, Shopper() if basket is not None and basket.customer is not None else None
    own, value = _apart(mapping["shopper"], "balances")
    if own is not None:
        if held is not None:
            reader.refuse(path, "repeated", gettext_noop("The shopper has balances already."))
        held, path = own, "shopper.balances"
    if value is None:
        return held, path, None
    read = documents.read_object(reader, documents.ShopperDocument, value, "shopper")
    return held, path, None if read is None else documents.shopper_of(read)


def _apart(value: Any, name: str) -> tuple[Any, Any]:
    """Return a member of an object, and the object without it."""
    if isinstance(value, Mapping) and name in value:
        return value[name], {other: item for other, item in value.items() if other != name}
    return None, value


def _units(reader: Reader, cls: Any, mapping: Mapping[str, Any], name: str) -> list[Any]:
    """Read programs or stamp plans; two of one code are refused."""
    found = documents.read_objects(reader, cls, mapping.get(name, []), name)
    if len({unit.code for unit in found}) < len(found):
        reader.refuse(name, "repeated", gettext_noop("Contains the same code twice."))
    return found
