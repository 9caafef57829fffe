"""The plan: every campaign that may be active, compiled once and indexed by what a basket must contain.

A plan never changes. A process keeps one and swaps it for another when a new version is published.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from operator import attrgetter
from typing import Protocol, TypeVar

from campaigns.engine.associations import Association
from campaigns.engine.basket import Basket, Store
from campaigns.engine.campaign import Campaign
from campaigns.engine.compiled import Compiled
from campaigns.engine.markdowns import CompiledMarkdown, Markdown
from campaigns.engine.policy import DEFAULT_POLICY, CalculationPolicy
from campaigns.engine.selector import occurrences

Offers = Callable[[str], Iterable[str]]  # what the lines of a basket offer of a kind
Index = dict[str, dict[str, tuple[Compiled, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    version: int = 0
    policy: CalculationPolicy = DEFAULT_POLICY
    campaigns: Mapping[str, Compiled] = field(default_factory=dict)
    always: Mapping[str, Compiled] = field(default_factory=dict)
    counted: Mapping[str, Compiled] = field(
        default_factory=dict
    )  # whose use must be known: limits, budgets, gifts
    index: Index = field(default_factory=dict)
    associations: Mapping[str, Association] = field(default_factory=dict)
    associated: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # association codes by campaign
    markdowns: Mapping[str, CompiledMarkdown] = field(default_factory=dict)
    marked: Mapping[str, tuple[CompiledMarkdown, ...]] = field(default_factory=dict)  # by SKU or product code

    def candidates(self, basket: Basket, store: Store, offers: Offers | None = None) -> list[Compiled]:
        """Return the campaigns that may concern this basket in this store, by priority and code.

        Exactly those for which `concerns` is true, found without looking at the others. `offers` tells what the lines
        offer of a kind; an evaluation that has found that out already passes it on.
        """
        offers = offers or partial(occurrences, basket.lines)
        found = set(self.always.values())
        for kind, values in self.index.items():
            for value in values.keys() & offered(basket, store, kind, offers):
                found.update(values[value])
        if not found:
            return []
        return sorted(
            [compiled for compiled in found if compiled.everywhere or compiled.opens_in(store)],
            key=_order_key,
        )

    def associations_among(self, campaigns: Iterable[str]) -> list[Association]:
        """Return the associations in which at least two of these campaigns compete, by code."""
        if not self.associated:
            return []
        met: set[str] = set()
        found: set[str] = set()
        for campaign in campaigns:
            for code in self.associated.get(campaign, ()):
                (found if code in met else met).add(code)
        return [self.associations[code] for code in sorted(found)]

    def markdowns_for(self, basket: Basket) -> list[CompiledMarkdown]:
        """Return the markdowns that list a product of the basket, by code."""
        if not self.marked:
            return []
        found: dict[str, CompiledMarkdown] = {}
        for line in basket.lines:
            for name in (line.sku, line.code):
                for markdown in self.marked.get(name, ()):
                    found[markdown.code] = markdown
        return [found[code] for code in sorted(found)]

    def with_changes(
        self,
        changed: Iterable[Campaign] = (),
        removed: Iterable[str] = (),
        *,
        version: int,
        policy: CalculationPolicy | None = None,
        associations: Iterable[Association] = (),
        removed_associations: Iterable[str] = (),
        markdowns: Iterable[Markdown] = (),
        removed_markdowns: Iterable[str] = (),
    ) -> "Plan":
        """Return the next plan: some documents published or replaced, some gone; everything else is shared."""
        compiled_changes = [Compiled(campaign) for campaign in changed]
        replaced = {*removed, *(compiled.code for compiled in compiled_changes)}
        gone = [self.campaigns[code] for code in sorted(replaced) if code in self.campaigns]
        campaigns, always, counted = dict(self.campaigns), dict(self.always), dict(self.counted)
        index = {kind: dict(values) for kind, values in self.index.items()}
        for compiled in gone:
            del campaigns[compiled.code]
            always.pop(compiled.code, None)
            counted.pop(compiled.code, None)
            for kind, value in compiled.anchor or ():
                rest = tuple(other for other in index[kind][value] if other is not compiled)
                if rest:
                    index[kind][value] = rest
                else:
                    del index[kind][value]
        _enter(compiled_changes, campaigns, always, counted, index)
        grouped = _changed(self.associations, associations, removed_associations)
        priced = _changed(self.markdowns, map(CompiledMarkdown, markdowns), removed_markdowns)
        return replace(
            self,
            version=version,
            policy=policy or self.policy,
            campaigns=campaigns,
            always=always,
            counted=counted,
            index=index,
            associations=grouped,
            associated=self.associated if grouped is self.associations else _associated(grouped.values()),
            markdowns=priced,
            marked=self.marked if priced is self.markdowns else _marked(self.marked, self.markdowns, priced),
        )

    def gift_skus(self) -> frozenset[str]:
        """Return every SKU that a campaign may give away, whose name and price an evaluation wants to know."""
        return frozenset(sku for compiled in self.counted.values() for sku in gift_skus_of(compiled.campaign))


_order_key = attrgetter("order_key")


def gift_skus_of(campaign: Campaign) -> tuple[str, ...]:
    """Return the SKUs that a campaign may give away."""
    return tuple(
        [product.sku for benefit in campaign.benefits for product in getattr(benefit, "products", ())]
    )


def _enter(
    compiled_campaigns: Iterable[Compiled],
    campaigns: dict[str, Compiled],
    always: dict[str, Compiled],
    counted: dict[str, Compiled],
    index: Index,
) -> None:
    for compiled in compiled_campaigns:
        campaign = compiled.campaign
        campaigns[compiled.code] = compiled
        if campaign.limits or campaign.budget is not None or gift_skus_of(campaign):
            counted[compiled.code] = compiled
        if compiled.anchor is None:
            always[compiled.code] = compiled
        for kind, value in compiled.anchor or ():
            values = index.setdefault(kind, {})
            values[value] = (*values.get(value, ()), compiled)


class _Coded(Protocol):
    @property
    def code(self) -> str: ...


D = TypeVar("D", bound=_Coded)


def _changed(before: Mapping[str, D], changed: Iterable[D], removed: Iterable[str]) -> Mapping[str, D]:
    """Return documents by code after some changed and some went; the same mapping when none did."""
    arrived = {document.code: document for document in changed}
    gone = set(removed) & set(before)
    if not arrived and not gone:
        return before
    return {code: document for code, document in before.items() if code not in gone} | arrived


def _associated(associations: Iterable[Association]) -> dict[str, tuple[str, ...]]:
    """Return which associations choose among a campaign and others. `all` chooses nothing."""
    found: dict[str, tuple[str, ...]] = {}
    for association in associations:
        if association.criterion != "all":
            for campaign in association.campaigns:
                found[campaign] = (*found.get(campaign, ()), association.code)
    return found


def _marked(
    index: Mapping[str, tuple[CompiledMarkdown, ...]],
    before: Mapping[str, CompiledMarkdown],
    after: Mapping[str, CompiledMarkdown],
) -> dict[str, tuple[CompiledMarkdown, ...]]:
    """Return the index of products for `after`, made from that of `before` by touching only what differs."""
    changed = dict(index)
    for code, markdown in before.items():
        if after.get(code) is not markdown:
            for product in markdown.items:
                rest = tuple(other for other in changed[product] if other is not markdown)
                if rest:
                    changed[product] = rest
                else:
                    del changed[product]
    for code, markdown in after.items():
        if before.get(code) is not markdown:
            for product in markdown.items:
                changed[product] = (*changed[product], markdown) if product in changed else (markdown,)
    return changed


def compile_plan(
    campaigns: Iterable[Campaign],
    *,
    associations: Iterable[Association] = (),
    markdowns: Iterable[Markdown] = (),
    policy: CalculationPolicy | None = None,
    version: int = 0,
) -> Plan:
    """Compile campaigns into a plan. Raises ValueError when two have the same code."""
    compiled = [Compiled(campaign) for campaign in campaigns]
    if len({c.code for c in compiled}) != len(compiled):
        raise ValueError("two campaigns have the same code")
    entered: dict[str, Compiled] = {}
    always: dict[str, Compiled] = {}
    counted: dict[str, Compiled] = {}
    index: Index = {}
    _enter(compiled, entered, always, counted, index)
    grouped = {association.code: association for association in associations}
    priced = {markdown.code: CompiledMarkdown(markdown) for markdown in markdowns}
    return Plan(
        version=version,
        policy=policy or DEFAULT_POLICY,
        campaigns=entered,
        always=always,
        counted=counted,
        index=index,
        associations=grouped,
        associated=_associated(grouped.values()),
        markdowns=priced,
        marked=_marked({}, {}, priced),
    )


def offered(basket: Basket, store: Store, kind: str, offers: Offers) -> Iterable[str]:
    """Return what a basket offers of one kind of term."""
    match kind:
        case "code_of":
            return {code.campaign for code in basket.promo_codes}
        case "pool":
            return {code.pool for code in basket.promo_codes}
        case "store":
            return (store.code,)
        case "store_grouping":
            return store.groupings
    return offers(kind)


def concerns(compiled: Compiled, basket: Basket, store: Store) -> bool:
    """Say for one campaign what `Plan.candidates` finds for all: that it may concern this basket."""
    if not compiled.opens_in(store):
        return False
    offers = partial(occurrences, basket.lines)
    return compiled.anchor is None or any(
        value in offered(basket, store, kind, offers) for kind, value in compiled.anchor
    )
