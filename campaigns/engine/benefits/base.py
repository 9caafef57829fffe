"""What every kind of benefit offers."""

from typing import TYPE_CHECKING, ClassVar

from campaigns.engine.fields import Field
from campaigns.engine.marks import Phrase
from campaigns.engine.shortfalls import absent
from campaigns.engine.verdict import CUSTOMER_REQUIRED, Verdict
from campaigns.engine.work import Effect

if TYPE_CHECKING:
    from campaigns.engine.purchase import Purchase, Reward
    from campaigns.engine.work import Work


class Benefit:
    """What a campaign gives.

    A subclass is decorated with `fields.declared`, declares its arguments, and says what it is called (`label`), what
    it means in one line of documentation (`doc`) and on what it works: `level` is `item` (each product), `order` (the
    sale as a whole), `delivery`, `gift` or `earning` (value for a later purchase). A benefit of level `earning`
    implements `earn`, all others `apply`.
    """

    __slots__ = ()

    kind: ClassVar[str]
    label: ClassVar[str]
    doc: ClassVar[str]
    level: ClassVar[str]
    fields: ClassVar[tuple[Field, ...]] = ()
    needs_customer: ClassVar[bool] = False
    codes: ClassVar[tuple[str, ...]] = ()  # reasons of its own for giving nothing

    def stage(self) -> str:
        """Return the level on which it works with these arguments."""
        return self.level

    def lacks(self, work: "Work") -> list[Verdict]:
        """Return all that is missing before it can give anything in this sale; empty when it is not for want of something.

        Asked only of a benefit that came to nothing. `work.left` is what each line comes to when its turn comes: for a
        benefit of level `earning`, what the customer pays.
        """
        if self.needs_customer and work.scene.shopper is None:
            return [CUSTOMER_REQUIRED]
        target = getattr(self, "target", None)
        if target is not None and not work.scene.select(target):
            return [absent(target)]
        return self.falls_short(work)

    def falls_short(self, work: "Work") -> list[Verdict]:
        """Return which quantity or amount is missing, of lines that are there."""
        return []

    def apply(self, work: "Work") -> Effect:
        """Return what it gives on what is left for this campaign. Changes nothing."""
        return Effect(self.kind)

    def earn(self, purchase: "Purchase") -> "Reward | None":
        """Return what it credits for a later purchase, None for nothing. Called after all discounts."""
        return None

    def phrase(self) -> Phrase:
        """Say in plain language what the customer gets."""
        raise NotImplementedError

    def faults(self) -> list[tuple[str, str, str]]:
        """Return what is wrong between the arguments, as `(field, code, message)`."""
        return []
