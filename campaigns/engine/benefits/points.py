"""`points`: points of a program, or a multiplier of those that it gives."""

from decimal import Decimal
from math import ceil
from typing import TYPE_CHECKING, ClassVar

from campaigns.engine import fields
from campaigns.engine.benefits.base import Benefit
from campaigns.engine.marks import Phrase, gettext_noop
from campaigns.engine.purchase import Purchase, Reward
from campaigns.engine.shortfalls import too_few, too_little, unpaid
from campaigns.engine.verdict import Verdict

if TYPE_CHECKING:
    from campaigns.engine.work import Work


@fields.declared
class Points(Benefit):
    """Fixed points (once, or for each full amount or number of units), or a multiplier; multipliers add."""

    kind: ClassVar[str] = "points"
    label: ClassVar[str] = gettext_noop("Points")
    doc: ClassVar[str] = gettext_noop(
        "Fixed points, or a multiplier on what the program gives; 2x and 3x give 4x."
    )
    level: ClassVar[str] = "earning"
    needs_customer: ClassVar[bool] = True

    program: str = fields.text(label=gettext_noop("Program"), help=gettext_noop("Its code."), minimum=1)
    fixed: Decimal | None = fields.decimal(
        label=gettext_noop("Points"), help=gettext_noop("A fixed number."), default=None, maximum=1_000_000
    )
    every_amount: int | None = fields.money(
        label=gettext_noop("For each value"),
        help=gettext_noop("Of the qualifying lines."),
        default=None,
        minimum=1,
    )
    every_quantity: Decimal | None = fields.quantity(
        label=gettext_noop("For each quantity"), help=gettext_noop("Of the qualifying lines."), default=None
    )
    methods: tuple[str, ...] = fields.texts(
        label=gettext_noop("Paid with"), help=gettext_noop("Only what these methods pay."), default=()
    )
    multiplier: Decimal | None = fields.decimal(
        label=gettext_noop("Multiplier"),
        help=gettext_noop("2 doubles the points of the sale."),
        default=None,
        minimum=1,
        maximum=1000,
    )

    def earn(self, purchase: "Purchase") -> Reward | None:
        points = self._points(purchase)
        if points <= 0:
            return None
        return Reward(program=self.program, points=points, of_sale=self.multiplier is not None)

    def _points(self, purchase: "Purchase") -> int:
        if self.multiplier is not None:
            extra = purchase.program_points(self.program) * int((self.multiplier - 1) * 10_000) // 10_000
            return purchase.whole_points(extra)
        fixed = int((self.fixed or 0) * 100)
        if self.every_amount is not None:
            amount = purchase.points_amount(purchase.qualifying)
            if self.methods:
                amount = min(amount, purchase.paid_with(self.methods))
            return purchase.step_points(amount, self.every_amount, fixed)
        if self.methods and not purchase.paid_with(self.methods):
            return 0
        if self.every_quantity is not None:
            quantity = sum((purchase.scene.lines[p].quantity for p in purchase.qualifying), Decimal())
            return purchase.whole_points(int(quantity // self.every_quantity) * fixed)
        return purchase.whole_points(fixed)

    def falls_short(self, work: "Work") -> list[Verdict]:
        if not self.fixed:
            return []
        purchase = Purchase(work.scene, work.campaign.code, work.qualifying, work.left)
        if self.methods and not purchase.paid_with(self.methods):
            return [unpaid(self.methods, work.scene.methods)]
        steps = purchase.steps_for_a_point(int(self.fixed * 100))
        if self.every_amount is not None:
            amount = purchase.points_amount(work.qualifying)
            needed = ceil(self.every_amount * steps)
            return [too_little(work.scene, work.qualifying, needed, amount)] if amount < needed else []
        if self.every_quantity is not None:
            quantity = work.quantity(work.qualifying)
            required = self.every_quantity * ceil(steps)
            return [too_few(work.scene, work.qualifying, required, quantity)] if quantity < required else []
        return []

    def phrase(self) -> Phrase:
        if self.multiplier is not None:
            return Phrase(
                gettext_noop("points times %(multiplier)s"), {"multiplier": ("quantity", self.multiplier)}
            )
        points = {"points": ("quantity", self.fixed)}
        if self.every_amount is not None:
            return Phrase(
                gettext_noop("%(points)s points for each %(every)s"),
                {**points, "every": ("money", self.every_amount)},
            )
        return Phrase(gettext_noop("%(points)s points"), points)

    def faults(self) -> list[tuple[str, str, str]]:
        found = []
        if (self.fixed is None) == (self.multiplier is None):
            found.append(("fixed", "exactly_one", gettext_noop("Give either fixed points or a multiplier.")))
        if self.every_amount is not None and self.every_quantity is not None:
            found.append(
                ("every_quantity", "not_allowed", gettext_noop("Give a value or a quantity, not both."))
            )
        return found
