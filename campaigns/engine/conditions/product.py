"""`product`: products of a kind are in the basket."""

from typing import ClassVar

from campaigns.engine import fields
from campaigns.engine.conditions.base import Condition, Term
from campaigns.engine.marks import Phrase, gettext_noop
from campaigns.engine.scene import Scene
from campaigns.engine.selector import BY_CHOICES, EVERYTHING, Selector, values_of
from campaigns.engine.verdict import SATISFIED, Unit, Verdict

MATCH_CHOICES = (
    ("any", gettext_noop("at least one of them")),
    ("all", gettext_noop("every one of them")),
)


@fields.declared
class Product(Condition):
    """Lines that match are the campaign's qualifying lines. With `match: all` every listed value must be present."""

    kind: ClassVar[str] = "product"
    label: ClassVar[str] = gettext_noop("Product")
    doc: ClassVar[str] = gettext_noop(
        "Products with these codes, SKUs, NCMs, groupings or categories are in the basket."
    )
    codes: ClassVar[tuple[str, ...]] = ("product",)

    by: str = fields.choice(
        BY_CHOICES, label=gettext_noop("Products by"), help=gettext_noop("What identifies the products.")
    )
    values: tuple[str, ...] = fields.texts(
        label=gettext_noop("Values"), help=gettext_noop("The codes that count."), default=()
    )
    match: str = fields.choice(
        MATCH_CHOICES,
        label=gettext_noop("The basket must have"),
        help=gettext_noop("With a long list, every one of them is rarely what you want."),
        default="any",
    )
    exclude: bool = fields.boolean(
        label=gettext_noop("All except these"),
        help=gettext_noop("Any product but the listed ones."),
        default=False,
    )
    price_min: int | None = fields.money(
        label=gettext_noop("Price from"), help=gettext_noop("At least this original price."), default=None
    )
    price_max: int | None = fields.money(
        label=gettext_noop("Price up to"), help=gettext_noop("At most this original price."), default=None
    )
    chosen: Selector = EVERYTHING
    every: bool = False  # each listed value must be present

    def __post_init__(self) -> None:
        selector = Selector(
            by=self.by,
            values=self.values,
            exclude=self.exclude,
            price_min=self.price_min,
            price_max=self.price_max,
        )
        object.__setattr__(self, "chosen", selector)
        object.__setattr__(self, "every", self.match == "all" and self.by != "all" and not self.exclude)

    @property
    def holds_by_any_line(self) -> bool:
        return not self.every

    def selector(self) -> Selector | None:
        return self.chosen

    def check(self, scene: Scene, campaign: str) -> Verdict:
        found = scene.select(self.chosen)
        if self.every:
            present = {value for p in found for value in values_of(scene.lines[p], self.by)}
            absent = tuple(value for value in self.values if value not in present)
            if absent:
                return self._refusal(scene.numbers(found), absent)
        elif not found:
            return self._refusal((), self.values)
        return SATISFIED

    def _refusal(self, lines: tuple[int, ...], absent: tuple[str, ...]) -> Verdict:
        return Verdict(
            satisfied=False,
            code="product",
            required=self.values or None,
            missing=absent or None,
            unit=Unit.TEXT,
            subject=self.by,
            lines=lines,
        )

    def anchor(self, campaign: str) -> frozenset[Term] | None:
        if self.by == "all" or self.exclude:
            return None
        return frozenset((self.by, value) for value in self.values)

    def phrase(self) -> Phrase:
        return self.chosen.phrase()

    def faults(self) -> list[tuple[str, str, str]]:
        return self.chosen.faults()
