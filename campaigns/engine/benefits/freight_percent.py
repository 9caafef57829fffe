"""`freight_percent`: a percentage off the delivery fee."""

from typing import TYPE_CHECKING, ClassVar

from campaigns.engine import fields
from campaigns.engine.benefits.base import Benefit
from campaigns.engine.marks import Phrase, gettext_noop
from campaigns.engine.work import Effect
from retail import money

if TYPE_CHECKING:
    from campaigns.engine.work import Work


@fields.declared
class FreightPercent(Benefit):
    """Stands beside the totals: no part of the sale's discount."""

    kind: ClassVar[str] = "freight_percent"
    label: ClassVar[str] = gettext_noop("Percentage off the delivery fee")
    doc: ClassVar[str] = gettext_noop("Percent off the delivery fee, shown beside the totals.")
    level: ClassVar[str] = "delivery"

    percent: int = fields.percent(
        label=gettext_noop("Percentage"), help=gettext_noop("100 is free delivery.")
    )

    def apply(self, work: "Work") -> Effect:
        effect = Effect(self.kind)
        effect.freight = money.percent_of(work.fee, self.percent, work.scene.policy.rounding)
        return effect

    def phrase(self) -> Phrase:
        return Phrase(
            gettext_noop("%(percent)s off the delivery fee"), {"percent": ("percent", self.percent)}
        )
