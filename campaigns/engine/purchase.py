"""What earning benefits look at: the sale as the customer pays it, after every discount."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from msgspec import Struct

from campaigns.engine.basket import Program
from campaigns.engine.evaluation import CashbackEarned, CodeEarned, VoucherEarned
from campaigns.engine.scene import Scene
from loyalty import rules
from retail import money


class Reward(Struct, frozen=True, kw_only=True):
    """What one benefit credits. Points are in hundredths; `of_sale`: for the whole sale, not the qualifying lines alone."""

    cashback: CashbackEarned | None = None
    code: CodeEarned | None = None
    voucher: VoucherEarned | None = None
    program: str = ""
    points: int = 0
    of_sale: bool = False


class Purchase:
    """One campaign's view of the paid sale. `campaign` is its code, `due` is what each line costs after everything but redemption."""

    __slots__ = ("campaign", "due", "qualifying", "scene")

    def __init__(self, scene: Scene, campaign: str, qualifying: Sequence[int], due: Sequence[int]) -> None:
        self.scene = scene
        self.campaign = campaign
        self.qualifying = qualifying
        self.due = due

    def paid(self) -> int:
        """Return what the customer pays for the qualifying lines."""
        due = self.due
        return sum([due[p] for p in self.qualifying])

    def paid_with(self, methods: Sequence[str]) -> int:
        """Return what these payment methods pay of the qualifying lines. One without an amount pays what is left to pay."""
        wanted = {method.casefold() for method in methods}
        payments = self.scene.basket.payments
        given = sum([p.amount or 0 for p in payments if p.method.casefold() in wanted])
        if any(p.amount is None and p.method.casefold() in wanted for p in payments):
            left = sum(self.due) - self.scene.redeemed
            given += max(0, left - sum([p.amount or 0 for p in payments]))
        return min(given, self.paid())

    def points_amount(self, positions: Sequence[int]) -> int:
        """Return the amount on which points are earned (the policy's points_base)."""
        amounts = self.due if self.scene.policy.points_base == "after_discounts" else self.scene.gross
        return sum([amounts[p] for p in positions])

    def step_points(self, amount: int, per_amount: int, points: int) -> int:
        """Return hundredths of points for an amount, at `points` for each `per_amount` (policy points_rounding)."""
        match self.scene.policy.points_rounding:
            case "half_up":
                return money.divide(amount * points, per_amount * 100) * 100
            case "fraction":
                return money.divide(amount * points, per_amount)
        return self.whole_points(amount // per_amount * points)

    def whole_points(self, points: int) -> int:
        """Return hundredths without a fraction of a point, as the policy rounds, unless it keeps fractions."""
        match self.scene.policy.points_rounding:
            case "half_up":
                return money.divide(points, 100) * 100
            case "fraction":
                return points
        return points // 100 * 100

    def steps_for_a_point(self, points: int) -> Fraction:
        """Return how many steps of so many hundredths of points give at least something, as the policy rounds."""
        match self.scene.policy.points_rounding:
            case "half_up":
                return Fraction(50, points)
            case "fraction":
                return Fraction(1, 2 * points)
        return Fraction(-(-100 // points))

    def program_points(self, program: str) -> int:
        """Return the hundredths of points that a program gives for this sale by itself."""
        for known in self.scene.around.programs:
            if known.code == program and known.points is not None and known.per_amount:
                amount = self.points_amount(self.earning_positions(known))
                return self.step_points(amount, known.per_amount, int(known.points * 100))
        return 0

    def earning_positions(self, program: Program) -> Sequence[int]:
        """Return the lines that a program's own rule counts: all, or those that nothing was taken off."""
        scene = self.scene
        if program.earns_on_discounted:
            return scene.positions
        return [p for p in scene.positions if scene.fresh[p] and self.due[p] >= scene.abated[p]]

    def start_after(self, days: int) -> datetime:
        """Return the start of the store's day so many days later; with 0, this moment."""
        zone = self.scene.around.store.timezone
        return rules.start_after(self.scene.local, days, zone).astimezone(zone)

    def end_after(self, days: int) -> datetime:
        """Return the end of the store's day so many days later: the first instant of the next one."""
        zone = self.scene.around.store.timezone
        return rules.end_after(self.scene.local, days, zone).astimezone(zone)


def points_text(hundredths: int) -> Decimal:
    """Return points as a Decimal."""
    return Decimal(hundredths).scaleb(-2)
