"""`first_purchase`: the customer has not bought before."""

from typing import ClassVar

from campaigns.engine import fields
from campaigns.engine.basket import Shopper
from campaigns.engine.conditions.base import Condition
from campaigns.engine.marks import Phrase, gettext_noop
from campaigns.engine.scene import Scene
from campaigns.engine.verdict import CUSTOMER_REQUIRED, Unit, Verdict


@fields.declared
class FirstPurchase(Condition):
    """Company-wide; cancelled and wholly returned sales do not count. Anonymous or unknown is not eligible."""

    kind: ClassVar[str] = "first_purchase"
    label: ClassVar[str] = gettext_noop("First purchase")
    doc: ClassVar[str] = gettext_noop("It is the customer's first purchase in the company.")
    codes: ClassVar[tuple[str, ...]] = ("first_purchase", "customer_required")

    def check(self, scene: Scene, campaign: str) -> Verdict:
        shopper = scene.shopper
        if shopper is None:
            return CUSTOMER_REQUIRED
        return Verdict(
            satisfied=is_first(shopper),
            code="first_purchase",
            required=0,
            actual=shopper.previous_purchases,
            unit=Unit.COUNT,
        )

    def phrase(self) -> Phrase:
        return Phrase(gettext_noop("on the customer's first purchase"))


def is_first(shopper: Shopper) -> bool:
    if shopper.first_purchase is not None:
        return shopper.first_purchase
    return shopper.previous_purchases == 0
