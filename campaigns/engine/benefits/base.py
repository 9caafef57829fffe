"""What every kind of benefit offers."""

from typing import TYPE_CHECKING, ClassVar

from campaigns.engine.fields import Field
from campaigns.engine.marks import Phrase
from campaigns.engine.work import Effect

if TYPE_CHECKING:
    from campaigns.engine.purchase import Purchase, Reward
    from campaigns.engine.scene import Scene
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

    def lacks(self, scene: "Scene", campaign: str) -> str:
        """Return the code of what keeps it from giving anything in this sale; empty when nothing does. `campaign` is its own code."""
        return "customer_required" if self.needs_customer and scene.shopper is None else ""

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
