"""Step 3: may this campaign activate for this basket? Every refusal is recorded, none hides another."""

from collections.abc import Sequence
from decimal import Decimal

from campaigns.engine import limits
from campaigns.engine.campaign import Campaign, Group, Node
from campaigns.engine.plan import Compiled
from campaigns.engine.scene import Scene
from campaigns.engine.verdict import Unit, Verdict
from campaigns.engine.work import Effect


class Standing:
    """How one candidate stands in one evaluation.

    `refusals` are the reasons why it cannot activate; `effects` what it gives alone, `worth` their value for the
    customer; `qualifying` and `blocked` are positions of lines.
    """

    __slots__ = (
        "blocked",
        "budget_left",
        "campaign",
        "compiled",
        "effects",
        "items_left",
        "qualifying",
        "refusals",
        "rewards",
        "worth",
    )

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled
        self.campaign = compiled.campaign
        self.refusals: list[Verdict] = []
        self.qualifying: Sequence[int] = ()
        self.blocked: frozenset[int] = frozenset()
        self.effects: list[Effect] = []
        self.rewards = False
        self.worth = 0
        self.items_left: int | None = None
        self.budget_left: int | None = None


def assess(compiled: Compiled, scene: Scene) -> Standing:
    """Check everything that does not depend on other campaigns."""
    campaign = compiled.campaign
    standing = Standing(compiled)
    refusals = standing.refusals
    for guard in compiled.guards:
        verdict = guard(campaign, scene)
        if verdict is not None:
            refusals.append(verdict)
    if campaign.limits:
        reached, standing.items_left = limits.check_limits(campaign, scene)
        refusals += reached
    if campaign.budget is not None:
        standing.budget_left = limits.budget_left(campaign, scene)
        if standing.budget_left is not None and standing.budget_left <= 0:
            refusals.append(limits.budget_refusal(campaign, scene))
    satisfied = True
    if compiled.conditions is not None:
        satisfied, unmet = check_tree(compiled.conditions, scene, compiled.code)
        refusals += unmet
    standing.qualifying = qualifying_lines(compiled, scene)
    if compiled.has_thresholds or not standing.qualifying:
        amounts = None if campaign.threshold_basis == "running" else scene.amounts(campaign.exchange)
        if satisfied or standing.qualifying:
            refusals += check_thresholds(campaign, scene, standing.qualifying, amounts)
    if campaign.optional and campaign.code not in scene.basket.accepted:
        refusals.append(Verdict(satisfied=False, code="not_accepted"))
    return standing


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
