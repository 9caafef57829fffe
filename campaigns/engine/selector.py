"""Selectors: how a condition or a benefit says which lines it means."""

from collections.abc import Mapping, Sequence
from typing import Any

from campaigns.engine import fields
from campaigns.engine.basket import Line
from campaigns.engine.marks import Phrase, gettext_noop

BY_CHOICES = (
    ("all", gettext_noop("all products")),
    ("sku", gettext_noop("SKU")),
    ("code", gettext_noop("product code")),
    ("ncm", gettext_noop("NCM")),
    ("grouping", gettext_noop("product grouping")),
    ("category", gettext_noop("category")),
)


@fields.declared
class Selector:
    """Selects lines by what they are and, optionally, by their original unit price (bounds inclusive)."""

    by: str = fields.choice(
        BY_CHOICES, label=gettext_noop("Products by"), help=gettext_noop("What identifies the products.")
    )
    values: tuple[str, ...] = fields.texts(
        label=gettext_noop("Values"),
        help=gettext_noop("The codes that count. Leave empty for all products."),
        default=(),
    )
    exclude: bool = fields.boolean(
        label=gettext_noop("All except these"),
        help=gettext_noop("Selects every product except the listed ones."),
        default=False,
    )
    price_min: int | None = fields.money(
        label=gettext_noop("Price from"),
        help=gettext_noop("Only products whose original price is at least this."),
        default=None,
    )
    price_max: int | None = fields.money(
        label=gettext_noop("Price up to"),
        help=gettext_noop("Only products whose original price is at most this."),
        default=None,
    )
    lookup: frozenset[str] = frozenset()  # the values, unless there is only one
    everything: bool = False  # selects every line, whatever it is
    plain: bool = False  # selects by value alone
    only: str | None = None  # the value of a plain selector that has no other

    def __post_init__(self) -> None:
        bounded = self.price_min is not None or self.price_max is not None
        object.__setattr__(self, "everything", self.by == "all" and not self.exclude and not bounded)
        object.__setattr__(self, "plain", self.by != "all" and not self.exclude and not bounded)
        if self.plain and len(self.values) == 1:
            object.__setattr__(self, "only", self.values[0])
        else:
            object.__setattr__(self, "lookup", frozenset(self.values))

    def admits(self, listed: bool, line: Line) -> bool:
        """Say whether a line is selected, given whether one of its values is listed."""
        if (listed or self.by == "all") is self.exclude:
            return False
        if self.price_min is None and self.price_max is None:
            return True
        price = line.unit_price if line.original_price is None else line.original_price
        return (self.price_min is None or price >= self.price_min) and (
            self.price_max is None or price <= self.price_max
        )

    def phrase(self) -> Phrase:
        if self.by == "all":
            return Phrase(gettext_noop("any product"))
        message = (
            gettext_noop("any product except %(by)s %(values)s")
            if self.exclude
            else gettext_noop("%(by)s %(values)s")
        )
        return Phrase(message, {"by": ("label", dict(BY_CHOICES)[self.by]), "values": ("text", self.values)})

    def faults(self) -> list[tuple[str, str, str]]:
        found = []
        if self.by == "all" and self.values:
            found.append(("values", "not_allowed", gettext_noop("All products take no values.")))
        if self.by == "all" and self.exclude:
            found.append(("exclude", "not_allowed", gettext_noop("All products cannot be excluded.")))
        if self.by != "all" and not self.values:
            found.append(("values", "too_few", gettext_noop("Needs at least one value.")))
        if self.price_min is not None and self.price_max is not None and self.price_max < self.price_min:
            found.append(("price_max", "empty_range", gettext_noop("Must not be below the lowest price.")))
        return found


def values_of(line: Line, by: str) -> tuple[str, ...]:
    """Return what a line offers for comparison with a selector's values."""
    match by:
        case "sku":
            return (line.sku,)
        case "code":
            return (line.code,)
        case "ncm":
            return (line.ncm,)
        case "grouping":
            return line.groupings
        case "category":
            return line.categories
    return ()


Occurrences = Mapping[str, Sequence[int]]


def occurrences(lines: Sequence[Line], by: str) -> Occurrences:
    """Return where each value of a kind occurs in some lines: their positions, in order."""
    if by == "sku":  # most campaigns name SKUs, and few baskets hold one on two lines
        alone = {line.sku: [position] for position, line in enumerate(lines)}
        if len(alone) == len(lines):
            return alone
    found: dict[str, list[int]] = {}
    for position, line in enumerate(lines):
        for value in dict.fromkeys(values_of(line, by)):
            found.setdefault(value, []).append(position)
    return found


EVERYTHING = Selector(by="all")


def target_field(help: str = gettext_noop("Empty means the products that qualify.")) -> Any:
    """Declare the `target` of a benefit: a selector, or none."""
    return fields.record(Selector, label=gettext_noop("On which products"), help=help, default=None)
