"""`voucher`: a voucher for a later purchase."""

from typing import TYPE_CHECKING, ClassVar

from campaigns.engine import fields
from campaigns.engine.benefits.base import Benefit
from campaigns.engine.benefits.tiers import Tier, first_step, reached, repeated_steps
from campaigns.engine.evaluation import VoucherEarned
from campaigns.engine.marks import Phrase, gettext_noop
from campaigns.engine.purchase import Reward
from campaigns.engine.shortfalls import too_little
from campaigns.engine.verdict import CUSTOMER_REQUIRED, Unit, Verdict
from retail import money

if TYPE_CHECKING:
    from campaigns.engine.purchase import Purchase
    from campaigns.engine.work import Work

BASE_CHOICES = (
    ("sale", gettext_noop("this sale")),
    ("period_turnover", gettext_noop("the customer's turnover in twelve months, without this sale")),
)


@fields.declared
class Voucher(Benefit):
    """A percentage, a value or tiers on the base; a base that is unknown gives nothing."""

    kind: ClassVar[str] = "voucher"
    label: ClassVar[str] = gettext_noop("Voucher")
    doc: ClassVar[str] = gettext_noop(
        "A voucher worth a percentage of the base, a value, or what the tier says."
    )
    level: ClassVar[str] = "earning"

    percent: int | None = fields.percent(
        label=gettext_noop("Percentage"), help=gettext_noop("Of the base."), default=None
    )
    amount: int | None = fields.money(
        label=gettext_noop("Value"), help=gettext_noop("A fixed value."), default=None
    )
    tiers: tuple[Tier, ...] = fields.objects(
        Tier,
        label=gettext_noop("Tiers"),
        help=gettext_noop("The highest one that the base reaches."),
        default=(),
    )
    base: str = fields.choice(
        BASE_CHOICES, label=gettext_noop("Base"), help=gettext_noop("What is measured."), default="sale"
    )
    valid_days: int | None = fields.integer(
        label=gettext_noop("Valid for (days)"),
        help=gettext_noop("After the purchase, to the end of that day. Empty means without end."),
        default=None,
        maximum=36_500,
    )

    def lacks(self, work: "Work") -> list[Verdict]:
        lowest = first_step(self.tiers)
        if self.base == "sale":
            paid = work.sum_of(work.left, work.qualifying)
            short = lowest is not None and paid < lowest
            return [too_little(work.scene, work.qualifying, lowest or 0, paid)] if short else []
        shopper = work.scene.shopper
        if shopper is None:
            return [CUSTOMER_REQUIRED]
        if lowest is None or (shopper.turnover is not None and shopper.turnover >= lowest):
            return []
        return [self._low_turnover(lowest, shopper.turnover)]

    def _low_turnover(self, lowest: int, turnover: int | None) -> Verdict:
        return Verdict(
            satisfied=False,
            code="customer_turnover",
            required=lowest,
            actual=turnover,
            missing=None if turnover is None else lowest - turnover,
            unit=Unit.MONEY,
            subject="gte",
        )

    def earn(self, purchase: "Purchase") -> Reward | None:
        base: int | None = purchase.paid()
        if self.base == "period_turnover":
            shopper = purchase.scene.shopper
            base = None if shopper is None else shopper.turnover
        if base is None:
            return None
        tier = reached(self.tiers, money.to_decimal(base)) if self.tiers else None
        percent, amount = (tier.percent, tier.amount) if tier else (self.percent, self.amount)
        if percent is not None:
            amount = money.percent_of(base, percent, purchase.scene.policy.rounding)
        if not amount:
            return None
        until = None if self.valid_days is None else purchase.end_after(self.valid_days)
        return Reward(voucher=VoucherEarned(campaign=purchase.campaign, amount=amount, valid_until=until))

    def phrase(self) -> Phrase:
        if self.percent is not None:
            return Phrase(gettext_noop("a voucher of %(percent)s"), {"percent": ("percent", self.percent)})
        if self.amount is not None:
            return Phrase(gettext_noop("a voucher of %(amount)s"), {"amount": ("money", self.amount)})
        return Phrase(gettext_noop("a voucher by tiers"))

    def faults(self) -> list[tuple[str, str, str]]:
        given = (self.percent is not None) + (self.amount is not None) + bool(self.tiers)
        if given != 1:
            return [("percent", "exactly_one", gettext_noop("Give a percentage, a value or tiers."))]
        return repeated_steps(self.tiers)
