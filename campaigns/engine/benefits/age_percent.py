"""`age_percent`: the customer's age as a percentage."""

from typing import TYPE_CHECKING, ClassVar

from campaigns.engine import fields
from campaigns.engine.benefits.base import Benefit
from campaigns.engine.conditions.customer import attribute_of
from campaigns.engine.marks import Phrase, gettext_noop
from campaigns.engine.verdict import CUSTOMER_REQUIRED, Verdict
from campaigns.engine.work import Effect
from retail import money

if TYPE_CHECKING:
    from campaigns.engine.work import Work


@fields.declared
class AgePercent(Benefit):
    """Percent off the sale equal to the shopper's age, at most `max_percent` and 100. Unknown age gives nothing."""

    kind: ClassVar[str] = "age_percent"
    label: ClassVar[str] = gettext_noop("Age as a percentage")
    doc: ClassVar[str] = gettext_noop("Percent off the sale equal to the customer's age, capped.")
    level: ClassVar[str] = "order"

    max_percent: int | None = fields.percent(
        label=gettext_noop("At most (percentage)"), help=gettext_noop("Empty means 100."), default=None
    )

    def lacks(self, work: "Work") -> list[Verdict]:
        scene = work.scene
        if scene.shopper is None:
            return [CUSTOMER_REQUIRED]
        known = attribute_of(scene.shopper, "age", scene.today) is not None
        return [] if known else [Verdict(satisfied=False, code="birth_date_required")]

    def apply(self, work: "Work") -> Effect:
        shopper = work.scene.shopper
        age = None if shopper is None else attribute_of(shopper, "age", work.scene.today)
        if age is None:
            return Effect(self.kind)
        percent = min(age * 10_000, money.MILLION if self.max_percent is None else self.max_percent)
        positions = work.order_targets(None)
        base = sum([work.base[p] for p in positions])
        total = money.percent_of(base, percent, work.scene.policy.rounding)
        return work.order_discount(self.kind, total, positions)

    def phrase(self) -> Phrase:
        if self.max_percent is None:
            return Phrase(gettext_noop("the customer's age as a percentage off the sale"))
        return Phrase(
            gettext_noop("the customer's age as a percentage off the sale, at most %(percent)s"),
            {"percent": ("percent", self.max_percent)},
        )
