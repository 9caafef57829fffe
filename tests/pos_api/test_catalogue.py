"""What a process remembers of the catalogue is never what the catalogue no longer says."""

from collections.abc import Callable
from typing import Any

import psycopg2
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pos_api import catalogue
from retail.models import Category, Product, ProductGrouping
from tests.builders import build_product
from tests.pos_api.till import Till, basket, line, publish


def version() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT catalogue_version()")
        found: str = cursor.fetchone()[0]
    return found


def discount(till: Till, *lines: dict[str, Any]) -> str:
    answer = till.evaluate(basket(*(lines or [line()])))
    found: str = answer.json()["totals"]["discount"]
    return found


@pytest.fixture
def shop(till: Till) -> Till:
    build_product(sku="CAMISA")
    build_product(sku="CALCA")
    publish("TUDO", exchange="gross")
    assert discount(till, line(1), line(2, sku="CALCA")) == "20.00"
    return till


class TestRemembered:
    def test_is_not_read_again(self, shop: Till) -> None:
        with CaptureQueriesContext(connection) as queries:
            shop.evaluate(basket(line(1), line(2, sku="CALCA")))

        assert len(queries) == 1
        assert "CAMISA" not in queries[0]["sql"]

    def test_is_read_in_a_second_query_once_after_a_change(self, shop: Till) -> None:
        Product.objects.filter(sku="OUTRO").update(name="x")

        counts = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries:
                shop.evaluate(basket(line(1), line(2, sku="CALCA")))
            counts.append(len(queries))

        assert counts == [2, 1]

    def test_takes_one_query_after_a_change_for_products_it_does_not_know(self, shop: Till) -> None:
        build_product(sku="NOVO")

        with CaptureQueriesContext(connection) as queries:
            shop.evaluate(basket(line(sku="NOVO")))

        assert len(queries) == 1

    def test_begins_anew_when_it_holds_too_much(self, shop: Till, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(catalogue, "MOST_ROWS", 1)
        Product.objects.filter(sku="CAMISA").update(discountable=False)

        assert [discount(shop, line(1), line(2, sku="CALCA")) for _ in range(4)] == ["10.00"] * 4
        assert len(catalogue.remembered().rows) <= 2

    @pytest.mark.parametrize(
        "change",
        [
            lambda: Product.objects.filter(sku="CAMISA").update(discountable=False),
            lambda: Product.objects.filter(sku="CAMISA").update(floor_price="100.00"),
            lambda: Product.objects.bulk_update(
                [Product(pk=Product.objects.get(sku="CAMISA").pk, discountable=False)], ["discountable"]
            ),
        ],
    )
    def test_gives_way_to_a_changed_product(self, shop: Till, change: Callable[[], object]) -> None:
        assert discount(shop) == "10.00"

        change()

        assert discount(shop) == "0.00"

    def test_gives_way_to_a_changed_grouping(self, shop: Till) -> None:
        conditions = {"kind": "product", "by": "grouping", "values": ["inverno"]}
        publish("INVERNO", exchange="gross", conditions=conditions)
        grouping = ProductGrouping.objects.create(code="inverno", name="Inverno")
        found = [discount(shop)]

        grouping.products.add(Product.objects.get(sku="CAMISA"))
        found.append(discount(shop))
        grouping.products.clear()
        found.append(discount(shop))

        assert found == ["10.00", "20.00", "10.00"]

    def test_gives_way_to_a_moved_category(self, shop: Till) -> None:
        conditions = {"kind": "product", "by": "category", "values": ["roupas"]}
        publish("ROUPAS", exchange="gross", conditions=conditions)
        category = Category.objects.create(code="camisas", name="Camisas", path=["camisas"])
        Product.objects.filter(sku="CAMISA").update(category=category)
        named = line(2, sku="FORA", category="camisas")
        found = [discount(shop, line(), named)]

        Category.objects.filter(pk=category.pk).update(path=["roupas", "camisas"])
        found.append(discount(shop, line(), named))

        assert found == ["20.00", "40.00"]

    def test_gives_way_to_a_product_that_is_gone(self, shop: Till) -> None:
        Product.objects.filter(sku="CAMISA").update(discountable=False)
        assert discount(shop) == "0.00"

        Product.objects.filter(sku="CAMISA").delete()

        assert discount(shop) == "10.00"


class TestVersion:
    def test_changes_with_every_statement_and_keeps_few_rows(self, shop: Till) -> None:
        seen = {version()}
        for number in range(60):
            Product.objects.filter(sku="CAMISA").update(name=f"Camisa {number}")
            seen.add(version())

        assert len(seen) == 61
        assert len(version().split()) <= 22

    @pytest.mark.django_db(transaction=True)
    def test_tells_of_a_change_that_is_committed_after_a_later_one(self) -> None:
        build_product(sku="A")
        build_product(sku="B")
        other = _another_connection()
        with other, other.cursor() as cursor:
            cursor.execute("UPDATE retail_product SET name = 'first' WHERE sku = 'A'")
            before = version()
            Product.objects.filter(sku="B").update(name="second")
            between = version()
        after = version()
        other.close()

        assert len({before, between, after}) == 3


def _another_connection() -> Any:
    settings = connection.get_connection_params()
    settings.pop("cursor_factory", None)
    return psycopg2.connect(**settings)
