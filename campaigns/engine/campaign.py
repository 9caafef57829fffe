"""A campaign as its document says it: fields, limits, schedule and condition tree."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from campaigns.engine import fields
from campaigns.engine.benefits.base import Benefit
from campaigns.engine.conditions.base import Condition
from campaigns.engine.fields import Field
from campaigns.engine.marks import gettext_noop

EXCHANGE_CHOICES = (
    ("block", gettext_noop("does not activate")),
    ("net", gettext_noop("on the value after the exchange")),
    ("original", gettext_noop("on the original prices")),
    ("gross", gettext_noop("on the value before the exchange")),
)
SCOPE_CHOICES = (
    ("total", gettext_noop("all customers together")),
    ("customer", gettext_noop("each customer")),
    ("store", gettext_noop("each store")),
    ("code", gettext_noop("each promotional code")),
)
COUNTS_CHOICES = (("sale", gettext_noop("sales")), ("item", gettext_noop("items")))
PER_CHOICES = (
    ("campaign", gettext_noop("whole campaign")),
    ("day", gettext_noop("day")),
    ("week", gettext_noop("week")),
    ("month", gettext_noop("month")),
    ("year", gettext_noop("year")),
)
BASIS_CHOICES = (
    ("original", gettext_noop("before any campaign's discount")),
    ("running", gettext_noop("on what earlier campaigns left")),
)
STOP_CHOICES = (
    ("none", gettext_noop("later campaigns go on")),
    ("basket", gettext_noop("no later campaign applies")),
    ("lines", gettext_noop("no later campaign applies to the same lines")),
)


@fields.declared
class Limit:
    """At most `max` sales or items of one scope in each window. Weeks start on Monday, windows are local."""

    scope: str = fields.choice(
        SCOPE_CHOICES, label=gettext_noop("Limit for"), help=gettext_noop("Whose uses are counted together.")
    )
    counts: str = fields.choice(
        COUNTS_CHOICES,
        label=gettext_noop("Counts"),
        help=gettext_noop("Sales in which the campaign activates, or items that it discounts."),
        default="sale",
    )
    max: int = fields.integer(
        label=gettext_noop("At most"), help=gettext_noop("The last use that is granted.")
    )
    per: str = fields.choice(
        PER_CHOICES,
        label=gettext_noop("Per"),
        help=gettext_noop("When the count starts again."),
        default="campaign",
    )


@fields.declared
class Schedule:
    """Days and hours in the store's time zone. A period that passes midnight belongs to the day on which it began."""

    weekdays: tuple[int, ...] = fields.declare(
        "list",
        item=Field(type="integer", label=gettext_noop("Weekday"), minimum=1, maximum=7),
        label=gettext_noop("Weekdays"),
        help=gettext_noop("1 is Monday, 7 is Sunday. None means every day."),
        default=(),
    )
    from_: time | None = fields.declare(
        "time",
        label=gettext_noop("From"),
        help=gettext_noop("Local time at which the campaign opens each day."),
        default=None,
    )
    until: time | None = fields.declare(
        "time",
        label=gettext_noop("Until"),
        help=gettext_noop("Local time at which it closes; earlier than From means the next day."),
        default=None,
    )

    def faults(self) -> list[tuple[str, str, str]]:
        if self.from_ is not None and self.from_ == self.until:
            return [("until", "empty_period", gettext_noop("Must differ from the opening time."))]
        return []

    def is_open(self, local: datetime) -> bool:
        """Say whether it is open at a local time."""
        now, today = local.time(), local.isoweekday()
        days = self.weekdays or (1, 2, 3, 4, 5, 6, 7)
        opens, closes = self.from_, self.until
        if opens is not None and closes is not None and opens > closes:
            yesterday = (local - timedelta(days=1)).isoweekday()
            return (now >= opens and today in days) or (now < closes and yesterday in days)
        return today in days and (opens is None or now >= opens) and (closes is None or now < closes)


@dataclass(frozen=True, slots=True)
class Group:
    """A node of the condition tree: `all` or `any` of its children."""

    operator: str
    children: tuple["Group | Condition", ...]


Node = Group | Condition


