"""The deal of each activation: which units made it possible, and the part of its discount that each carries."""

from collections.abc import Sequence
from decimal import Decimal

from campaigns.engine.application import Outcome
from campaigns.engine.evaluation import Adjustment, DealShare
from campaigns.engine.scene import Scene
from retail import money


def deal_shares(
    scene: Scene, outcomes: Sequence[Outcome], adjustments: Sequence[Sequence[Adjustment]]
) -> dict[str, tuple[DealShare, ...]]:
    """Spread each discount by value over all units of its deal, the free one included.

    Value is what was left of the units when the campaign's turn came, and no line carries more than it is worth, so
    that what a return gives back is never negative. What other campaigns took off a line is kept free for them until
    their own turn: their deals may have no other line to stand on.
    """
    rooms = [
        value - sum([one.amount for one in taken])
        for value, taken in zip(scene.value, adjustments, strict=True)
    ]
    deals = {}
    for outcome in outcomes:
        if not outcome.granted:
            continue
        code = outcome.standing.compiled.code
        units = deal_units(scene, outcome)
        positions = sorted(units)
        for position in positions:
            rooms[position] += sum([one.amount for one in adjustments[position] if one.campaign == code])
        weights = [outcome.base[p] * units[p] * 1000 // scene.units[p] for p in positions]
        shares = money.prorate_within(outcome.discount, weights, [rooms[p] for p in positions])
        for position, share in zip(positions, shares, strict=True):
            rooms[position] -= share
        deals[code] = tuple(
            DealShare(line=scene.lines[p].line, quantity=_quantity(scene, p, units[p]), amount=share)
            for p, share in zip(positions, shares, strict=True)
        )
    return deals


def deal_units(scene: Scene, outcome: Outcome) -> dict[int, int]:
    """Return the units, by position, that made a campaign's discount possible and those that it discounts."""
    units: dict[int, int] = {}
    compiled = outcome.standing.compiled
    conditional = bool(compiled.selectors) or compiled.has_thresholds
    for effect in outcome.effects:
        members = list(effect.deal if effect.deal is not None else effect.discounted_units(scene.units))
        if effect.deal is None and conditional:
            members += [(p, scene.units[p]) for p in outcome.qualifying]
        for position, count in members:
            units[position] = max(units.get(position, 0), count)
    for position in outcome.granted:
        units.setdefault(position, scene.units[position])
    return units


def _quantity(scene: Scene, position: int, count: int) -> Decimal:
    quantity = scene.lines[position].quantity
    return Decimal(count) if quantity == scene.units[position] else quantity
