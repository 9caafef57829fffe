"""Steps 5 and 6: apply the chosen campaigns level by level, within what every line has left."""

from collections.abc import Sequence
from itertools import groupby

from campaigns.engine import limits
from campaigns.engine.benefits.base import Benefit
from campaigns.engine.eligibility import Standing, check_thresholds, qualifying_lines
from campaigns.engine.purchase import Reward
from campaigns.engine.scene import Scene
from campaigns.engine.verdict import Verdict
from campaigns.engine.work import Effect, Parts, Work
from retail import money

DISCOUNT_STAGES = ("item", "order")


class Outcome:
    """What one campaign gave in the end. `granted` are cents by position, after every cut."""

    __slots__ = ("base", "blocked", "effects", "freight", "granted", "qualifying", "standing")

    def __init__(self, standing: Standing, qualifying: Sequence[int], base: Sequence[int]) -> None:
        self.standing = standing
        self.qualifying = qualifying
        self.blocked = standing.blocked
        self.base = base  # what was left of each line when its turn came
        self.freight = 0
        self.effects: list[Effect] = []
        self.granted: dict[int, int] = {}

    @property
    def discount(self) -> int:
        return sum(self.granted.values())

    @property
    def gift_entries(self) -> int:
        return sum([effect.gift_entries for effect in self.effects])

    @property
    def gives_something(self) -> bool:
        """True unless every benefit came to nothing; a campaign without benefits gives what it promises."""
        if not self.standing.campaign.benefits or self.granted or self.standing.rewards:
            return True
        return bool(self.freight) or any(effect.gift_entries for effect in self.effects)


