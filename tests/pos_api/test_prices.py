"""Prices changed in bulk: what the rules give, what is shown before, what is kept after."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from retail.models import PriceChange, PriceChangeLine, Product
from tests.builders import build_category, build_product, build_product_grouping
from tests.pos_api.manager import Manager
from tests.pos_api.till import Till, basket, line, publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(db) -> Manager:
    return Manager.sign_in(is_superuser=True)


def change(manager, **body):
    return manager.send("POST", "products/prices/", body)


def codes(response):
    return [(error["path"], error["code"]) for error in response.json()["errors"]]


def price_of(sku):
    return str(Product.objects.get(sku=sku).price)


class TestRules:
    @pytest.mark.parametrize(
        ("price", "rule", "expected"),
        [
            ("49.90", {"percent": "-10"}, "44.91"),
            ("49.90", {"percent": "-10", "ending": "99"}, "44.99"),
            ("49.90", {"percent": "-10", "ending": "90"}, "44.90"),
            ("49.90", {"percent": "12.5"}, "56.14"),
            ("0.05", {"percent": "10"}, "0.06"),
            ("10.00", {"amount": "-12.00"}, "0.00"),
            ("10.00", {"amount": "2.50", "ending": "99"}, "12.99"),
            ("10.00", {"amount": -1}, "9.00"),
            ("10.00", {"value": "7.77"}, "7.77"),
            ("10.00", {"percent": "-100"}, "0.00"),
            ("0.00", {"percent": "50", "ending": "99"}, "0.00"),
            ("0.20", {"percent": "-50", "ending": "99"}, "0.99"),
        ],
    )
    def test_give_the_new_price(self, manager, price, rule, expected):
        build_product(sku="A", price=Decimal(price))

        answer = change(manager, select={"all": True}, rule=rule)

        assert answer.status_code == 200
        assert price_of("A") == expected

    def test_leave_out_what_no_column_could_hold(self, manager):
        build_product(sku="A", price="999999999999.00")
        build_product(sku="B", price="10.00")

        answer = change(manager, select={"all": True}, rule={"field": "price", "percent": "100"})

        assert answer.status_code == 200
        assert [row["errors"][0]["code"] for row in answer.json()["results"] if row["status"] == "error"] == [
            "too_large"
        ]
        assert (price_of("A"), price_of("B")) == ("999999999999.00", "20.00")

    def test_start_from_another_field_where_they_say_so(self, manager):
        build_product(sku="A", price=Decimal("10.00"), cost=Decimal("20.00"))
        build_product(sku="B", price=Decimal("10.00"), cost=None)

        change(manager, select={"all": True}, rule={"field": "price", "base": "cost", "percent": "50"})

        assert (price_of("A"), price_of("B")) == ("30.00", "10.00")

    @pytest.mark.parametrize(
        ("select", "expected"),
        [
            ({"category": "roupas"}, {"A", "B"}),
            ({"grouping": "inverno"}, {"C"}),
            ({"code": "CAM"}, {"A"}),
            ({"q": "calça"}, {"B"}),
            ({"price_min": "100.00"}, {"C"}),
            ({"price_max": "60.00", "category": "roupas"}, {"A"}),
            ({"all": True}, {"A", "B", "C"}),
            ({"all": True, "is_active": False}, {"A", "B", "C", "OFF"}),
        ],
    )
    def test_reach_exactly_what_is_selected(self, manager, select, expected):
        clothes = build_category(code="roupas")
        shirts = build_category(code="camisetas", parent=clothes, path=["roupas", "camisetas"])
        build_product(sku="A", code="CAM", name="Camiseta", price=Decimal(50), category=shirts)
        build_product(sku="B", name="Calça", price=Decimal(80), category=clothes)
        coat = build_product(sku="C", name="Casaco", price=Decimal(300))
        build_product(sku="OFF", price=Decimal(50), is_active=False)
        build_product_grouping(code="inverno", products=[coat])

        results = change(manager, select=select, rule={"percent": "10"}, dry_run=True).json()["results"]

        assert {result["sku"] for result in results} == expected

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ({}, [("select", "required"), ("rule", "one_way")]),
            ({"select": {}, "rule": {"percent": "5"}}, [("select", "required")]),
            ({"select": {"all": False}, "rule": {"percent": "5"}}, [("select", "required")]),
            ({"select": {"all": True}, "rule": {"percent": "5", "amount": "1"}}, [("rule", "one_way")]),
            ({"select": {"all": True}, "rule": {"percent": "-101"}}, [("rule.percent", "range")]),
            ({"select": {"all": True}, "rule": {"percent": "1e9"}}, [("rule.percent", "number")]),
            ({"select": {"all": True}, "rule": {"amount": "1.005"}}, [("rule.amount", "number")]),
            ({"select": {"all": True}, "rule": {"percent": "5", "ending": "9"}}, [("rule.ending", "ending")]),
            ({"select": {"all": True}, "rule": {"field": "floor_price", "percent": "5"}}, [("rule.field", "choice")]),
            ({"select": {"category": "nada"}, "rule": {"percent": "5"}}, [("select.category", "unknown_category")]),
            ({"select": [], "rule": {"percent": "5"}}, [("select", "type")]),
            ({"prices": []}, [("prices", "type")]),
            ({"prices": [{"sku": "A"}], "select": {}}, [("prices", "not_alone")]),
            ({"pricez": 1, "prices": [{"sku": "A", "price": 1}]}, [("pricez", "unknown_field")]),
            ({"prices": [{"sku": "A", "price": 1}], "dry_run": "yes"}, [("dry_run", "type")]),
        ],
    )  # fmt: skip
    def test_that_cannot_be_done_are_named(self, manager, body, expected):
        build_product(sku="A")

        answer = change(manager, **body)

        assert answer.status_code == 422
        assert codes(answer) == expected


class TestLists:
    def test_answer_every_row(self, manager):
        build_product(sku="A", price=Decimal(10), cost=Decimal(4))
        build_product(sku="B", price=Decimal(10))

        answer = change(
            manager,
            prices=[
                {"sku": "A", "price": "12.00", "cost": "5.00"},
                {"sku": "B", "price": "10.00"},
                {"sku": "X", "price": "1.00"},
                {"sku": "A", "price": "1.00"},
                {"sku": "B", "price": "-1"},
                {"price": "1.00"},
                {"sku": "C"},
                7,
            ],
        ).json()

        assert answer["summary"] == {"changed": 1, "unchanged": 1, "error": 6, "warnings": 0}
        assert [result["status"] for result in answer["results"]] == ["changed", "unchanged"] + ["error"] * 6
        assert [result["errors"][0]["code"] for result in answer["results"][2:]] == [
            "unknown_product", "duplicate", "money", "required", "required", "type",
        ]  # fmt: skip
        assert price_of("A") == "12.00"
        assert str(Product.objects.get(sku="A").cost) == "5.00"

    def test_need_the_same_statements_for_one_and_for_hundreds(self, django_assert_num_queries):
        from retail.services.price_rules import read_price_request
        from retail.services.prices import change_prices
        from tests.builders import NOON

        for size in (1, 300):
            Product.objects.bulk_create(
                Product(sku=f"{size}-{number}", name="P", price=10) for number in range(size)
            )
            rows = [{"sku": f"{size}-{number}", "price": "5.00"} for number in range(size)]
            request = read_price_request({"prices": rows})
            # Two savepoints, the products, their prices, the change and its lines.
            with django_assert_num_queries(6):
                outcome = change_prices(request=request, user=None, at=NOON)
            assert outcome.change.products == size


class TestPreview:
    def test_shows_old_and_new_and_writes_nothing(self, manager):
        build_product(sku="A", price=Decimal("49.90"), cost=Decimal("45.00"), floor_price=Decimal("46.00"))

        answer = change(manager, select={"all": True}, rule={"percent": "-60"}, dry_run=True).json()

        assert answer["dry_run"] is True
        assert answer["change"] is None
        assert answer["results"] == [
            {
                "row": 0,
                "sku": "A",
                "status": "changed",
                "old": {"price": "49.90"},
                "new": {"price": "19.96"},
                "warnings": ["below_cost", "below_floor", "large_change"],
            }
        ]
        assert price_of("A") == "49.90"
        assert not PriceChange.objects.exists()

    def test_is_refused_when_prices_have_changed_since(self, manager):
        build_product(sku="A", price=Decimal("10.00"))
        body = {"select": {"all": True}, "rule": {"percent": "10"}}
        fingerprint = change(manager, **body, dry_run=True).json()["fingerprint"]

        Product.objects.update(price=Decimal("20.00"))
        refused = change(manager, **body, expected=fingerprint)

        assert (refused.status_code, refused.json()["code"]) == (409, "prices_changed")
        assert price_of("A") == "20.00"

        fresh = change(manager, **body, dry_run=True).json()["fingerprint"]
        assert change(manager, **body, expected=fresh).status_code == 200
        assert price_of("A") == "22.00"


class TestHistory:
    def test_says_who_changed_what_from_what_to_what(self, manager):
        build_product(sku="A", price=Decimal("10.00"))
        change(manager, select={"all": True}, rule={"percent": "10"}, note="Reajuste")

        (row,) = manager.send("GET", "products/prices/?sku=A").json()["results"]

        assert (row["field"], row["old"], row["new"]) == ("price", "10.00", "11.00")
        assert (row["changed_by"], row["note"]) == (manager.user.get_username(), "Reajuste")
        assert PriceChange.objects.get().rule == {
            "select": {"all": True, "is_active": True},
            "rule": {"field": "price", "percent": "10"},
        }

    def test_also_keeps_what_single_saves_and_lists_of_products_change(self, manager):
        build_product(sku="A", price=Decimal("10.00"))
        manager.send("PATCH", "products/A/", {"price": "12.00"})
        manager.send("POST", "products/", [{"sku": "A", "cost": "5.00", "price": "12.00"}])
        manager.send("PATCH", "products/A/", {"name": "Outro nome"})

        lines = PriceChangeLine.objects.order_by("pk").values_list("field", "old", "new")

        assert list(lines) == [
            ("price", Decimal("10.00"), Decimal("12.00")),
            ("cost", None, Decimal("5.00")),
        ]

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE retail_pricechangeline SET new = 1",
            "DELETE FROM retail_pricechangeline",
            "UPDATE retail_pricechange SET note = 'x'",
            "TRUNCATE retail_pricechange CASCADE",
        ],
    )
    def test_cannot_be_altered(self, manager, statement):
        build_product(sku="A", price=Decimal("10.00"))
        change(manager, select={"all": True}, rule={"percent": "10"})

        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_campaigns_see_the_new_price_at_the_next_basket(manager):
    """The price on the tag falls back to the catalogue's: a unit sold below it counts as discounted already."""
    till = Till.open()
    build_product(sku="A", price=Decimal("100.00"))
    publish("SO-CHEIO", skip_discounted=True)
    document = basket(line(sku="A", unit_price="80.00"))
    before = till.evaluate(document).json()

    change(manager, prices=[{"sku": "A", "price": "80.00"}])
    after = till.evaluate(document).json()

    assert before["totals"]["discount"] == "0.00"
    assert after["totals"]["discount"] == "8.00"
