"""Steps 5 and 6: apply the chosen campaigns level by level, within what every line has left."""

from collections.abc import Sequence
from copy import copy
from operator import add, attrgetter, itemgetter, le

from msgspec import Struct

from campaigns.engine import limits
from campaigns.engine.benefits.base import Benefit
from campaigns.engine.compiled import Stage
from campaigns.engine.eligibility import NO_LINES, Standing, check_thresholds, matching_lines, undiscounted
from campaigns.engine.evaluation import Discount
from campaigns.engine.purchase import Reward
from campaigns.engine.scene import Scene
from campaigns.engine.verdict import Verdict
from campaigns.engine.work import Effect, Parts, Work
from retail import money


class Outcome(Struct, eq=False, gc=False):
    """What one campaign gave in the end: `discount`, and on which positions (`granted`, one for each part).

    `base` is what was left of each line when its turn came.
    """

    standing: Standing
    qualifying: Sequence[int]
    base: Sequence[int]
    blocked: frozenset[int]
    freight: int = 0
    discount: int = 0
    effects: Sequence[Effect] = ()
    granted: Sequence[int] = ()

    @property
    def gift_entries(self) -> int:
        return sum([effect.gift_entries for effect in self.effects])

    @property
    def gives_something(self) -> bool:
        """True unless every benefit came to nothing; a campaign without benefits gives what it promises."""
        if self.granted or self.standing.rewards or not self.standing.campaign.benefits:
            return True
        return bool(self.freight) or any(effect.gift_entries for effect in self.effects)


