"""A campaign as an evaluation reads it: what does not depend on the basket is decided once, when it is compiled."""

from typing import Any

from campaigns.engine.basket import Store
from campaigns.engine.benefits.base import Benefit
from campaigns.engine.campaign import Campaign, Node, leaves
from campaigns.engine.conditions.base import Condition, Term
from campaigns.engine.guards import guards_of
from campaigns.engine.scene import BEGINNING, END, microseconds
from campaigns.engine.selector import Selector

CODE_TERMS = ("code_of", "pool")
Stage = tuple[int, int]  # whether after all item benefits, and the priority
Stages = tuple[tuple[Stage, tuple[Benefit, ...]], ...]
_NOWHERE: frozenset[str] = frozenset()


class Compiled:
    """One campaign, unpacked into what an evaluation reads, with the terms that lead to it.

    Only what finds it is made at once. The rest is unpacked when a basket first meets the campaign: of ten thousand that
    a starting process reads, most wait long for theirs.
    """

    __slots__ = (
        "anchor",
        "campaign",
        "code",
        "competes",
        "conditions",
        "decides_late",
        "discounts",
        "earnings",
        "ends",
        "everywhere",
        "gains_beside_others",
        "gains_where_lines_go",
        "gives_gifts",
        "guards",
        "has_thresholds",
        "is_plain",
        "is_restricted",
        "leaves_less",
        "only_selector",
        "order_key",
        "required",
        "required_besides",
        "selectors",
        "stages",
        "stages_by_level",
        "starts",
        "store_codes",
        "store_groupings",
        "takes_lines",
    )

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.code = campaign.code
        # By priority, then code. One text, because texts compare faster than pairs.
        self.order_key = f"{campaign.priority:06d} {campaign.code}"
        self.conditions = campaign.conditions
        self.everywhere = not campaign.stores
        self.store_codes = self.store_groupings = _NOWHERE
        if campaign.stores:
            prefix = "grouping:"
            self.store_codes = frozenset(s for s in campaign.stores if not s.startswith(prefix))
            self.store_groupings = frozenset(
                s.removeprefix(prefix) for s in campaign.stores if s.startswith(prefix)
            )
        anchor = None if self.conditions is None else _anchor(self.conditions, campaign.code)
        if anchor is None and not self.everywhere:
            anchor = frozenset(
                [("store", code) for code in self.store_codes]
                + [("store_grouping", grouping) for grouping in self.store_groupings]
            )
        self.anchor = anchor
        self.__class__ = _Packed

    def _unpack(self) -> None:
        campaign = self.campaign
        self.selectors: tuple[Selector, ...] = tuple(
            selector for leaf in leaves(campaign.conditions) if (selector := leaf.selector()) is not None
        )
        self.discounts = tuple(benefit for benefit in campaign.benefits if benefit.level != "earning")
        self.earnings = tuple(benefit for benefit in campaign.benefits if benefit.level == "earning")
        self.stages: Stages = (((0, campaign.priority), self.discounts),)
        self.stages_by_level = stages_by_level(campaign.priority, self.discounts) or self.stages
        self.gives_gifts = any(benefit.level == "gift" for benefit in self.discounts)
        self.guards = guards_of(campaign)
        self.starts = BEGINNING if campaign.starts_at is None else microseconds(campaign.starts_at)
        self.ends = END if campaign.ends_at is None else microseconds(campaign.ends_at)
        self.only_selector = self.selectors[0] if len(self.selectors) == 1 else None
        self.required = conjunction(campaign.conditions)
        # Lines that match its only product condition prove that condition.
        self.required_besides = (
            tuple(c for c in self.required if not c.holds_by_any_line)
            if self.required and len(self.selectors) == 1
            else self.required
        )
        self.has_thresholds = (
            campaign.minimum_quantity is not None
            or campaign.minimum_amount is not None
            or campaign.maximum_amount is not None
        )
        self.competes = campaign.exclusive or not campaign.combinable_order_discount
        self.is_restricted = (
            bool(campaign.limits)
            or campaign.budget is not None
            or campaign.optional
            # It stops others only if it earns something, which is known once it is weighed.
            or (campaign.stop_further != "none" and bool(self.earnings))
        )
        # Whether it could give more beside others than alone: see `may_gain`.
        self.gains_where_lines_go = any(_takes_the_cheapest(benefit) for benefit in campaign.benefits)
        self.gains_beside_others = _has_steps(campaign) or (
            self.gains_where_lines_go and campaign.skip_discounted
        )
        self.takes_lines = campaign.stop_further == "lines" or any(
            getattr(benefit, "consumes", False) for benefit in campaign.benefits
        )
        # Where all are, it activates as soon as nothing refuses it: nobody needs to know what it gives alone.
        self.is_plain = not (
            self.competes or self.is_restricted or self.takes_lines or self.gains_beside_others
        )
        # Something of the basket is closed to later campaigns.
        self.leaves_less = self.takes_lines or campaign.stop_further != "none"
        # What other campaigns leave can still change which lines qualify, or whether a threshold is met.
        self.decides_late = campaign.skip_discounted or campaign.threshold_basis == "running"

    def opens_in(self, store: Store) -> bool:
        """True when the campaign runs in this store."""
        return (
            self.everywhere
            or store.code in self.store_codes
            or not self.store_groupings.isdisjoint(store.groupings)
        )


