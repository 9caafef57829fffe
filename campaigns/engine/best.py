"""`best_for_customer`: of every allowed combination, the one that leaves the customer best off."""

from collections.abc import Sequence
from itertools import combinations

from campaigns.engine.application import Application
from campaigns.engine.associations import Association
from campaigns.engine.compiled import may_gain
from campaigns.engine.earnings import worth_of
from campaigns.engine.eligibility import Standing
from campaigns.engine.scene import Scene
from campaigns.engine.selection import best_key, lose, uncombinable
from campaigns.engine.verdict import Unit, Verdict

# A till waits for the answer: so many combinations are evaluated at most, fewer when a basket has many lines. That
# searches 12 campaigns on 24 lines to the end; docs/algorithms/evaluation.md says how far off it can be beyond.
MOST_COMBINATIONS = 4096
MOST_LINES = 100_000  # of all evaluated combinations together
FEWEST_COMBINATIONS = 32  # however many lines there are


class BestSearch:
    """Branch and bound over the campaigns that may be combined.

    A campaign gives no more beside others than alone, for it computes on what they left. Two sorts may (`may_gain`):
    these are taken for all that there is to pay. So the sum of what the campaigns are worth bounds every set of them,
    and beside earnings and gifts so does what there is to pay. `bound` is that of all sets: the optimum is not above it.
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
        self.most = max(FEWEST_COMBINATIONS, min(MOST_COMBINATIONS, MOST_LINES // max(1, len(scene.lines))))
        # Beside the earnings and gifts, nobody can gain more than there is to pay.
        most = sum(scene.room) if scene.sale_room is None else min(sum(scene.room), scene.sale_room)
        self.payable = most + scene.basket.delivery_fee
        # By position: the most that a campaign can be worth beside any others, and the part of it that is no discount.
        self.extras = [_extra(standing) for standing in self.standings]
        taken = any(standing.compiled.takes_lines for standing in self.standings)
        self.uppers = [
            self.payable + extra if may_gain(standing.compiled, taken) else standing.worth
            for standing, extra in zip(self.standings, self.extras, strict=True)
        ]
        self.bound = self._bound(0, frozenset(), 0, 0)

    def run(self) -> tuple[list[Standing], int]:
        """Return the best combination and its worth: the optimum, or the best of what the limit lets it evaluate.

        In any case it is worth no less than each campaign alone and each allowed pair.
        """
        if 2 ** len(self.standings) > self.most:
            self._branch(0, [], frozenset(), 0, 0, most=1)
            self._singles_and_pairs()
            self.evaluated = 0
        self._branch(0, [], frozenset(), 0, 0, most=self.most)
        return self.best, max(self.best_worth, 0)

    def _singles_and_pairs(self) -> None:
        """Evaluate each campaign alone, and each allowed pair, that could be worth more than the best so far."""
        for position, standing in enumerate(self.standings):
            if self.uppers[position] > self.best_worth:
                self._evaluate([standing])
        for (first, one), (second, other) in combinations(enumerate(self.standings), 2):
            most = min(
                self.uppers[first] + self.uppers[second],
                self.payable + self.extras[first] + self.extras[second],
            )
            if most > self.best_worth and not self._conflicts(other, frozenset(self._groups_of(one))):
                self._evaluate([one, other])

    def _conflicts(self, standing: Standing, closed: frozenset[int]) -> bool:
        return any(index in closed for index in self._groups_of(standing))

    def _groups_of(self, standing: Standing) -> list[int]:
        return [index for index, group in enumerate(self.groups) if standing.compiled.code in group]

    def _bound(self, position: int, closed: frozenset[int], worth: int, extra: int) -> int:
        """Return the most that a branch could be worth: its campaigns alone, and one of each association to come.

        `worth` is what the chosen ones are worth alone, `extra` the part of it that is no discount.
        """
        best_of_group: dict[int, tuple[int, int]] = {}
        for later in range(position, len(self.standings)):
            groups = self._groups_of(self.standings[later])
            if any(index in closed for index in groups):
                continue
            if len(groups) == 1:
                # At most one of an association: count the greatest of each part.
                worth_of_group, extra_of_group = best_of_group.get(groups[0], (0, 0))
                best_of_group[groups[0]] = (
                    max(worth_of_group, self.uppers[later]),
                    max(extra_of_group, self.extras[later]),
                )
                continue
            worth += self.uppers[later]
            extra += self.extras[later]
        worth += sum([most for most, _ in best_of_group.values()])
        extra += sum([most for _, most in best_of_group.values()])
        return min(worth, self.payable + extra)

    def _branch(
        self, position: int, chosen: list[Standing], closed: frozenset[int], worth: int, extra: int, most: int
    ) -> None:
        if self.evaluated >= most:
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
            self._branch(
                position + 1,
                with_it,
                now_closed,
                worth + self.uppers[position],
                extra + self.extras[position],
                most,
            )
        self._branch(position + 1, chosen, closed, worth, extra, most)

    def _evaluate(self, chosen: list[Standing]) -> None:
        dropped = {id(loser) for loser, _ in uncombinable(chosen)}
        allowed = [standing for standing in chosen if id(standing) not in dropped]
        self.evaluated += 1
        worth = worth_of(self.scene, Application(self.scene).run(allowed))
        if worth > self.best_worth:
            self.best, self.best_worth = allowed, worth


def _extra(standing: Standing) -> int:
    """Return the most that a campaign can give beside discounts."""
    if standing.extra and standing.compiled.discounts and standing.compiled.earnings:
        return standing.worth  # what its own discount leaves to be earned on may be more beside others
    return standing.extra


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
