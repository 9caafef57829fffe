"""Make up purchases in which campaigns activate, with what the catalogue sells, and see what they take off. Reads only."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from campaigns import references
from campaigns.engine.evaluate import evaluate
from campaigns.engine.evaluation import Evaluation
from campaigns.engine.fields import DocumentError
from campaigns.engine.plan import Plan
from campaigns.engine.simulation import Simulation
from campaigns.engine.verdict import Verdict
from campaigns.services.simulator import CatalogueShelf
from campaigns.suggestions import LOST, Scenario, suggest
from retail import money

# Each step answers one refusal; whoever needs more is beyond what a purchase can show.
MOST_STEPS = 10


class Attempt(Struct, frozen=True, kw_only=True):
    """A purchase that was tried. `refused` holds the first reason of each wanted campaign that did not activate."""

    scenario: Scenario
    evaluation: Evaluation
    refused: Mapping[str, Verdict]

    @property
    def percent(self) -> Decimal:
        """What is taken off, in percent of the value before, with one decimal that is cut."""
        totals = self.evaluation.totals
        if not totals.gross:
            return Decimal(0)
        tenths = money.divide((totals.markdown + totals.discount) * 1000, totals.gross, "down")
        return Decimal(tenths).scaleb(-1)

    @property
    def activated(self) -> list[str]:
        return [activation.campaign for activation in self.evaluation.activations]


class _Props(CatalogueShelf):
    """The catalogue; codes are made up, since somebody will have one."""

    def __init__(self, *, moment: datetime, zone: ZoneInfo) -> None:
        super().__init__(moment=moment, zone=zone, prices={})
        self.codes: dict[str, dict[str, Any]] = {}

    def promo_code(self, campaign: str, pool: str | None) -> str | None:
        word = f"CODE-{campaign}-{pool or ''}".upper()
        self.codes[word] = {"code": word, "campaign": campaign, "pool": pool or ""}
        return word


class Rehearsal:
    """Purchases against one plan, limits and budgets unused. What the catalogue says is asked once."""

    def __init__(self, plan: Plan, *, at: datetime, zone: ZoneInfo) -> None:
        self.plan, self.at, self.zone = plan, at, zone
        self.shelf = _Props(moment=at, zone=zone)
        self._lines: dict[str, dict[str, Any]] = {}
        self._stores: dict[str, Any] = {}

    def activate(self, wanted: Sequence[str], scenario: Scenario) -> Attempt | None:
        """Change a purchase, refusal by refusal, until the wanted campaigns activate or nothing more can be done.

        None when the purchase cannot be evaluated at all.
        """
        best: Attempt | None = None
        for _step in range(MOST_STEPS):
            attempt = self._attempt(wanted, scenario)
            if attempt is None:
                return best
            if best is None or len(attempt.refused) <= len(best.refused):
                best = attempt
            changed = self._changed(attempt)
            if changed is None:
                return best
            scenario = changed
        return best

    def _attempt(self, wanted: Sequence[str], scenario: Scenario) -> Attempt | None:
        try:
            simulation = Simulation(self._document(scenario), now=self.at, zone=self.zone)
        except DocumentError:
            return None
        self.shelf.moment = simulation.moment
        evaluation = evaluate(
            self.plan,
            simulation.basket,
            simulation.shopper,
            moment=simulation.moment,
            store=simulation.store,
            including=wanted,
        )
        refused = {
            refusal.campaign: refusal.verdicts[0]
            for refusal in evaluation.not_activated
            if refusal.campaign in wanted
        }
        return Attempt(scenario=scenario, evaluation=evaluation, refused=refused)

    def _changed(self, attempt: Attempt) -> Scenario | None:
        for code in attempt.refused:
            refusal = next(entry for entry in attempt.evaluation.not_activated if entry.campaign == code)
            campaign = self.plan.campaigns[code].campaign
            for verdict in refusal.verdicts:
                suggestion = (
                    suggest(verdict, campaign, attempt.scenario, self.shelf)
                    if verdict.code not in LOST
                    else None
                )
                if suggestion is not None:
                    return suggestion.scenario
        return None

    def _document(self, scenario: Scenario) -> dict[str, Any]:
        lines = scenario["lines"]
        unknown = [line["sku"] for line in lines if line.get("sku") and line["sku"] not in self._lines]
        if unknown:
            self._lines.update({key: {} for key in unknown} | references.catalogue_lines(unknown))
        basket = {
            name: scenario[name]
            for name in ("payments", "promo_codes", "accepted", "operation", "delivery_fee")
            if scenario.get(name)
        }
        basket["lines"] = [self._lines.get(line.get("sku", ""), {}) | line for line in lines]
        basket["captured"] = {entry["name"]: entry["value"] for entry in scenario.get("captured", [])}
        document: dict[str, Any] = {
            "basket": basket,
            "promo_codes": list(self.shelf.codes.values()),
            "shopper": scenario.get("shopper"),
            "at": scenario.get("at") or self.at.isoformat(),
        }
        if code := scenario.get("store"):
            if code not in self._stores:
                self._stores[code] = references.store_facts(code) or {"code": code}
            document["store"] = self._stores[code]
        return document
