"""`item_percent`: a percentage off each target line."""

from typing import TYPE_CHECKING, ClassVar

from campaigns.engine import fields
from campaigns.engine.benefits.base import Benefit
from campaigns.engine.marks import Phrase, gettext_noop
from campaigns.engine.selector import Selector, target_field
from campaigns.engine.work import Effect

if TYPE_CHECKING:
    from campaigns.engine.work import Work


@fields.declared
class ItemPercent(Benefit):
    """Percent off the target lines, or off one unit of them."""

    kind: ClassVar[str] = "item_percent"
    label: ClassVar[str] = gettext_noop("Percentage off products")
    doc: ClassVar[str] = gettext_noop("Percent off each target line, rounded line by line.")
    level: ClassVar[str] = "item"

    percent: int = fields.percent(label=gettext_noop("Percentage"), help=gettext_noop("From 0 to 100."))
    grant: str = fields.choice(
        fields.GRANT_CHOICES,
        label=gettext_noop("Applies to"),
        help=gettext_noop("Every unit, or only the dearest or the cheapest one."),
        default="all",
    )
    max_amount: int | None = fields.money(
        label=gettext_noop("At most (value)"),
        help=gettext_noop("The greatest discount of this benefit."),
        default=None,
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
        parts = work.within_room(work.percent_parts(picks, self.percent), picks)
        if self.max_amount is not None:
            parts = work.cap(parts, self.max_amount)
        return Effect(self.kind, parts, units=picks)

    def phrase(self) -> Phrase:
        if self.grant == "highest":
            return Phrase(
                gettext_noop("%(percent)s off the dearest unit"), {"percent": ("percent", self.percent)}
            )
        if self.grant == "lowest":
            return Phrase(
                gettext_noop("%(percent)s off the cheapest unit"), {"percent": ("percent", self.percent)}
            )
        return Phrase(gettext_noop("%(percent)s off each product"), {"percent": ("percent", self.percent)})
