"""`issue_code`: a promotional code for a later purchase."""

from typing import TYPE_CHECKING, ClassVar

from campaigns.engine import fields
from campaigns.engine.benefits.base import Benefit
from campaigns.engine.evaluation import CodeEarned
from campaigns.engine.marks import Phrase, gettext_noop
from campaigns.engine.purchase import Reward
from campaigns.engine.selector import Selector, target_field

if TYPE_CHECKING:
    from campaigns.engine.purchase import Purchase


BENEFIT_CHOICES = (
    ("order_percent", gettext_noop("percentage off the sale")),
    ("order_amount", gettext_noop("value off the sale")),
    ("item_percent", gettext_noop("percentage off products")),
    ("item_amount", gettext_noop("value off products")),
)


@fields.declared
class Promise:
    """What the code is announced to give. The campaign that its pool opens gives it."""

    kind: str = fields.choice(BENEFIT_CHOICES, label=gettext_noop("Benefit"))
    percent: int | None = fields.percent(label=gettext_noop("Percentage"), default=None)
    amount: int | None = fields.money(label=gettext_noop("Value"), default=None)
    target: Selector | None = target_field()

    def faults(self) -> list[tuple[str, str, str]]:
        wanted, other = ("percent", "amount") if self.kind.endswith("percent") else ("amount", "percent")
        found = []
        if getattr(self, wanted) is None:
            found.append((wanted, "required", gettext_noop("This field is required.")))
        if getattr(self, other) is not None:
            found.append((other, "not_allowed", gettext_noop("This benefit does not take this.")))
        return found


@fields.declared
class IssueCode(Benefit):
    """The code itself is drawn when the sale is committed. What it gives is up to the campaign that its pool opens."""

    kind: ClassVar[str] = "issue_code"
    label: ClassVar[str] = gettext_noop("Promotional code for later")
    doc: ClassVar[str] = gettext_noop("A code of the pool, valid so many days, for a later purchase.")
    level: ClassVar[str] = "earning"

    pool: str = fields.text(
        label=gettext_noop("Code pool"), help=gettext_noop("Where it is taken from."), minimum=1
    )
    valid_days: int | None = fields.integer(
        label=gettext_noop("Valid for (days)"),
        help=gettext_noop("After the purchase, to the end of that day. Empty: as the pool says."),
        default=None,
        maximum=36_500,
    )
    benefit: Promise | None = fields.record(
        Promise,
        label=gettext_noop("What it gives"),
        help=gettext_noop("A note for customers; the campaign of the pool decides."),
        default=None,
    )

    def earn(self, purchase: "Purchase") -> Reward | None:
        until = None if self.valid_days is None else purchase.end_after(self.valid_days)
        return Reward(code=CodeEarned(campaign=purchase.campaign, pool=self.pool, valid_until=until))

    def phrase(self) -> Phrase:
        return Phrase(gettext_noop("a promotional code for a later purchase"))
