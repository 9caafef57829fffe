"""Who else discounts the products that a campaign discounts, found through an index and not by looking at everybody."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from campaigns import references
from campaigns.engine.conditions.base import Term
from campaigns.engine.overlap import Meeting, ReachIndex, meeting, reach
from campaigns.engine.plan import Compiled, Plan
from campaigns.engine.selector import EVERYTHING, Selector
from campaigns.services.rehearsal import Rehearsal
from retail import money
from retail.models import Product, ProductGrouping, StoreGrouping

MOST_PRODUCTS = 3
# What is bought where the catalogue is empty and everything is meant.
ANY_PRODUCT = "PRODUCT"


class SharedProducts:
    """What one campaign of a plan shares with the others. `live` is the plan without it, whose index is kept.

    `members` are the stores of each grouping. The prices of the products found are put on the rehearsal's shelf.
    """

    def __init__(self, ours: Compiled, live: Plan, rehearsal: Rehearsal, *, at: datetime) -> None:
        self.ours, self.rehearsal, self.at = ours, rehearsal, at
        self.plan = rehearsal.plan
        self.index = _index_of(live)
        self.reach = reach(ours.campaign)
        self.members = _members()
        self._shared: dict[Any, list[tuple[str, str]]] = {}

    def meetings(self) -> dict[str, Meeting]:
        """Return the campaigns that may share products with it, and when and where both hold."""
        codes = self._sharing() - {self.ours.code}
        found = {}
        for code in codes:
            when = meeting(self.ours, self.plan.campaigns[code], at=self.at, members=self.members)
            if when is not None:
                found[code] = when
        return found

    def _sharing(self) -> set[str]:
        if not self.reach:
            return set()
        if any(selector.by == "all" or selector.exclude for selector in self.reach):
            return self.index.everything()
        return self.index.with_terms(term for selector in self.reach for term in self._terms(selector))

    def _terms(self, selector: Selector) -> Iterator[Term]:
        """Yield the terms of the index that a product of this selector has; the index says which to ask for."""
        yield from ((selector.by, value) for value in selector.values)
        products = references.selected_products(selector)
        for by in ("sku", "code", "ncm"):
            if indexed := list(self.index.values(by)):
                values = products.filter(**{f"{by}__in": indexed}).order_by().values_list(by, flat=True)
                yield from ((by, value) for value in values.distinct())
        if self.index.values("category"):
            for path in products.order_by().values_list("category__path", flat=True).distinct():
                yield from (("category", value) for value in path or ())
        if indexed := list(self.index.values("grouping")):
            groupings = ProductGrouping.objects.filter(code__in=indexed, products__in=products)
            yield from (("grouping", code) for code in groupings.values_list("code", flat=True).distinct())

    def products(self, theirs: Iterable[Selector]) -> list[tuple[str, str]]:
        """Return SKU and name of the cheapest products that both discount: there an amount off weighs most."""
        for mine in self.reach:
            for other in theirs:
                key = (_key(mine), _key(other))
                if key not in self._shared:
                    self._shared[key] = _products(mine, other, self.rehearsal)
                if self._shared[key]:
                    return self._shared[key]
        return []

    def any_product(self) -> list[tuple[str, str]]:
        """Return the cheapest products that the campaign discounts, or the cheapest of all where it names none."""
        return self.products([EVERYTHING]) or _products(EVERYTHING, EVERYTHING, self.rehearsal)


_latest: ReachIndex | None = None


def _index_of(plan: Plan) -> ReachIndex:
    """Return the index of the newest plan asked for; a plan never changes, so neither does its index."""
    global _latest
    index = _latest
    if index is None or index.plan is not plan:
        _latest = index = ReachIndex(plan)
    return index


def _members() -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for grouping, store in StoreGrouping.objects.filter(stores__isnull=False).values_list(
        "code", "stores__code"
    ):
        found.setdefault(grouping, set()).add(store)
    return {code: frozenset(stores) for code, stores in found.items()}


def _key(selector: Selector) -> tuple[Any, ...]:
    return selector.by, selector.values, selector.exclude, selector.price_min, selector.price_max


def _products(mine: Selector, other: Selector, rehearsal: Rehearsal) -> list[tuple[str, str]]:
    products = references.selected_products(mine).filter(price__gt=0, discountable=True)
    if not other.everything:
        products = products.filter(pk__in=references.selected_products(other).values("pk"))
    rows = list(products.order_by("price", "pk").values_list("sku", "name", "price")[:MOST_PRODUCTS])
    for sku, _name, price in rows:
        rehearsal.shelf.prices[sku] = money.from_decimal(price)
    if not rows and mine.everything and other.everything:
        return [(ANY_PRODUCT, "")]
    if rows or mine.by != "sku" or mine.exclude:
        return [(sku, name) for sku, name, _price in rows]
    # Products that the catalogue does not know meet where both name them.
    known = set(Product.objects.filter(sku__in=mine.values).values_list("sku", flat=True))
    both = set(mine.values) - known
    if other.by == "sku" and not other.exclude:
        both &= set(other.values)
    elif not other.everything:
        both = set()
    return [(sku, "") for sku in sorted(both)[:MOST_PRODUCTS]]
