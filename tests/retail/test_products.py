from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import connection

from retail.models import Product
from retail.rows import schema_of
from retail.services.deletion import InUse
from retail.services.products import COLUMNS, delete_product, upsert_products
from retail.upsert import TooManyRows
from tests.builders import build_category, build_product, build_sale

pytestmark = pytest.mark.django_db


def row(**values):
    return {"sku": "A-1", "name": "Camiseta básica", "price": "39.90"} | values


def errors_of(result):
    return [(error.path, error.code) for error in result.errors]


class TestUpsertProducts:
    def test_creates_a_product_with_all_its_fields(self):
        category = build_category(code="camisetas")

        (result,) = upsert_products(
            rows=[
                row(
                    code="P1", barcode="7891234567895", ncm="61091000", category="camisetas",
                    original_price="49.90", cost="12.00", floor_price="30.00", discountable=False,
                    image_url="https://example.com/a.jpg", is_active=False,
                )
            ]
        )  # fmt: skip

        assert result.status == "created"
        product = Product.objects.get(sku="A-1")
        assert product.category == category
        assert (product.price, product.original_price) == (Decimal("39.90"), Decimal("49.90"))
        assert (product.code, product.ncm, product.discountable) == ("P1", "61091000", False)

    def test_says_created_updated_and_unchanged(self):
        statuses = [
            upsert_products(rows=[row()])[0].status,
            upsert_products(rows=[row()])[0].status,
            upsert_products(rows=[row(price="29.90")])[0].status,
        ]

        assert statuses == ["created", "unchanged", "updated"]

    def test_keeps_what_a_row_does_not_mention(self):
        created = build_product(sku="A-1", code="P1", cost=Decimal("10.00"), category=build_category())

        upsert_products(rows=[{"sku": "A-1", "price": "10.00"}])

        product = Product.objects.get(sku="A-1")
        assert (product.code, product.cost, product.category) == ("P1", Decimal("10.00"), created.category)
        assert product.created_at == created.created_at
        assert product.updated_at > created.updated_at

    def test_puts_absent_fields_back_to_their_default_when_replacing(self):
        build_product(sku="A-1", code="P1", cost=Decimal("10.00"))

        upsert_products(rows=[row()], replace=True)

        product = Product.objects.get(sku="A-1")
        assert (product.code, product.cost) == ("", None)

    def test_a_wrong_row_never_stops_the_others(self):
        results = upsert_products(rows=[row(sku="A"), row(sku="B", price="-1"), row(sku="C")])

        assert [result.status for result in results] == ["created", "error", "created"]
        assert set(Product.objects.values_list("sku", flat=True)) == {"A", "C"}

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ({"price": "1.999"}, [("price", "money")]),
            ({"price": "1e3"}, [("price", "money")]),
            ({"price": "-1.00"}, [("price", "money")]),
            ({"price": True}, [("price", "money")]),
            ({"price": "10,00"}, [("price", "money")]),
            ({"price": "١٢"}, [("price", "money")]),
            ({"price": "1234567890123"}, [("price", "money")]),
            ({"price": None}, [("price", "money")]),
            ({"price": Decimal("NaN")}, [("price", "money")]),
            ({"ncm": "123"}, [("ncm", "ncm")]),
            ({"name": ""}, [("name", "blank")]),
            ({"name": "x" * 201}, [("name", "too_long")]),
            ({"name": "a\x00b"}, [("name", "characters")]),
            ({"name": "a\ud800b"}, [("name", "characters")]),
            ({"name": ["a"]}, [("name", "type")]),
            ({"sku": "A\u200b1"}, [("sku", "characters")]),
            ({"sku": " "}, [("sku", "blank")]),
            ({"sku": 12}, [("sku", "type")]),
            ({"category": "nowhere"}, [("category", "unknown_category")]),
            ({"discountable": "yes"}, [("discountable", "type")]),
            ({"image_url": "javascript:alert(1)"}, [("image_url", "invalid")]),
            ({"colour": "blue"}, [("colour", "unknown_field")]),
            ({"price": "x", "ncm": "1"}, [("price", "money"), ("ncm", "ncm")]),
        ],
    )  # fmt: skip
    def test_names_every_wrong_field(self, values, expected):
        (result,) = upsert_products(rows=[row(**values)])

        assert result.status == "error"
        assert errors_of(result) == expected

    @pytest.mark.parametrize("raw", [None, 1, "A-1", [], True])
    def test_refuses_a_row_that_is_no_object(self, raw):
        (result,) = upsert_products(rows=[raw])

        assert errors_of(result) == [("", "type")]

    def test_names_what_a_new_product_lacks(self):
        assert errors_of(upsert_products(rows=[{"sku": "A"}])[0]) == [
            ("name", "required"),
            ("price", "required"),
        ]
        assert errors_of(upsert_products(rows=[{}])[0]) == [
            ("sku", "required"),
            ("name", "required"),
            ("price", "required"),
        ]

    def test_reports_a_product_that_is_twice_in_one_list(self):
        results = upsert_products(rows=[row(), row(price="1.00")])

        assert [result.status for result in results] == ["created", "error"]
        assert errors_of(results[1]) == [("sku", "duplicate")]
        assert Product.objects.get(sku="A-1").price == Decimal("39.90")

    def test_takes_ten_thousand_rows_with_as_many_statements_as_ten(self, django_assert_max_num_queries):
        build_category(code="meias")
        rows = [row(sku=f"S{number}", category="meias") for number in range(10_000)]
        with django_assert_max_num_queries(5):
            created = upsert_products(rows=rows)
        with django_assert_max_num_queries(5):
            updated = upsert_products(rows=[{"sku": row["sku"], "price": "5.00"} for row in rows])

        assert {result.status for result in created} == {"created"}
        assert {result.status for result in updated} == {"updated"}
        assert Product.objects.filter(price=Decimal("5.00")).count() == 10_000

    def test_refuses_more_than_ten_thousand_rows(self):
        with pytest.raises(TooManyRows):
            upsert_products(rows=[{}] * 10_001)

    def test_describes_every_column_in_the_schema(self):
        schema = schema_of(COLUMNS)

        assert schema["required"] == ["sku", "name", "price"]
        assert set(schema["properties"]) == set(COLUMNS)


