"""`cashback`: credit for a later purchase."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from campaigns.engine import fields
from campaigns.engine.benefits.base import Benefit
from campaigns.engine.encoding import encode
from campaigns.engine.evaluation import CashbackEarned
from campaigns.engine.marks import Phrase, gettext_noop
from campaigns.engine.purchase import Reward
from campaigns.engine.shortfalls import too_little
from campaigns.engine.verdict import Verdict
from retail import money

if TYPE_CHECKING:
    from campaigns.engine.basket import Shopper
    from campaigns.engine.purchase import Purchase
    from campaigns.engine.work import Work

APPLY_CHOICES = (("sale", gettext_noop("the sale as a whole")), ("item", gettext_noop("each item")))
REMAINDER_CHOICES = (
    ("kept", gettext_noop("stays for later purchases")),
    ("forfeited", gettext_noop("is lost")),
)
TERMS = (
    "minimum_purchase",
    "max_percent",
    "apply_to",
    "accumulate",
    "average_price",
    "requires_review",
    "remainder",
)


@fields.declared
class Cashback(Benefit):
    """On what the customer pays for the qualifying lines; the redemption conditions travel with the credit."""

    kind: ClassVar[str] = "cashback"
    label: ClassVar[str] = gettext_noop("Cashback")
    doc: ClassVar[str] = gettext_noop(
        "Credit for a later purchase, on what is paid for the qualifying lines."
    )
    level: ClassVar[str] = "earning"
    needs_customer: ClassVar[bool] = True
    codes: ClassVar[tuple[str, ...]] = ("credit_open",)

    percent: int | None = fields.percent(
        label=gettext_noop("Percentage"), help=gettext_noop("Of what the customer pays."), default=None
    )
    amount: int | None = fields.money(
        label=gettext_noop("Value"),
        help=gettext_noop("A fixed credit instead of a percentage."),
        default=None,
    )
    every_amount: int | None = fields.money(
        label=gettext_noop("For each"),
        help=gettext_noop("The value again for each full amount."),
        default=None,
        minimum=1,
    )
    max_amount: int | None = fields.money(
        label=gettext_noop("At most (value)"),
        help=gettext_noop("The greatest credit of one sale."),
        default=None,
    )
    starts_at: datetime | None = fields.instant(
        label=gettext_noop("Redeem from"), help=gettext_noop("Not before this moment."), default=None
    )
    ends_at: datetime | None = fields.instant(
        label=gettext_noop("Redeem until"), help=gettext_noop("Expires then."), default=None
    )
    start_after_days: int = fields.integer(
        label=gettext_noop("Days until redemption"),
        help=gettext_noop("After the purchase, from the start of that day. 0: at once."),
        default=0,
        minimum=0,
        maximum=36_500,
    )
    valid_days: int | None = fields.integer(
        label=gettext_noop("Valid for (days)"),
        help=gettext_noop("After the purchase, to the end of that day."),
        default=None,
        maximum=36_500,
    )
    minimum_purchase: int | None = fields.money(
        label=gettext_noop("Smallest purchase"), help=gettext_noop("To redeem the credit."), default=None
    )
    max_percent: int | None = fields.percent(
        label=gettext_noop("Redeem at most (percentage)"),
        help=gettext_noop("Of the later sale."),
        default=None,
    )
    apply_to: str = fields.choice(
        APPLY_CHOICES, label=gettext_noop("Redeemed on"), help=gettext_noop("The later sale."), default="sale"
    )
    accumulate: bool = fields.boolean(
        label=gettext_noop("Accumulates"),
        help=gettext_noop("Off: no further credit while an earlier one of this campaign has not been used."),
        default=True,
    )
    average_price: bool = fields.boolean(
        label=gettext_noop("On the average price"),
        help=gettext_noop("When it is redeemed per item."),
        default=False,
    )
    requires_review: bool = fields.boolean(
        label=gettext_noop("After the review"),
        help=gettext_noop("Only once the survey is answered."),
        default=False,
    )
    remainder: str = fields.choice(
        REMAINDER_CHOICES,
        label=gettext_noop("What is not redeemed"),
        help=gettext_noop("In one sale."),
        default="kept",
    )

    def lacks(self, work: "Work") -> list[Verdict]:
        if self.waits(work.scene.shopper, work.campaign.code):
            return [Verdict(satisfied=False, code="credit_open")]
        return Benefit.lacks(self, work)

    def waits(self, shopper: "Shopper | None", campaign: str) -> bool:
        """Say whether an earlier credit has to be used first: one that does not accumulate stands alone."""
        return not self.accumulate and shopper is not None and campaign in shopper.open_credits

    def earn(self, purchase: "Purchase") -> Reward | None:
        if self.waits(purchase.scene.shopper, purchase.campaign):
            return None
        paid = purchase.paid()
        if self.percent is not None:
            amount = money.percent_of(paid, self.percent, purchase.scene.policy.rounding)
        else:
            times = paid // self.every_amount if self.every_amount else 1
            amount = (self.amount or 0) * times
        if self.max_amount is not None:
            amount = min(amount, self.max_amount)
        if amount <= 0:
            return None
        available = purchase.start_after(self.start_after_days)
        if self.starts_at is not None:
            available = max(available, self.starts_at)
        expiries = [] if self.ends_at is None else [self.ends_at]
        if self.valid_days is not None:
            expiries.append(purchase.end_after(self.valid_days))
        expires = min(expiries, default=None)
        if expires is not None and expires <= available:
            return None  # Nobody could ever redeem it, so nobody is told of it.
        return Reward(
            cashback=CashbackEarned(
                campaign=purchase.campaign,
                amount=amount,
                available_from=available,
                expires_at=expires,
                terms=self.terms(),
            )
        )

    def falls_short(self, work: "Work") -> list[Verdict]:
        paid = work.sum_of(work.left, work.qualifying)
        if self.every_amount is None or self.amount is None or paid >= self.every_amount:
            return []
        return [too_little(work.scene, work.qualifying, self.every_amount, paid)]

    def terms(self) -> dict[str, Any]:
        """Return the redemption conditions as the document writes them."""
        return {
            field.name: encode(field, getattr(self, field.name))
            for field in self.fields
            if field.name in TERMS
        }

    def phrase(self) -> Phrase:
        if self.percent is not None:
            return Phrase(gettext_noop("%(percent)s cashback"), {"percent": ("percent", self.percent)})
        params = {"amount": ("money", self.amount)}
        if self.every_amount is None:
            return Phrase(gettext_noop("%(amount)s cashback"), params)
        return Phrase(
            gettext_noop("%(amount)s cashback for each %(every)s"),
            {**params, "every": ("money", self.every_amount)},
        )

    def faults(self) -> list[tuple[str, str, str]]:
        found = []
        if (self.percent is None) == (self.amount is None):
            found.append(("percent", "exactly_one", gettext_noop("Give either a percentage or a value.")))
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            found.append(("ends_at", "empty_period", gettext_noop("Must be after the start.")))
        if self.valid_days is not None and self.valid_days < self.start_after_days:
            found.append(
                ("valid_days", "empty_period", gettext_noop("Must not end before redemption starts."))
            )
        return found