@fields.declared
class Campaign:
    """A campaign as its document says it. `revision` is the caller's mark of where the document is kept."""

    code: str = fields.declare(
        "code", label=gettext_noop("Code"), help=gettext_noop("Unique and permanent, for example INVERNO10.")
    )
    name: str = fields.text(
        label=gettext_noop("Name"), help=gettext_noop("Used to find the campaign."), minimum=1
    )
    description: str = fields.text(
        label=gettext_noop("Description"),
        help=gettext_noop("Shown at the till when the campaign activates."),
        default="",
        maximum=2000,
    )
    category: str = fields.text(
        label=gettext_noop("Category"), help=gettext_noop("A filter for lists and reports."), default=""
    )
    audience: str = fields.text(
        label=gettext_noop("Target public"), help=gettext_noop("A note; it changes nothing."), default=""
    )
    channels: tuple[str, ...] = fields.texts(
        label=gettext_noop("Channels"), help=gettext_noop("Where it is announced; a note."), default=()
    )
    priority: int = fields.integer(
        label=gettext_noop("Priority"),
        help=gettext_noop("0 applies first. Campaigns of one priority compute on the same prices."),
        default=0,
        minimum=0,
        maximum=100_000,
    )
    starts_at: datetime | None = fields.instant(
        label=gettext_noop("Starts"), help=gettext_noop("The moment from which it holds."), default=None
    )
    ends_at: datetime | None = fields.instant(
        label=gettext_noop("Ends"),
        help=gettext_noop("The first moment at which it no longer holds."),
        default=None,
    )
    schedule: Schedule | None = fields.record(
        Schedule,
        label=gettext_noop("Days and hours"),
        help=gettext_noop("Happy hours; empty is always."),
        default=None,
    )
    stores: tuple[str, ...] = fields.texts(
        label=gettext_noop("Stores"),
        help=gettext_noop("Store codes, or grouping:name. None means every store."),
        default=(),
    )
    operations: tuple[str, ...] = fields.texts(
        label=gettext_noop("Sale categories"),
        help=gettext_noop("For example sale, employee_sale, clearance_sale. None means every category."),
        default=(),
    )
    exclusive: bool = fields.boolean(
        label=gettext_noop("Not cumulative"),
        help=gettext_noop("When it activates, no other campaign does."),
        default=False,
    )
    optional: bool = fields.boolean(
        label=gettext_noop("Optional"),
        help=gettext_noop("Applies only when the operator accepts it."),
        default=False,
    )
    requires_consent: str | None = fields.text(
        label=gettext_noop("Requires consent"),
        help=gettext_noop("Only customers who agreed to this purpose, for example promotions."),
        default=None,
    )
    exchange: str = fields.choice(
        EXCHANGE_CHOICES,
        label=gettext_noop("Sales with exchange"),
        help=gettext_noop("What happens when the customer gives back items in the same sale."),
        default="block",
    )
    conditions: Node | None = fields.declare(
        "tree",
        label=gettext_noop("Rules"),
        help=gettext_noop("What must hold; none means everyone."),
        default=None,
    )
    minimum_quantity: Decimal | None = fields.quantity(
        label=gettext_noop("Minimum quantity"),
        help=gettext_noop("Of the products that qualify."),
        default=None,
    )
    minimum_amount: int | None = fields.money(
        label=gettext_noop("Minimum value"),
        help=gettext_noop("At least this, on what qualifies."),
        default=None,
    )
    maximum_amount: int | None = fields.money(
        label=gettext_noop("Maximum value"),
        help=gettext_noop("At most this, on what qualifies."),
        default=None,
    )
    threshold_basis: str = fields.choice(
        BASIS_CHOICES,
        label=gettext_noop("Thresholds are tested"),
        help=gettext_noop("Before any discount, or on what is left when its turn comes."),
        default="original",
    )
    limits: tuple[Limit, ...] = fields.objects(
        Limit, label=gettext_noop("Limits"), help=gettext_noop("How often it may be used."), default=()
    )
    budget: int | None = fields.money(
        label=gettext_noop("Budget"),
        help=gettext_noop("The greatest total discount; it ends there."),
        default=None,
    )
    benefits: tuple[Benefit, ...] = fields.declare(
        "benefits",
        label=gettext_noop("Benefits"),
        help=gettext_noop("What the customer gets, in this order."),
    )
    skip_discounted: bool = fields.boolean(
        label=gettext_noop("Skip discounted products"),
        help=gettext_noop("Products already marked down or discounted do not qualify."),
        default=False,
    )
    stop_further: str = fields.choice(
        STOP_CHOICES,
        label=gettext_noop("After it"),
        help=gettext_noop("Whether campaigns of later priority still apply."),
        default="none",
    )
    combinable_order_discount: bool = fields.boolean(
        label=gettext_noop("Combines with other sale discounts"),
        help=gettext_noop("Otherwise only the first sale-wide discount by priority is given."),
        default=True,
    )
    revision: Any = None

    def faults(self) -> list[tuple[str, str, str]]:
        found = []
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            found.append(("ends_at", "empty_period", gettext_noop("Must be after the start.")))
        lowest, highest = self.minimum_amount, self.maximum_amount
        if lowest is not None and highest is not None and highest < lowest:
            found.append(
                ("maximum_amount", "empty_range", gettext_noop("Must not be below the minimum value."))
            )
        if not self.optional:
            found += [
                ("conditions", "optional_only", gettext_noop("This rule works only on optional campaigns."))
                for condition in leaves(self.conditions)
                if condition.optional_only
            ][:1]
        return found


def leaves(node: Node | None) -> list[Condition]:
    """Return the conditions of a tree, in document order."""
    if node is None:
        return []
    if isinstance(node, Group):
        return [leaf for child in node.children for leaf in leaves(child)]
    return [node]


CAMPAIGN_FIELDS: tuple[Field, ...] = fields.declared_fields(Campaign)
