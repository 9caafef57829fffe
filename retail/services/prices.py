"""Prices of many products changed at once, looked at before anything is written, and kept for ever in the history.

A change is a list of SKUs with their prices, or a rule for all products of a selection. Both are data (decoded JSON), so
that the API, a form and a file say them in the same way.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.utils.translation import gettext as _

from retail import upsert
from retail.models import PriceChange, PriceChangeLine, PriceField, Product
from retail.rows import FieldError
from retail.services.price_rules import FIELDS, ListedPrice, ListedPrices, PriceRequest

MAX_PRODUCTS = 100_000
# A price that more than halves or doubles is more often a typing error than a decision.
LARGE_FACTOR = 2
# What a column of money holds.
HIGHEST = Decimal("999999999999.99")


class PricesChanged(Exception):
    """What would be written is no longer what was looked at; ``outcome`` is what would be written now."""

    code = "prices_changed"

    def __init__(self, outcome: "PriceOutcome") -> None:
        super().__init__(_("Prices have changed since the preview. Look at it again."))
        self.outcome = outcome


class TooManyProducts(Exception):
    """A selection holds more than MAX_PRODUCTS."""

    code = "too_many_products"

    def __init__(self) -> None:
        super().__init__(_("This selects more than %(limit)d products.") % {"limit": MAX_PRODUCTS})


@dataclass(frozen=True, slots=True)
class PriceResult:
    """What becomes of one product: ``changed``, ``unchanged`` or ``error``.

    ``old`` and ``new`` hold the fields that change. ``warnings``: zero, below_cost, below_floor, large_change.
    """

    row: int
    sku: str
    name: str = ""
    status: str = "unchanged"
    old: Mapping[str, Decimal | None] = field(default_factory=dict)
    new: Mapping[str, Decimal | None] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    errors: tuple[FieldError, ...] = ()

    def warnings_of(self, name: str) -> list[str]:
        """Return the warnings that are about one of the fields that change."""
        about = {
            "zero": name == "price",
            "below_cost": name == "price" or "price" not in self.new,
            "below_floor": name == "price",
            "large_change": _is_large(self.old.get(name), self.new.get(name)),
        }
        return [code for code in self.warnings if about[code]]


@dataclass(frozen=True, slots=True)
class PriceOutcome:
    """One result per row or selected product. ``fingerprint`` names exactly these changes; ``change`` once written."""

    results: tuple[PriceResult, ...]
    fingerprint: str
    change: PriceChange | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """A product as price changes see it."""

    pk: int
    sku: str
    name: str
    prices: Mapping[str, Decimal | None]


def preview_prices(*, request: PriceRequest) -> PriceOutcome:
    """Return what `change_prices` would do, and write nothing. Raises TooManyProducts."""
    results, _known = _compute(request, lock=False)
    return PriceOutcome(tuple(results), _fingerprint(results))


def change_prices(
    *, request: PriceRequest, user: User | None, at: datetime, expected: str = ""
) -> PriceOutcome:
    """Change the prices, in one transaction, and record who did it and what they were before.

    ``expected``, when given, is the fingerprint of the preview: raises PricesChanged when it would not be the same now.
    Raises TooManyProducts. The same few statements for one product and for MAX_PRODUCTS.
    """

    def work() -> PriceOutcome:
        results, known = _compute(request, lock=True)
        fingerprint = _fingerprint(results)
        if expected and expected != fingerprint:
            raise PricesChanged(PriceOutcome(tuple(results), fingerprint))
        changed = [result for result in results if result.status == "changed"]
        change = None
        if changed:
            _write(changed, known, at)
            change = record_price_change(
                lines=[
                    (result.sku, name, result.old[name], value)
                    for result in changed
                    for name, value in result.new.items()
                ],
                rule=request.as_rule(),
                note=request.note,
                user=user,
                at=at,
            )
        return PriceOutcome(tuple(results), fingerprint, change)

    return upsert.in_one_transaction(work)


def record_price_change(
    *,
    lines: Sequence[tuple[str, str, Decimal | None, Decimal | None]],
    rule: Mapping[str, Any] | None = None,
    note: str = "",
    user: User | None,
    at: datetime,
) -> PriceChange | None:
    """Append (SKU, field, old, new) to the history, in the caller's transaction; nothing when there are none."""
    if not lines:
        return None
    change = PriceChange.objects.create(
        rule=dict(rule or {}),
        note=note,
        products=len({sku for sku, _field, _old, _new in lines}),
        changed_by=user,
        changed_at=at,
    )
    PriceChangeLine.objects.bulk_create(
        PriceChangeLine(change=change, sku=sku, field=name, old=old, new=new) for sku, name, old, new in lines
    )
    return change


