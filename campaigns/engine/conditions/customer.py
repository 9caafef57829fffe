"""`customer`: compares an attribute or a metric of the customer."""

import re
from datetime import date
from typing import Any, ClassVar

from campaigns.engine import fields
from campaigns.engine.basket import Shopper
from campaigns.engine.conditions.base import Condition
from campaigns.engine.conditions.birthday import age_on
from campaigns.engine.marks import Phrase, gettext_noop
from campaigns.engine.scene import Scene
from campaigns.engine.verdict import CUSTOMER_REQUIRED, Unit, Verdict
from retail import money

ATTRIBUTE_CHOICES = (
    ("document", gettext_noop("document")),
    ("age", gettext_noop("age")),
    ("sex", gettext_noop("sex")),
    ("groupings", gettext_noop("customer grouping")),
    ("level", gettext_noop("loyalty level")),
    ("loyalty_category", gettext_noop("loyalty category")),
    ("turnover", gettext_noop("turnover in twelve months")),
    ("visits", gettext_noop("visits in twelve months")),
    ("last_purchase_days", gettext_noop("days since the last purchase")),
)
OPERATOR_CHOICES = (
    ("eq", gettext_noop("is")),
    ("in", gettext_noop("is one of")),
    ("gte", gettext_noop("is at least")),
    ("lte", gettext_noop("is at most")),
    ("between", gettext_noop("is between")),
)
NUMBERS = frozenset({"age", "level", "turnover", "visits", "last_purchase_days"})
_PUNCTUATION = re.compile(r"[^0-9A-Za-z]")


@fields.declared
class Customer(Condition):
    """Numbers take every operator, texts only `eq` and `in`; bounds are inclusive. Unknown is not eligible."""

    kind: ClassVar[str] = "customer"
    label: ClassVar[str] = gettext_noop("Customer")
    doc: ClassVar[str] = gettext_noop("Compares document, age, sex, grouping, level, category or a metric.")
    codes: ClassVar[tuple[str, ...]] = (
        *(f"customer_{attribute}" for attribute, _ in ATTRIBUTE_CHOICES),
        "customer_required",
    )

    attribute: str = fields.choice(
        ATTRIBUTE_CHOICES,
        label=gettext_noop("Attribute"),
        help=gettext_noop("What is known about the customer."),
    )
    operator: str = fields.choice(
        OPERATOR_CHOICES,
        label=gettext_noop("Comparison"),
        help=gettext_noop("At least, at most and between are for numbers."),
        default="eq",
    )
    value: Any = fields.declare(
        "value",
        label=gettext_noop("Value"),
        help=gettext_noop("A text or number; several for is one of, two for between."),
    )
    wanted: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        object.__setattr__(self, "wanted", tuple(_comparable(self.attribute, value) for value in values))

    def check(self, scene: Scene, campaign: str) -> Verdict:
        if scene.shopper is None:
            return CUSTOMER_REQUIRED
        actual = attribute_of(scene.shopper, self.attribute, scene.today)
        satisfied = actual is not None and self._holds(actual)
        missing = self._distance(actual) if not satisfied and isinstance(actual, int) else None
        many = isinstance(self.value, tuple)
        if self.attribute == "document":
            # Documents are other people's data: the till learns that it is for somebody else, not for whom.
            return Verdict(satisfied=satisfied, code="customer_document", subject=self.operator)
        return Verdict(
            satisfied=satisfied,
            code=f"customer_{self.attribute}",
            required=self.wanted if many else self.wanted[0],
            actual=tuple(sorted(actual)) if isinstance(actual, frozenset) else actual,
            missing=missing,
            unit=self._unit(),
            subject=self.operator,
        )

    def _holds(self, actual: Any) -> bool:
        if isinstance(actual, frozenset):
            return not actual.isdisjoint(self.wanted)
        match self.operator:
            case "gte":
                return bool(actual >= self.wanted[0])
            case "lte":
                return bool(actual <= self.wanted[0])
            case "between":
                return bool(self.wanted[0] <= actual <= self.wanted[1])
        return actual in self.wanted

    def _distance(self, actual: int) -> int:
        """Return how far a number is from the nearest one that would do."""
        return min(abs(wanted - actual) for wanted in self.wanted)

    def _unit(self) -> str:
        if self.attribute == "turnover":
            return Unit.MONEY
        return Unit.COUNT if self.attribute in NUMBERS else Unit.TEXT

    def phrase(self) -> Phrase:
        return Phrase(
            gettext_noop("for customers whose %(attribute)s %(operator)s %(value)s"),
            {
                "attribute": ("label", dict(ATTRIBUTE_CHOICES)[self.attribute]),
                "operator": ("label", dict(OPERATOR_CHOICES)[self.operator]),
                "value": (self._unit(), self.wanted if isinstance(self.value, tuple) else self.wanted[0]),
            },
        )

    def faults(self) -> list[tuple[str, str, str]]:
        number = self.attribute in NUMBERS
        many = isinstance(self.value, tuple)
        if not number and self.operator not in ("eq", "in"):
            return [
                ("operator", "not_allowed", gettext_noop("This attribute is compared only with eq or in."))
            ]
        if many != (self.operator in ("in", "between")):
            return [
                (
                    "value",
                    "invalid_value",
                    gettext_noop("Must be a list exactly for the comparisons in and between."),
                )
            ]
        if self.operator == "between" and len(self.value) != 2:
            return [("value", "invalid_value", gettext_noop("Needs exactly two values."))]
        if any(value is None for value in self.wanted):
            return [("value", "invalid_value", gettext_noop("Does not fit the attribute."))]
        if self.operator == "between" and self.wanted[0] > self.wanted[1]:
            return [("value", "empty_range", gettext_noop("The first value must not be above the second."))]
        return []


def _comparable(attribute: str, value: Any) -> Any:
    """Return the value in the form in which the attribute is compared; None when it does not fit."""
    if attribute == "turnover":
        try:
            return money.parse(value)
        except money.MoneyError:
            return None
    if attribute in NUMBERS:
        if isinstance(value, int):
            return value
        return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None
    text = str(value).strip()
    if attribute == "document":
        return _PUNCTUATION.sub("", text).upper()
    return text.casefold() if attribute == "sex" else text


def attribute_of(shopper: Shopper, attribute: str, today: date) -> Any:
    """Return what is known: int, text, a frozenset for groupings, or None when unknown."""
    if attribute == "age":
        if shopper.age is None and shopper.birth_date is not None:
            return age_on(shopper.birth_date, today)
        return shopper.age
    if attribute == "groupings":
        return shopper.groupings
    known = getattr(shopper, attribute)
    if known is None or known == "":
        return None
    return _comparable(attribute, known) if isinstance(known, str) else known
