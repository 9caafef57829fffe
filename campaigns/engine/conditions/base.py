"""What every kind of condition offers."""

from typing import ClassVar

from campaigns.engine.fields import Field
from campaigns.engine.marks import Phrase
from campaigns.engine.scene import Scene
from campaigns.engine.selector import Selector
from campaigns.engine.verdict import Verdict

Term = tuple[str, str]


class Condition:
    """A leaf of a campaign's condition tree.

    A subclass is decorated with `fields.declared`, declares its arguments, and says what it is called (`label`), what
    it means in one line of documentation (`doc`) and with which codes it may refuse (`codes`).
    """

    __slots__ = ()

    kind: ClassVar[str]
    label: ClassVar[str]
    doc: ClassVar[str]
    codes: ClassVar[tuple[str, ...]]
    fields: ClassVar[tuple[Field, ...]] = ()
    optional_only: ClassVar[bool] = False  # allowed only on campaigns that the operator accepts

    @property
    def holds_by_any_line(self) -> bool:
        """True when it holds as soon as its selector finds a line."""
        return False

    def check(self, scene: Scene, campaign: str) -> Verdict:
        """Say whether it holds, for the campaign with this code. Never raises on missing data: unknown is not met."""
        raise NotImplementedError

    def selector(self) -> Selector | None:
        """Return the selector whose lines qualify because of this condition, for conditions on products."""
        return None

    def anchor(self, campaign: str) -> frozenset[Term] | None:
        """Return index terms of which a basket must have at least one, or None when any basket may satisfy it."""
        return None

    def phrase(self) -> Phrase:
        """Say in plain language what must hold."""
        raise NotImplementedError

    def faults(self) -> list[tuple[str, str, str]]:
        """Return what is wrong between the arguments, as `(field, code, message)`."""
        return []