def prices_of(products: Iterable[Product]) -> dict[int, dict[str, Decimal | None]]:
    """Return the prices of products by key, to compare with later."""
    return {product.pk: {name: getattr(product, name) for name in PriceField.values} for product in products}


def price_lines(
    products: Iterable[Product], before: Mapping[int, Mapping[str, Decimal | None]]
) -> list[tuple[str, str, Decimal | None, Decimal | None]]:
    """Return what of the products' prices differs from ``before`` (by key), as `record_price_change` takes it."""
    return [
        (product.sku, name, before[product.pk][name], getattr(product, name))
        for product in products
        for name in PriceField.values
        if before[product.pk][name] != getattr(product, name)
    ]


def _compute(request: PriceRequest, *, lock: bool) -> tuple[list[PriceResult], dict[str, _Known]]:
    if isinstance(request.what, ListedPrices):
        known = _read(Product.objects.filter(sku__in=[row.sku for row in request.what.rows]), lock)
        return [_listed(row, known) for row in request.what.rows], known
    selected = request.what.select()
    known = _read(selected, lock)
    return [
        _result(place, product, request.what.apply(product.prices))
        for place, product in enumerate(known.values())
    ], known


def _read(products: Any, lock: bool) -> dict[str, _Known]:
    found = products.order_by("sku").values_list("pk", "sku", "name", *FIELDS, "floor_price")
    if lock:
        # Only the products: a selection joins their categories.
        found = found.select_for_update(of=("self",))
    rows = list(found[: MAX_PRODUCTS + 1])
    if len(rows) > MAX_PRODUCTS:
        raise TooManyProducts
    return {
        sku: _Known(pk, sku, name, dict(zip((*FIELDS, "floor_price"), prices, strict=True)))
        for pk, sku, name, *prices in rows
    }


def _listed(row: ListedPrice, known: Mapping[str, _Known]) -> PriceResult:
    errors = row.errors
    product = known.get(row.sku)
    if product is None and not errors:
        message = _("There is no %(noun)s “%(code)s”.")
        noun = Product._meta.verbose_name
        errors = (FieldError("sku", "unknown_product", message % {"noun": noun, "code": row.sku}),)
    if errors or product is None:
        return PriceResult(row.index, row.sku, status="error", errors=tuple(errors))
    return _result(row.index, product, row.prices)


def _result(row: int, product: _Known, prices: Mapping[str, Decimal | None]) -> PriceResult:
    new = {name: value for name, value in prices.items() if value != product.prices[name]}
    if not new:
        return PriceResult(row, product.sku, product.name)
    too_high = [name for name, value in new.items() if value is not None and value > HIGHEST]
    if too_high:
        message = _("This price would be higher than can be kept.")
        errors = tuple(FieldError(name, "too_large", message) for name in too_high)
        return PriceResult(row, product.sku, product.name, status="error", errors=errors)
    old = {name: product.prices[name] for name in new}
    return PriceResult(row, product.sku, product.name, "changed", old, new, _warnings(product, new))


def _warnings(product: _Known, new: Mapping[str, Decimal | None]) -> tuple[str, ...]:
    found = []
    price = new.get("price", product.prices["price"]) or Decimal(0)
    cost = new.get("cost", product.prices["cost"])
    if "price" in new and not price:
        found.append("zero")
    if cost is not None and price < cost:
        found.append("below_cost")
    floor_price = product.prices["floor_price"]
    if "price" in new and floor_price is not None and price < floor_price:
        found.append("below_floor")
    if any(_is_large(product.prices[name], value) for name, value in new.items()):
        found.append("large_change")
    return tuple(found)


def _is_large(old: Decimal | None, new: Decimal | None) -> bool:
    return bool(old and new and max(old, new) > LARGE_FACTOR * min(old, new))


def _fingerprint(results: Sequence[PriceResult]) -> str:
    lines = sorted(
        f"{result.sku}|{name}|{result.old[name]}|{value}"
        for result in results
        for name, value in result.new.items()
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


_UPDATE = """
UPDATE retail_product p SET price = w.price, original_price = w.original_price, cost = w.cost, updated_at = %s
FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[], %s::numeric[]) AS w(id, price, original_price, cost)
WHERE p.id = w.id
"""


def _write(changed: Sequence[PriceResult], known: Mapping[str, _Known], at: datetime) -> None:
    products = [known[result.sku] for result in changed]
    columns = [
        [
            result.new.get(name, product.prices[name])
            for result, product in zip(changed, products, strict=True)
        ]
        for name in FIELDS
    ]
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, [at, [product.pk for product in products], *columns])
