"""What products, categories, stores, terminals and groupings have in common, as one table each."""

import pytest

from loyalty.models import LevelGift, ProgramLevel
from pos_api.views.categories import EXAMPLE as CATEGORY
from pos_api.views.groupings import EXAMPLE as GROUPING
from pos_api.views.products import EXAMPLE as PRODUCT
from pos_api.views.stores import EXAMPLE as STORE
from pos_api.views.terminals import EXAMPLE as TERMINAL
from retail.models import Category, Product, Store
from tests.builders import (
    build_category,
    build_product,
    build_product_grouping,
    build_program,
    build_sale,
    build_store,
    build_terminal,
)
from tests.pos_api.manager import Manager, codes

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(db) -> Manager:
    return Manager.sign_in(is_superuser=True)


class TestPermissions:
    @pytest.mark.parametrize(
        ("method", "path", "permission"),
        [
            ("GET", "products/", "retail.view_product"),
            ("DELETE", "products/SKU/", "retail.delete_product"),
            ("GET", "categories/", "retail.view_category"),
            ("DELETE", "categories/c/", "retail.delete_category"),
            ("GET", "stores/", "retail.view_store"),
            ("DELETE", "stores/s/", "retail.delete_store"),
            ("GET", "terminals/", "retail.view_terminal"),
            ("DELETE", "terminals/1/", "retail.delete_terminal"),
            ("GET", "terminals/1/keys/", "pos_api.view_terminalkey"),
            ("POST", "terminals/1/keys/", "pos_api.add_terminalkey"),
            ("DELETE", "terminals/1/keys/k/", "pos_api.delete_terminalkey"),
            ("GET", "groupings/?type=product", "retail.view_productgrouping"),
            ("GET", "groupings/store/g/", "retail.view_storegrouping"),
            ("GET", "groupings/customer/g/members/", "customers.view_customergrouping"),
            ("DELETE", "groupings/customer/g/", "customers.delete_customergrouping"),
            ("GET", "customers/", "customers.view_customer"),
            ("GET", "customers/1/", "customers.view_customer"),
            ("DELETE", "customers/1/", "customers.delete_customer"),
            ("GET", "customers/1/consents/", "customers.view_consent"),
        ],
    )
    def test_each_method_needs_its_permission(self, client, method, path, permission):
        anonymous = client.generic(method, f"/api/v1/{path}")
        without = Manager.sign_in().send(method, path)
        allowed = Manager.sign_in(permission).send(method, path)

        assert anonymous.status_code == 401
        assert without.status_code == 403
        assert allowed.status_code not in (401, 403)

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "products/"),
            ("GET", "products/SKU/"),
            ("DELETE", "products/SKU/"),
            ("GET", "stores/"),
            ("GET", "terminals/"),
            ("POST", "terminals/1/keys/"),
            ("GET", "groupings/?type=customer"),
            ("GET", "customers/"),
            ("GET", "customers/1/"),
            ("DELETE", "customers/1/"),
            ("GET", "customers/1/consents/"),
        ],
    )
    def test_a_terminal_may_not_manage(self, till, method, path):
        assert till.send(method, path, {}).status_code in (401, 403)


class TestExamples:
    """The examples of the OpenAPI document work as they stand."""

    def test_every_example_is_accepted(self, manager):
        build_category(code="masculino")
        build_product(code="JAQUETA")
        build_product(sku="TRICO-BG-M")

        answers = [
            manager.send("POST", "categories/", CATEGORY),
            manager.send("POST", "products/", PRODUCT),
            manager.send("POST", "stores/", STORE),
            manager.send("POST", "terminals/", TERMINAL),
            manager.send("POST", "groupings/", GROUPING),
        ]

        assert [answer.status_code for answer in answers] == [201] * 5
        again = manager.send("PUT", "products/CAM-BASICA-PR-M/", PRODUCT)
        assert (again.status_code, again.json()["price"]) == (200, "49.90")


