"""The report of a back-test: what the sales of a period came to, and what they would have come to. Adds, reads nothing.

Amounts are cents until `body` writes them down. "Before" is what was recorded; "after" is the back-test's evaluation.
Cancelled sales count nowhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from campaigns.engine.backtest_document import Question
from campaigns.engine.evaluation import Evaluation, Refusal
from campaigns.engine.verdict import Verdict
from campaigns.recorded_sales import KnownStore, RecordedSale
from retail import money

MOST_PRODUCTS = 50
# How near a sale came to a threshold: by how many percent of what is asked for it fell short, at most.
NEAR = (5, 10, 25, 50, 100)


@dataclass(slots=True)
class Tally:
    """Sums over some sales. `gross` is before any reduction, `reduction` is markdown, discount and delivery discount.

    `sold` is what the lines sold for, `cost` what the drafts took off. Margins are those of the lines whose product has a
    cost, which sold for `known`.
    """

    sales: int = 0
    reached: int = 0
    gross: int = 0
    reached_gross: int = 0
    reduction_before: int = 0
    reduction_after: int = 0
    sold: int = 0
    cost: int = 0
    known: int = 0
    margin_before: int = 0
    margin_after: int = 0

    def body(self) -> dict[str, Any]:
        return {
            "sales": self.sales,
            "reached": self.reached,
            "gross": money.text(self.gross),
            "reached_gross": money.text(self.reached_gross),
            "reduction_before": money.text(self.reduction_before),
            "reduction_after": money.text(self.reduction_after),
            "extra_cost": money.text(self.reduction_after - self.reduction_before),
            "cost": money.text(self.cost),
            "margin_before": money.text(self.margin_before) if self.known else None,
            "margin_after": money.text(self.margin_after) if self.known else None,
        }


@dataclass(slots=True)
class CampaignTally:
    """One campaign: what it gave, and what it would have given."""

    name: str = ""
    is_draft: bool = False
    activations_before: int = 0
    discount_before: int = 0
    activations: int = 0
    discount: int = 0
    cashback: int = 0
    vouchers: int = 0
    codes: int = 0
    gifts: int = 0
    refused: int = 0

    def body(self, code: str, sales: int) -> dict[str, Any]:
        written: dict[str, Any] = {
            "campaign": code,
            "name": self.name,
            "draft": self.is_draft,
            "activations_before": self.activations_before,
            "discount_before": money.text(self.discount_before),
            "activations": self.activations,
            "discount": money.text(self.discount),
            "difference": money.text(self.discount - self.discount_before),
        }
        if self.is_draft:
            written |= {
                "cashback": money.text(self.cashback),
                "vouchers": money.text(self.vouchers),
                "codes": self.codes,
                "gifts": self.gifts,
                "refused": self.refused,
                "not_concerned": sales - self.activations - self.refused,
            }
        return written


@dataclass(slots=True)
class RefusalTally:
    """How often one reason came first for a draft. `alone`: it was the only one; `missing` adds up distances of those."""

    sales: int = 0
    alone: int = 0
    measured: int = 0
    unit: str = ""
    missing: Decimal = Decimal(0)
    near: list[int] = field(default_factory=lambda: [0] * len(NEAR))

    def measure(self, verdict: Verdict) -> None:
        """Count how far a sale was from what is asked for, where that is a number."""
        missing, required = verdict.missing, verdict.required
        if not isinstance(missing, int | Decimal) or not isinstance(required, int | Decimal) or not required:
            return
        self.measured += 1
        self.unit = verdict.unit
        self.missing += missing
        for place, percent in enumerate(NEAR):
            if missing * 100 <= required * percent:
                self.near[place] += 1

    def body(self, campaign: str, reason: str) -> dict[str, Any]:
        average = None
        if self.measured:
            whole = self.missing / self.measured
            average = (
                money.text(money.divide(int(self.missing), self.measured))
                if self.unit == "money"
                else str(whole.quantize(Decimal("0.1")))
            )
        return {
            "campaign": campaign,
            "reason": reason,
            "sales": self.sales,
            "alone": self.alone,
            "unit": self.unit,
            "average_missing": average,
            "near": [
                {"percent": percent, "sales": sales} for percent, sales in zip(NEAR, self.near, strict=True)
            ]
            if self.measured
            else [],
        }


@dataclass(slots=True)
class ProductTally:
    units: Decimal = Decimal(0)
    sales: int = 0
    discount: int = 0


class Report:
    """Adds up sales as they are evaluated."""

    def __init__(self, question: Question, stores: Mapping[int, KnownStore]) -> None:
        self._question = question
        self._stores = stores
        self._drafts = frozenset(campaign.code for campaign in question.drafts.campaigns)
        self._is_together = question.drafts.live
        self.total = Tally()
        self.cancelled = 0
        self.unexplained = 0
        self.unexplained_amount = 0
        self._by_store: dict[int, Tally] = {}
        self._by_day: dict[date, Tally] = {}
        self._campaigns = {
            campaign.code: CampaignTally(campaign.name, True) for campaign in question.drafts.campaigns
        }
        self._products: dict[str, ProductTally] = {}
        self._refusals: dict[tuple[str, str], RefusalTally] = {}

    def add(self, sale: RecordedSale, evaluation: Evaluation, day: date) -> None:
        """Count one sale. `day` is its day in the store's time zone."""
        if sale.cancelled_at is not None:
            self.cancelled += 1
            return
        for code, cents in sale.given.items():
            tally = self._campaign(code)
            tally.activations_before += 1
            tally.discount_before += cents
        cost, reached = self._add_activations(evaluation)
        reduction = evaluation.totals.markdown + evaluation.totals.discount + evaluation.delivery.discount
        sold = sum(sale.nets)
        known, before, after = _margins(sale, evaluation)
        by_store = self._by_store.get(sale.store)
        if by_store is None:
            by_store = self._by_store[sale.store] = Tally()
        by_day = self._by_day.get(day)
        if by_day is None:
            by_day = self._by_day[day] = Tally()
        for sums in (self.total, by_store, by_day):
            sums.sales += 1
            sums.gross += sale.gross
            sums.sold += sold
            sums.reduction_before += sale.reduction
            sums.reduction_after += reduction
            if known:
                sums.known += known
                sums.margin_before += before
                sums.margin_after += after
            if reached:
                sums.reached += 1
                sums.reached_gross += sale.gross
                sums.cost += cost
        if reached:
            self._add_products(evaluation)
        elif self._is_together and reduction != sale.reduction and self._drafts.isdisjoint(sale.given):
            self.unexplained += 1
            self.unexplained_amount += reduction - sale.reduction
        for refusal in evaluation.not_activated:
            if refusal.campaign in self._drafts:
                self._add_refusal(refusal)

    def _campaign(self, code: str, name: str = "") -> CampaignTally:
        tally = self._campaigns.get(code)
        if tally is None:
            tally = self._campaigns[code] = CampaignTally(name)
        return tally

    def _add_activations(self, evaluation: Evaluation) -> tuple[int, bool]:
        """Count what each campaign gives; return what the drafts take off, and whether any of them activates."""
        cost, reached, drafts = 0, False, self._drafts
        for activation in evaluation.activations:
            tally = self._campaign(activation.campaign)
            tally.name = activation.name
            tally.activations += 1
            tally.discount += activation.discount
            if activation.campaign in drafts:
                reached = True
                cost += activation.discount
        if reached:
            earned = evaluation.earned
            for cashback in earned.cashback:
                self._campaigns[cashback.campaign].cashback += cashback.amount
            for voucher in earned.vouchers:
                self._campaigns[voucher.campaign].vouchers += voucher.amount
            for code in earned.codes:
                self._campaigns[code.campaign].codes += 1
            for gift in evaluation.gifts:
                self._campaigns[gift.campaign].gifts += 1
        return cost, reached

    def _add_products(self, evaluation: Evaluation) -> None:
        drafts, products = self._drafts, self._products
        sold: set[str] = set()
        for line in evaluation.lines:
            taken = 0
            for part in line.adjustments:
                if part.campaign in drafts:
                    taken += part.amount
            if not taken:
                continue
            sku = line.sku
            tally = products.get(sku)
            if tally is None:
                tally = products[sku] = ProductTally()
            tally.units += line.quantity
            tally.discount += taken
            if sku not in sold:
                sold.add(sku)
                tally.sales += 1

    def _add_refusal(self, refusal: Refusal) -> None:
        campaign, verdicts = refusal.campaign, refusal.verdicts
        self._campaigns[campaign].refused += 1
        first = verdicts[0]
        key = (campaign, first.code)
        tally = self._refusals.get(key)
        if tally is None:
            tally = self._refusals[key] = RefusalTally()
        tally.sales += 1
        if len(verdicts) == 1:
            tally.alone += 1
            if first.missing is not None:
                tally.measure(first)

    def body(self, names: Mapping[str, str]) -> dict[str, Any]:
        """Return the report: amounts as text, lists in the order in which they are read. `names` are of campaigns."""
        for code, name in names.items():
            self._campaign(code).name = self._campaign(code).name or name
        total, scope = self.total, self._question.scope
        stores = sorted(self._by_store.items(), key=lambda item: (-item[1].cost, -item[1].gross, item[0]))
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
            "days": [{"day": day.isoformat()} | tally.body() for day, tally in sorted(self._by_day.items())],
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


def _margins(sale: RecordedSale, evaluation: Evaluation) -> tuple[int, int, int]:
    """Return what the lines with a known cost sold for, and their margins before and after."""
    known = before = after = 0
    for net, cost, line in zip(sale.nets, sale.costs, evaluation.lines, strict=True):
        if cost is not None:
            spent = money.gross(cost, line.quantity)
            known += net
            before += net - spent
            after += line.net - spent
    return known, before, after