class Application:
    """The state of a basket while levels are applied."""

    def __init__(self, scene: Scene) -> None:
        count = len(scene.lines)
        self.scene = scene
        self.taken = [0] * count
        self.consumed: list[int] | None = None
        self.adjustments: list[list[tuple[str, str, int]]] = [[] for _ in range(count)]
        self.outcomes: dict[str, Outcome] = {}
        self.refused: dict[str, list[Verdict]] = {}
        self.freight = 0
        self.rewards: dict[str, list[Reward]] = {}
        self._stopped_by = ""
        self._stopped_lines: set[int] = set()

    def run(self, standings: Sequence[Standing]) -> "Application":
        """Apply campaigns: stages in order, one stage on one base, inside it by code."""
        entries = [
            entry for standing in standings for entry in stages(standing, self.scene.policy.level_order)
        ]
        entries.sort(key=lambda entry: (entry[0], entry[1].compiled.code))
        first = True
        for _, stage in groupby(entries, key=lambda entry: entry[0]):
            self._apply_stage([(standing, benefits) for _, standing, benefits in stage], first)
            first = False
        return self

    def _apply_stage(self, entries: list[tuple[Standing, tuple[Benefit, ...]]], first: bool) -> None:
        bases: dict[str, list[int]] = {}
        given = []
        for standing, benefits in entries:
            campaign = standing.campaign
            base = bases.get(campaign.exchange)
            if base is None:
                base = bases[campaign.exchange] = self._base(campaign.exchange, first)
            outcome = self.outcomes.get(standing.compiled.code)
            if outcome is None:
                outcome = self._admit(standing, base, first)
                if outcome is None:
                    continue
            if first and not standing.blocked and benefits is standing.compiled.discounts:
                effects = standing.effects
            else:
                effects = self._compute(outcome, benefits, base)
            if self._refuse(standing, effects):
                continue
            given.append((outcome, effects))
        for outcome, effects in given:
            self._merge(outcome, effects)
        self._close_stage([outcome for outcome, _ in given])

    def _base(self, exchange: str, first: bool) -> list[int]:
        amounts = self.scene.amounts(exchange)
        if first:
            return amounts
        return [max(0, amount - taken) for amount, taken in zip(amounts, self.taken, strict=True)]

    def _admit(self, standing: Standing, base: Sequence[int], first: bool) -> Outcome | None:
        """Decide what can only be decided when the level is applied; return None when the campaign is refused."""
        campaign, compiled = standing.campaign, standing.compiled
        if self._stopped_by:
            self._note(standing, [Verdict(satisfied=False, code="stopped", subject=self._stopped_by)])
            return None
        qualifying = standing.qualifying
        if campaign.skip_discounted and not first:
            qualifying = qualifying_lines(compiled, self.scene, self.taken)
        if self._stopped_lines:
            open_lines = [p for p in qualifying if p not in self._stopped_lines]
            if not open_lines:
                self._note(
                    standing, [Verdict(satisfied=False, code="stopped", lines=self.scene.numbers(qualifying))]
                )
                return None
        if campaign.threshold_basis == "running" or len(qualifying) < len(standing.qualifying):
            amounts = base if campaign.threshold_basis == "running" else self.scene.amounts(campaign.exchange)
            refusals = check_thresholds(campaign, self.scene, qualifying, amounts)
            if refusals:
                self._note(standing, refusals)
                return None
        outcome = Outcome(standing, qualifying, base)
        outcome.blocked |= self._stopped_lines
        if campaign.skip_discounted:
            outcome.blocked |= discounted_lines(self.scene, self.taken)
        return outcome

    def _compute(self, outcome: Outcome, benefits: tuple[Benefit, ...], base: Sequence[int]) -> list[Effect]:
        room = [room - taken for room, taken in zip(self.scene.room, self.taken, strict=True)]
        return compute_effects(
            self.scene,
            outcome.standing,
            benefits,
            outcome.qualifying,
            base,
            room,
            consumed=self.consumed,
            blocked=outcome.blocked,
        )

    def _refuse(self, standing: Standing, effects: list[Effect]) -> bool:
        """Refuse what would pass an item limit or the budget; note why."""
        verdict = over_limits(self.scene, standing, effects)
        if verdict is not None:
            self._note(standing, [verdict])
        return verdict is not None

    def _note(self, standing: Standing, verdicts: list[Verdict]) -> None:
        self.refused[standing.compiled.code] = verdicts

    def _merge(self, outcome: Outcome, effects: list[Effect]) -> None:
        """Take a campaign's effects off the lines; what does not fit on one line goes to others only if allocated."""
        code = outcome.standing.compiled.code
        self.outcomes[code] = outcome
        for effect in effects:
            outcome.effects.append(effect)
            blocked = 0
            for position, cents in effect.parts:
                fits = min(cents, self.scene.room[position] - self.taken[position])
                blocked += cents - fits
                if fits > 0:
                    self._take(outcome, effect, position, fits)
            if blocked and effect.allocated:
                self._move(outcome, effect, blocked)
            if effect.freight:
                freight = min(effect.freight, self.scene.basket.delivery_fee - self.freight)
                outcome.freight += freight
                self.freight += freight

    def _move(self, outcome: Outcome, effect: Effect, blocked: int) -> None:
        rooms = [self.scene.room[p] - self.taken[p] for p in effect.spread]
        weights = [outcome.base[p] for p in effect.spread]
        shares = money.prorate_within(blocked, weights, rooms, self.scene.policy.odd_cent)
        for position, cents in zip(effect.spread, shares, strict=True):
            if cents:
                self._take(outcome, effect, position, cents)

    def _take(self, outcome: Outcome, effect: Effect, position: int, cents: int) -> None:
        self.taken[position] += cents
        outcome.granted[position] = outcome.granted.get(position, 0) + cents
        self.adjustments[position].append((outcome.standing.compiled.code, effect.kind, cents))

    def _close_stage(self, outcomes: list[Outcome]) -> None:
        """Let what was consumed and what stops further campaigns hold from the next stage on."""
        for outcome in outcomes:
            for effect in outcome.effects:
                if effect.consumed:
                    if self.consumed is None:
                        self.consumed = [0] * len(self.taken)
                    for position, units in effect.consumed:
                        total = self.consumed[position] + units
                        self.consumed[position] = min(total, self.scene.units[position])
            if not outcome.gives_something:
                continue
            stop = outcome.standing.campaign.stop_further
            if stop == "basket":
                self._stopped_by = self._stopped_by or outcome.standing.compiled.code
            elif stop == "lines":
                self._stopped_lines |= set(outcome.granted or outcome.qualifying)


