"""`bundle_price`: every so many units cost a price together."""

from typing import TYPE_CHECKING, ClassVar

from campaigns.engine import fields
from campaigns.engine.benefits.base import Benefit
from campaigns.engine.marks import Phrase, gettext_noop
from campaigns.engine.selector import Selector, target_field
from campaigns.engine.shortfalls import too_few_units
from campaigns.engine.verdict import Verdict
from campaigns.engine.work import Effect, Picks, count_units, take_units
from retail import money

if TYPE_CHECKING:
    from campaigns.engine.work import Work


@fields.declared
class BundlePrice(Benefit):
    """Groups are made from the dearest unit down; a group that already costs less keeps its price."""

    kind: ClassVar[str] = "bundle_price"
    label: ClassVar[str] = gettext_noop("Price for several together")
    doc: ClassVar[str] = gettext_noop(
        "Every so many qualifying units cost the price together; never more than today."
    )
    level: ClassVar[str] = "item"

    take: int = fields.integer(label=gettext_noop("Take"), help=gettext_noop("Units in one bundle."))
    price: int = fields.money(label=gettext_noop("Price"), help=gettext_noop("What they cost together."))
    repeat: bool = fields.boolean(
        label=gettext_noop("For each bundle"),
        help=gettext_noop("Otherwise only once in a sale."),
        default=True,
    )
    target: Selector | None = target_field()

    def apply(self, work: "Work") -> Effect:
        ordered = work.by_price(work.available(work.targets(self.target)), "highest")
        bundles = count_units(ordered) // self.take
        if not self.repeat:
            bundles = min(bundles, 1)
        if work.units_left is not None:
            bundles = min(bundles, work.units_left // self.take)
        taken: dict[int, int] = {}
        off: dict[int, int] = {}
        applied = 0
        odd_cent = work.scene.policy.odd_cent
        for members, times in _bundles(take_units(ordered, bundles * self.take), self.take):
            worth = [work.unit_share(position, count * times) for position, count in members]
            saving = sum(worth) - self.price * times
            if saving <= 0:
                continue
            applied += times
            for (position, count), cents in zip(members, money.prorate(saving, worth, odd_cent), strict=True):
                taken[position] = taken.get(position, 0) + count * times
                off[position] = off.get(position, 0) + cents
        picks = sorted(taken.items())
        parts = work.share_out(sorted(off.items()))
        effect = Effect(self.kind, parts, picks, spread=[position for position, _ in picks], deal=picks)
        effect.applications = max(applied, 1)
        return effect

    def falls_short(self, work: "Work") -> list[Verdict]:
        positions = work.targets(self.target)
        units = count_units(work.available(positions))
        return (
            [too_few_units(work.scene, positions, self.take, units)]
            if positions and units < self.take
            else []
        )

    def phrase(self) -> Phrase:
        return Phrase(
            gettext_noop("%(take)s units for %(price)s"),
            {"take": ("count", self.take), "price": ("money", self.price)},
        )


def _bundles(ordered: Picks, take: int) -> list[tuple[Picks, int]]:
    """Cut units into bundles of `take`; equal bundles within one line come as one entry with a number of times."""
    bundles: list[tuple[Picks, int]] = []
    open_bundle: Picks = []
    missing = take
    for position, units in ordered:
        if open_bundle:
            count = min(units, missing)
            open_bundle.append((position, count))
            missing -= count
            units -= count
            if not missing:
                bundles.append((open_bundle, 1))
                open_bundle, missing = [], take
        if units >= take:
            bundles.append(([(position, take)], units // take))
            units %= take
        if units:
            open_bundle = [(position, units)]
            missing = take - units
    return bundles
