"""Step 3: may this campaign activate for this basket? Every refusal is recorded, none hides another."""

from collections.abc import Sequence
from decimal import Decimal

from campaigns.engine import limits
from campaigns.engine.campaign import Campaign, Group, Node
from campaigns.engine.guards import EXCHANGED, outside_window
from campaigns.engine.plan import Compiled
from campaigns.engine.scene import Scene
from campaigns.engine.verdict import Unit, Verdict
from campaigns.engine.work import Effect


class Standing:
    """How one candidate stands in one evaluation.

    `refusals` are the reasons why it cannot activate; `effects` what it gives alone, `worth` their value for the
    customer; `qualifying` and `blocked` are positions of lines.
    """

    # Most candidates never get further than these.
    blocked: frozenset[int] = frozenset()
    effects: Sequence[Effect] = ()
    rewards = False
    worth = 0
    extra = 0  # the part of the worth that is no discount: cashback and gifts
    items_left: int | None = None
    budget_left: int | None = None

    def __init__(self, compiled: Compiled, qualifying: Sequence[int], refusals: list[Verdict]) -> None:
        self.compiled = compiled
        self.campaign = compiled.campaign
        self.qualifying = qualifying
        self.refusals = refusals


NOT_ACCEPTED = Verdict(satisfied=False, code="not_accepted")


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
    satisfied = check_conditions(compiled, scene, refusals)
    qualifying = qualifying_lines(compiled, scene)
    standing = Standing(compiled, qualifying, refusals)
    if (compiled.has_thresholds or not qualifying) and (satisfied or qualifying):
        amounts = None if campaign.threshold_basis == "running" else scene.amounts(campaign.exchange)
        refusals += check_thresholds(campaign, scene, qualifying, amounts)
    if campaign.limits:
        reached, standing.items_left = limits.check_limits(campaign, scene)
        refusals += reached
    if campaign.budget is not None:
        standing.budget_left = limits.budget_left(campaign, scene)
        if standing.budget_left is not None and standing.budget_left <= 0:
            refusals.append(limits.budget_refusal(campaign, scene))
    if campaign.optional and campaign.code not in scene.basket.accepted:
        refusals.append(NOT_ACCEPTED)
    return standing


def check_conditions(compiled: Compiled, scene: Scene, refusals: list[Verdict]) -> bool:
    """Check the campaign's tree, adding what stands in its way to the refusals; return whether it holds."""
    if compiled.required is None:
        assert compiled.conditions is not None  # noqa: S101 - only a tree is no conjunction
        satisfied, unmet = check_tree(compiled.conditions, scene, compiled.code)
        refusals += unmet
        return satisfied
    satisfied = True
    for condition in compiled.required:
        verdict = condition.check(scene, compiled.code)
        if not verdict.satisfied:
            refusals.append(verdict)
            satisfied = False
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


def qualifying_lines(compiled: Compiled, scene: Scene, taken: Sequence[int] | None = None) -> Sequence[int]:
    """Return the lines matched by the tree's product conditions (union), or all lines when it has none.

    `taken` is what earlier levels took off each line, for campaigns that skip discounted products.
    """
    selectors = compiled.selectors
    found: Sequence[int]
    if not selectors:
        found = scene.positions
    elif len(selectors) == 1:
        found = scene.select(selectors[0])
    else:
        found = sorted({position for selector in selectors for position in scene.select(selector)})
    if compiled.campaign.skip_discounted:
        found = [p for p in found if scene.fresh[p] and not (taken and taken[p])]
    return found


def check_thresholds(
    campaign: Campaign, scene: Scene, qualifying: Sequence[int], amounts: Sequence[int] | None
) -> list[Verdict]:
    """Test quantity and amounts (all inclusive) of the qualifying lines; `amounts` None leaves the amounts for later."""
    if not qualifying:
        return [Verdict(satisfied=False, code="no_qualifying_lines")]
    refusals = []
    lines = scene.lines
    if campaign.minimum_quantity is not None:
        quantity = sum([lines[p].quantity for p in qualifying], Decimal())
        if quantity < campaign.minimum_quantity:
            refusals.append(
                Verdict(
                    satisfied=False,
                    code="minimum_quantity",
                    required=campaign.minimum_quantity,
                    actual=quantity,
                    missing=campaign.minimum_quantity - quantity,
                    unit=Unit.QUANTITY,
                    lines=scene.numbers(qualifying),
                )
            )
    if amounts is None or (campaign.minimum_amount is None and campaign.maximum_amount is None):
        return refusals
    amount = sum([amounts[p] for p in qualifying])
    lowest, highest = campaign.minimum_amount, campaign.maximum_amount
    if lowest is not None and amount < lowest:
        refusals.append(_amount_refusal("minimum_amount", lowest, amount, scene.numbers(qualifying)))
    if highest is not None and amount > highest:
        refusals.append(_amount_refusal("maximum_amount", highest, amount, scene.numbers(qualifying)))
    return refusals


def _amount_refusal(code: str, required: int, actual: int, lines: tuple[int, ...]) -> Verdict:
    return Verdict(
        satisfied=False,
        code=code,
        required=required,
        actual=actual,
        missing=abs(required - actual),
        unit=Unit.MONEY,
        lines=lines,
    )
