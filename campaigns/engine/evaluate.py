"""Evaluate a basket: price, exchange, eligibility, selection, application, result (docs/algorithms/evaluation.md)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from operator import attrgetter

from campaigns.engine.application import (
    Application,
    compute_effects,
    discounted_lines,
    over_limits,
)
from campaigns.engine.basket import (
    Basket,
    CampaignUsage,
    CatalogueItem,
    Program,
    Shopper,
    Store,
    Surroundings,
)
from campaigns.engine.best import select_best
from campaigns.engine.compiled import Compiled, may_gain
from campaigns.engine.earnings import final_rewards, worth_alone
from campaigns.engine.eligibility import NO_LINES, Standing, assess, check_thresholds, is_offer
from campaigns.engine.evaluation import Evaluation
from campaigns.engine.plan import Plan
from campaigns.engine.pricing import price
from campaigns.engine.redemption import Redeeming, redeem_value
from campaigns.engine.refusals import distance
from campaigns.engine.result import BasketError, Result
from campaigns.engine.scene import Scene
from campaigns.engine.selection import select_by_rules
from campaigns.engine.verdict import Verdict
from campaigns.engine.vip import apply_rate
from campaigns.engine.work import Work

__all__ = ["BasketError", "evaluate", "work_out"]

_NO_EFFECT = Verdict(satisfied=False, code="no_effect")


def evaluate(
    plan: Plan,
    basket: Basket,
    shopper: Shopper | None,
    *,
    moment: datetime,
    store: Store,
    usage: Mapping[str, CampaignUsage] | None = None,
    products: Mapping[str, CatalogueItem] | None = None,
    programs: tuple[Program, ...] = (),
    including: Collection[str] = (),
    redeeming: Redeeming | None = None,
    with_deals: bool = False,
) -> Evaluation:
    """Return what every candidate campaign gives this basket, or why it gives nothing.

    Pure: equal arguments give an equal Evaluation, to the byte once rendered. `shopper` None is anonymous. `moment` is
    aware. `usage` says by campaign code what limits and budgets have been used, `products` by SKU what gifts are called
    and cost, `programs` the points programs of the company. `including` names campaigns that the answer lists even if the
    index rules them out (the simulator does). `redeeming` is what value is asked to pay of it. `with_deals` adds to each activation how a return would share its
    discount (a commit needs it, a till does not). Raises BasketError for a gift choice that no campaign offers.
    """
    around = Surroundings(
        moment=moment, store=store, usage=usage or {}, products=products or {}, programs=programs
    )
    return work_out(plan, basket, shopper, around, including, redeeming).build(with_deals)


def work_out(
    plan: Plan,
    basket: Basket,
    shopper: Shopper | None,
    around: Surroundings,
    including: Collection[str] = (),
    redeeming: Redeeming | None = None,
) -> Result:
    """Do every step of an evaluation but the last: what came of a basket, before the answer is put together.

    For whoever adds up many sales and shows none of them. Gifts that the basket chooses are not checked: `Result.gifts`
    and `Result.build` do.
    """
    scene = Scene(basket, shopper, around, plan.policy)
    candidates = plan.candidates(basket, around.store, scene.offers)
    if including:
        named = {compiled.code: compiled for compiled in candidates}
        named.update({code: plan.campaigns[code] for code in including})
        candidates = sorted(named.values(), key=lambda compiled: compiled.order_key)

    price(scene, plan.markdowns_for(basket), partial(named_lines, candidates))
    standings = [assess(compiled, scene) for compiled in candidates]
    application = Application(scene).run(choose(standings, scene, plan))
    if basket.promo_codes:
        standings += apply_rate(scene, application)
    redemption = None
    if redeeming is not None:
        redemption = redeem_value(scene, application, redeeming)
        scene.redeemed = redemption.total
    conclude(scene, application)
    return Result(plan, scene, standings, application, redemption)


def named_lines(candidates: Iterable[Compiled], scene: Scene) -> frozenset[int]:
    """Return the lines that a campaign of this moment and store names, by its conditions or its targets."""
    found: set[int] = set()
    for compiled in candidates:
        if not compiled.opens_in(scene.around.store) or not compiled.starts <= scene.instant < compiled.ends:
            continue
        targets = [getattr(benefit, "target", None) for benefit in compiled.campaign.benefits]
        for selector in [*compiled.selectors, *(target for target in targets if target is not None)]:
            if selector.by != "all":
                found.update(scene.select(selector))
    return frozenset(found)


def choose(standings: Sequence[Standing], scene: Scene, plan: Plan) -> list[Standing]:
    """Return the standings that activate, weighed alone where anybody needs to know what they are worth."""
    found = [s for s in standings if not s.refusals or (s.compiled.is_restricted and is_offer(s))]
    if not found:
        return []
    associations = plan.associations_among([s.compiled.code for s in found]) if plan.associated else []
    best = plan.policy.selection == "best_for_customer"
    if not best and not associations and False not in [s.compiled.is_plain for s in found]:
        return found
    compete = best or bool(associations) or True in [s.compiled.competes for s in found]
    taken = True in [s.compiled.takes_lines for s in found]
    eligible = [s for s in found if not (compete or is_weighed(s, taken)) or weigh(s, scene)]
    if not compete:
        return eligible
    if best:
        return select_best(scene, associations, eligible)
    return select_by_rules(scene, associations, eligible)


def is_weighed(standing: Standing, lines_are_taken: bool) -> bool:
    """Say whether it matters what a campaign gives alone where none compete: it does not activate when that is nothing."""
    compiled = standing.compiled
    if may_gain(compiled, lines_are_taken):
        return True
    return compiled.is_restricted and (
        bool(standing.refusals)
        or standing.items_left is not None
        or standing.budget_left is not None
        or standing.campaign.stop_further != "none"  # it stops others only if it gives something
    )


def weigh(standing: Standing, scene: Scene) -> bool:
    """Compute what a campaign gives alone; refuse it when that is nothing, or more than limits leave.

    Returns whether it may activate; an offer may not, but is weighed so that the till can show it.
    """
    refusals = standing.refusals
    compiled = standing.compiled
    campaign = compiled.campaign
    base = scene.amounts(campaign.exchange)
    if campaign.exclusive and campaign.threshold_basis == "running":
        missed = check_thresholds(campaign, scene, standing.qualifying, base)  # nobody leaves it less
        if missed:
            refusals += missed
            return False
    skipped = discounted_lines(scene, scene.untaken) if campaign.skip_discounted else NO_LINES
    effects = compute_effects(
        scene, standing, compiled.discounts, standing.qualifying, base, scene.room, None, skipped
    )
    standing.effects = effects
    if standing.items_left is not None or standing.budget_left is not None:
        verdict = over_limits(scene, standing, effects)
        if verdict is not None:
            refusals.append(verdict)
            return False
    worth = worth_alone(scene, standing)
    if worth is None:
        refusals += nothing_given(standing, scene, standing.qualifying, base, scene.abated, skipped)
        return False
    standing.worth = worth
    return not refusals


def nothing_given(
    standing: Standing,
    scene: Scene,
    qualifying: Sequence[int],
    base: Sequence[int],
    due: Sequence[int],
    blocked: frozenset[int],
) -> list[Verdict]:
    """Return why a campaign came to nothing: what the benefit that lacks least still lacks, if it is for want of something.

    `base` is what its discounts were computed on, `due` what the customer pays for each line. Units that other campaigns
    used up do not count as missing: with more of them, those would use more up.
    """
    campaign = standing.campaign
    wants: list[list[Verdict]] = []
    for benefit in campaign.benefits:
        left = due if benefit.level == "earning" else base
        work = Work(scene, campaign, qualifying, left, left, scene.room, blocked=blocked)
        missing = benefit.lacks(work)
        if missing:
            wants.append(missing)
    return min(wants, key=lambda verdicts: sum(map(distance, verdicts))) if wants else [_NO_EFFECT]


def conclude(scene: Scene, application: Application) -> None:
    """Credit what is earned on the final amounts, and drop the campaigns that came to nothing in the end."""
    if not application.outcomes:
        return
    outcomes = list(application.outcomes.values())
    earning = [outcome for outcome in outcomes if outcome.standing.compiled.earnings]
    if earning:
        earning.sort(key=attrgetter("standing.compiled.order_key"))
        application.rewards = final_rewards(scene, application, earning)
        for outcome in earning:
            outcome.standing.rewards = bool(application.rewards[outcome.standing.compiled.code])
    for outcome in outcomes:
        if not outcome.discount and not outcome.gives_something:
            code = outcome.standing.compiled.code
            del application.outcomes[code]
            due = [amount - less for amount, less in zip(scene.abated, application.taken, strict=True)]
            application.refused[code] = nothing_given(
                outcome.standing, scene, outcome.qualifying, outcome.base, due, outcome.blocked
            )