@pytest.mark.usefixtures("committed_db")
class TestParallelUpserts:
    def test_lists_that_arrive_together_make_each_product_once(self):
        rows = [row(sku=f"S{number:03d}") for number in range(300)]
        orders = [rows, rows[::-1], rows[150:] + rows[:150], rows[::2] + rows[1::2]]
        together = Barrier(len(orders))

        def send(order):
            together.wait()
            try:
                return [result.status for result in upsert_products(rows=order)]
            finally:
                connection.close()

        with ThreadPoolExecutor(len(orders)) as pool:
            statuses = list(pool.map(send, orders))

        assert Product.objects.count() == 300
        assert sum(one.count("created") for one in statuses) == 300
        assert not any("error" in one for one in statuses)


class TestDeleteProduct:
    def test_removes_a_product_that_was_never_sold(self):
        product = build_product()

        delete_product(product=product)

        assert not Product.objects.filter(pk=product.pk).exists()

    def test_refuses_a_product_that_was_sold(self):
        product = build_product()
        build_sale(lines=[{"sku": product.sku, "product": product}])

        with pytest.raises(InUse):
            delete_product(product=product)


class TestSearch:
    def test_finds_words_in_any_order_without_accents(self):
        product = build_product(name="Calça Jeans Azul")
        build_product(name="Saia Azul")

        assert list(Product.objects.search("azul CALCA")) == [product]

    def test_finds_a_barcode_before_names(self):
        named = build_product(name="789 anos")
        scanned = build_product(name="Zebra", barcode="789")

        assert list(Product.objects.search("789").best_first("789")) == [scanned, named]

    def test_takes_percent_signs_literally(self):
        build_product(name="Camiseta")

        assert not Product.objects.search("%").exists()
