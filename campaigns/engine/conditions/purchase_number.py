"""`purchase_number`: this would be the customer's n-th purchase."""

from typing import ClassVar

from campaigns.engine import fields
from campaigns.engine.conditions.base import Condition
from campaigns.engine.marks import Phrase, gettext_noop
from campaigns.engine.scene import Scene
from campaigns.engine.verdict import CUSTOMER_REQUIRED, Unit, Verdict


@fields.declared
class PurchaseNumber(Condition):
    """Counts as `first_purchase` does: company-wide, completed sales."""

    kind: ClassVar[str] = "purchase_number"
    label: ClassVar[str] = gettext_noop("Purchase number")
    doc: ClassVar[str] = gettext_noop("This sale would be the customer's n-th purchase.")
    codes: ClassVar[tuple[str, ...]] = ("purchase_number", "customer_required")

    number: int = fields.integer(
        label=gettext_noop("Number"), help=gettext_noop("5 means the fifth purchase.")
    )

    def check(self, scene: Scene, campaign: str) -> Verdict:
        shopper = scene.shopper
        if shopper is None:
            return CUSTOMER_REQUIRED
        previous = shopper.previous_purchases
        if previous is None and shopper.first_purchase:
            previous = 0
        actual = None if previous is None else previous + 1
        return Verdict(
            satisfied=actual == self.number,
            code="purchase_number",
            required=self.number,
            actual=actual,
            missing=self.number - actual if actual is not None and actual < self.number else None,
            unit=Unit.COUNT,
        )

    def phrase(self) -> Phrase:
        return Phrase(
            gettext_noop("on the customer's purchase number %(number)s"), {"number": ("count", self.number)}
        )
