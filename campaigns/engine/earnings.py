"""What a sale earns once every discount is known: cashback, points, codes, vouchers; and what an outcome is worth."""

from collections.abc import Sequence

from campaigns.engine.application import Application, Outcome
from campaigns.engine.benefits.gift import Gift
from campaigns.engine.compiled import Compiled
from campaigns.engine.eligibility import Standing
from campaigns.engine.evaluation import Earned, PointsEarned
from campaigns.engine.purchase import Purchase, Reward, points_text
from campaigns.engine.scene import Scene


def rewards_of(
    scene: Scene, compiled: Compiled, qualifying: Sequence[int], taken: Sequence[int] | None
) -> list[Reward]:
    """Return what a campaign's earning benefits credit when `taken` was taken off the lines (None: nothing)."""
    due = scene.abated
    if taken is not None:
        due = [amount - less for amount, less in zip(due, taken, strict=True)]
    purchase = Purchase(scene, compiled.code, qualifying, due)
    rewards = []
    for benefit in compiled.earnings:
        if benefit.needs_customer and scene.shopper is None:
            continue
        reward = benefit.earn(purchase)
        if reward is not None:
            rewards.append(reward)
    return rewards


def cashback_total(rewards: Sequence[Reward]) -> int:
    return sum([reward.cashback.amount for reward in rewards if reward.cashback is not None])


def gift_value(scene: Scene, standing: Standing, entries: int) -> int:
    """Return today's price of the gifts: those chosen, else the dearest that could be chosen."""
    if not entries:
        return 0
    prices: list[int] = []
    chosen = [choice for choice in scene.basket.gifts if choice.campaign == standing.compiled.code]
    for benefit in standing.compiled.discounts:
        if isinstance(benefit, Gift):
            prices += [int(price_today(scene, p.sku) * p.quantity) for p in benefit.products]
    if chosen:
        return sum([int(price_today(scene, choice.sku) * choice.quantity) for choice in chosen])
    return max(prices, default=0) * entries


def price_today(scene: Scene, sku: str) -> int:
    """Return what a product costs today: in the catalogue, else in this basket, else 0."""
    known = scene.around.products.get(sku)
    if known is not None and known.price is not None:
        return known.price
    return next((line.unit_price for line in scene.lines if line.sku == sku), 0)


def worth_alone(scene: Scene, standing: Standing) -> int | None:
    """Return what a campaign alone is worth to the customer: money off, delivery, cashback, gifts.

    None when every benefit comes to nothing. A campaign without benefits is worth 0.
    """
    compiled = standing.compiled
    total = entries = 0
    gives = not compiled.campaign.benefits
    for effect in standing.effects:
        if effect.parts:
            gives = True
            for _, cents in effect.parts:
                total += cents
        if effect.freight or effect.gift_entries:
            gives = True
            total += effect.freight
            entries += effect.gift_entries
    if entries:
        standing.extra = gift_value(scene, standing, entries)
    if compiled.earnings:
        taken = [0] * len(scene.lines)
        for effect in standing.effects:
            for position, cents in effect.parts:
                taken[position] += cents
        rewards = rewards_of(scene, compiled, standing.qualifying, taken)
        if rewards:
            gives = standing.rewards = True
            standing.extra += cashback_total(rewards)
    if scene.sale_room is not None:
        total = min(total, scene.sale_room)
    return total + standing.extra if gives else None


def worth_of(scene: Scene, application: Application) -> int:
    """Return what the customer gains from an application as a whole."""
    total = sum(application.taken) + application.freight
    for outcome in application.outcomes.values():
        total += cashback_total(
            rewards_of(scene, outcome.standing.compiled, outcome.qualifying, application.taken)
        )
        total += gift_value(scene, outcome.standing, outcome.gift_entries)
    return total


def program_points(scene: Scene, due: Sequence[int]) -> dict[str, int]:
    """Return the hundredths of points that each program gives for the sale by itself, known customers only."""
    if scene.shopper is None:
        return {}
    purchase = Purchase(scene, "", scene.positions, due)
    return {program.code: purchase.program_points(program.code) for program in scene.around.programs}


NOTHING_EARNED = Earned()


def collect(scene: Scene, application: Application, rewards: dict[str, list[Reward]]) -> Earned:
    """Sum up what the sale earns. Points of one program are one entry; programs in order of their codes."""
    if not rewards and (scene.shopper is None or not scene.around.programs):
        return NOTHING_EARNED
    due = [amount - less for amount, less in zip(scene.abated, application.taken, strict=True)]
    points = program_points(scene, due)
    given = [reward for code in rewards for reward in rewards[code]]
    for reward in given:
        if reward.program:
            points[reward.program] = points.get(reward.program, 0) + reward.points
    return Earned(
        points=tuple(
            PointsEarned(program=program, points=points_text(hundredths))
            for program, hundredths in sorted(points.items())
            if hundredths
        ),
        cashback=tuple(reward.cashback for reward in given if reward.cashback is not None),
        codes=tuple(reward.code for reward in given if reward.code is not None),
        vouchers=tuple(reward.voucher for reward in given if reward.voucher is not None),
    )


def final_rewards(
    scene: Scene, application: Application, outcomes: Sequence[Outcome]
) -> dict[str, list[Reward]]:
    """Return by campaign what applied campaigns with earning benefits credit on the final amounts."""
    return {
        outcome.standing.compiled.code: rewards_of(
            scene, outcome.standing.compiled, outcome.qualifying, application.taken
        )
        for outcome in outcomes
    }
