"""A second, naive evaluator, written from the meaning of a campaign document and not from the engine.

It takes the body of a simulation (a subset: no associations, no markdowns, the default policy), works in exact
fractions with one unit at a time, looks at every campaign, and knows nothing of plans, indexes or integer cents. It is slow
and meant to be read. Where the meaning leaves the outcome open (a discount that no longer fits its line), it says so by raising
``Open`` and the comparison leaves the case out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from tests.campaigns.reference.amounts import ZERO, capped, cents_half_up, fraction, spread
from tests.campaigns.reference.days import birthday, days, period


class Open(Exception):
    """The case turns on something that the meaning does not fix."""


@dataclass
class Line:
    number: int
    sku: str
    quantity: Fraction
    unit_price: Fraction
    original_price: Fraction | None
    attributes: dict[str, set[str]]
    gross: Fraction = ZERO
    share: Fraction = ZERO
    discount: Fraction = ZERO

    @property
    def units(self) -> int:
        return int(self.quantity) if self.quantity.denominator == 1 else 1


@dataclass
class Result:
    discount: Fraction = ZERO
    net: Fraction = ZERO
    lines: dict[int, Fraction] = field(default_factory=dict)
    shares: dict[int, Fraction] = field(default_factory=dict)
    activated: dict[str, Fraction] = field(default_factory=dict)


class Evaluator:
    def __init__(self, body: dict[str, Any]) -> None:
        self.body = body
        basket = body["basket"]
        self.at = datetime.fromisoformat(body["at"])
        store = body.get("store") or {}
        self.zone = ZoneInfo(store.get("timezone", "America/Sao_Paulo"))
        self.local = self.at.astimezone(self.zone)
        self.store = store
        self.basket = basket
        self.shopper = body.get("shopper")
        self.lines = sorted((self._line(row) for row in basket["lines"]), key=lambda line: line.number)
        self.exchange = sum(
            (
                cents_half_up(fraction(row["quantity"]) * fraction(row["unit_price"]))
                for row in basket.get("exchange", ())
            ),
            ZERO,
        )
        for line in self.lines:
            line.gross = cents_half_up(line.quantity * line.unit_price)
        gross = sum((line.gross for line in self.lines), ZERO)
        abated = min(self.exchange, gross)
        for line, share in zip(self.lines, spread(abated, [line.gross for line in self.lines]), strict=True):
            line.share = share
        self.abated, self.gross = abated, gross

    @staticmethod
    def _line(row: dict[str, Any]) -> Line:
        original = row.get("original_price")
        return Line(
            number=row["line"],
            sku=row["sku"],
            quantity=fraction(row["quantity"]),
            unit_price=fraction(row["unit_price"]),
            original_price=None if original is None else fraction(original),
            attributes={
                "sku": {row["sku"]},
                "code": {row.get("code", "")} - {""},
                "ncm": {row.get("ncm", "")} - {""},
                "category": {row.get("category", "")} - {""},
            },
        )

    # --- the order of work

    def result(self) -> Result:
        eligible = [document for document in self.body["campaigns"] if self.eligible(document)]
        worth = {document["code"]: sum(self.alone(document).values(), ZERO) for document in eligible}
        # One whose benefits all come to nothing is dropped; one without benefits activates with 0.00.
        active = [d for d in eligible if not d["benefits"] or worth[d["code"]] > 0]
        exclusive = [document for document in active if document.get("exclusive")]
        if exclusive:
            active = [min(exclusive, key=lambda d: (-worth[d["code"]], d.get("priority", 0), d["code"]))]
        outcome = Result()
        for priority in sorted({document.get("priority", 0) for document in active}):
            self._level([d for d in active if d.get("priority", 0) == priority], outcome)
        outcome.lines = {line.number: line.discount for line in self.lines}
        outcome.shares = {line.number: line.share for line in self.lines}
        outcome.discount = sum(outcome.lines.values(), ZERO)
        outcome.net = self.gross - self.abated - outcome.discount
        return outcome

    def alone(self, document: dict[str, Any]) -> dict[int, Fraction]:
        return self._give(document, {line.number: ZERO for line in self.lines})

    def _level(self, documents: list[dict[str, Any]], outcome: Result) -> None:
        before = {line.number: line.discount for line in self.lines}
        for document in sorted(documents, key=lambda d: d["code"]):
            given = self._give(document, before)
            for line in self.lines:
                line.discount += given[line.number]
                if line.discount > line.gross - line.share:
                    raise Open(f"the discounts of line {line.number} do not fit")
            if document["benefits"] and not sum(given.values()):
                continue
            outcome.activated[document["code"]] = sum(given.values(), ZERO)

    def _give(self, document: dict[str, Any], before: dict[int, Fraction]) -> dict[int, Fraction]:
        """Return what the campaign takes off each line, when `before` has been taken off already."""
        given = {line.number: ZERO for line in self.lines}
        for benefit in document["benefits"]:
            left = {
                line.number: max(self.base(document, line) - before[line.number] - given[line.number], ZERO)
                for line in self.lines
            }
            lines = self.target(document, benefit)
            amounts = getattr(self, f"_{benefit['kind']}")(benefit, lines, left)
            for line, amount in zip(lines, amounts, strict=True):
                given[line.number] += amount
        for line in self.lines:
            room = line.gross - line.share - before[line.number]
            if given[line.number] > room:
                raise Open(f"campaign {document['code']} has no room on line {line.number}")
        return given

    def base(self, document: dict[str, Any], line: Line) -> Fraction:
        mode = document.get("exchange", "block") if self.basket.get("exchange") else "gross"
        if mode == "net":
            return line.gross - line.share
        if mode == "original":
            price = line.unit_price if line.original_price is None else line.original_price
            return cents_half_up(price * line.quantity)
        return line.gross

    # --- eligibility

    def eligible(self, document: dict[str, Any]) -> bool:
        if self.basket.get("exchange") and document.get("exchange", "block") == "block":
            return False
        starts, ends = document.get("starts_at"), document.get("ends_at")
        if starts and self.at < datetime.fromisoformat(starts):
            return False
        if ends and self.at >= datetime.fromisoformat(ends):
            return False
        if not self._scheduled(document.get("schedule")) or not self._within_limits(document):
            return False
        if document.get("stores") and self.store.get("code") not in document["stores"]:
            return False
        if document.get("operations") and self.basket.get("operation", "sale") not in document["operations"]:
            return False
        if document.get("optional") and document["code"] not in self.basket.get("accepted", ()):
            return False
        tree = document.get("conditions")
        if tree and not self._holds(tree, document):
            return False
        qualifying = self.qualifying(document)
        return bool(qualifying) and self._thresholds(document, qualifying)

    def _thresholds(self, document: dict[str, Any], lines: list[Line]) -> bool:
        amount = sum((self.base(document, line) for line in lines), ZERO)
        quantity = sum((line.quantity for line in lines), ZERO)
        least, most, count = (
            document.get(n) for n in ("minimum_amount", "maximum_amount", "minimum_quantity")
        )
        return (
            (least is None or amount >= fraction(least))
            and (most is None or amount <= fraction(most))
            and (count is None or quantity >= fraction(count))
        )

    def _scheduled(self, schedule: dict[str, Any] | None) -> bool:
        if not schedule:
            return True
        clock = self.local.time()
        start = time.fromisoformat(schedule.get("from") or "00:00")
        end = time.fromisoformat(schedule["until"]) if schedule.get("until") else None
        day = self.local
        if end is not None and end <= start:
            # It wraps over midnight and belongs to the day it began.
            if clock < end:
                day -= timedelta(days=1)
            elif clock < start:
                return False
        elif clock < start or (end is not None and clock >= end):
            return False
        weekdays = schedule.get("weekdays")
        return not weekdays or day.isoweekday() in weekdays

    def _within_limits(self, document: dict[str, Any]) -> bool:
        usage = (self.body.get("usage") or {}).get(document["code"], {})
        for limit in document.get("limits", ()):
            if limit["scope"] == "customer" and self.shopper is None:
                return False
            if limit["counts"] == "item":
                raise Open("item limits are the engine's own tests")
            used = usage.get(limit["scope"], 0)
            if limit["scope"] == "customer":
                used -= usage.get("customer_cancelled", 0)
            if used >= limit["max"]:
                return False
        return True

    def _holds(self, node: dict[str, Any], document: dict[str, Any]) -> bool:
        if "all" in node:
            return all(self._holds(child, document) for child in node["all"])
        if "any" in node:
            return any(self._holds(child, document) for child in node["any"])
        return bool(getattr(self, f"_if_{node['kind']}")(node, document))

    def _if_product(self, leaf: dict[str, Any], _document: dict[str, Any]) -> bool:
        matched = self.select(leaf)
        if leaf.get("match", "any") == "any" or leaf.get("exclude"):
            return bool(matched)
        present = set().union(*(line.attributes[leaf["by"]] for line in matched)) if matched else set()
        return set(leaf["values"]) <= present

    def _if_payment(self, leaf: dict[str, Any], _document: dict[str, Any]) -> bool:
        used = {payment["method"] for payment in self.basket.get("payments", ())}
        wanted = set(leaf["methods"])
        return wanted <= used if leaf.get("match", "any") == "all" else bool(wanted & used)

    def _if_promo_code(self, _leaf: dict[str, Any], document: dict[str, Any]) -> bool:
        opened = {
            row["code"] for row in self.body.get("promo_codes", ()) if row["campaign"] == document["code"]
        }
        return bool(opened & {code.strip().upper() for code in self.basket.get("promo_codes", ())})

    def _if_first_purchase(self, _leaf: dict[str, Any], _document: dict[str, Any]) -> bool:
        return self.shopper is not None and self.shopper.get("first_purchase") is True

    def _if_customer(self, leaf: dict[str, Any], _document: dict[str, Any]) -> bool:
        if self.shopper is None:
            return False
        seen = self.shopper.get(leaf["attribute"])
        if leaf["attribute"] == "age" and seen is None and self.shopper.get("birth_date"):
            born, today = date.fromisoformat(self.shopper["birth_date"]), self.local.date()
            seen = today.year - born.year - (today < birthday(born, today.year))
        wanted = leaf["value"]
        if seen is None:
            return False
        if leaf["attribute"] == "groupings":
            return bool(set(seen) & set(wanted if isinstance(wanted, list) else [wanted]))
        return {
            "eq": lambda: seen == wanted,
            "in": lambda: seen in wanted,
            "gte": lambda: seen >= wanted,
            "lte": lambda: seen <= wanted,
            "between": lambda: wanted[0] <= seen <= wanted[1],
        }[leaf["operator"]]()

    def _if_birthday(self, leaf: dict[str, Any], _document: dict[str, Any]) -> bool:
        if self.shopper is None or not self.shopper.get("birth_date"):
            return False
        born = date.fromisoformat(self.shopper["birth_date"])
        first, last = period(self.local.date(), leaf["unit"], leaf.get("which", "current"))
        first -= timedelta(days=leaf.get("tolerance_days", 0))
        return any(birthday(born, year) in days(first, last) for year in range(first.year, last.year + 1))

    def select(self, selector: dict[str, Any]) -> list[Line]:
        def matches(line: Line) -> bool:
            low, high = selector.get("price_min"), selector.get("price_max")
            price = line.unit_price if line.original_price is None else line.original_price
            if (low is not None and price < fraction(low)) or (high is not None and price > fraction(high)):
                return False
            if selector["by"] == "all":
                return True
            hit = bool(line.attributes[selector["by"]] & set(selector["values"]))
            return hit is not bool(selector.get("exclude"))

        return [line for line in self.lines if matches(line)]

    def qualifying(self, document: dict[str, Any]) -> list[Line]:
        leaves = list(product_leaves(document.get("conditions")))
        if not leaves:
            return self.lines
        chosen = {line.number for leaf in leaves for line in self.select(leaf)}
        return [line for line in self.lines if line.number in chosen]

    def target(self, document: dict[str, Any], benefit: dict[str, Any]) -> list[Line]:
        if benefit.get("target"):
            return self.select(benefit["target"])
        return self.lines if benefit["kind"].startswith("order_") else self.qualifying(document)

    # --- benefits: what each takes off each of its lines

    def _order_percent(
        self, benefit: dict[str, Any], lines: list[Line], left: dict[int, Fraction]
    ) -> list[Fraction]:
        weights = [left[line.number] for line in lines]
        total = cents_half_up(sum(weights, ZERO) * fraction(benefit["percent"]) / 100)
        return spread(capped(benefit, total), weights)

    def _order_amount(
        self, benefit: dict[str, Any], lines: list[Line], left: dict[int, Fraction]
    ) -> list[Fraction]:
        weights = [left[line.number] for line in lines]
        total = sum(weights, ZERO)
        times = total // fraction(benefit["every_amount"]) if benefit.get("every_amount") else 1
        return spread(min(fraction(benefit["amount"]) * times, total), weights)

    def _item_percent(
        self, benefit: dict[str, Any], lines: list[Line], left: dict[int, Fraction]
    ) -> list[Fraction]:
        if benefit.get("max_amount"):
            raise Open("how a capped item benefit is allocated is the engine's own test")
        rate = fraction(benefit["percent"]) / 100
        return [cents_half_up(value * rate) for value in self._granted(benefit, lines, left)]

    def _item_amount(
        self, benefit: dict[str, Any], lines: list[Line], left: dict[int, Fraction]
    ) -> list[Fraction]:
        amount = fraction(benefit["amount"])
        values = self._granted(benefit, lines, left)
        if benefit.get("grant", "all") == "all":
            times = [1 if benefit.get("per", "unit") == "line" else line.units for line in lines]
        else:
            times = [1 for _ in lines]
        return [cents_half_up(min(amount * n, value)) for n, value in zip(times, values, strict=True)]

    def _item_final_price(
        self, benefit: dict[str, Any], lines: list[Line], left: dict[int, Fraction]
    ) -> list[Fraction]:
        price = fraction(benefit["price"])
        values = self._granted(benefit, lines, left)
        each = benefit.get("grant", "all") != "all"
        costs = [price if each else cents_half_up(price * line.quantity) for line in lines]
        return [
            cents_half_up(max(value - cost, ZERO)) if value else ZERO
            for value, cost in zip(values, costs, strict=True)
        ]

    def _multibuy(
        self, benefit: dict[str, Any], lines: list[Line], left: dict[int, Fraction]
    ) -> list[Fraction]:
        units = [
            (left[line.number] / line.units, line.number, line) for line in lines for _ in range(line.units)
        ]
        take, discounted = benefit["take"], benefit["discounted"]
        groups = len(units) // take if benefit.get("repeat", True) else min(len(units) // take, 1)
        count = groups * discounted
        pick = benefit.get("pick", "lowest")
        if pick == "lowest":
            chosen = sorted(units, key=lambda unit: (unit[0], unit[1]))[:count]
        elif pick == "highest":
            chosen = sorted(units, key=lambda unit: (-unit[0], unit[1]))[:count]
        else:
            down = sorted(units, key=lambda unit: (-unit[0], unit[1]))
            packs = [down[place * take : (place + 1) * take] for place in range(groups)]
            chosen = [unit for pack in packs for unit in pack[take - discounted :]]
        values = [sum((unit[0] for unit in chosen if unit[2] is line), ZERO) for line in lines]
        if benefit.get("percent") is not None:
            rate = fraction(benefit["percent"]) / 100
            return [cents_half_up(value * rate) for value in values]
        amount = fraction(benefit["amount"])
        picked = [sum(1 for unit in chosen if unit[2] is line) for line in lines]
        return [cents_half_up(min(amount * n, value)) for n, value in zip(picked, values, strict=True)]

    def _granted(
        self, benefit: dict[str, Any], lines: list[Line], left: dict[int, Fraction]
    ) -> list[Fraction]:
        """Return the value that the benefit works on for each line: all of it, or one unit's share."""
        grant = benefit.get("grant", "all")
        if grant == "all" or not lines:
            return [left[line.number] for line in lines]
        price = [left[line.number] / line.units for line in lines]
        wanted = max(price) if grant == "highest" else min(price)
        place = price.index(wanted)
        return [wanted if number == place else ZERO for number in range(len(lines))]


def product_leaves(node: dict[str, Any] | None) -> list[dict[str, Any]]:
    if not node:
        return []
    if node.get("kind") == "product":
        return [node]
    return [leaf for child in node.get("all", node.get("any", [])) for leaf in product_leaves(child)]
