"""`item_final_price`: each unit of the target lines costs a fixed price."""

from typing import TYPE_CHECKING, ClassVar

from campaigns.engine import fields
from campaigns.engine.benefits.base import Benefit
from campaigns.engine.marks import Phrase, gettext_noop
from campaigns.engine.selector import Selector, target_field
from campaigns.engine.work import Effect

if TYPE_CHECKING:
    from campaigns.engine.work import Work


@fields.declared
class ItemFinalPrice(Benefit):
    """Never more than what is left. On weighed goods it is the price per whole quantity."""

    kind: ClassVar[str] = "item_final_price"
    label: ClassVar[str] = gettext_noop("Final price of products")
    doc: ClassVar[str] = gettext_noop(
        "Each unit of the target lines costs this price, never more than today."
    )
    level: ClassVar[str] = "item"

    price: int = fields.money(label=gettext_noop("Final price"), help=gettext_noop("What one unit costs."))
    grant: str = fields.choice(
        fields.GRANT_CHOICES,
        label=gettext_noop("Applies to"),
        help=gettext_noop("Every unit, or only the dearest or the cheapest one."),
        default="all",
    )
    target: Selector | None = target_field()

    def apply(self, work: "Work") -> Effect:
        picks = work.pick(work.targets(self.target), self.grant)
        parts = [
            (position, work.unit_share(position, count) - work.times_quantity(self.price, position, count))
            for position, count in picks
        ]
        return Effect(self.kind, work.within_room(parts, picks), units=picks)

    def phrase(self) -> Phrase:
        params = {"price": ("money", self.price)}
        if self.grant == "highest":
            return Phrase(gettext_noop("the dearest unit for %(price)s"), params)
        if self.grant == "lowest":
            return Phrase(gettext_noop("the cheapest unit for %(price)s"), params)
        return Phrase(gettext_noop("each unit for %(price)s"), params)
