"""`agenda`: the shopper has an appointment with a seller."""

from typing import ClassVar

from campaigns.engine import fields
from campaigns.engine.conditions.base import Condition
from campaigns.engine.marks import Phrase, gettext_noop
from campaigns.engine.scene import Scene
from campaigns.engine.verdict import CUSTOMER_REQUIRED, Verdict


@fields.declared
class Agenda(Condition):
    """Only on optional campaigns: the operator confirms what the agenda says."""

    kind: ClassVar[str] = "agenda"
    label: ClassVar[str] = gettext_noop("Seller's agenda")
    doc: ClassVar[str] = gettext_noop("The customer has a clienteling appointment; optional campaigns only.")
    codes: ClassVar[tuple[str, ...]] = ("agenda", "customer_required")
    optional_only: ClassVar[bool] = True

    def check(self, scene: Scene, campaign: str) -> Verdict:
        if scene.shopper is None:
            return CUSTOMER_REQUIRED
        return Verdict(satisfied=scene.shopper.agenda, code="agenda")

    def phrase(self) -> Phrase:
        return Phrase(gettext_noop("for customers in the sellers' agenda"))
