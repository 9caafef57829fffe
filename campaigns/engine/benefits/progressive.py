"""`progressive`: the more is bought, the higher the discount."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from campaigns.engine import fields
from campaigns.engine.benefits.base import Benefit
from campaigns.engine.benefits.tiers import Tier, first_step, reached, repeated_steps
from campaigns.engine.marks import Phrase, gettext_noop
from campaigns.engine.shortfalls import too_few, too_little
from campaigns.engine.verdict import Verdict
from campaigns.engine.work import Effect
from retail import money

if TYPE_CHECKING:
    from campaigns.engine.work import Work

BY_CHOICES = (("quantity", gettext_noop("quantity")), ("amount", gettext_noop("value")))
ON_CHOICES = (("order", gettext_noop("the sale")), ("items", gettext_noop("the products that qualify")))


@fields.declared
class Progressive(Benefit):
    """The highest tier reached by the qualifying lines. On items an amount is given for each unit."""

    kind: ClassVar[str] = "progressive"
    label: ClassVar[str] = gettext_noop("Progressive discount")
    doc: ClassVar[str] = gettext_noop(
        "The highest tier reached by quantity or value, on the sale or on the products."
    )
    level: ClassVar[str] = "order"

    by: str = fields.choice(
        BY_CHOICES,
        label=gettext_noop("Measured by"),
        help=gettext_noop("Of what qualifies."),
        default="quantity",
    )
    on: str = fields.choice(
        ON_CHOICES,
        label=gettext_noop("Discount on"),
        help=gettext_noop("The sale, or each unit."),
        default="order",
    )
    tiers: tuple[Tier, ...] = fields.objects(
        Tier, label=gettext_noop("Tiers"), help=gettext_noop("The highest one reached counts."), min_items=1
    )

    def stage(self) -> str:
        return "item" if self.on == "items" else "order"

    def apply(self, work: "Work") -> Effect:
        qualifying = work.eligible(work.qualifying)
        tier = reached(self.tiers, self._measure(work, qualifying))
        if tier is None:
            return Effect(self.kind)
        if self.on == "order":
            return self._on_order(work, tier)
        picks = work.pick(qualifying, "all")
        if tier.percent is not None:
            parts = work.percent_parts(picks, tier.percent)
        else:
            parts = [
                (p, min(work.times_quantity(tier.amount or 0, p, count), work.unit_share(p, count)))
                for p, count in picks
            ]
        return Effect(self.kind, work.within_room(parts), units=picks)

    def falls_short(self, work: "Work") -> list[Verdict]:
        qualifying = work.eligible(work.qualifying)
        measure = self._measure(work, qualifying)
        if not qualifying or reached(self.tiers, measure) is not None:
            return []
        if self.by == "quantity":
            return [too_few(work.scene, qualifying, min(tier.from_ for tier in self.tiers), measure)]
        return [too_little(work.scene, qualifying, first_step(self.tiers) or 0, money.from_decimal(measure))]

    def _measure(self, work: "Work", qualifying: Sequence[int]) -> Decimal:
        if self.by == "quantity":
            return work.quantity(qualifying)
        return money.to_decimal(sum([work.left[p] for p in qualifying]))

    def _on_order(self, work: "Work", tier: Tier) -> Effect:
        positions = work.order_targets(None)
        if tier.percent is not None:
            base = sum([work.base[p] for p in positions])
            total = money.percent_of(base, tier.percent, work.scene.policy.rounding)
        else:
            total = tier.amount or 0
        return work.order_discount(self.kind, total, positions)

    def phrase(self) -> Phrase:
        best = max(self.tiers, key=lambda tier: tier.from_)
        discount = ("percent", best.percent) if best.amount is None else ("money", best.amount)
        unit = "quantity" if self.by == "quantity" else "decimal_money"
        return Phrase(
            gettext_noop("a discount that grows up to %(discount)s from %(from)s"),
            {"discount": discount, "from": (unit, best.from_)},
        )

    def faults(self) -> list[tuple[str, str, str]]:
        return repeated_steps(self.tiers)
