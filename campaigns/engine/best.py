"""`best_for_customer`: of every allowed combination, the one that leaves the customer best off."""

from collections.abc import Sequence

from campaigns.engine.application import Application
from campaigns.engine.associations import Association
from campaigns.engine.earnings import worth_of
from campaigns.engine.eligibility import Standing
from campaigns.engine.scene import Scene
from campaigns.engine.selection import best_key, lose, uncombinable
from campaigns.engine.verdict import Unit, Verdict

# A till waits for the answer: so many combinations are evaluated at most, fewer when a basket has many lines. That
# searches 12 campaigns on 24 lines to the end; docs/algorithms/evaluation.md says how far off it can be beyond.
MOST_COMBINATIONS = 4096
MOST_LINES = 100_000  # of all evaluated combinations together


class BestSearch:
    """Branch and bound over the campaigns that may be combined.

    The bound is sound because no campaign gives more beside others than alone: everyone computes on what is left.
    """

    def __init__(
        self, scene: Scene, associations: Sequence[Association], standings: Sequence[Standing]
    ) -> None:
        self.scene = scene
        self.standings = sorted(standings, key=best_key)
        self.groups = [frozenset(a.campaigns) for a in associations if a.criterion != "all"]
        self.best: list[Standing] = []
        self.best_worth = -1
        self.evaluated = 0
        self.most = max(32, min(MOST_COMBINATIONS, MOST_LINES // max(1, len(scene.lines))))
        # Beside the earnings and gifts, nobody can gain more than there is to pay.
        self.payable = sum(scene.room) + scene.basket.delivery_fee

    def run(self) -> tuple[list[Standing], int]:
        """Return the best combination and its worth."""
        self._branch(0, [], frozenset(), 0, 0)
        return self.best, max(self.best_worth, 0)

    def _conflicts(self, standing: Standing, closed: frozenset[int]) -> bool:
        return any(index in closed for index in self._groups_of(standing))

    def _groups_of(self, standing: Standing) -> list[int]:
        return [index for index, group in enumerate(self.groups) if standing.compiled.code in group]

    def _bound(self, position: int, closed: frozenset[int], worth: int, extra: int) -> int:
        """Return the most that a branch could be worth: its campaigns alone, and one of each association to come.

        `worth` is what the chosen ones are worth alone, `extra` the part of it that is no discount.
        """
        counted: set[int] = set(closed)
        for standing in self.standings[position:]:
            groups = self._groups_of(standing)
            if any(index in counted for index in groups):
                continue
            if len(groups) == 1:
                counted.add(groups[0])
            worth += standing.worth
            extra += standing.extra
        return min(worth, self.payable + extra)

    def _branch(
        self, position: int, chosen: list[Standing], closed: frozenset[int], worth: int, extra: int
    ) -> None:
        if self.evaluated >= self.most:
            return
        if self.best_worth >= 0 and self._bound(position, closed, worth, extra) <= self.best_worth:
            return
        if position == len(self.standings):
            self._evaluate(chosen)
            return
        standing = self.standings[position]
        if not self._conflicts(standing, closed):
            now_closed = closed | frozenset(self._groups_of(standing))
            with_it = [*chosen, standing]
            self._branch(position + 1, with_it, now_closed, worth + standing.worth, extra + standing.extra)
        self._branch(position + 1, chosen, closed, worth, extra)

    def _evaluate(self, chosen: list[Standing]) -> None:
        dropped = {id(loser) for loser, _ in uncombinable(chosen)}
        allowed = [standing for standing in chosen if id(standing) not in dropped]
        self.evaluated += 1
        worth = worth_of(self.scene, Application(self.scene).run(allowed))
        if worth > self.best_worth:
            self.best, self.best_worth = allowed, worth


def select_best(
    scene: Scene, associations: Sequence[Association], eligible: Sequence[Standing]
) -> list[Standing]:
    """Return the combination worth most: one exclusive campaign alone, or any allowed set of the others."""
    combined, worth = BestSearch(scene, associations, [s for s in eligible if not s.campaign.exclusive]).run()
    exclusive = min((s for s in eligible if s.campaign.exclusive), key=best_key, default=None)
    if exclusive is not None and (exclusive.worth > worth or not combined):
        for standing in eligible:
            if standing is not exclusive:
                lose(standing, "exclusive_elsewhere", exclusive)
        return [exclusive]
    chosen = {id(standing) for standing in combined}
    for standing in eligible:
        if id(standing) not in chosen:
            standing.refusals.append(
                Verdict(
                    satisfied=False, code="not_best", required=worth, actual=standing.worth, unit=Unit.MONEY
                )
            )
    return [standing for standing in eligible if id(standing) in chosen]
