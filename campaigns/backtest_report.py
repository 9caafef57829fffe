"""The report of a back-test: what the sales of a period came to, and what they would have come to. Adds, reads nothing.

Amounts are cents until `body` writes them down. "Before" is what was recorded; "after" is the back-test's evaluation.
Cancelled sales count nowhere.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from campaigns.backtest_tallies import CampaignTally, ProductTally, RefusalTally, Tally
from campaigns.engine.backtest_document import Question
from campaigns.engine.refusals import arrange
from campaigns.engine.result import Result
from campaigns.engine.scene import whole_units
from campaigns.engine.verdict import Verdict
from campaigns.recorded_sales import KnownStore, RecordedSale
from retail import money

MOST_PRODUCTS = 50
# Verdicts whose subject is the campaign that is given instead.
NAMES_ANOTHER = frozenset({"outranked", "exclusive_elsewhere", "order_discount_elsewhere", "stopped"})


class Report:
    """Adds up sales as they are evaluated."""

    def __init__(self, question: Question, stores: Mapping[int, KnownStore]) -> None:
        self._question = question
        self._stores = stores
        self._drafts = frozenset(campaign.code for campaign in question.drafts.campaigns)
        self._is_together = question.drafts.live
        self.cancelled = 0
        self.unexplained = 0
        self.unexplained_amount = 0
        self._sums: dict[tuple[int, date], Tally] = {}
        self._campaigns = {
            campaign.code: CampaignTally(campaign.name, True) for campaign in question.drafts.campaigns
        }
        self._products: dict[str, ProductTally] = {}
        self._refusals: dict[tuple[str, str], RefusalTally] = {}

    def add(self, sale: RecordedSale, worked: Result | None, day: date) -> None:
        """Count one sale. `worked` is None when nothing concerned it, `day` is its day in the store's time zone."""
        if sale.cancelled_at is not None:
            self.cancelled += 1
            return
        for code, cents in sale.given.items():
            tally = self._campaign(code)
            tally.activations_before += 1
            tally.discount_before += cents
        sums = self._sums.get((sale.store, day))
        if sums is None:
            sums = self._sums[sale.store, day] = Tally()
        reduction, cost, reached = 0, 0, False
        if worked is not None:
            application = worked.application
            reduction = sum(worked.scene.markdown) + sum(application.taken) + application.freight
            cost, reached = self._add_activations(worked)
            self._add_refusals(worked)
        sums.sales += 1
        sums.gross += sale.gross
        sums.sold += sum(sale.nets)
        sums.reduction_before += sale.reduction
        sums.reduction_after += reduction
        _add_margins(sums, sale, worked)
        if worked is not None and reached:
            sums.reached += 1
            sums.reached_gross += sale.gross
            sums.cost += cost
            self._add_products(worked)
            if self._is_together:
                self._add_changes(sale, worked)
        elif self._is_together and reduction != sale.reduction and self._drafts.isdisjoint(sale.given):
            self.unexplained += 1
            self.unexplained_amount += reduction - sale.reduction

    def _campaign(self, code: str) -> CampaignTally:
        tally = self._campaigns.get(code)
        if tally is None:
            tally = self._campaigns[code] = CampaignTally()
        return tally

    def _add_activations(self, worked: Result) -> tuple[int, bool]:
        """Count what each campaign gives; return what the drafts take off, and whether any of them activates."""
        cost, reached, drafts, campaigns = 0, False, self._drafts, self._campaigns
        application = worked.application
        for code, outcome in application.outcomes.items():
            tally = campaigns.get(code)
            if tally is None:
                tally = campaigns[code] = CampaignTally()
            discount = outcome.discount
            tally.name = outcome.standing.campaign.name
            tally.activations += 1
            tally.discount += discount
            if code in drafts:
                reached = True
                cost += discount
                if outcome.standing.compiled.gives_gifts:
                    tally.gifts += len(worked.gifts([outcome]))
        for code, rewards in application.rewards.items():
            if reached and rewards:
                self._campaigns[code].count(rewards)
        return cost, reached

    def _add_changes(self, sale: RecordedSale, worked: Result) -> None:
        """Count what other campaigns give beside drafts that activate, and why it is not what was recorded."""
        outcomes, drafts = worked.application.outcomes, self._drafts
        lost = {code for code in sale.given if code not in outcomes and code not in drafts}
        reasons: dict[str, tuple[str, str]] = {}
        for standing, verdicts in worked.refused() if lost else ():
            if standing.compiled.code in lost:
                first = verdicts[0] if len(verdicts) == 1 else arrange(verdicts)[0]
                is_draft = first.code in NAMES_ANOTHER and first.subject in drafts
                reasons[standing.compiled.code] = first.code, first.subject if is_draft else ""
        for code in lost:
            reason, by = reasons.get(code, ("gone", ""))
            self._campaign(code).changed(-sale.given[code], reason, by)
        for code, outcome in outcomes.items():
            difference = outcome.discount - sale.given.get(code, 0)
            if code not in drafts and difference:
                reason = "added" if code not in sale.given else "less" if difference < 0 else "more"
                self._campaign(code).changed(difference, reason)

    def _add_products(self, worked: Result) -> None:
        drafts, products, application = self._drafts, self._products, worked.application
        # Whatever is taken off is the drafts' when nothing else is in play.
        taken: Sequence[int] = application.taken
        if self._is_together:
            by_drafts = [0] * len(taken)
            for campaign, _, parts in application.discounts:
                if campaign in drafts:
                    for position, part in parts:
                        by_drafts[position] += part
            taken = by_drafts
        sold: set[str] = set()
        for line, cents in zip(worked.scene.lines, taken, strict=True):
            if not cents:
                continue
            sku = line.sku
            tally = products.get(sku)
            if tally is None:
                tally = products[sku] = ProductTally()
            tally.units += line.quantity
            tally.discount += cents
            if sku not in sold:
                sold.add(sku)
                tally.sales += 1

    def _add_refusals(self, worked: Result) -> None:
        """Count why drafts do not activate."""
        drafts, campaigns, refusals = self._drafts, self._campaigns, self._refusals
        for standing, verdicts in worked.refused():
            campaign = standing.compiled.code
            if campaign not in drafts:
                continue
            campaigns[campaign].refused += 1
            shown: Sequence[Verdict] = verdicts if len(verdicts) == 1 else arrange(verdicts)
            first = shown[0]
            key = (campaign, first.code)
            tally = refusals.get(key)
            if tally is None:
                tally = refusals[key] = RefusalTally()
            tally.sales += 1
            if len(shown) == 1:
                tally.alone += 1
                if first.missing is not None:
                    tally.measure(first)

    def body(self, names: Mapping[str, str]) -> dict[str, Any]:
        """Return the report: amounts as text, lists in the order in which they are read. `names` are of campaigns."""
        for code, name in names.items():
            self._campaign(code).name = self._campaign(code).name or name
        scope = self._question.scope
        total = Tally()
        by_store: dict[int, Tally] = defaultdict(Tally)
        by_day: dict[date, Tally] = defaultdict(Tally)
        for (store, day), sums in self._sums.items():
            for whole in (total, by_store[store], by_day[day]):
                whole.add(sums)
        stores = sorted(by_store.items(), key=lambda item: (-item[1].cost, -item[1].gross, item[0]))
        campaigns = sorted(
            self._campaigns.items(),
            key=lambda item: (not item[1].is_draft, item[1].discount - item[1].discount_before, item[0]),
        )
        products = sorted(self._products.items(), key=lambda item: (-item[1].discount, item[0]))
        refusals = sorted(self._refusals.items(), key=lambda item: (-item[1].sales, item[0]))
        return {
            "period": {
                "from": scope.from_.isoformat(),
                "until": scope.until.isoformat(),
                "stores": list(scope.stores),
            },
            "live": self._is_together,
            "ignore_dates": scope.ignore_dates,
            "totals": total.body()
            | {
                "cancelled": self.cancelled,
                "average_discount": money.text(money.divide(total.cost, total.reached))
                if total.reached
                else None,
                "average_percent": share(total.cost, total.reached_gross),
                "share_of_sales": share(total.reached, total.sales),
                "share_of_gross": share(total.reached_gross, total.gross),
                "cost_known_share": share(total.known, total.sold),
                "unexplained": self.unexplained,
                "unexplained_amount": money.text(self.unexplained_amount),
            },
            "campaigns": [tally.body(code, total.sales) for code, tally in campaigns],
            "stores": [
                {"store": self._stores[pk].engine.code, "name": self._stores[pk].name} | tally.body()
                for pk, tally in stores
            ],
            "days": [{"day": day.isoformat()} | tally.body() for day, tally in sorted(by_day.items())],
            "products": [
                {
                    "sku": sku,
                    "units": format(tally.units.normalize(), "f"),
                    "sales": tally.sales,
                    "discount": money.text(tally.discount),
                }
                for sku, tally in products[:MOST_PRODUCTS]
            ],
            "refusals": [tally.body(*key) for key, tally in refusals],
        }


def share(part: int, whole: int) -> str | None:
    """Return a percentage with one decimal, rounded half up; None of nothing."""
    if whole <= 0:
        return None
    return str(Decimal(money.divide(part * 1000, whole)).scaleb(-1).quantize(Decimal("0.1")))


def _add_margins(sums: Tally, sale: RecordedSale, worked: Result | None) -> None:
    """Add what the lines with a known cost sold for, and their margins before and after."""
    if sale.costs.count(None) == len(sale.costs):
        return
    lines = sale.basket.lines
    if worked is None:
        values = [money.gross(line.unit_price, line.quantity) for line in lines]
        taken = [0] * len(lines)
    else:
        values, taken = worked.scene.value, worked.application.taken
    known = spent = after = 0
    for net, cost, line, value, less in zip(sale.nets, sale.costs, lines, values, taken, strict=True):
        if cost is not None:
            units = whole_units(line.quantity)
            spent += cost * units if units else money.gross(cost, line.quantity)
            known += net
            after += value - less
    sums.known += known
    sums.margin_before += known - spent
    sums.margin_after += after - spent
