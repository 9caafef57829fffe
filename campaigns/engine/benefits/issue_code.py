"""`issue_code`: a promotional code for a later purchase."""

from typing import TYPE_CHECKING, ClassVar

from campaigns.engine import fields
from campaigns.engine.benefits.base import Benefit
from campaigns.engine.evaluation import CodeEarned
from campaigns.engine.marks import Phrase, gettext_noop
from campaigns.engine.purchase import Reward

if TYPE_CHECKING:
    from campaigns.engine.purchase import Purchase


@fields.declared
class IssueCode(Benefit):
    """The code itself is drawn when the sale is committed."""

    kind: ClassVar[str] = "issue_code"
    label: ClassVar[str] = gettext_noop("Promotional code for later")
    doc: ClassVar[str] = gettext_noop("A code of the pool, valid so many days, for a later purchase.")
    level: ClassVar[str] = "earning"

    pool: str = fields.text(
        label=gettext_noop("Code pool"), help=gettext_noop("Where it is taken from."), minimum=1
    )
    valid_days: int | None = fields.integer(
        label=gettext_noop("Valid for (days)"),
        help=gettext_noop("Empty means without end."),
        default=None,
        maximum=36_500,
    )

    def earn(self, purchase: "Purchase") -> Reward | None:
        until = None if self.valid_days is None else purchase.days_later(self.valid_days)
        return Reward(code=CodeEarned(campaign=purchase.campaign, pool=self.pool, valid_until=until))

    def phrase(self) -> Phrase:
        return Phrase(gettext_noop("a promotional code for a later purchase"))
