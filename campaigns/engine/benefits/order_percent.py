"""`order_percent`: a percentage off the sale."""

from typing import TYPE_CHECKING, ClassVar

from campaigns.engine import fields
from campaigns.engine.benefits.base import Benefit
from campaigns.engine.marks import Phrase, gettext_noop
from campaigns.engine.selector import Selector, target_field
from campaigns.engine.work import Effect
from retail import money

if TYPE_CHECKING:
    from campaigns.engine.work import Work


@fields.declared
class OrderPercent(Benefit):
    """Percent off the sum of the target lines (default: the whole sale), rounded once, then allocated."""

    kind: ClassVar[str] = "order_percent"
    label: ClassVar[str] = gettext_noop("Percentage off the sale")
    doc: ClassVar[str] = gettext_noop(
        "Percent off the sum of the target lines, rounded once and allocated over them."
    )
    level: ClassVar[str] = "order"

    percent: int = fields.percent(label=gettext_noop("Percentage"), help=gettext_noop("From 0 to 100."))
    max_amount: int | None = fields.money(
        label=gettext_noop("At most (value)"),
        help=gettext_noop("The greatest discount of this benefit."),
        default=None,
    )
    target: Selector | None = target_field(help=gettext_noop("Empty means the whole sale."))

    def apply(self, work: "Work") -> Effect:
        positions = work.order_targets(self.target)
        total = money.percent_of(work.sum_of(work.base, positions), self.percent, work.scene.policy.rounding)
        if self.max_amount is not None:
            total = min(total, self.max_amount)
        return work.order_discount(self.kind, total, positions)

    def phrase(self) -> Phrase:
        return Phrase(gettext_noop("%(percent)s off the sale"), {"percent": ("percent", self.percent)})
