"""The simulator: a purchase that somebody imagines, evaluated as a till would, and what would make each campaign activate.

A scenario is plain JSON: `campaigns` (codes; their working copies take part), `live` (with what is published), `lines`,
`exchange`, `payments`, `promo_codes`, `captured` ([{name, value}]), `accepted`, `gifts`, `delivery_fee`, `operation`, `store`
(a code), `at`, `customer` (the key of one that exists), `shopper` (facts that are imagined, or replace what is known; its
`cashback`, of which `cashback_used` or all is used) and `points` ([{program, held, used}], used up as far as they go without `used`).
Nothing here writes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q
from msgspec import Struct

from campaigns import references, selectors
from campaigns.engine.basket import CampaignUsage, LimitUse
from campaigns.engine.campaign import leaves
from campaigns.engine.conditions.promo_code import PromoCode
from campaigns.engine.decoding import read_instant
from campaigns.engine.document import decode_campaign
from campaigns.engine.evaluation import Evaluation
from campaigns.engine.fields import DocumentError, Problem
from campaigns.engine.marks import gettext_noop
from campaigns.engine.plan import Compiled, Plan
from campaigns.engine.selector import Selector
from campaigns.engine.simulation import Simulation
from campaigns.loader import plan_for
from campaigns.models import Campaign, CampaignCounter, PromoCodePool
from campaigns.services.settlement import window_starts_on
from campaigns.suggestions import Scenario
from campaigns.vip_cards_entered import vip_cards_entered
from customers.models import Customer
from customers.selectors import find_customer
from loyalty.selectors.program_documents import plan_documents, program_documents
from retail import codes, money
from retail.models import Company, Store

BASKET_FIELDS = ("exchange", "payments", "promo_codes", "accepted", "gifts", "delivery_fee", "operation")


class Simulated(Struct, frozen=True, kw_only=True):
    """What came of a scenario, with what it was made of."""

    evaluation: Evaluation
    plan: Plan
    simulation: Simulation
    shelf: "CatalogueShelf"
    customer: Customer | None
    names: Mapping[str, str]


class CatalogueShelf:
    """Finds in the database what a suggestion needs (`campaigns.suggestions.Shelf`), each thing once."""

    def __init__(
        self, *, moment: datetime, zone: ZoneInfo, prices: Mapping[str, int], shows_codes: bool = False
    ) -> None:
        self.moment, self.zone, self.prices = moment, zone, dict(prices)
        self.shows_codes = shows_codes
        self._found: dict[Any, Any] = {}

    def product(self, selector: Selector, without: frozenset[str]) -> tuple[str, str] | None:
        key = (
            selector.by,
            selector.values,
            selector.exclude,
            selector.price_min,
            selector.price_max,
            without,
        )
        if key not in self._found:
            rows = references.selected_products(selector).exclude(sku__in=without).filter(price__gt=0)
            self._found[key] = rows.order_by("pk").values_list("sku", "name", "price").first()
        row = self._found[key]
        if row is None:
            # What the catalogue does not know can be bought too, where a rule names it by SKU.
            fresh = (
                [value for value in selector.values if value not in without] if selector.by == "sku" else []
            )
            return (fresh[0], "") if fresh and not selector.exclude else None
        self.prices[row[0]] = money.from_decimal(row[2])
        return row[0], row[1]

    def price(self, line: Mapping[str, Any]) -> int:
        own = line.get("unit_price")
        return money.parse(own) if own not in (None, "") else self.prices.get(str(line.get("sku")), 0)

    def promo_code(self, campaign: str, pool: str | None) -> str | None:
        found = references.usable_code(campaign=campaign, pool=pool, at=self.moment)
        if found is None:
            return None if _has_codes(campaign, pool) else INVENTED_CODE
        return found if self.shows_codes else ""

    def store(self, named: tuple[str, ...]) -> tuple[str, str] | None:
        prefix = "grouping:"
        groupings = [name.removeprefix(prefix) for name in named if name.startswith(prefix)]
        stores = Store.objects.filter(code__in=named) | Store.objects.filter(groupings__code__in=groupings)
        return stores.order_by("pk").values_list("code", "name").distinct().first()


# Opens campaigns whose codes do not exist yet, so that a draft can be tried before its pool is filled.
INVENTED_CODE = "FIEL-TEST"


def run_scenario(
    scenario: Scenario, *, at: datetime, shows_codes: bool = False, shows_customers: bool = False
) -> Simulated:
    """Evaluate a scenario by the company's policy, with the limits and budgets as they stand. Reads only.

    `at` holds when the scenario names no moment; suggestions name codes of pools with `shows_codes` only. A VIP card gives its
    rate to anybody who knows it; what is known of its customer counts with `shows_customers` only. Raises DocumentError,
    whose paths are those of the scenario.
    """
    company = Company.objects.get()
    zone = ZoneInfo(company.time_zone)
    problems: list[Problem] = []
    document, customer = _document(scenario, at, zone, problems, shows_customers)
    document["policy"] = company.policy or None
    try:
        simulation = _read(document, at, zone, problems)
        plan = simulation.drafts.plan(
            plan_for(selectors.current_plan_version()) if scenario.get("live") else None
        )
        simulation.usage = _used(
            plan.campaigns,
            [
                *(compiled.code for compiled in plan.candidates(simulation.basket, simulation.store)),
                *simulation.drafts.listed,
            ],
            keys=_limit_keys(simulation, customer),
            day=simulation.moment.astimezone(simulation.store.timezone).date(),
        )
        evaluation = simulation.run(plan, products=references.catalogue_items(simulation.gift_skus(plan)))
    except DocumentError as error:
        places = _places(scenario)
        raise DocumentError([_in_scenario(problem, places) for problem in error.problems]) from error
    lines = simulation.basket.lines
    return Simulated(
        evaluation=evaluation,
        plan=plan,
        simulation=simulation,
        customer=customer,
        shelf=CatalogueShelf(
            moment=simulation.moment,
            zone=simulation.store.timezone,
            prices={line.sku: line.unit_price for line in lines if line.sku},
            shows_codes=shows_codes,
        ),
        names=references.product_names([line.sku for line in lines]),
    )


def _read(document: dict[str, Any], at: datetime, zone: ZoneInfo, problems: list[Problem]) -> Simulation:
    """Return the document, read. Raises DocumentError with the problems found so far and every other one."""
    try:
        simulation = Simulation(document, now=at, zone=zone)
    except DocumentError as error:
        lines = document["basket"]["lines"]
        problems = [*problems, *references.catalogue_problems(error.problems, lines, "basket.lines")]
    else:
        if not problems:
            return simulation
    raise DocumentError(problems)


def _document(
    scenario: Scenario, at: datetime, zone: ZoneInfo, problems: list[Problem], shows_customers: bool
) -> tuple[dict[str, Any], Customer | None]:
    """Write a scenario as a simulation document, with what the database knows. `zone` is that of no store.

    What it names and does not exist is left out and added to the problems.
    """
    moment = read_instant(scenario.get("at")) or at
    campaigns = _working_copies(scenario.get("campaigns", []), problems)
    basket = {name: scenario[name] for name in BASKET_FIELDS if scenario.get(name)}
    lines = [
        {name: value for name, value in line.items() if value not in (None, "")}
        for line in scenario.get("lines", [])
    ]
    basket["lines"] = references.completed_lines(lines)
    basket["captured"] = {
        entry["name"]: entry.get("value") or "" for entry in scenario.get("captured", []) if entry.get("name")
    }
    customer = _customer(scenario.get("customer"), problems)
    shopper, words = scenario.get("shopper"), basket.get("promo_codes", [])
    told = (shopper or {}).get("document", "")
    named = customer or (find_customer("document", told) if told else None)
    buyer, cards = vip_cards_entered(words, customer=named, is_named=bool(told), at=moment)
    if cards and shows_customers:
        customer = buyer
    elif cards and shopper is None:
        # Somebody of whom nothing is told.
        shopper = {}
    document: dict[str, Any] = {
        "campaigns": campaigns,
        "basket": basket,
        "live": bool(scenario.get("live")),
        "promo_codes": [*_codes_entered(words, campaigns, customer, moment), *cards],
    }
    if scenario.get("at"):
        document["at"] = scenario["at"]
    if scenario.get("store"):
        store = references.store_facts(scenario["store"])
        if store is None:
            message = gettext_noop("There is no store %(code)s.")
            problems.append(Problem("store", "unknown", message, {"code": scenario["store"]}))
        else:
            document["store"], zone = store, ZoneInfo(store["timezone"])
    document["shopper"] = _shopper(shopper, customer, moment.astimezone(zone))
    programs = program_documents() if scenario.get("live") or scenario.get("points") else []
    _use_balances(document, scenario.get("points", []), programs, problems)
    if scenario.get("live"):
        document |= {"programs": programs, "stamp_plans": plan_documents()}
    return document, customer


def _use_balances(
    document: dict[str, Any],
    points: Sequence[Mapping[str, Any]],
    programs: Sequence[Mapping[str, Any]],
    problems: list[Problem],
) -> None:
    """Turn what an invented customer holds into balances, and ask for what is to be used of them.

    Points make somebody of a purchase that named nobody; their programs take part, also when nothing live does.
    """
    shopper = dict(document["shopper"] or {})
    amount, percent, used = (
        shopper.pop(name, None) for name in ("cashback", "cashback_percent", "cashback_used")
    )
    held: dict[str, Any] = {}
    redeem: dict[str, Any] = {}
    if amount is not None:
        held["cashback"] = [{"amount": amount, "max_percent": percent}]
        redeem["cashback"] = "max" if used is None else used
    known = {program["code"]: program for program in programs}
    for place, row in enumerate(points):
        code, used = row.get("program") or "", row.get("used")
        path = f"points.{place}.program"
        if code not in known:
            problems.append(Problem(path, "unknown", gettext_noop("There is no such program.")))
        elif code in held.get("points", {}):
            problems.append(Problem(path, "repeated", gettext_noop("Contains the same code twice.")))
        else:
            held.setdefault("points", {})[code] = row.get("held") or "0"
            redeem.setdefault("points", {})[code] = "max" if used in (None, "") else used
    document["programs"] = [known[code] for code in held.get("points", {})]
    if held:
        shopper["balances"] = held
        document["basket"]["redeem"] = redeem
    if held or document["shopper"] is not None:
        document["shopper"] = shopper


def _working_copies(wanted: list[str], problems: list[Problem]) -> list[Mapping[str, Any]]:
    found = dict(Campaign.objects.filter(code__in=wanted).values_list("code", "document"))
    message = gettext_noop("There is no campaign %(code)s.")
    problems += [
        Problem("campaigns", "unknown", message, {"code": code}) for code in wanted if code not in found
    ]
    return [found[code] for code in wanted if code in found]


def _customer(key: Any, problems: list[Problem]) -> Customer | None:
    if key in (None, ""):
        return None
    customer = (
        Customer.objects.filter(pk=int(key)).first() if str(key).isdecimal() and len(str(key)) < 19 else None
    )
    if customer is None:
        problems.append(Problem("customer", "unknown", gettext_noop("There is no such customer.")))
    return customer


def _shopper(
    imagined: Mapping[str, Any] | None, customer: Customer | None, at: datetime
) -> dict[str, Any] | None:
    """Join what is known of a customer with what is imagined; the imagination wins. None is anonymous."""
    if imagined is None and customer is None:
        return None
    known = references.shopper_facts(customer, at=at) if customer else {}
    own = {name: value for name, value in (imagined or {}).items() if value not in (None, "", [])}
    if "age" in own and "birth_date" not in own:
        known.pop("birth_date", None)
    return known | own


def _codes_entered(
    words: list[str], campaigns: list[Mapping[str, Any]], customer: Customer | None, at: datetime
) -> list[dict[str, Any]]:
    """Return what is known of the codes entered. Campaigns without codes so far take the invented one."""
    facts = references.promo_code_facts(words, customer=customer, at=at)
    if INVENTED_CODE in {codes.normalize(word) for word in words}:
        for campaign in campaigns:
            for pool in _pools_of(campaign):
                if not _has_codes(campaign["code"], pool):
                    return [*facts, {"code": INVENTED_CODE, "campaign": campaign["code"], "pool": pool or ""}]
    return facts


def _pools_of(document: Mapping[str, Any]) -> list[str | None]:
    conditions = leaves(decode_campaign(document).conditions)
    return [leaf.pool for leaf in conditions if isinstance(leaf, PromoCode)]


def _has_codes(campaign: str, pool: str | None) -> bool:
    pools = (
        PromoCodePool.objects.filter(code=pool)
        if pool
        else PromoCodePool.objects.filter(campaign__code=campaign)
    )
    return pools.filter(codes__isnull=False).exists()


def _limit_keys(simulation: Simulation, customer: Customer | None) -> dict[str, list[str]]:
    """Return whose uses of limits count in this purchase, by scope."""
    return {
        "total": [""],
        "store": [simulation.store.code],
        # Whoever is imagined has used nothing.
        "customer": [] if customer is None else [f"c:{customer.pk}"],
        "code": [code.code for code in simulation.basket.promo_codes],
    }


def _used(
    compiled: Mapping[str, Compiled], wanted: Iterable[str], *, keys: Mapping[str, list[str]], day: date
) -> dict[str, CampaignUsage]:
    """Return what the limits and budgets of campaigns have used in the windows of a day, by campaign code.

    `keys` says by scope whose uses count; of several codes the one that was used most decides.
    """
    limited = {
        code
        for code in wanted
        if compiled[code].campaign.limits or compiled[code].campaign.budget is not None
    }
    if not limited:
        return {}
    whose = Q()
    for scope, found in keys.items():
        whose |= Q(scope=scope, scope_key__in=found)
    rows = CampaignCounter.objects.filter(whose, campaign__code__in=limited)
    uses: dict[str, dict[tuple[str, str, str], LimitUse]] = {code: {} for code in limited}
    spent: dict[str, int] = {}
    for code, scope, counts, per, starts, used in rows.values_list(
        "campaign__code", "scope", "counts", "per", "window_starts_on", "used"
    ):
        if counts == "money":
            spent[code] = int(used * 100)
        elif window_starts_on(per, day) == starts:
            known = uses[code].get((scope, counts, per))
            if known is None or known.used < used:
                uses[code][scope, counts, per] = LimitUse(int(used))
    return {
        code: CampaignUsage(by_limit=by_limit, budget_spent=spent.get(code, 0))
        for code, by_limit in uses.items()
    }


def _places(scenario: Scenario) -> dict[str, str]:
    """Return where in the scenario stands what the document has elsewhere: a path by another."""
    places = {
        "shopper.balances.cashback.0.amount": "shopper.cashback",
        "shopper.balances.cashback.0.max_percent": "shopper.cashback_percent",
        "basket.redeem.cashback": "shopper.cashback_used",
    }
    for place, row in enumerate(scenario.get("points", [])):
        places[f"shopper.balances.points.{row.get('program')}"] = f"points.{place}.held"
        places[f"basket.redeem.points.{row.get('program')}"] = f"points.{place}.used"
    return places


def _in_scenario(problem: Problem, places: Mapping[str, str]) -> Problem:
    return replace(problem, path=places.get(problem.path) or problem.path.removeprefix("basket."))
