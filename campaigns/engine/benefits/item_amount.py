"""`item_amount`: money off each unit, or once per line, of the target lines."""

from typing import TYPE_CHECKING, ClassVar

from campaigns.engine import fields
from campaigns.engine.benefits.base import Benefit
from campaigns.engine.marks import Phrase, gettext_noop
from campaigns.engine.selector import Selector, target_field
from campaigns.engine.work import Effect

if TYPE_CHECKING:
    from campaigns.engine.work import Work

PER_CHOICES = (("unit", gettext_noop("each unit")), ("line", gettext_noop("each line")))


@fields.declared
class ItemAmount(Benefit):
    """Money off, never below zero. On weighed goods an amount per unit counts by the quantity."""

    kind: ClassVar[str] = "item_amount"
    label: ClassVar[str] = gettext_noop("Value off products")
    doc: ClassVar[str] = gettext_noop(
        "Money off each unit, or once per line, of the target lines; never below zero."
    )
    level: ClassVar[str] = "item"

    amount: int = fields.money(label=gettext_noop("Value"), help=gettext_noop("Taken off the price."))
    per: str = fields.choice(
        PER_CHOICES,
        label=gettext_noop("For"),
        help=gettext_noop("Each unit, or each line once."),
        default="unit",
    )
    grant: str = fields.choice(
        fields.GRANT_CHOICES,
        label=gettext_noop("Applies to"),
        help=gettext_noop("Every unit, or only the dearest or the cheapest one."),
        default="all",
    )
    max_units: int | None = fields.integer(
        label=gettext_noop("At most (units)"),
        help=gettext_noop("The dearest units come first."),
        default=None,
    )
    max_units_per_line: int | None = fields.integer(
        label=gettext_noop("At most (units a line)"), help=gettext_noop("Units of one line."), default=None
    )
    target: Selector | None = target_field()

    def apply(self, work: "Work") -> Effect:
        picks = work.pick(work.targets(self.target), self.grant, self.max_units, self.max_units_per_line)
        parts = []
        for position, count in picks:
            wanted = self.amount if self.per == "line" else work.times_quantity(self.amount, position, count)
            parts.append((position, min(wanted, work.unit_share(position, count))))
        return Effect(self.kind, work.within_room(parts, picks), units=picks)

    def phrase(self) -> Phrase:
        params = {"amount": ("money", self.amount)}
        if self.grant == "highest":
            return Phrase(gettext_noop("%(amount)s off the dearest unit"), params)
        if self.grant == "lowest":
            return Phrase(gettext_noop("%(amount)s off the cheapest unit"), params)
        if self.per == "line":
            return Phrase(gettext_noop("%(amount)s off each line"), params)
        return Phrase(gettext_noop("%(amount)s off each unit"), params)
