"""How the lines share what a sale earns: what a return of each takes back."""

from collections.abc import Sequence

from campaigns.engine.application import Application
from campaigns.engine.evaluation import EarnedShare
from campaigns.engine.purchase import Purchase
from campaigns.engine.scene import Scene
from retail import money


def earned_shares(scene: Scene, application: Application) -> tuple[EarnedShare, ...]:
    """Spread each program's points and each campaign's cashback over the lines that earned it, by what is paid for them.

    In the order of `Earned.points`, then `Earned.cashback`. Whole points are spread in whole points.
    """
    if scene.shopper is None or not (application.rewards or scene.around.programs):
        return ()
    due = [amount - less for amount, less in zip(scene.abated, application.taken, strict=True)]
    sale = Purchase(scene, "", scene.positions, due)
    points: dict[str, list[int]] = {}
    cashback = []
    for program in scene.around.programs:
        given = sale.program_points(program.code)
        if given:
            points[program.code] = _spread(scene, given, sale.earning_positions(program), due, points=True)
    for code, rewards in application.rewards.items():
        for reward in rewards:
            positions = scene.positions if reward.of_sale else application.outcomes[code].qualifying
            if reward.cashback is not None:
                shares = _spread(scene, reward.cashback.amount, positions, due)
                cashback.append(_share(scene, "cashback", code, shares))
            if reward.program:
                shares = _spread(scene, reward.points, positions, due, points=True)
                known = points.setdefault(reward.program, [0] * len(due))
                points[reward.program] = [a + b for a, b in zip(known, shares, strict=True)]
    return (*(_share(scene, "points", code, shares) for code, shares in sorted(points.items())), *cashback)


def _spread(
    scene: Scene, total: int, positions: Sequence[int], due: Sequence[int], *, points: bool = False
) -> list[int]:
    """Return the parts of `total` by position, in proportion to what is paid."""
    unit = 100 if points and not total % 100 and scene.policy.points_rounding != "fraction" else 1
    shares = [0] * len(due)
    over = positions or scene.positions
    weights = [due[p] for p in over]
    for position, part in zip(over, money.prorate(total // unit, weights), strict=True):
        shares[position] = part * unit
    return shares


def _share(scene: Scene, kind: str, code: str, shares: Sequence[int]) -> EarnedShare:
    return EarnedShare(
        kind=kind,
        code=code,
        lines=tuple((line.line, amount) for line, amount in zip(scene.lines, shares, strict=True) if amount),
    )
