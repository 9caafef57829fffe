"""Sums of a back-test's report: over sales, of one campaign, of one reason, of one product. Amounts are cents until `body`."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import accumulate
from typing import Any

from campaigns.engine.purchase import Reward
from campaigns.engine.verdict import Verdict
from retail import money

# How near a sale came to a threshold: by how many percent of what is asked for it fell short, at most.
NEAR = (5, 10, 25, 50, 100)
_NUMBERS = (int, Decimal)


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

    def add(self, other: "Tally") -> None:
        """Add the sums over other sales."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

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
class ChangeTally:
    """Sales in which another campaign gave something else beside the drafts, and by how much, for one reason."""

    sales: int = 0
    difference: int = 0


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
    changes: dict[tuple[str, str], ChangeTally] = field(default_factory=dict)

    def changed(self, difference: int, reason: str, by: str = "") -> None:
        """Count a sale of the drafts in which this campaign gives something else; `by` is the draft given in its place."""
        tally = self.changes.setdefault((reason, by), ChangeTally())
        tally.sales += 1
        tally.difference += difference

    def count(self, rewards: Iterable[Reward]) -> None:
        """Count what one sale earns."""
        for reward in rewards:
            if reward.cashback is not None:
                self.cashback += reward.cashback.amount
            if reward.voucher is not None:
                self.vouchers += reward.voucher.amount
            if reward.code is not None:
                self.codes += 1

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
        else:
            changes = sorted(self.changes.items(), key=lambda item: (-abs(item[1].difference), item[0]))
            written["changes"] = [
                {
                    "reason": reason,
                    "by": by,
                    "sales": tally.sales,
                    "difference": money.text(tally.difference),
                }
                for (reason, by), tally in changes
            ]
        return written


@dataclass(slots=True)
class RefusalTally:
    """How often one reason came first for a draft. `alone`: it was the only one; `missing` adds up distances of those.

    `near` counts each of those in the first step of NEAR that it is within.
    """

    sales: int = 0
    alone: int = 0
    measured: int = 0
    unit: str = ""
    missing: int | Decimal = 0
    near: list[int] = field(default_factory=lambda: [0] * len(NEAR))

    def measure(self, verdict: Verdict) -> None:
        """Count how far a sale was from what is asked for, where that is a number."""
        missing, required = verdict.missing, verdict.required
        if not isinstance(missing, _NUMBERS) or not isinstance(required, _NUMBERS) or not required:
            return
        self.measured += 1
        self.unit = verdict.unit
        self.missing += missing
        hundredfold = missing * 100
        for place, percent in enumerate(NEAR):
            if hundredfold <= required * percent:
                self.near[place] += 1
                return

    def body(self, campaign: str, reason: str) -> dict[str, Any]:
        average = None
        if self.measured:
            whole = Decimal(self.missing) / self.measured
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
                {"percent": percent, "sales": sales}
                for percent, sales in zip(NEAR, accumulate(self.near), strict=True)
            ]
            if self.measured
            else [],
        }


@dataclass(slots=True)
class ProductTally:
    units: Decimal = Decimal(0)
    sales: int = 0
    discount: int = 0
