"""Evaluate recorded sales against another plan, one after the other, and add up what would have come of them."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct, structs

from campaigns.backtest_report import Report
from campaigns.engine import basket as engine
from campaigns.engine.backtest_document import Question
from campaigns.engine.campaign import Campaign
from campaigns.engine.evaluate import BasketError, work_out
from campaigns.engine.plan import Plan
from campaigns.engine.result import Result
from campaigns.loader import PlanUnknown, plan_for
from campaigns.past_customers import Needs, PastCustomers, needs_of
from campaigns.recorded_sales import KnownStore, RecordedSale, RecordedSales, recorded_stores, store_ids
from campaigns.references import catalogue_items
from campaigns.selectors import current_plan_version
from campaigns.services.backtest_usage import SimulatedUsage

BATCH = 1_000
# Sales mostly follow one plan for a while; few versions are wanted again.
MOST_PLANS = 8


class Alternative(Struct, frozen=True, kw_only=True):
    """One plan that sales are evaluated against: what was live at their time, with the drafts."""

    plan: Plan
    needs: Needs
    limited: Mapping[str, Campaign]
    products: Mapping[str, engine.CatalogueItem]
    # Optional drafts that no operator could accept yet: it is assumed that they would have been.
    assumed: frozenset[str]


class Alternatives:
    """The plans of a back-test by the version that a sale was recorded with."""

    def __init__(self, question: Question) -> None:
        self._drafts = question.drafts
        self._made: dict[int, Alternative] = {}
        self._current = current_plan_version()

    def of(self, version: int) -> Alternative:
        """Return the plan for a sale. Alone, the drafts are the same for all sales."""
        if not self._drafts.live:
            version = self._current
        made = self._made.get(version)
        if made is None:
            made = self._make(version)
            while len(self._made) >= MOST_PLANS:
                del self._made[next(iter(self._made))]
            self._made[version] = made
        return made

    def _make(self, version: int) -> Alternative:
        drafts = self._drafts
        try:
            live = plan_for(version)
        except PlanUnknown:
            # Sales that came from elsewhere name no plan of ours.
            live = plan_for(self._current)
        base = live if drafts.live else Plan(version=live.version, policy=live.policy)
        plan = drafts.plan(base)
        campaigns = {code: compiled.campaign for code, compiled in plan.campaigns.items()}
        return Alternative(
            plan=plan,
            needs=needs_of(plan),
            limited={
                code: campaign
                for code, campaign in campaigns.items()
                if campaign.limits or campaign.budget is not None
            },
            products=catalogue_items(plan.gift_skus()),
            assumed=frozenset(
                draft.code
                for draft in drafts.campaigns
                if draft.optional and draft.code not in live.campaigns
            ),
        )


def run_backtest(question: Question, *, last: int, progress: Callable[[int, int], None]) -> dict[str, Any]:
    """Return the report of a back-test over the sales up to the one with the id `last`. Writes nothing.

    `progress` is told how many sales are done, of how many, after each batch; what it raises passes.
    """
    stores = recorded_stores()
    sales = RecordedSales(
        begins=question.begins,
        ends=question.ends,
        stores=store_ids(question.scope.stores),
        last=last,
    )
    report = Report(question, stores)
    run = _Run(question, stores, PastCustomers(last=last))
    done, total = 0, len(sales)
    progress(0, total)
    for some in sales.batches(BATCH):
        run.prepare(some)
        for sale in some:
            report.add(sale, run.evaluate(sale), run.day)
        done += len(some)
        progress(done, total)
    return report.body(sales.names)


class _Run:
    """What goes on from one sale to the next: purchases of customers, uses of limits."""

    def __init__(
        self, question: Question, stores: Mapping[int, KnownStore], customers: PastCustomers
    ) -> None:
        self._alternatives = Alternatives(question)
        self._codes = question.drafts.promo_codes
        self._is_together = question.drafts.live
        self._stores = stores
        self._customers = customers
        self._usage = SimulatedUsage()

    def prepare(self, sales: list[RecordedSale]) -> None:
        """Read what evaluating these sales needs to know beside themselves."""
        versions = {sale.plan_version for sale in sales}
        alternatives = [self._alternatives.of(version) for version in versions]
        needs = Needs(
            purchases=any(alternative.needs.purchases for alternative in alternatives),
            consents=any(alternative.needs.consents for alternative in alternatives),
            agenda=any(alternative.needs.agenda for alternative in alternatives),
        )
        self._customers.prepare(sales, needs)
        self._usage.prepare(sales, {code for alternative in alternatives for code in alternative.limited})

    def evaluate(self, sale: RecordedSale) -> Result | None:
        """Evaluate one sale, and count what it uses. None when nothing in the plan concerns it.

        `day` is then its day at the store.
        """
        alternative = self._alternatives.of(sale.plan_version)
        store = self._stores[sale.store].engine
        self.day = day = sale.moment.astimezone(store.timezone).date()
        asked = self._asked(sale, alternative)
        if not (_may_concern(alternative.plan, sale.basket, store) or _has_rate(asked)):
            return None
        limited = alternative.limited
        usage: Mapping[str, engine.CampaignUsage] = {}
        whose = ""
        if limited:
            whose = self._customers.key(sale.customer)
            self._usage.go_to(sale)
            usage = self._usage.before(sale, limited, whose=whose, store=store.code, day=day)
        worked = _work_out(
            alternative.plan,
            asked,
            self._customers.shopper(sale, store.timezone),
            engine.Surroundings(
                moment=sale.moment, store=store, usage=usage, products=alternative.products, programs=()
            ),
        )
        if limited:
            outcomes = worked.application.outcomes
            uses_return = alternative.plan.policy.cancelled_use == "returned"
            using = [worked.activation(outcomes[code]) for code in outcomes if code in limited]
            self._usage.count(sale, using, whose=whose, day=day, uses_return=uses_return)
        return worked

    def _asked(self, sale: RecordedSale, alternative: Alternative) -> engine.Basket:
        """Return the basket, with the codes that the drafts know and the acceptance that is assumed.

        VIP cards are left out where drafts are tried alone: what these give would be mixed up with the cards' rates.
        """
        basket = sale.basket
        if alternative.assumed:
            basket = structs.replace(basket, accepted=basket.accepted | alternative.assumed)
        if not self._is_together and _has_rate(basket):
            codes = tuple(code for code in basket.promo_codes if code.percent is None)
            basket = structs.replace(basket, promo_codes=codes)
        if self._codes and basket.promo_codes:
            known = tuple(self._codes.get(code.code, code) for code in basket.promo_codes)
            basket = structs.replace(basket, promo_codes=known)
        return basket


def _has_rate(basket: engine.Basket) -> bool:
    """Say whether a VIP card that could be used was entered."""
    return any(code.percent is not None and code.usable for code in basket.promo_codes)


def _may_concern(plan: Plan, basket: engine.Basket, store: engine.Store) -> bool:
    """Say whether any campaign or markdown can touch a sale. Most coupons concern few sales."""
    return bool(plan.always or plan.candidates(basket, store) or plan.markdowns_for(basket))


def _work_out(
    plan: Plan, basket: engine.Basket, shopper: engine.Shopper | None, around: engine.Surroundings
) -> Result:
    """Evaluate a basket, without the gifts that customers chose and that this plan does not offer."""
    worked = work_out(plan, basket, shopper, around)
    if basket.gifts:
        try:
            worked.gifts(worked.outcomes())
        except BasketError as error:
            refused = {int(problem.path.split(".")[1]) for problem in error.problems}
            gifts = tuple(pick for place, pick in enumerate(basket.gifts) if place not in refused)
            return _work_out(plan, structs.replace(basket, gifts=gifts), shopper, around)
    return worked