class Application:
    """The state of a basket while levels are applied: `taken` off each line so far, by the `discounts` in this order."""

    def __init__(self, scene: Scene) -> None:
        count = len(scene.lines)
        self.scene = scene
        self.taken = [0] * count
        self.consumed: list[int] | None = None
        self.discounts: list[Discount] = []
        self.outcomes: dict[str, Outcome] = {}
        self.refused: dict[str, list[Verdict]] = {}
        self.freight = 0
        self.rewards: dict[str, list[Reward]] = {}
        self._stopped_by = ""
        self._stopped_lines = NO_LINES

    def run(self, standings: Sequence[Standing]) -> "Application":
        """Apply campaigns: stages in order, one stage on one base, inside it by code."""
        if not standings:
            return self
        staged: dict[Stage, list[tuple[Standing, tuple[Benefit, ...]]]] = {}
        by_priority = self.scene.policy.level_order == "priority"
        for standing in sorted(standings, key=_code_of):
            compiled = standing.compiled
            found = compiled.stages if by_priority else compiled.stages_by_level
            for stage, benefits in found:
                staged.setdefault(stage, []).append((standing, benefits))
        first = True
        for stage in sorted(staged):
            self._apply_stage(staged[stage], first)
            first = False
        return self

    def apply_last(self, standing: Standing) -> None:
        """Apply one campaign of a single benefit on what all others left, whatever these exclude, stop or use up.

        Percentages are of what is left, also where the policy takes those of campaigns off the original prices.
        """
        scene = self.scene
        base = self._base(standing.campaign.exchange, first=False)
        room = [room - taken for room, taken in zip(scene.room, self.taken, strict=True)]
        work = Work(scene, standing.campaign, standing.qualifying, base, base, room)
        effects: Sequence[Effect] = [standing.campaign.benefits[0].apply(work)]
        outcome = Outcome(standing, standing.qualifying, base, NO_LINES)
        self._merge(outcome, effects if scene.sale_room is None else self._within_sale_cap(effects))

    def _apply_stage(self, entries: list[tuple[Standing, tuple[Benefit, ...]]], first: bool) -> None:
        scene, policy = self.scene, self.scene.policy
        fee = scene.basket.delivery_fee - self.freight
        room = (
            scene.room
            if first
            else [room - taken for room, taken in zip(scene.room, self.taken, strict=True)]
        )
        # Without exchanged items every campaign of the stage computes on the same amounts.
        base = self._base("gross", first)
        bases = {"gross": base}
        # One turn serves all whose single benefit works on the same amounts, which is nearly every campaign.
        work: Work | None = None
        if not scene.has_exchange and policy.percent_base != "original" and policy.over_budget != "partial":
            work = Work(
                scene, entries[0][0].campaign, (), base, base, room, None, self.consumed, NO_LINES, fee
            )
        given: list[tuple[Outcome, Sequence[Effect]]] = []
        for standing, benefits in entries:
            compiled = standing.compiled
            if scene.has_exchange:
                exchange = compiled.campaign.exchange
                if exchange not in bases:
                    bases[exchange] = self._base(exchange, first)
                base = bases[exchange]
            outcome = self.outcomes.get(compiled.code) or self._admit(standing, base, first)
            if outcome is None:
                continue
            effects = standing.effects
            # What a campaign gives alone was computed on the base of the first stage.
            if first and effects and not standing.blocked and benefits is compiled.discounts:
                pass
            elif work is not None and len(benefits) == 1:
                work.campaign = compiled.campaign
                work.qualifying = outcome.qualifying
                work.blocked = outcome.blocked
                effects = (benefits[0].apply(work),)
            else:
                effects = compute_effects(
                    scene,
                    standing,
                    benefits,
                    outcome.qualifying,
                    base,
                    room,
                    self.consumed,
                    outcome.blocked,
                    fee,
                )
            if (standing.items_left is None and standing.budget_left is None) or not self._refuse(
                standing, effects
            ):
                given.append((outcome, effects))
        for outcome, effects in given:
            self._merge(outcome, effects if scene.sale_room is None else self._within_sale_cap(effects))
            if outcome.standing.compiled.leaves_less:
                self._close(outcome, effects)

    def _base(self, exchange: str, first: bool) -> list[int]:
        amounts = self.scene.amounts(exchange)
        if first:
            return amounts
        return [max(0, amount - taken) for amount, taken in zip(amounts, self.taken, strict=True)]

    def _admit(self, standing: Standing, base: Sequence[int], first: bool) -> Outcome | None:
        """Decide what can only be decided when the level is applied; None when the campaign is refused."""
        campaign, compiled = standing.campaign, standing.compiled
        qualifying = standing.qualifying
        if not (compiled.decides_late or self._stopped_by or self._stopped_lines):
            return Outcome(standing, qualifying, base, standing.blocked)
        if self._stopped_by:
            self._note(standing, [Verdict(satisfied=False, code="stopped", subject=self._stopped_by)])
            return None
        if self._stopped_lines and self._stopped_lines.issuperset(qualifying):
            lines = self.scene.numbers(qualifying)
            self._note(standing, [Verdict(satisfied=False, code="stopped", lines=lines)])
            return None
        if campaign.skip_discounted and not first:
            qualifying = undiscounted(matching_lines(compiled, self.scene), self.scene, self.taken)
        if campaign.threshold_basis == "running" or len(qualifying) < len(standing.qualifying):
            amounts = base if campaign.threshold_basis == "running" else self.scene.amounts(campaign.exchange)
            refusals = check_thresholds(campaign, self.scene, qualifying, amounts)
            if refusals:
                self._note(standing, refusals)
                return None
        outcome = Outcome(standing, qualifying, base, standing.blocked)
        if self._stopped_lines:
            outcome.blocked |= self._stopped_lines
        if campaign.skip_discounted:
            outcome.blocked |= discounted_lines(self.scene, self.taken)
        return outcome

    def _refuse(self, standing: Standing, effects: Sequence[Effect]) -> bool:
        """Refuse what would pass an item limit or the budget; note why."""
        verdict = over_limits(self.scene, standing, effects)
        if verdict is not None:
            self._note(standing, [verdict])
        return verdict is not None

    def _note(self, standing: Standing, verdicts: list[Verdict]) -> None:
        self.refused[standing.compiled.code] = verdicts

    def _within_sale_cap(self, effects: Sequence[Effect]) -> Sequence[Effect]:
        """Return what of a campaign's effects the cap of the sale leaves room for."""
        left = (self.scene.sale_room or 0) - sum(self.taken)
        if sum([effect.total for effect in effects]) <= left:
            return effects
        # The standing keeps its own: it may be applied again, beside others.
        kept = [copy(effect) for effect in effects]
        _cut_to_budget(kept, max(0, left), self.scene.policy.odd_cent)
        return kept

    def _merge(self, outcome: Outcome, effects: Sequence[Effect]) -> None:
        """Take a campaign's effects off the lines; what does not fit on one line goes to others if it may."""
        room = self.scene.room
        outcome.effects = [*outcome.effects, *effects] if outcome.effects else effects
        self.outcomes[outcome.standing.compiled.code] = outcome
        for effect in effects:
            if effect.shares and self._take_everywhere(outcome, effect):
                continue
            taken = self.taken
            total = blocked = 0
            parts: Parts = []
            for part in effect.parts:
                position, cents = part
                after = taken[position] + cents
                if after > room[position]:
                    blocked += after - room[position]
                    after, cents = room[position], room[position] - taken[position]
                    part = position, cents
                if cents:
                    total += cents
                    taken[position] = after
                    parts.append(part)
            if total:
                self._grant(outcome, effect.kind, list(map(_position, parts)), parts, total)
            if blocked and effect.spread:
                self._move(outcome, effect, blocked)
            if effect.freight:
                freight = min(effect.freight, self.scene.basket.delivery_fee - self.freight)
                outcome.freight += freight
                self.freight += freight

    def _grant(self, outcome: Outcome, kind: str, positions: Sequence[int], parts: Parts, total: int) -> None:
        """Note what a benefit took off lines, off each of them more than nothing."""
        self.discounts.append((outcome.standing.compiled.code, kind, parts))
        outcome.granted = [*outcome.granted, *positions] if outcome.granted else positions
        outcome.discount += total

    def _take_everywhere(self, outcome: Outcome, effect: Effect) -> bool:
        """Take off every line what an effect gives, as discounts on the sale do; False when a line lacks the room."""
        taken = list(map(add, self.taken, effect.shares))
        if not all(map(le, taken, self.scene.room)):
            return False
        self.taken = taken
        self._grant(outcome, effect.kind, self.scene.positions, effect.parts, sum(effect.shares))
        return True

    def _move(self, outcome: Outcome, effect: Effect, blocked: int) -> None:
        rooms = [self.scene.room[p] - self.taken[p] for p in effect.spread]
        weights = [outcome.base[p] for p in effect.spread]
        shares = money.prorate_within(blocked, weights, rooms, self.scene.policy.odd_cent)
        parts = [part for part in zip(effect.spread, shares, strict=True) if part[1]]
        for position, cents in parts:
            self.taken[position] += cents
        if parts:
            self._grant(outcome, effect.kind, list(map(_position, parts)), parts, sum(shares))

    def _close(self, outcome: Outcome, effects: Sequence[Effect]) -> None:
        """Let what a campaign consumed and what it stops hold from the next stage on."""
        for effect in effects:
            if effect.consumed:
                self._consume(effect)
        stop = outcome.standing.campaign.stop_further
        if stop == "none" or not outcome.gives_something:
            return
        if stop == "basket":
            self._stopped_by = self._stopped_by or outcome.standing.compiled.code
        else:
            self._stopped_lines |= frozenset(outcome.granted or outcome.qualifying)

    def _consume(self, effect: Effect) -> None:
        if self.consumed is None:
            self.consumed = [0] * len(self.taken)
        for position, units in effect.consumed or ():
            self.consumed[position] = min(self.consumed[position] + units, self.scene.units[position])


