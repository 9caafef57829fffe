"""Simulate: evaluate a basket against documents that need not be saved. Reads nothing but its arguments."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from campaigns.engine import simulation_document as documents
from campaigns.engine.associations import Association, read_association
from campaigns.engine.basket import Basket, CampaignUsage, Program, PromoCode, Shopper, Store
from campaigns.engine.campaign import Campaign
from campaigns.engine.decoding import Reader, join, read_instant
from campaigns.engine.document import read_campaign
from campaigns.engine.evaluate import evaluate
from campaigns.engine.evaluation import Evaluation
from campaigns.engine.fields import DocumentError
from campaigns.engine.markdowns import Markdown, read_markdown
from campaigns.engine.marks import gettext_noop
from campaigns.engine.plan import Plan, compile_plan
from campaigns.engine.policy import DEFAULT_POLICY, CalculationPolicy, PolicyError, build_policy
from campaigns.engine.refunds import refund_amount
from campaigns.engine.rendering import Explain, render
from retail import money

COMPANY_ZONE = ZoneInfo("America/Sao_Paulo")
NOT_SUPPORTED = gettext_noop("Not supported yet.")
KNOWN = frozenset(
    {
        "campaigns",
        "associations",
        "markdowns",
        "promo_codes",
        "live",
        "policy",
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
        self.campaigns = _campaigns(reader, mapping.get("campaigns", []))
        self.associations = _each(reader, mapping, "associations", read_association)
        self.markdowns = _each(reader, mapping, "markdowns", read_markdown)
        self.policy = _policy(reader, mapping.get("policy"))
        self.names_policy = mapping.get("policy") is not None
        self.live = _live(reader, mapping.get("live", False))
        known_codes = _promo_codes(reader, mapping.get("promo_codes", []))
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
        self.basket: Basket = documents.basket_of(basket, known_codes)
        self.moment: datetime = moment or basket.occurred_at or now

    def plan(
        self,
        live: Iterable[Campaign] = (),
        associations: Iterable[Association] = (),
        markdowns: Iterable[Markdown] = (),
        version: int = 0,
        policy: CalculationPolicy | None = None,
    ) -> Plan:
        """Compile what the document gives, together with what is live (`policy` included) and it does not replace."""
        campaigns = {campaign.code: campaign for campaign in live}
        campaigns.update({campaign.code: campaign for campaign in self.campaigns})
        grouped = {association.code: association for association in associations}
        grouped.update({association.code: association for association in self.associations})
        priced = {markdown.code: markdown for markdown in markdowns}
        priced.update({markdown.code: markdown for markdown in self.markdowns})
        return compile_plan(
            campaigns.values(),
            associations=grouped.values(),
            markdowns=priced.values(),
            policy=self.policy if policy is None or self.names_policy else policy,
            version=version,
        )

    def run(self, plan: Plan, basket: Basket | None = None) -> Evaluation:
        """Evaluate the basket, listing every campaign that the document gives."""
        return evaluate(
            plan,
            basket or self.basket,
            self.shopper,
            moment=self.moment,
            store=self.store,
            usage=self.usage,
            programs=self.programs,
            including=[campaign.code for campaign in self.campaigns],
            with_deals=True,
        )


def simulate(
    document: Any,
    *,
    now: datetime,
    zone: ZoneInfo = COMPANY_ZONE,
    live: Plan | None = None,
    explain: Explain | None = None,
) -> dict[str, Any]:
    """Return the evaluation that a simulation document asks for, as the POS API writes it.

    `now` holds when the document names no moment, `zone` when it names no time zone. `live` is the published plan,
    used when the document says so. Every campaign of the document is listed, activated or not, with its reason.
    Raises DocumentError (BasketError for gifts) with every fault and its path.
    """
    simulation = Simulation(document, now=now, zone=zone)
    if simulation.live and live is not None:
        plan = simulation.plan(
            [compiled.campaign for compiled in live.campaigns.values()],
            live.associations,
            live.markdowns,
            live.version,
            live.policy,
        )
    else:
        plan = simulation.plan()
    evaluation = simulation.run(plan)
    body = render(evaluation, explain)
    if simulation.returns:
        returned = {row.line: row.quantity for row in simulation.returns}
        _check_returns(simulation, returned)
        amount = refund_amount(
            evaluation, returned, plan.policy, lambda kept: simulation.run(plan, kept), simulation.basket
        )
        body["refund"] = {"amount": money.text(amount)}
    return body


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


def _campaigns(reader: Reader, value: Any) -> list[Campaign]:
    if not isinstance(value, list | tuple):
        reader.refuse("campaigns", "invalid_type", gettext_noop("Must be a list."))
        return []
    campaigns: list[Campaign] = []
    seen: set[str] = set()
    for position, item in enumerate(value):
        campaign = read_campaign(reader, item, f"campaigns.{position}")
        if campaign is None:
            continue
        if campaign.code in seen:
            path = f"campaigns.{position}.code"
            reader.refuse(path, "repeated", gettext_noop("Another campaign has this code."))
        seen.add(campaign.code)
        campaigns.append(campaign)
    return campaigns


def _each(reader: Reader, mapping: Mapping[str, Any], name: str, read: Any) -> list[Any]:
    value = mapping.get(name) or []
    if not isinstance(value, list | tuple):
        reader.refuse(name, "invalid_type", gettext_noop("Must be a list."))
        return []
    found = [read(reader, item, f"{name}.{position}") for position, item in enumerate(value)]
    return [item for item in found if item is not None]


def _policy(reader: Reader, value: Any) -> CalculationPolicy:
    if value is None:
        return DEFAULT_POLICY
    answers = reader.mapping(value, "policy")
    if answers is None:
        return DEFAULT_POLICY
    try:
        preset = answers.get("preset", "fiel")
        return build_policy(preset, **{name: answer for name, answer in answers.items() if name != "preset"})
    except PolicyError as error:
        reader.refuse(join("policy", error.field), "invalid_choice", error.message)
        return DEFAULT_POLICY


def _live(reader: Reader, value: Any) -> bool:
    if not isinstance(value, bool):
        reader.refuse("live", "invalid_type", gettext_noop("Must be true or false."))
        return False
    return value


def _promo_codes(reader: Reader, value: Any) -> dict[str, PromoCode]:
    found = {}
    for known in documents.read_objects(reader, documents.PromoCodeDocument, value, "promo_codes"):
        code = documents.normalise_code(known.code)
        found[code] = PromoCode(code=code, campaign=known.campaign, pool=known.pool, usable=known.usable)
    return found


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
