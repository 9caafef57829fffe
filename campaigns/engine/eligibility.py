"""Step 3: may this campaign activate for this basket? Every refusal is recorded, none hides another."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from campaigns.engine import limits
from campaigns.engine.campaign import Campaign, Group, Node
from campaigns.engine.compiled import Compiled
from campaigns.engine.guards import EXCHANGED, outside_window
from campaigns.engine.scene import Scene
from campaigns.engine.shortfalls import amount_refusal, too_few, too_little
from campaigns.engine.verdict import Verdict
from campaigns.engine.work import Effect

NO_LINES: frozenset[int] = frozenset()


class Standing(Struct, eq=False, gc=False):
    """How one candidate stands in one evaluation.

    `refusals` are the reasons why it cannot activate; `effects` what it gives alone, `worth` their value for the
    customer and `extra` the part of it that is no discount (cashback and gifts); `qualifying` and `blocked` are
    positions of lines.
    """

    compiled: Compiled
    campaign: Campaign
    qualifying: Sequence[int]
    refusals: list[Verdict]
    blocked: frozenset[int] = NO_LINES
    effects: Sequence[Effect] = ()
    rewards: bool = False
    worth: int = 0
    extra: int = 0
    items_left: int | None = None
    budget_left: int | None = None


NOTHING = Decimal()
NOT_ACCEPTED = Verdict(satisfied=False, code="not_accepted")


def is_offer(standing: Standing) -> bool:
    """True for an optional campaign that lacks nothing but the operator's acceptance."""
    return len(standing.refusals) == 1 and standing.refusals[0] is NOT_ACCEPTED


def assess(compiled: Compiled, scene: Scene) -> Standing:
    """Check everything that does not depend on other campaigns."""
    campaign = compiled.campaign
    refusals: list[Verdict] = []
    if not compiled.starts <= scene.instant < compiled.ends:
        refusals.append(outside_window(campaign, scene))
    for guard in compiled.guards:
        verdict = guard(campaign, scene)
        if verdict is not None:
            refusals.append(verdict)
    if scene.has_exchange and campaign.exchange == "block":
        refusals.append(EXCHANGED)
    only = compiled.only_selector
    qualifying = scene.select(only) if only is not None else matching_lines(compiled, scene)
    required = compiled.required_besides if qualifying else compiled.required
    if required is None:
        satisfied = check_tree_of(compiled, scene, refusals)
    else:
        satisfied = True
        for condition in required:
            verdict = condition.check(scene, compiled.code)
            if not verdict.satisfied:
                refusals.append(verdict)
                satisfied = False
    if campaign.skip_discounted:
        qualifying = undiscounted(qualifying, scene)
    standing = Standing(compiled, campaign, qualifying, refusals)
    if (compiled.has_thresholds or not qualifying) and (satisfied or qualifying):
        amounts = scene.amounts(campaign.exchange)
        # What is left later is never more: a minimum that is missed now stays missed, a maximum may yet be met.
        running = campaign.threshold_basis == "running"
        refusals += check_thresholds(campaign, scene, qualifying, amounts, with_maximum=not running)
    if compiled.is_restricted:
        check_restrictions(standing, scene)
    return standing


def check_restrictions(standing: Standing, scene: Scene) -> None:
    """Check what only some campaigns have: limits, a budget, the operator's acceptance."""
    campaign, refusals = standing.campaign, standing.refusals
    if campaign.limits:
        reached, standing.items_left = limits.check_limits(campaign, scene)
        refusals += reached
    if campaign.budget is not None:
        standing.budget_left = limits.budget_left(campaign, scene)
        if standing.budget_left is not None and standing.budget_left <= 0:
            refusals.append(limits.budget_refusal(campaign, scene))
    if campaign.optional and campaign.code not in scene.basket.accepted:
        refusals.append(NOT_ACCEPTED)


def check_tree_of(compiled: Compiled, scene: Scene, refusals: list[Verdict]) -> bool:
    """Check a tree that is no plain conjunction, adding what stands in its way; return whether it holds."""
    assert compiled.conditions is not None  # noqa: S101 - no tree at all is a conjunction
    satisfied, unmet = check_tree(compiled.conditions, scene, compiled.code)
    refusals += unmet
    return satisfied


def check_tree(node: Node, scene: Scene, campaign: str) -> tuple[bool, list[Verdict]]:
    """Check every condition of a tree; return whether it holds and the verdicts that stand in its way."""
    if not isinstance(node, Group):
        verdict = node.check(scene, campaign)
        return verdict.satisfied, [] if verdict.satisfied else [verdict]
    results = [check_tree(child, scene, campaign) for child in node.children]
    if node.operator == "all":
        unmet = [verdict for _, verdicts in results for verdict in verdicts]
        return not unmet, unmet
    if any(satisfied for satisfied, _ in results):
        return True, []
    return False, [verdict for _, verdicts in results for verdict in verdicts]


def matching_lines(compiled: Compiled, scene: Scene) -> Sequence[int]:
    """Return the lines matched by the tree's product conditions (union), or all lines when it has none."""
    selectors = compiled.selectors
    if len(selectors) == 1:
        return scene.select(selectors[0])
    if not selectors:
        return scene.positions
    return sorted({position for selector in selectors for position in scene.select(selector)})


def undiscounted(positions: Sequence[int], scene: Scene, taken: Sequence[int] | None = None) -> Sequence[int]:
    """Leave out marked down and reduced lines, and those that earlier levels took something off."""
    return [p for p in positions if scene.fresh[p] and not (taken and taken[p])]


def check_thresholds(
    campaign: Campaign,
    scene: Scene,
    qualifying: Sequence[int],
    amounts: Sequence[int],
    with_maximum: bool = True,
) -> list[Verdict]:
    """Test quantity and amounts (all inclusive) of the qualifying lines."""
    if not qualifying:
        return [Verdict(satisfied=False, code="no_qualifying_lines")]
    refusals = []
    lines = scene.lines
    if campaign.minimum_quantity is not None:
        quantity = sum([lines[p].quantity for p in qualifying], NOTHING)
        if quantity < campaign.minimum_quantity:
            refusals.append(too_few(scene, qualifying, campaign.minimum_quantity, quantity))
    lowest, highest = campaign.minimum_amount, campaign.maximum_amount if with_maximum else None
    if lowest is None and highest is None:
        return refusals
    amount = sum([amounts[p] for p in qualifying])
    if lowest is not None and amount < lowest:
        refusals.append(too_little(scene, qualifying, lowest, amount))
    if highest is not None and amount > highest:
        refusals.append(amount_refusal("maximum_amount", highest, amount, scene.numbers(qualifying)))
    return refusals
