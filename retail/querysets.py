"""The vocabulary in which products, stores and sales are asked for."""

from typing import Self

from django.db import models
from django.db.models import Case, IntegerField, Q, Value, When

from retail.models.search import Searchable

_MAX_WORDS = 8


def name_contains(text: str) -> Q:
    """Match objects whose name has every word of ``text``, in any order, whatever the case and the accents.

    The queryset must have ``searchable=Searchable("name")`` as an alias.
    """
    match = Q()
    for word in text.split()[:_MAX_WORDS]:
        match &= Q(searchable__contains=Searchable(Value(word)))
    return match


class ProductQuerySet(models.QuerySet):
    def on_sale(self) -> Self:
        return self.filter(is_active=True)

    def search(self, text: str) -> Self:
        """Products with this SKU, barcode or product code, or whose name has all these words."""
        exact = Q(sku=text) | Q(barcode=text) | Q(code=text)
        return self.alias(searchable=Searchable("name")).filter(exact | name_contains(text))

    def best_first(self, text: str) -> Self:
        """Order what ``search`` found: SKU or barcode, then product code, then names in alphabetical order."""
        rank = Case(
            When(Q(sku=text) | Q(barcode=text), then=Value(0)),
            When(code=text, then=Value(1)),
            default=Value(2),
            output_field=IntegerField(),
        )
        return self.order_by(rank, "name", "pk")


class SaleQuerySet(models.QuerySet):
    def real(self) -> Self:
        """Sales that count: whatever adds up, compares or decides leaves test sales out."""
        return self.filter(is_test=False)


class StoreQuerySet(models.QuerySet):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def search(self, text: str) -> Self:
        """Stores with this code, or whose name has all these words."""
        return self.alias(searchable=Searchable("name")).filter(Q(code=text) | name_contains(text))