class _Packed(Compiled):
    """A campaign that no basket has met yet.

    Its own class, because the attributes of a class with `__getattr__` take twice as long to read, met or missed.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        """Unpack the campaign when an attribute is missed for the first time. Threads that do so together agree."""
        if name not in Compiled.__slots__:
            raise AttributeError(name)
        self._unpack()
        self.__class__ = Compiled  # type: ignore[assignment]
        return getattr(self, name)


def conjunction(node: Node | None) -> tuple[Condition, ...] | None:
    """Return the conditions that must all hold, when a tree is no more than that; None when it is more."""
    if node is None:
        return ()
    if isinstance(node, Condition):
        return (node,)
    if node.operator == "all" and all(isinstance(child, Condition) for child in node.children):
        return tuple(child for child in node.children if isinstance(child, Condition))
    return None


def stages_by_level(priority: int, discounts: tuple[Benefit, ...]) -> Stages | None:
    """Return when benefits are applied with `level_order: item_first`; None for benefits that are all applied first."""
    order = tuple(benefit for benefit in discounts if benefit.stage() == "order")
    if not order:
        return None
    if len(order) == len(discounts):
        return (((1, priority), discounts),)
    items = tuple(benefit for benefit in discounts if benefit.stage() != "order")
    return ((0, priority), items), ((1, priority), order)


def _anchor(node: Node, campaign: str) -> frozenset[Term] | None:
    """Return terms of which any basket that satisfies the node has at least one; None when there are no such terms."""
    if isinstance(node, Condition):
        return node.anchor(campaign)
    anchors = [_anchor(child, campaign) for child in node.children]
    if node.operator == "any":
        return None if None in anchors else frozenset(term for anchor in anchors for term in anchor or ())
    known = [anchor for anchor in anchors if anchor is not None]
    if len(known) == 1:
        return known[0]
    # Any of them would do; a code is rarer than a product, and few terms are rarer than many.
    return min(
        known, key=lambda terms: (not any(t[0] in CODE_TERMS for t in terms), len(terms)), default=None
    )


def may_gain(compiled: Compiled, lines_are_taken: bool) -> bool:
    """Say whether a campaign could give more beside others than alone; `lines_are_taken` by one of these.

    One that discounts the cheapest units does when others take those away from it; one of several benefits when a
    smaller amount keeps the first below a step and so leaves the second one more.
    """
    return compiled.gains_beside_others or (lines_are_taken and compiled.gains_where_lines_go)


def _takes_the_cheapest(benefit: Benefit) -> bool:
    pick = getattr(benefit, "pick", None) or getattr(benefit, "grant", None)
    return benefit.kind == "buy_get" or pick in ("lowest", "basket_order")


def _has_steps(campaign: Campaign) -> bool:
    benefits = campaign.benefits
    return len(benefits) > 1 and any(
        benefit.kind == "progressive" or getattr(benefit, "every_amount", None) for benefit in benefits
    )