_code_of = attrgetter("compiled.code")
_position = itemgetter(0)


def discounted_lines(scene: Scene, taken: Sequence[int]) -> frozenset[int]:
    """Return the lines that were marked down, sold below their original price, or discounted by earlier levels."""
    return frozenset(p for p in scene.positions if taken[p] or not scene.fresh[p])


def compute_effects(
    scene: Scene,
    standing: Standing,
    benefits: tuple[Benefit, ...],
    qualifying: Sequence[int],
    base: Sequence[int],
    room: Sequence[int],
    consumed: Sequence[int] | None = None,
    blocked: frozenset[int] = NO_LINES,
    fee: int | None = None,
) -> list[Effect]:
    """Return what a campaign's benefits give, in their order, each on what the one before left.

    `fee` is what earlier levels left of the delivery fee, None for the whole of it.
    """
    campaign, policy = standing.campaign, scene.policy
    if fee is None or policy.percent_base == "original":
        fee = scene.basket.delivery_fee
    percent_base = base if policy.percent_base != "original" else scene.amounts(campaign.exchange)
    partial = policy.over_budget == "partial"
    units_left = standing.items_left if partial else None
    work = Work(scene, campaign, qualifying, base, percent_base, room, units_left, consumed, blocked, fee)
    if len(benefits) == 1 and not partial:
        return [benefits[0].apply(work)]
    effects = []
    for position, benefit in enumerate(benefits):
        effect = benefit.apply(work)
        effects.append(effect)
        if position + 1 < len(benefits):
            work.advance(effect)
    if standing.budget_left is not None and partial:
        _cut_to_budget(effects, max(0, standing.budget_left), policy.odd_cent)
    return effects


def _cut_to_budget(effects: list[Effect], budget: int, odd_cent: str) -> None:
    for effect in effects:
        amounts = [cents for _, cents in effect.parts]
        if sum(amounts) > budget:
            shares = money.prorate_within(budget, amounts, amounts, odd_cent)
            effect.parts = [(p, share) for (p, _), share in zip(effect.parts, shares, strict=True) if share]
            effect.shares = ()
        budget -= effect.total


def over_limits(scene: Scene, standing: Standing, effects: Sequence[Effect]) -> Verdict | None:
    """Return the refusal when the effects ask for more items or money than limits and budget leave."""
    campaign = standing.campaign
    if standing.items_left is not None:
        wanted = counted_items(scene, standing, effects)
        if wanted > standing.items_left:
            return limits.too_many_items(campaign, scene, wanted)
    if standing.budget_left is not None:
        discount = sum([effect.total for effect in effects])
        if discount > standing.budget_left:
            return limits.budget_refusal(campaign, scene, discount)
    return None


def counted_items(scene: Scene, standing: Standing, effects: Sequence[Effect]) -> int:
    """Return how many items an activation counts: those it discounts, else gifts, else those that qualify."""
    items = items_by_line(scene, standing, effects)
    return sum(items.values()) if items else sum([effect.gift_entries for effect in effects])


def items_by_line(scene: Scene, standing: Standing, effects: Sequence[Effect]) -> dict[int, int]:
    """Return by position the items that an activation counts; none when it counts gifts, which belong to no line."""
    units: dict[int, int] = {}
    for effect in effects:
        touched = {position for position, _ in effect.parts}
        for position, count in effect.discounted_units(scene.units):
            if position in touched:
                units[position] = max(units.get(position, 0), count)
    if units or True in [effect.gift_entries > 0 for effect in effects]:
        return units
    return {p: scene.units[p] for p in standing.qualifying}
