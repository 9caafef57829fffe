"""`buy_get`: buy X, get Y cheaper, Y already in the basket."""

from typing import TYPE_CHECKING, ClassVar

from campaigns.engine import fields
from campaigns.engine.benefits.base import Benefit
from campaigns.engine.marks import Phrase, gettext_noop
from campaigns.engine.selector import Selector
from campaigns.engine.shortfalls import absent, too_few_units
from campaigns.engine.verdict import Verdict
from campaigns.engine.work import Effect, Picks, count_units, take_units, without

if TYPE_CHECKING:
    from campaigns.engine.work import Work

PICK_CHOICES = (
    ("lowest", gettext_noop("the cheapest first")),
    ("highest", gettext_noop("the dearest first")),
    ("basket_order", gettext_noop("in the order of the basket")),
)


@fields.declared
class Side:
    """One side of the offer: which products, how many units."""

    selector: Selector = fields.record(Selector, label=gettext_noop("Products"))
    quantity: int = fields.integer(label=gettext_noop("Units"), default=1)


@fields.declared
class BuyGet(Benefit):
    """Each application needs `buy.quantity` units and discounts `get.quantity` others; no unit serves twice."""

    kind: ClassVar[str] = "buy_get"
    label: ClassVar[str] = gettext_noop("Buy X, get Y")
    doc: ClassVar[str] = gettext_noop(
        "For each full set bought, other units of the basket get a percentage off."
    )
    level: ClassVar[str] = "item"

    buy: Side = fields.record(Side, label=gettext_noop("Buy"), help=gettext_noop("What must be bought."))
    get: Side = fields.record(Side, label=gettext_noop("Get"), help=gettext_noop("What becomes cheaper."))
    percent: int = fields.percent(
        label=gettext_noop("Percentage"), help=gettext_noop("100 makes it free."), default=1_000_000
    )
    pick: str = fields.choice(
        PICK_CHOICES,
        label=gettext_noop("Which units"),
        help=gettext_noop("Those that get it."),
        default="lowest",
    )
    repeat: bool = fields.boolean(
        label=gettext_noop("For each set"), help=gettext_noop("Otherwise only once in a sale."), default=True
    )
    consumes: bool = fields.boolean(
        label=gettext_noop("Uses its units up"),
        help=gettext_noop("No later offer of this sort counts the same units."),
        default=False,
    )

    def apply(self, work: "Work") -> Effect:
        bought = work.available(work.scene.select(self.buy.selector))
        gettable = work.available(work.eligible(work.scene.select(self.get.selector)))
        times = self._times(bought, gettable)
        number = times * self.get.quantity
        if work.units_left is not None:
            number = min(number, work.units_left)
        if not number:
            return Effect(self.kind)
        needed = times * self.buy.quantity
        picks = self._choose(work, bought, gettable, number, needed)
        ordered = work.by_price(without(bought, picks), "highest")
        shared = {position for position, _ in gettable}
        ordered.sort(key=lambda one: one[0] in shared)
        members = _join(picks, take_units(ordered, needed))
        parts = work.within_room(work.percent_parts(sorted(picks), self.percent), picks)
        effect = Effect(self.kind, parts, picks, deal=members)
        effect.consumed = members if self.consumes else None
        effect.applications = times
        return effect

    def falls_short(self, work: "Work") -> list[Verdict]:
        scene = work.scene
        bought = scene.select(self.buy.selector)
        gettable = work.eligible(scene.select(self.get.selector))
        found = []
        for side, positions in ((self.buy, bought), (self.get, gettable)):
            units = count_units(work.available(positions))
            if not scene.select(side.selector):
                found.append(absent(side.selector))
            elif positions and units < side.quantity:
                found.append(too_few_units(scene, positions, side.quantity, units))
        if found or not gettable:
            return found
        # Each side has enough, but units that could be on either are on one of them only.
        together = sorted({*bought, *gettable})
        needed, units = self.buy.quantity + self.get.quantity, count_units(work.available(together))
        return [too_few_units(scene, together, needed, units)] if units < needed else []

    def _times(self, bought: Picks, gettable: Picks) -> int:
        """Return how many full sets fit when no unit is both bought and got."""
        both = {position for position, _ in bought} & {position for position, _ in gettable}
        shared = sum(units for position, units in bought if position in both)
        everything = count_units(bought) + count_units(gettable) - shared
        times = min(
            count_units(bought) // self.buy.quantity,
            count_units(gettable) // self.get.quantity,
            everything // (self.buy.quantity + self.get.quantity),
        )
        return times if self.repeat else min(times, 1)

    def _choose(self, work: "Work", bought: Picks, gettable: Picks, number: int, needed: int) -> Picks:
        """Pick the units to discount in the pick's order, leaving enough of the shared ones to be bought."""
        buyable = dict(bought)
        own = sum(units for position, units in bought if position not in dict(gettable))
        shared = sum(units for position, units in gettable if position in buyable)
        spare = shared - max(0, needed - own)
        picks = []
        for position, units in work.by_price(gettable, self.pick):
            count = min(units, number)
            if position in buyable:
                count = min(count, spare)
                spare -= count
            number -= count
            if count:
                picks.append((position, count))
        return picks

    def phrase(self) -> Phrase:
        return Phrase(
            gettext_noop("buy %(buy)s, get %(get)s with %(percent)s off"),
            {
                "buy": ("count", self.buy.quantity),
                "get": ("count", self.get.quantity),
                "percent": ("percent", self.percent),
            },
        )


def _join(picks: Picks, others: Picks) -> Picks:
    units = dict(picks)
    for position, count in others:
        units[position] = units.get(position, 0) + count
    return sorted(units.items())
