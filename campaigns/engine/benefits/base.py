"""What every kind of benefit offers."""

from typing import TYPE_CHECKING, ClassVar

from campaigns.engine.fields import Field
from campaigns.engine.marks import Phrase

if TYPE_CHECKING:
    from campaigns.engine.work import Effect, Work


class Benefit:
    """What a campaign gives.

    A subclass is decorated with `fields.declared`, declares its arguments, and says what it is called (`label`), what it
    means in one line of documentation (`doc`) and on what it works: `level` is `item` (each product), `order` (the
    sale as a whole), `gift`, `earning` (value for a later purchase) or `delivery`.
    """

    __slots__ = ()

    kind: ClassVar[str]
    label: ClassVar[str]
    doc: ClassVar[str]
    level: ClassVar[str]
    fields: ClassVar[tuple[Field, ...]] = ()

    def apply(self, work: "Work") -> "Effect":
        """Return what it gives on what is left for this campaign. Changes nothing but `work`'s own bookkeeping."""
        raise NotImplementedError

    def phrase(self) -> Phrase:
        """Say in plain language what the customer gets."""
        raise NotImplementedError

    def faults(self) -> list[tuple[str, str, str]]:
        """Return what is wrong between the arguments, as `(field, code, message)`."""
        return []
