"""Which campaigns may meet on one line of one sale: by products, period, hours, stores and sale categories.

A `ReachIndex` is made once for a plan; a question costs what it finds, not what the plan holds.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, time
from functools import lru_cache

from msgspec import Struct

from campaigns.engine.benefits.buy_get import BuyGet
from campaigns.engine.campaign import Campaign, Schedule, leaves
from campaigns.engine.conditions.base import Term
from campaigns.engine.plan import Compiled, Plan
from campaigns.engine.selector import EVERYTHING, Selector

DAY = 1440
WEEK = 7 * DAY
ALWAYS = (1 << WEEK) - 1


def reach(campaign: Campaign) -> tuple[Selector, ...]:
    """Return the selectors of the lines that a campaign takes money off; none when it takes off nothing today."""
    qualifying = tuple(
        selector for leaf in leaves(campaign.conditions) if (selector := leaf.selector()) is not None
    ) or (EVERYTHING,)
    found: dict[int, Selector] = {}
    for benefit in campaign.benefits:
        if benefit.level not in ("item", "order"):
            continue
        target = benefit.get.selector if isinstance(benefit, BuyGet) else getattr(benefit, "target", None)
        if target is not None:
            meant: tuple[Selector, ...] = (target,)
        else:
            meant = qualifying if benefit.level == "item" else (EVERYTHING,)
        found.update({id(selector): selector for selector in meant})
    return tuple(found.values())


class ReachIndex:
    """The campaigns of a plan by what they discount: the values of their selectors, or anything at all."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.wide: set[str] = set()
        self.by_term: dict[str, dict[str, set[str]]] = {}
        for code, compiled in plan.campaigns.items():
            for selector in reach(compiled.campaign):
                if selector.by == "all" or selector.exclude:
                    self.wide.add(code)
                    continue
                values = self.by_term.setdefault(selector.by, {})
                for value in selector.values:
                    values.setdefault(value, set()).add(code)

    def values(self, by: str) -> Mapping[str, set[str]]:
        """Return the campaigns by each value that selectors of one sort list."""
        return self.by_term.get(by, {})

    def with_terms(self, terms: Iterable[Term]) -> set[str]:
        """Return the campaigns that discount lines with at least one of these terms, or any line."""
        found = set(self.wide)
        for by, value in terms:
            found |= self.by_term.get(by, {}).get(value, set())
        return found

    def everything(self) -> set[str]:
        return self.wide.union(*(codes for values in self.by_term.values() for codes in values.values()))


class Meeting(Struct, frozen=True):
    """The period that two campaigns have in common; None is open."""

    starts_at: datetime | None
    ends_at: datetime | None


def meeting(
    ours: Compiled, theirs: Compiled, *, at: datetime, members: Mapping[str, frozenset[str]]
) -> Meeting | None:
    """Return when two campaigns hold together from `at` on, or None when they never do.

    `members` are the stores of each grouping of stores.
    """
    starts = [moment for moment in (ours.campaign.starts_at, theirs.campaign.starts_at) if moment is not None]
    ends = [moment for moment in (ours.campaign.ends_at, theirs.campaign.ends_at) if moment is not None]
    first, last = max([*starts, at]), min(ends, default=None)
    if last is not None and last <= first:
        return None
    if not open_minutes(ours.campaign.schedule) & open_minutes(theirs.campaign.schedule):
        return None
    mine, other = ours.campaign.operations, theirs.campaign.operations
    if mine and other and set(mine).isdisjoint(other):
        return None
    if shared_stores(ours, theirs, members) == frozenset():
        return None
    return Meeting(first, last)


def shared_stores(
    ours: Compiled, theirs: Compiled, members: Mapping[str, frozenset[str]]
) -> frozenset[str] | None:
    """Return the stores in which both hold; None is every store."""
    if ours.everywhere and theirs.everywhere:
        return None
    if ours.everywhere or theirs.everywhere:
        return _stores(theirs if ours.everywhere else ours, members)
    return _stores(ours, members) & _stores(theirs, members)


def _stores(compiled: Compiled, members: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return compiled.store_codes.union(*(members.get(name, frozenset()) for name in compiled.store_groupings))


def open_minutes(schedule: Schedule | None) -> int:
    """Return the minutes of a week in which a schedule is open, as the bits of a number; Monday 0:00 is the lowest."""
    if schedule is None:
        return ALWAYS
    return _open_minutes(tuple(schedule.weekdays), schedule.from_, schedule.until)


@lru_cache(maxsize=4096)
def _open_minutes(weekdays: tuple[int, ...], opens: time | None, closes: time | None) -> int:
    first = 0 if opens is None else opens.hour * 60 + opens.minute
    last = DAY if closes is None else closes.hour * 60 + closes.minute + (closes.second > 0)
    length = last - first if last > first else last - first + DAY
    minutes = 0
    for day in weekdays or (1, 2, 3, 4, 5, 6, 7):
        minutes |= ((1 << length) - 1) << ((day - 1) * DAY + first)
    # Sunday night belongs to the Monday that follows.
    return (minutes | minutes >> WEEK) & ALWAYS
