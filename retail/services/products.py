"""Products: many at a time from the chain's ERP, or one from a form."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from retail import upsert
from retail.models import Category, Product, SaleLine
from retail.models.catalogue import ncm_validator, validate_web_address
from retail.rows import MISSING, Code, Column, Flag, Money, Reference, RowResult, Text
from retail.services.deletion import InUse
from retail.services.prices import price_lines, prices_of, record_price_change

COLUMNS: dict[str, Column] = {
    "sku": Code(64),
    "code": Text(64),
    "name": Text(200, default=MISSING),
    "barcode": Text(64),
    "ncm": Text(8, validators=[ncm_validator]),
    "category": Reference(Category),
    "price": Money(),
    "original_price": Money(default=None),
    "cost": Money(default=None),
    "floor_price": Money(default=None),
    "discountable": Flag(default=True),
    "image_url": Text(200, validators=[validate_web_address]),
    "is_active": Flag(default=True),
}


def upsert_products(
    *, rows: Sequence[Any], replace: bool = False, user: User | None = None, at: datetime | None = None
) -> list[RowResult]:
    """Create or change products by SKU and answer one result per row.

    A row needs ``sku``, and for a new product ``name`` and ``price``; ``category`` is a category's code.
    Fields that are absent keep their value; with ``replace`` they go back to their default. With ``at``, prices that
    change go into the history of prices under the name of ``user``. Raises TooManyRows.
    """

    def work() -> list[RowResult]:
        parsed = upsert.read_rows(rows, COLUMNS)
        upsert.require(parsed, COLUMNS, "sku")
        upsert.refuse_duplicates(parsed, "sku", lambda row: row.values["sku"])
        upsert.resolve_references(parsed, COLUMNS)
        skus = [row.values["sku"] for row in parsed if not row.errors]
        existing = {
            product.sku: product
            for product in Product.objects.filter(sku__in=skus).order_by("pk").select_for_update()
        }
        before = prices_of(existing.values())
        for row in parsed:
            if not row.errors:
                row.instance = existing.get(row.values["sku"])
                upsert.fill_instance(row, Product, COLUMNS, replace=replace)
        upsert.write(parsed, Product)
        if at is not None:
            record_price_change(lines=price_lines(existing.values(), before), user=user, at=at)
        return upsert.results(parsed)

    return upsert.in_one_transaction(work)


def delete_product(*, product: Product) -> None:
    """Remove a product that was never sold. Raises InUse: a sold one is switched off instead."""
    if SaleLine.objects.filter(product=product).exists():
        raise InUse(product)
    product.delete()
