"""`multibuy`: take so many, some of them cheaper or free."""

from typing import TYPE_CHECKING, ClassVar

from campaigns.engine import fields
from campaigns.engine.benefits.base import Benefit
from campaigns.engine.marks import Phrase, gettext_noop
from campaigns.engine.selector import Selector, target_field
from campaigns.engine.shortfalls import too_few_units
from campaigns.engine.verdict import Verdict
from campaigns.engine.work import Effect, Parts, Picks, count_units, take_units, without

if TYPE_CHECKING:
    from campaigns.engine.work import Work

PICK_CHOICES = (
    ("lowest", gettext_noop("the cheapest of all")),
    ("highest", gettext_noop("the dearest of all")),
    ("basket_order", gettext_noop("the last of each group, in the order of the basket")),
    ("grouped", gettext_noop("the cheapest of each group, grouped from the dearest down")),
)


@fields.declared
class Multibuy(Benefit):
    """For each full `take` of qualifying units, `discounted` units get `percent` or `amount` off.

    Units are never expanded one by one: a line of 99,999 units costs what a line of one does.
    """

    kind: ClassVar[str] = "multibuy"
    label: ClassVar[str] = gettext_noop("Take some, pay fewer")
    doc: ClassVar[str] = gettext_noop("Of each full group of units, some get a percentage or value off.")
    level: ClassVar[str] = "item"

    take: int = fields.integer(
        label=gettext_noop("Take"), help=gettext_noop("Units in one group, for example 3.")
    )
    discounted: int = fields.integer(
        label=gettext_noop("Discounted"),
        help=gettext_noop("How many of them get the discount, for example 1."),
    )
    percent: int | None = fields.percent(
        label=gettext_noop("Percentage"), help=gettext_noop("100 makes them free."), default=None
    )
    amount: int | None = fields.money(
        label=gettext_noop("Value"),
        help=gettext_noop("Instead of a percentage, off each of them."),
        default=None,
    )
    pick: str = fields.choice(
        PICK_CHOICES,
        label=gettext_noop("Which units"),
        help=gettext_noop("Those that get it."),
        default="lowest",
    )
    repeat: bool = fields.boolean(
        label=gettext_noop("For each group"),
        help=gettext_noop("Otherwise only once in a sale."),
        default=True,
    )
    partial: bool = fields.boolean(
        label=gettext_noop("Also an incomplete group"),
        help=gettext_noop("Units beyond those to be paid are discounted before the group is full."),
        default=False,
    )
    consumes: bool = fields.boolean(
        label=gettext_noop("Uses its units up"),
        help=gettext_noop("No later offer of this sort counts the same units."),
        default=False,
    )
    target: Selector | None = target_field()

    def apply(self, work: "Work") -> Effect:
        available = work.available(work.targets(self.target))
        number, groups = self._reach(count_units(available))
        if not number:
            return Effect(self.kind)
        if work.units_left is not None:
            number = min(number, work.units_left)
        if self.pick in ("lowest", "highest"):
            picks = take_units(work.by_price(available, self.pick), number)
            members = self._with_company(work, available, picks, groups)
        else:
            ordered = take_units(work.by_price(available, self.pick), groups)
            picks = take_units(_tails(ordered, self.take, self.discounted), number)
            members = ordered
        parts = self._parts(work, sorted(picks))
        effect = Effect(self.kind, work.within_room(parts, picks), picks, deal=members)
        effect.consumed = members if self.consumes else None
        effect.applications = -(-number // self.discounted)
        return effect

    def falls_short(self, work: "Work") -> list[Verdict]:
        positions = work.targets(self.target)
        needed = self.take - self.discounted + 1 if self.partial else self.take
        units = count_units(work.available(positions))
        return [too_few_units(work.scene, positions, needed, units)] if positions and units < needed else []

    def _reach(self, available: int) -> tuple[int, int]:
        """Return how many units are discounted and how many belong to the groups, for so many available."""
        bought = self.take - self.discounted
        full, rest = divmod(available, self.take)
        if not self.repeat and full:
            full, rest = 1, 0
        beyond = max(0, rest - bought) if self.partial else 0
        return full * self.discounted + beyond, full * self.take + (rest if beyond else 0)

    def _with_company(self, work: "Work", available: Picks, picks: Picks, members: int) -> Picks:
        """Return the units of the groups: the discounted ones, and the dearest of the others to go with them."""
        others = work.by_price(without(available, picks), "highest")
        return picks + take_units(others, members - count_units(picks))

    def _parts(self, work: "Work", picks: Picks) -> Parts:
        if self.percent is not None:
            return work.percent_parts(picks, self.percent)
        return [
            (p, min(work.times_quantity(self.amount or 0, p, count), work.unit_share(p, count)))
            for p, count in picks
        ]

    def phrase(self) -> Phrase:
        params = {"take": ("count", self.take), "pay": ("count", self.take - self.discounted)}
        if self.percent == 1_000_000:
            return Phrase(gettext_noop("take %(take)s, pay %(pay)s"), params)
        discount = ("percent", self.percent) if self.amount is None else ("money", self.amount)
        return Phrase(
            gettext_noop("of every %(take)s units, %(discounted)s with %(discount)s off"),
            {**params, "discounted": ("count", self.discounted), "discount": discount},
        )

    def faults(self) -> list[tuple[str, str, str]]:
        found = []
        if self.discounted > self.take:
            found.append(("discounted", "too_large", gettext_noop("Must not be more than are taken.")))
        if (self.percent is None) == (self.amount is None):
            found.append(("percent", "exactly_one", gettext_noop("Give either a percentage or a value.")))
        return found


def _tails(ordered: Picks, take: int, discounted: int) -> Picks:
    """Return the last `discounted` units of each group of `take`, over units in this order."""
    bought = take - discounted

    def tail_units(index: int) -> int:
        return index // take * discounted + max(0, index % take - bought)

    picks, seen = [], 0
    for position, count in ordered:
        number = tail_units(seen + count) - tail_units(seen)
        seen += count
        if number:
            picks.append((position, number))
    return picks
