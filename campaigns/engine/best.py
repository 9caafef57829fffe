"""`best_for_customer`: of every allowed combination, the one that leaves the customer best off."""

from collections.abc import Sequence

from campaigns.engine.application import Application
from campaigns.engine.associations import Association
from campaigns.engine.earnings import worth_of
from campaigns.engine.eligibility import Standing
from campaigns.engine.scene import Scene
from campaigns.engine.selection import best_key, lose, uncombinable
from campaigns.engine.verdict import Unit, Verdict

# So many campaigns are searched to the end (2 ** 12 combinations at most). With more, a till cannot wait for every
# combination: the best of the first ones is taken, and docs/algorithms/evaluation.md says how far off it can be.
EXACT_CAMPAIGNS = 12
FIRST_COMBINATIONS = 512


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
        exact = len(standings) <= EXACT_CAMPAIGNS
        self.most = 2**EXACT_CAMPAIGNS if exact else FIRST_COMBINATIONS

    def run(self) -> tuple[list[Standing], int]:
        """Return the best combination and its worth."""
        self._branch(0, [], frozenset(), 0)
        return self.best, max(self.best_worth, 0)

    def _conflicts(self, standing: Standing, closed: frozenset[int]) -> bool:
        return any(index in closed for index in self._groups_of(standing))

    def _groups_of(self, standing: Standing) -> list[int]:
        return [index for index, group in enumerate(self.groups) if standing.compiled.code in group]

    def _bound(self, position: int, closed: frozenset[int]) -> int:
        """Return the most that the campaigns from `position` on could add: one of each association."""
        total = 0
        counted: set[int] = set(closed)
        for standing in self.standings[position:]:
            groups = self._groups_of(standing)
            if any(index in counted for index in groups):
                continue
            if len(groups) == 1:
                counted.add(groups[0])
            total += standing.worth
        return total

    def _branch(self, position: int, chosen: list[Standing], closed: frozenset[int], worth: int) -> None:
        if self.evaluated >= self.most:
            return
        if self.best_worth >= 0 and worth + self._bound(position, closed) <= self.best_worth:
            return
        if position == len(self.standings):
            self._evaluate(chosen)
            return
        standing = self.standings[position]
        if not self._conflicts(standing, closed):
            now_closed = closed | frozenset(self._groups_of(standing))
            self._branch(position + 1, [*chosen, standing], now_closed, worth + standing.worth)
        self._branch(position + 1, chosen, closed, worth)

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
