"""The deal of each activation: which units made it possible, and the part of its discount that each carries."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from campaigns.engine.application import Outcome
from campaigns.engine.evaluation import DealShare, Discount
from campaigns.engine.scene import Scene
from retail import money


def deal_shares(
    scene: Scene, outcomes: Sequence[Outcome], taken: Sequence[int], discounts: Iterable[Discount]
) -> dict[str, tuple[DealShare, ...]]:
    """Spread each discount by value over all units of its deal, the free one included.

    Value is what was left of the units when the campaign's turn came, and no line carries more than it is worth, so
    that what a return gives back is never negative. What other campaigns took off a line is kept free for them until
    their own turn: their deals may have no other line to stand on.
    """
    rooms = [value - cents for value, cents in zip(scene.value, taken, strict=True)]
    own: dict[str, list[tuple[int, int]]] = {}
    for campaign, _, parts in discounts:
        own.setdefault(campaign, []).extend(parts)
    deals = {}
    for outcome in outcomes:
        if not outcome.granted:
            continue
        code = outcome.standing.compiled.code
        units = deal_units(scene, outcome)
        positions = sorted(units)
        for position, cents in own[code]:
            rooms[position] += cents
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
