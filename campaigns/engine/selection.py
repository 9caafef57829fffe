"""Step 4: which of the eligible campaigns activate."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from campaigns.engine.associations import Association
from campaigns.engine.eligibility import Standing
from campaigns.engine.verdict import Unit, Verdict

if TYPE_CHECKING:
    from campaigns.engine.scene import Scene


def best_key(standing: Standing) -> tuple[int, str]:
    """Order by worth, the most first; ties: lower priority, then code."""
    return -standing.worth, standing.compiled.order_key


def select_by_rules(
    scene: "Scene", associations: Sequence[Association], eligible: Sequence[Standing]
) -> list[Standing]:
    """Settle associations, then exclusivity, then sale-wide discounts that do not combine.

    Returns those that go on. Each loser gets the refusal that says to whom it lost.
    """
    members = {standing.compiled.code: standing for standing in eligible}
    for association in associations:
        competing = [members[code] for code in association.campaigns if code in members]
        if len(competing) < 2 or association.criterion == "all":
            continue
        if association.compete_on == "line":
            losers = compete_on_lines(association.criterion, competing)
        else:
            losers = compete(association, competing)
        for loser, winner in losers:
            distance = winner.worth - loser.worth if association.criterion == "highest" else None
            lose(loser, "outranked", winner, distance)
            del members[loser.compiled.code]
    remaining = [standing for standing in eligible if standing.compiled.code in members]
    exclusive = [standing for standing in remaining if standing.campaign.exclusive]
    if exclusive:
        return keep_exclusive(scene.policy.exclusive_tie, remaining, exclusive)
    return drop_uncombinable(remaining)


def lose(loser: Standing, code: str, winner: Standing, missing: int | None = None) -> None:
    """Refuse a campaign in favour of another; `missing` is how much more it would have to be worth, where that helps."""
    loser.refusals.append(
        Verdict(
            satisfied=False,
            code=code,
            required=winner.worth,
            actual=loser.worth,
            missing=missing,
            unit=Unit.MONEY,
            subject=winner.compiled.code,
        )
    )


def compete(association: Association, competing: list[Standing]) -> list[tuple[Standing, Standing]]:
    """Return the losers of an association with the winner; `competing` is in registration order."""
    if association.criterion == "highest":
        winner = min(competing, key=best_key)
    elif association.criterion == "lowest":
        winner = min(competing, key=lambda standing: (standing.worth, standing.compiled.order_key))
    else:
        winner = min(competing, key=lambda standing: standing.campaign.priority)
    return [(standing, winner) for standing in competing if standing is not winner]


def compete_on_lines(criterion: str, competing: list[Standing]) -> list[tuple[Standing, Standing]]:
    """Give each line to one member and close it to the others; those left without a line lose."""
    parts = [_parts_of(standing) for standing in competing]
    won: dict[int, set[int]] = {index: set() for index in range(len(competing))}
    for position in sorted({position for part in parts for position in part}):
        contenders = [index for index, part in enumerate(parts) if position in part]
        if criterion == "first":
            winner = min(contenders, key=lambda index: competing[index].campaign.priority)
        else:
            sign = -1 if criterion == "highest" else 1
            winner = min(
                contenders,
                key=lambda index: (sign * parts[index][position], competing[index].compiled.order_key),
            )
        won[winner].add(position)
    losers = []
    for index, standing in enumerate(competing):
        lost = set(parts[index]) - won[index]
        if lost and not won[index]:
            rival = next(i for i in won if won[i] & lost)
            losers.append((standing, competing[rival]))
        standing.blocked |= lost
    return losers


def _parts_of(standing: Standing) -> dict[int, int]:
    parts: dict[int, int] = {}
    for effect in standing.effects:
        for position, cents in effect.parts:
            parts[position] = parts.get(position, 0) + cents
    return parts


def keep_exclusive(tie: str, remaining: list[Standing], exclusive: list[Standing]) -> list[Standing]:
    """Keep one exclusive campaign: the one worth most, or the first by priority when the policy says so."""
    if tie == "first":
        winner = min(exclusive, key=lambda standing: standing.compiled.order_key)
    else:
        winner = min(exclusive, key=best_key)
    for standing in remaining:
        if standing is not winner:
            lose(standing, "exclusive_elsewhere", winner)
    return [winner]


def drop_uncombinable(remaining: list[Standing]) -> list[Standing]:
    """Of sale-wide discounts that do not combine, keep only the first by priority."""
    losers = uncombinable(remaining)
    for loser, winner in losers:
        lose(loser, "order_discount_elsewhere", winner)
    gone = {id(loser) for loser, _ in losers}
    return [standing for standing in remaining if id(standing) not in gone]


def uncombinable(chosen: Sequence[Standing]) -> list[tuple[Standing, Standing]]:
    """Return the sale-wide campaigns that cannot stand beside an earlier one, each with the first of them."""
    if all(standing.campaign.combinable_order_discount for standing in chosen):
        return []
    losers: list[tuple[Standing, Standing]] = []
    first: Standing | None = None
    combines = True
    for standing in sorted(chosen, key=lambda standing: standing.compiled.order_key):
        if not any(benefit.stage() == "order" for benefit in standing.compiled.discounts):
            continue
        if first is None:
            first, combines = standing, standing.campaign.combinable_order_discount
        elif not (combines and standing.campaign.combinable_order_discount):
            losers.append((standing, first))
    return losers
