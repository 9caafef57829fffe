"""Campaigns as they were when a promotional code was issued, beside the plan that is live.

A code that keeps the terms of its issue names a revision. In a basket with such a code that revision stands in the place of
the live campaign, or is there alone when the campaign was paused or changed since.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from campaigns.engine.basket import Basket, Store
from campaigns.engine.plan import Compiled, Plan, concerns


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingPlan(Plan):
    """A plan for one basket: `held` replaces the campaigns of the same codes, everything else is shared."""

    held: Mapping[str, Compiled] = field(default_factory=dict)

    def candidates(self, basket: Basket, store: Store, *rest: Any) -> list[Compiled]:
        """Return what the plan finds, with the held campaigns that concern this basket instead of the live ones."""
        # Named, because a dataclass with slots is made anew and `super()` would look at the one before.
        live = Plan.candidates(self, basket, store, *rest)
        found = [compiled for compiled in live if compiled.code not in self.held]
        found += [compiled for compiled in self.held.values() if concerns(compiled, basket, store)]
        return sorted(found, key=lambda compiled: compiled.order_key)


def hold(plan: Plan, compiled: Iterable[Compiled]) -> Plan:
    """Return the plan with these revisions in the place of what is live; the plan itself when there are none."""
    held = {one.code: one for one in compiled}
    if not held:
        return plan
    shared = {part.name: getattr(plan, part.name) for part in fields(Plan)}
    return HoldingPlan(**shared, held=held)