def discounted_lines(scene: Scene, taken: Sequence[int]) -> frozenset[int]:
    """Return the lines that were marked down, sold below their original price, or discounted by earlier levels."""
    return frozenset(p for p in scene.positions if taken[p] or not scene.fresh[p])


def stages(
    standing: Standing, level_order: str
) -> list[tuple[tuple[int, int], Standing, tuple[Benefit, ...]]]:
    """Return when a campaign's benefits are applied: at its priority, or its item benefits before all order ones."""
    compiled = standing.compiled
    priority = compiled.campaign.priority
    if level_order == "priority":
        return [((0, priority), standing, compiled.discounts)]
    order = tuple(benefit for benefit in compiled.discounts if benefit.stage() == "order")
    if not order:
        return [((0, priority), standing, compiled.discounts)]
    if len(order) == len(compiled.discounts):
        return [((1, priority), standing, compiled.discounts)]
    items = tuple(benefit for benefit in compiled.discounts if benefit.stage() != "order")
    return [((0, priority), standing, items), ((1, priority), standing, order)]


def compute_effects(
    scene: Scene,
    standing: Standing,
    benefits: tuple[Benefit, ...],
    qualifying: Sequence[int],
    base: Sequence[int],
    room: Sequence[int],
    *,
    consumed: Sequence[int] | None = None,
    blocked: frozenset[int] = frozenset(),
) -> list[Effect]:
    """Return what a campaign's benefits give, in their order, each on what the one before left."""
    campaign = standing.campaign
    percent_base = base if scene.policy.percent_base != "original" else scene.amounts(campaign.exchange)
    units_left = standing.items_left if scene.policy.over_budget == "partial" else None
    work = Work(
        scene,
        campaign,
        qualifying,
        left=base,
        base=percent_base,
        room=room,
        units_left=units_left,
        consumed=consumed,
        blocked=blocked,
    )
    effects = []
    for position, benefit in enumerate(benefits):
        effect = benefit.apply(work)
        effects.append(effect)
        if position + 1 < len(benefits):
            work.advance(effect)
    if standing.budget_left is not None and scene.policy.over_budget == "partial":
        _cut_to_budget(effects, max(0, standing.budget_left))
    return effects


def _cut_to_budget(effects: list[Effect], budget: int) -> None:
    for effect in effects:
        amounts = [cents for _, cents in effect.parts]
        if sum(amounts) > budget:
            shares = money.prorate_within(budget, amounts, amounts)
            cut: Parts = [(p, share) for (p, _), share in zip(effect.parts, shares, strict=True) if share]
            effect.parts = cut
        budget -= effect.total


def over_limits(scene: Scene, standing: Standing, effects: list[Effect]) -> Verdict | None:
    """Return the refusal when the effects ask for more items or money than limits and budget leave."""
    if standing.items_left is None and standing.budget_left is None:
        return None
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


def counted_items(scene: Scene, standing: Standing, effects: list[Effect]) -> int:
    """Return how many items an activation counts: those it discounts, else gifts, else those that qualify."""
    units: dict[int, int] = {}
    for effect in effects:
        touched = {position for position, _ in effect.parts}
        for position, count in effect.units:
            if position in touched:
                units[position] = max(units.get(position, 0), count)
    if units:
        return sum(units.values())
    gifts = sum([effect.gift_entries for effect in effects])
    if gifts:
        return gifts
    return sum([scene.units[p] for p in standing.qualifying])
