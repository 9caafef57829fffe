"""What a benefit works with: the lines, what is left of them for this campaign, and how percentages are rounded."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

from msgspec import Struct

from campaigns.engine.scene import Scene
from campaigns.engine.selector import Selector
from retail import money
from retail.money import MILLION

if TYPE_CHECKING:
    from campaigns.engine.campaign import Campaign

Parts = list[tuple[int, int]]  # (position, cents)
Picks = list[tuple[int, int]]  # (position, units)


class Effect(Struct, eq=False, gc=False):
    """What one benefit gives.

    `parts` are cents off by position; what is blocked on one line may go to the others of `spread`, if there are any.
    `shares` are the same cents as a column, for what takes something off every line of the sale; else empty.
    `units` are the discounted units (None: every unit of `spread`), `deal` all the units that the benefit needed (None: the qualifying lines),
    `consumed` those that no later benefit of this sort may use, `applications` how often it was given.
    """

    kind: str
    parts: Parts = []
    units: Picks | None = ()  # type: ignore[assignment]
    spread: Sequence[int] = ()
    deal: Picks | None = None
    consumed: Picks | None = None
    applications: int = 1
    gift_entries: int = 0
    freight: int = 0
    shares: Sequence[int] = ()

    @property
    def total(self) -> int:
        return sum([cents for _, cents in self.parts])

    def discounted_units(self, units: Sequence[int]) -> Picks:
        """Return the discounted units, given how many each line has."""
        return [(p, units[p]) for p in self.spread] if self.units is None else self.units


class Work(Struct, eq=False, gc=False):
    """One campaign's turn.

    `left` is what is left of each line for amounts, `base` what percentages are taken of (the policy's percent_base),
    `room` the greatest further discount of each line, `fee` what is left of the delivery fee. `units_left` is an item
    limit's remainder, or None.
    """

    scene: Scene
    campaign: "Campaign"
    qualifying: Sequence[int]
    left: Sequence[int]
    base: Sequence[int]
    room: Sequence[int]
    units_left: int | None = None
    consumed: Sequence[int] | None = None
    blocked: frozenset[int] = frozenset()
    fee: int = 0

    def advance(self, effect: Effect) -> None:
        """Go on to the campaign's next benefit: on what this one left, with the units that it did not consume."""
        left, room = list(self.left), list(self.room)
        for position, cents in effect.parts:
            left[position] -= cents
            room[position] -= cents
        if self.scene.policy.percent_base == "running":
            self.base = left
            self.fee -= effect.freight
        self.left, self.room = left, room
        if effect.consumed:
            consumed = list(self.consumed) if self.consumed is not None else [0] * len(left)
            for position, units in effect.consumed:
                consumed[position] += units
            self.consumed = consumed

    def targets(self, selector: Selector | None) -> Sequence[int]:
        """Return the lines an item benefit works on: its own target, else the qualifying lines."""
        positions = self.qualifying if selector is None else self.scene.select(selector)
        return positions if self.scene.discountable and not self.blocked else self.eligible(positions)

    def order_targets(self, selector: Selector | None) -> Sequence[int]:
        """Return the lines a sale-wide benefit works on: its own target, else the whole sale."""
        positions = self.scene.positions if selector is None else self.scene.select(selector)
        return positions if self.scene.discountable and not self.blocked else self.eligible(positions)

    def eligible(self, positions: Sequence[int]) -> Sequence[int]:
        """Leave out lines that take no discount at all, and those that are closed to this campaign."""
        if not self.scene.discountable:
            positions = [p for p in positions if self.scene.lines[p].discountable]
        if self.blocked:
            positions = [p for p in positions if p not in self.blocked]
        return positions

    def sum_of(self, amounts: Sequence[int], positions: Sequence[int]) -> int:
        """Return the sum of the amounts of some lines."""
        if positions is self.scene.positions:
            return sum(amounts)
        return sum([amounts[p] for p in positions])

    # -- choosing units -------------------------------------------------------------------------------------------

    def pick(
        self, positions: Sequence[int], grant: str, max_units: int | None = None, per_line: int | None = None
    ) -> Picks:
        """Return the units that a grant means, the dearest first where there is a greatest number."""
        units = self.scene.units
        if grant == "all" and max_units is None and per_line is None and self.units_left is None:
            return [(p, units[p]) for p in positions]
        limit = max_units if self.units_left is None else min(self.units_left, max_units or self.units_left)
        order = self.by_price(
            [(p, units[p]) for p in positions], "lowest" if grant == "lowest" else "highest"
        )
        if grant != "all":
            limit = 1 if limit is None else min(1, limit)
        picked = []
        for position, available in order:
            count = available if per_line is None else min(available, per_line)
            if limit is not None:
                count = min(count, limit)
                limit -= count
            if count:
                picked.append((position, count))
        picked.sort()
        return picked

    def unit_share(self, position: int, count: int) -> int:
        """Return what is left of some units of a line, in cents."""
        units = self.scene.units[position]
        if count == units:
            return self.left[position]
        return money.divide(self.left[position] * count, units, self.scene.policy.rounding)

    def times_quantity(self, amount: int, position: int, count: int) -> int:
        """Return an amount per unit for some units; a weighed line is one unit and counts by its quantity."""
        quantity = self.scene.lines[position].quantity
        if quantity == self.scene.units[position]:
            return amount * count
        return money.gross(amount, quantity)

    # -- taking percentages ---------------------------------------------------------------------------------------

    def percent_parts(self, picks: Picks, millionths: int) -> Parts:
        """Take a percentage off units of lines, rounded at the policy's rounding point."""
        policy, base, units = self.scene.policy, self.base, self.scene.units
        rounding = policy.rounding
        if policy.rounding_point == "line":
            if len(picks) == 1 and picks[0][1] == units[picks[0][0]]:
                position = picks[0][0]
                return [(position, money.divide(base[position] * millionths, MILLION, rounding))]
            return [
                (p, money.divide(base[p] * count * millionths, units[p] * MILLION, rounding))
                for p, count in picks
            ]
        if policy.rounding_point == "unit":
            return [
                (p, count * money.divide(base[p] * millionths, units[p] * MILLION, rounding))
                for p, count in picks
            ]
        if policy.rounding_point == "unit_price":
            return [(p, self._by_unit_price(p, count, millionths, rounding)) for p, count in picks]
        exact = [Fraction(base[p] * count * millionths, units[p] * MILLION) for p, count in picks]
        if policy.rounding_point == "total":
            whole = sum(exact, Fraction())
            weights = _integer_weights(exact)
            total = money.divide(whole.numerator, whole.denominator, rounding)
            parts = money.prorate(total, weights, policy.odd_cent)
            return [(p, part) for (p, _), part in zip(picks, parts, strict=True)]
        return _carry(picks, exact, rounding)

    def _by_unit_price(self, position: int, count: int, millionths: int, rounding: str) -> int:
        units = self.scene.units[position]
        price = money.divide(self.base[position] * (MILLION - millionths), units * MILLION, rounding)
        return max(0, money.divide(self.base[position] * count, units) - price * count)

    def cap(self, parts: Parts, maximum: int) -> Parts:
        """Cap the sum of parts and allocate the cap over them."""
        amounts = [cents for _, cents in parts]
        if sum(amounts) <= maximum:
            return parts
        shares = money.prorate_within(maximum, amounts, amounts, self.scene.policy.odd_cent)
        return [(p, share) for (p, _), share in zip(parts, shares, strict=True)]

    def within_room(self, parts: Parts, picks: Picks = ()) -> Parts:  # type: ignore[assignment]
        """Cut each part at what is left and at the room of its line, and leave out what comes to nothing.

        Where `picks` says on which units the parts are, none of these goes below its floor price either.
        """
        left, room = self.left, self.room
        if picks and self.scene.has_floors:
            parts = self._above_floors(parts, dict(picks))
        kept = []
        for part in parts:
            position, cents = part
            if 0 < cents <= left[position] and cents <= room[position]:
                kept.append(part)
                continue
            cents = min(cents, left[position], room[position])
            if cents > 0:
                kept.append((position, cents))
        return kept

    def _above_floors(self, parts: Parts, picks: dict[int, int]) -> Parts:
        lines, units = self.scene.lines, self.scene.units
        kept = []
        for position, cents in parts:
            floor, count = lines[position].floor_price, picks[position]
            if floor and count < units[position]:
                cents = min(cents, max(0, self.unit_share(position, count) - floor * count))
            kept.append((position, cents))
        return kept

    def share_out(self, parts: Parts) -> Parts:
        """Keep the parts of one sum within the room of their lines; what is blocked on one goes to the others."""
        rooms = [min(self.left[p], self.room[p]) for p, _ in parts]
        amounts = [cents for _, cents in parts]
        if any(cents > room for cents, room in zip(amounts, rooms, strict=True)):
            amounts = money.prorate_within(sum(amounts), amounts, rooms, self.scene.policy.odd_cent)
        return [(p, cents) for (p, _), cents in zip(parts, amounts, strict=True) if cents]

    def allocate(self, total: int, positions: Sequence[int]) -> list[int]:
        """Spread a discount on a sum over its lines, as the policy says, within their room; return the share of each."""
        policy, left, room = self.scene.policy, self.left, self.room
        if len(positions) == 1:
            position = positions[0]
            return [max(0, min(total, left[position], room[position]))]
        weights = left if positions is self.scene.positions else [left[p] for p in positions]
        # The first campaigns of an ordinary sale may take all that there is.
        rooms = weights if left is room else [min(left[p], room[p]) for p in positions]
        if policy.allocation == "per_unit":
            weights = [self.scene.units[p] if left[p] else 0 for p in positions]
        return money.prorate_within(total, weights, rooms, policy.odd_cent)

    def order_discount(
        self, kind: str, total: int, positions: Sequence[int], applications: int = 1
    ) -> Effect:
        """Return the effect of a discount on the sum of some lines."""
        shares = self.allocate(total, positions)
        effect = Effect(kind, list(zip(positions, shares, strict=True)), None, positions)
        if not all(shares):
            effect.parts = [part for part in effect.parts if part[1]]
        elif positions is self.scene.positions:
            effect.shares = shares
        effect.applications = applications
        return effect

    def available(self, positions: Sequence[int]) -> Picks:
        """Return the units of lines that no earlier benefit consumed."""
        units, consumed = self.scene.units, self.consumed
        if consumed is None:
            return [(p, units[p]) for p in positions]
        return [(p, units[p] - consumed[p]) for p in positions if units[p] > consumed[p]]

    def by_price(self, picks: Picks, pick: str) -> Picks:
        """Put units in the order in which a pick looks at them: basket order, or by price (ties: lower line first)."""
        if pick == "basket_order" or len(picks) < 2:
            return picks
        price = self.unit_prices([position for position, _ in picks])
        if pick == "lowest":
            return sorted(picks, key=lambda one: (price[one[0]], one[0]))
        return sorted(picks, key=lambda one: (-price[one[0]], one[0]))

    def unit_prices(self, positions: Sequence[int]) -> dict[int, int]:
        """Return what one unit of each line has left, on a common scale, so that prices compare exactly."""
        units, left = self.scene.units, self.left
        scale = lcm(*{units[p] for p in positions})
        return {p: left[p] * (scale // units[p]) for p in positions}

    def quantity(self, positions: Sequence[int]) -> Decimal:
        """Return the quantity of lines, weighed goods at their weight."""
        lines = self.scene.lines
        return sum((lines[p].quantity for p in positions), Decimal())


def take_units(picks: Picks, count: int) -> Picks:
    """Return the first `count` units."""
    taken = []
    for position, units in picks:
        if count <= 0:
            break
        taken.append((position, min(units, count)))
        count -= units
    return taken


def without(picks: Picks, gone: Picks) -> Picks:
    """Return what remains of units when some are gone."""
    less = dict(gone)
    return [(p, rest) for p, units in picks if (rest := units - less.get(p, 0)) > 0]


def count_units(picks: Picks) -> int:
    return sum([units for _, units in picks])


def _carry(picks: Picks, exact: list[Fraction], rounding: str) -> Parts:
    parts, carried = [], Fraction()
    for (position, _), amount in zip(picks, exact, strict=True):
        wanted = amount + carried
        cents = max(0, money.divide(wanted.numerator, wanted.denominator, rounding))
        carried = wanted - cents
        parts.append((position, cents))
    return parts


def _integer_weights(exact: list[Fraction]) -> list[int]:
    scale = lcm(*[amount.denominator for amount in exact])
    return [int(amount * scale) for amount in exact]
