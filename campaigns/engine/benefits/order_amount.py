"""`order_amount`: money off the sale."""

from typing import TYPE_CHECKING, ClassVar

from campaigns.engine import fields
from campaigns.engine.benefits.base import Benefit
from campaigns.engine.marks import Phrase, gettext_noop
from campaigns.engine.selector import Selector, target_field
from campaigns.engine.shortfalls import too_little
from campaigns.engine.verdict import Verdict
from campaigns.engine.work import Effect

if TYPE_CHECKING:
    from campaigns.engine.work import Work


@fields.declared
class OrderAmount(Benefit):
    """Money off the sum of the target lines; with `every_amount`, again for each full one that is left of the sum."""

    kind: ClassVar[str] = "order_amount"
    label: ClassVar[str] = gettext_noop("Value off the sale")
    doc: ClassVar[str] = gettext_noop(
        "Money off the sum of the target lines, again for each full every_amount."
    )
    level: ClassVar[str] = "order"

    amount: int = fields.money(label=gettext_noop("Value"), help=gettext_noop("Taken off the sale."))
    every_amount: int | None = fields.money(
        label=gettext_noop("For each"),
        help=gettext_noop("Gives the value again for each full amount; empty gives it once."),
        default=None,
        minimum=1,
    )
    target: Selector | None = target_field(help=gettext_noop("Empty means the whole sale."))

    def apply(self, work: "Work") -> Effect:
        positions = work.order_targets(self.target)
        times = 1
        if self.every_amount is not None:
            times = sum([work.left[p] for p in positions]) // self.every_amount
        return work.order_discount(self.kind, self.amount * times, positions, max(times, 1))

    def falls_short(self, work: "Work") -> list[Verdict]:
        positions = work.order_targets(self.target)
        amount = work.sum_of(work.left, positions)
        if self.every_amount is None or not positions or amount >= self.every_amount:
            return []
        return [too_little(work.scene, positions, self.every_amount, amount)]

    def phrase(self) -> Phrase:
        params = {"amount": ("money", self.amount)}
        if self.every_amount is None:
            return Phrase(gettext_noop("%(amount)s off the sale"), params)
        return Phrase(
            gettext_noop("%(amount)s off for each %(every)s"),
            {**params, "every": ("money", self.every_amount)},
        )