class TestProducts:
    def test_a_list_answers_one_result_per_row(self, manager):
        answer = manager.send(
            "POST", "products/", [{"sku": "A", "name": "A", "price": 10}, {"sku": "B"}, {"sku": "A"}]
        )

        assert answer.status_code == 200
        body = answer.json()
        assert body["summary"] == {"created": 1, "updated": 0, "unchanged": 0, "error": 2}
        assert [row["status"] for row in body["results"]] == ["created", "error", "error"]
        assert body["results"][1]["errors"][0]["path"] == "name"

    @pytest.mark.parametrize(
        ("body", "status", "expected"),
        [
            ([], 422, [("", "too_short")]),
            ("A", 422, [("", "type")]),
            ({"sku": "A", "name": "A", "price": "-1"}, 422, [("price", "money")]),
            ({"sku": "A", "name": "A", "price": 1, "colour": 1}, 422, [("colour", "unknown_field")]),
        ],
    )
    def test_names_what_is_wrong(self, manager, body, status, expected):
        answer = manager.send("POST", "products/", body)

        assert (answer.status_code, codes(answer)) == (status, expected)

    def test_the_address_decides_which_product_changes(self, manager):
        build_product(sku="A/1")

        answer = manager.send("PATCH", "products/A/1/", {"sku": "B"})

        assert (answer.status_code, codes(answer)) == (422, [("sku", "immutable")])
        assert manager.send("PATCH", "products/A/1/", {"price": "1.00"}).json()["price"] == "1.00"
        assert manager.send("PATCH", "products/unknown/", {"price": "1.00"}).status_code == 404

    def test_a_sold_product_is_not_removed(self, manager):
        product = build_product(sku="A")
        build_sale(lines=[{"sku": "A", "product": product}])

        answer = manager.send("DELETE", "products/A/")

        assert (answer.status_code, answer.json()["code"]) == (409, "in_use")
        assert Product.objects.filter(sku="A").exists()

    def test_a_program_that_nobody_takes_part_in_goes_with_its_gifts(self, manager):
        level = ProgramLevel.objects.create(program=build_program(code="pontos"), number=1, points=10)
        LevelGift.objects.create(level=level, product=build_product())

        assert manager.send("DELETE", "programs/pontos/").status_code == 204

        assert not LevelGift.objects.exists()

    def test_lists_page_by_page_without_losing_a_row(self, manager):
        for _number in range(5):
            build_product(price="7.00")
        seen, path = [], "products/?limit=2&ordering=-price"
        while path:
            page = manager.send("GET", path).json()
            seen += [product["sku"] for product in page["results"]]
            path = page["next"] and page["next"].split("/api/v1/")[1]

        assert sorted(seen) == sorted(Product.objects.values_list("sku", flat=True))

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("q=camisa+azul", ["A"]),
            ("q=7891", ["B"]),
            ("category=moda", ["A"]),
            ("grouping=inverno", ["B"]),
            ("is_active=false", ["C"]),
            ("code=P2", ["B"]),
            ("updated_since=2200-01-01T00:00:00Z", []),
        ],
    )
    def test_filters(self, manager, query, expected):
        shirts = build_category(code="camisas", parent=build_category(code="moda"))
        build_product(sku="A", name="Camisa Azul", category=shirts, code="P1")
        other = build_product(sku="B", name="Saia", barcode="7891", code="P2")
        build_product(sku="C", name="Meia", is_active=False)
        build_product_grouping(code="inverno", products=[other])

        page = manager.send("GET", f"products/?{query}").json()

        assert [product["sku"] for product in page["results"]] == expected

    @pytest.mark.parametrize(
        "query",
        [
            "colour=blue",
            "ordering=cost",
            "is_active=1",
            "updated_since=yesterday",
            "limit=0",
            "cursor=x",
            "q=%00",
        ],
    )
    def test_refuses_wrong_parameters(self, manager, query):
        assert manager.send("GET", f"products/?{query}").status_code == 400

    def test_a_page_takes_the_same_queries_for_one_row_or_many(self, manager, django_assert_max_num_queries):
        for _number in range(30):
            build_product(category=build_category())

        with django_assert_max_num_queries(6):
            assert len(manager.send("GET", "products/").json()["results"]) == 30

    def test_a_terminal_sees_no_cost_and_nothing_that_is_off(self, till):
        build_product(sku="A", cost="1.00")
        build_product(is_active=False)

        (product,) = till.send("GET", "products/").json()["results"]

        assert product["sku"] == "A"
        assert "cost" not in product


class TestProductLookup:
    def test_a_scanned_barcode_finds_one_product(self, till):
        build_product(sku="A", barcode="7891234567895")
        build_product(name="7891234567895 look-alike")

        body = till.send("GET", "products/lookup/?q=7891234567895").json()

        assert [product["sku"] for product in body["results"]] == ["A"]

    def test_finds_by_words_and_keeps_to_the_limit(self, till):
        for number in range(3):
            build_product(name=f"Batom {number}")

        assert len(till.send("GET", "products/lookup/?q=BATOM&limit=2").json()["results"]) == 2

    @pytest.mark.parametrize("query", ["", "q=", "q=%20", "q=a&limit=0", "q=a&limit=21", "q=a&limit=x"])
    def test_refuses_wrong_parameters(self, till, query):
        assert till.send("GET", f"products/lookup/?{query}").status_code == 400


class TestCategories:
    def test_moves_a_branch(self, manager):
        build_category(code="casa")
        build_category(code="meias", parent=build_category(code="moda"))

        answer = manager.send("PATCH", "categories/meias/", {"parent": "casa"})

        assert answer.json()["path"] == ["casa", "meias"]

    def test_refuses_a_circle(self, manager):
        build_category(code="meias", parent=build_category(code="moda"))

        assert codes(manager.send("PATCH", "categories/moda/", {"parent": "meias"})) == [("parent", "cycle")]

    def test_a_category_with_products_is_not_removed(self, manager):
        build_product(category=build_category(code="moda"))

        assert manager.send("DELETE", "categories/moda/").status_code == 409
        assert Category.objects.filter(code="moda").exists()


class TestStores:
    def test_a_store_with_terminals_is_not_removed(self, manager):
        build_terminal(store=build_store(code="0001"))

        assert manager.send("DELETE", "stores/0001/").status_code == 409
        assert Store.objects.filter(code="0001").exists()

    def test_refuses_a_time_zone_that_does_not_exist(self, manager):
        answer = manager.send("PUT", "stores/0001/", {"name": "Loja", "time_zone": "Brazil"})

        assert codes(answer) == [("time_zone", "time_zone")]
