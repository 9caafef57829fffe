"""How a recorded line becomes a line of a request: one stated rule for each oddity, and its count.

- quantity 0: sent as quantity 1 at the line's value (mostly 0.00);
- no whole-cent unit price (fuel, three for two): sent as quantity 1 at the line's value;
- product that the catalogue does not list: sent as it is, the API accepts it;
- coupon above the line's value: the recorded coupon is cut at the line.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from bench.replay.journey import Journey, SourceBasket, SourceLine

RULES = {
    "zero_quantity": "quantity 0: sent as quantity 1 at the line's value",
    "no_whole_cent_price": "no whole-cent unit price: sent as quantity 1 at the line's value",
    "unknown_product": "product not in the catalogue: sent as it is",
    "coupon_above_line": "coupon above the line: cut at the line",
}


def money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


@dataclass
class RuleCounts:
    """Lines and cents that each rule touched."""

    lines: Counter[str] = field(default_factory=Counter)
    cents: Counter[str] = field(default_factory=Counter)

    def add(self, rule: str, cents: int) -> None:
        self.lines[rule] += 1
        self.cents[rule] += cents


def quantity_and_price(line: SourceLine) -> tuple[int, int, str | None]:
    """Return quantity, unit price in cents, and the rule that was needed, if any."""
    if line.quantity == 0:
        return 1, line.value, "zero_quantity"
    if line.value % line.quantity:
        return 1, line.value, "no_whole_cent_price"
    return line.quantity, line.value // line.quantity, None


def coupon_of(line: SourceLine) -> int:
    """Return the recorded coupon in cents, cut at the line's value."""
    return min(line.coupon, line.value)


def request_lines(basket: SourceBasket) -> list[dict[str, object]]:
    """Return the basket's lines as the API takes them."""
    lines = []
    for number, line in enumerate(basket.lines, 1):
        quantity, price, rule = quantity_and_price(line)
        row: dict[str, object] = {
            "line": number,
            "sku": str(line.product),
            "quantity": str(quantity),
            "unit_price": money(price),
        }
        if rule is None and line.shelf_value > line.value and line.shelf_value % line.quantity == 0:
            row["original_price"] = money(line.shelf_value // line.quantity)
        lines.append(row)
    return lines


def count_rules(journey: Journey) -> RuleCounts:
    """Count, over the whole journey, the lines that needed a rule."""
    known = {product.product for product in journey.products}
    counts = RuleCounts()
    for basket in journey.baskets:
        for line in basket.lines:
            rule = quantity_and_price(line)[2]
            if rule:
                counts.add(rule, line.value)
            if line.product not in known:
                counts.add("unknown_product", line.value)
            if line.coupon > line.value:
                counts.add("coupon_above_line", line.coupon - line.value)
    return counts
