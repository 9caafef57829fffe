"""Simulate: evaluate a basket against documents that need not be saved. Reads nothing but its arguments."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from campaigns.engine import simulation_document as documents
from campaigns.engine.basket import (
    Basket,
    CampaignUsage,
    CatalogueItem,
    Program,
    Shopper,
    Store,
)
from campaigns.engine.decoding import Reader, read_instant
from campaigns.engine.drafts import DRAFT_FIELDS, read_drafts
from campaigns.engine.evaluate import BasketError, evaluate
from campaigns.engine.evaluation import Evaluation
from campaigns.engine.fields import DocumentError
from campaigns.engine.marks import gettext_noop
from campaigns.engine.plan import Plan
from campaigns.engine.refunds import refund_amount
from campaigns.engine.rendering import Explain, render
from retail import money

COMPANY_ZONE = ZoneInfo("America/Sao_Paulo")
NOT_SUPPORTED = gettext_noop("Not supported yet.")
KNOWN = frozenset(
    {
        *DRAFT_FIELDS,
        "only",
        "basket",
        "store",
        "shopper",
        "usage",
        "programs",
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
        self.programs: tuple[Program, ...] = tuple(
            documents.program_of(program)
            for program in documents.read_objects(
                reader, documents.ProgramDocument, mapping.get("programs", []), "programs"
            )
        )
        self.returns = documents.read_objects(
            reader, documents.ReturnDocument, mapping.get("returns", []), "returns"
        )
        store = documents.StoreDocument()
        if mapping.get("store") is not None:
            store = documents.read_object(reader, documents.StoreDocument, mapping["store"], "store") or store
        self.store: Store = documents.store_of(reader, store, zone, "store")
        basket = _basket(reader, mapping.get("basket"))
        self.shopper = _shopper(reader, mapping, basket)
        at = mapping.get("at")
        moment = None if at is None else read_instant(at)
        if at is not None and moment is None:
            reader.refuse("at", "invalid_instant", gettext_noop("Must be a date and time with offset."))
        if reader.problems or basket is None:
            raise DocumentError(reader.problems)
        self.basket: Basket = documents.basket_of(basket, self.drafts.promo_codes)
        self.moment: datetime = moment or basket.occurred_at or now

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

        Raises BasketError for a gift choice that no campaign offers.
        """
        try:
            return evaluate(
                plan,
                basket or self.basket,
                self.shopper,
                moment=self.moment,
                store=self.store,
                usage=self.usage,
                products=products,
                programs=self.programs,
                including=self.drafts.listed,
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
    read_products: Callable[[frozenset[str]], Mapping[str, CatalogueItem]] | None = None,
    as_given: Any = None,
) -> dict[str, Any]:
    """Return the evaluation that a simulation document asks for, as the POS API writes it.

    `now` holds when the document names no moment, `zone` when it names no time zone. `live` is the published plan,
    used when the document says so. `read_products` names and prices gifts by their SKUs. Every campaign of the document
    is listed, activated or not, with its reason. `as_given` is the document before it was completed with what is stored:
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
    body = render(evaluation, explain)
    if simulation.returns:
        returned = {row.line: row.quantity for row in simulation.returns}
        _check_returns(simulation, returned)
        amount = refund_amount(
            evaluation, returned, plan.policy, lambda kept: simulation.run(plan, kept), simulation.basket
        )
        body["refund"] = {"amount": money.text(amount)}
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


def _basket(reader: Reader, value: Any) -> Any:
    if value is None:
        reader.refuse("basket", "required", gettext_noop("This field is required."))
        return None
    if isinstance(value, Mapping) and "redeem" in value:
        if value["redeem"]:
            reader.refuse("basket.redeem", "not_supported", NOT_SUPPORTED)
        value = {name: item for name, item in value.items() if name != "redeem"}
    return documents.read_object(reader, documents.BasketDocument, value, "basket")


def _shopper(reader: Reader, mapping: Mapping[str, Any], basket: Any) -> Shopper | None:
    """A shopper of null is anonymous; without the field, the basket's customer is one of whom nothing is known."""
    if "shopper" not in mapping:
        return Shopper() if basket is not None and basket.customer is not None else None
    value = mapping["shopper"]
    if value is None:
        return None
    if isinstance(value, Mapping) and "balances" in value:
        if value["balances"]:
            reader.refuse("shopper.balances", "not_supported", NOT_SUPPORTED)
        value = {name: item for name, item in value.items() if name != "balances"}
    read = documents.read_object(reader, documents.ShopperDocument, value, "shopper")
    return None if read is None else documents.shopper_of(read)
