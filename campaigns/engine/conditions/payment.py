"""`payment`: the sale is paid with certain methods."""

from typing import ClassVar

from campaigns.engine import fields
from campaigns.engine.conditions.base import Condition
from campaigns.engine.marks import Phrase, gettext_noop
from campaigns.engine.scene import Scene
from campaigns.engine.verdict import SATISFIED, Unit, Verdict

MATCH_CHOICES = (
    ("any", gettext_noop("at least one of them")),
    ("all", gettext_noop("every one of them")),
)


@fields.declared
class Payment(Condition):
    """Methods are compared without regard to case. Without payments in the request it does not hold."""

    kind: ClassVar[str] = "payment"
    label: ClassVar[str] = gettext_noop("Payment")
    doc: ClassVar[str] = gettext_noop(
        "The sale is paid with at least one, or with every one, of these methods."
    )
    codes: ClassVar[tuple[str, ...]] = ("payment",)

    methods: tuple[str, ...] = fields.texts(
        label=gettext_noop("Payment methods"),
        help=gettext_noop("As the till names them, for example pix."),
        min_items=1,
    )
    match: str = fields.choice(
        MATCH_CHOICES,
        label=gettext_noop("The sale is paid with"),
        help=gettext_noop("One of the methods is enough, or all must be used."),
        default="any",
    )

    unpaid: Verdict = SATISFIED  # the answer while no payment is known: most evaluations come before it

    def __post_init__(self) -> None:
        unpaid = Verdict(
            satisfied=False, code="payment", required=self.methods, missing=self.methods, unit=Unit.TEXT
        )
        object.__setattr__(self, "unpaid", unpaid)

    def check(self, scene: Scene, campaign: str) -> Verdict:
        if not scene.basket.payments:
            return self.unpaid
        used = scene.methods
        absent = tuple(method for method in self.methods if method.casefold() not in used)
        if not absent if self.match == "all" else len(absent) < len(self.methods):
            return SATISFIED
        return Verdict(
            satisfied=False,
            code="payment",
            required=self.methods,
            actual=tuple(sorted(used)) or None,
            missing=absent,
            unit=Unit.TEXT,
        )

    def phrase(self) -> Phrase:
        if self.match == "all":
            return Phrase(gettext_noop("paid with all of %(methods)s"), {"methods": ("text", self.methods)})
        return Phrase(gettext_noop("paid with %(methods)s"), {"methods": ("text", self.methods)})
