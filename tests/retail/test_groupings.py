import pytest

from retail.models import Product
from retail.services.groupings import PRODUCTS, STORES, NothingFound, change_members, upsert_groupings
from tests.builders import build_product, build_product_grouping, build_store

pytestmark = pytest.mark.django_db


def skus(grouping):
    return sorted(grouping.products.values_list("sku", flat=True))


class TestUpsertGroupings:
    def test_creates_a_grouping_with_members_by_sku_and_product_code(self):
        build_product(sku="A", code="P1")
        build_product(sku="B", code="P1")
        build_product(sku="C", code="P2")

        (result,) = upsert_groupings(
            kind=PRODUCTS,
            rows=[
                {
                    "code": "inverno",
                    "name": "Inverno",
                    "members": [{"code": "P1"}, {"sku": "C"}, {"sku": "A"}],
                }
            ],
        )

        assert result.status == "created"
        assert skus(result.instance) == ["A", "B", "C"]

    def test_replaces_the_members_when_they_are_given(self):
        grouping = build_product_grouping(code="g", products=[build_product(sku="A"), build_product(sku="B")])
        build_product(sku="C")

        (result,) = upsert_groupings(
            kind=PRODUCTS, rows=[{"code": "g", "members": [{"sku": "B"}, {"sku": "C"}]}]
        )

        assert result.status == "updated"
        assert skus(grouping) == ["B", "C"]

    def test_keeps_the_members_when_they_are_not_given(self):
        grouping = build_product_grouping(code="g", products=[build_product(sku="A")])

        (result,) = upsert_groupings(kind=PRODUCTS, rows=[{"code": "g", "name": "Novo"}])

        assert result.status == "updated"
        assert skus(grouping) == ["A"]

    def test_refuses_a_row_with_wrong_members_and_names_each(self):
        build_store(code="0001")

        results = upsert_groupings(
            kind=STORES,
            rows=[
                {
                    "code": "sul",
                    "name": "Sul",
                    "members": [{"code": "0001"}, {"code": "X"}, {"sku": "A"}, "0001"],
                },
                {"code": "norte", "name": "Norte", "members": [{"code": "0001"}]},
            ],
        )

        assert [result.status for result in results] == ["error", "created"]
        assert [(error.path, error.code) for error in results[0].errors] == [
            ("members[2]", "member"),
            ("members[3]", "member"),
            ("members[1].code", "unknown_store"),
        ]

    def test_needs_the_same_statements_for_many_groupings(self, django_assert_max_num_queries):
        for number in range(30):
            build_store(code=f"S{number}")
        rows = [
            {"code": f"g{number}", "name": "G", "members": [{"code": f"S{store}"} for store in range(number)]}
            for number in range(30)
        ]

        with django_assert_max_num_queries(8):
            results = upsert_groupings(kind=STORES, rows=rows)

        assert {result.status for result in results} == {"created"}
        assert results[29].instance.stores.count() == 29


class TestChangeMembers:
    def test_adds_and_removes_and_says_how_many(self):
        grouping = build_product_grouping(products=[build_product(sku="A"), build_product(sku="B")])
        build_product(sku="C")

        change = change_members(
            kind=PRODUCTS,
            grouping=grouping,
            add=[{"sku": "A"}, {"sku": "C"}, {"sku": "unknown"}],
            remove=[{"sku": "B"}],
        )

        assert (change.added, change.removed) == (1, 1)
        assert [(error.path, error.code) for error in change.errors] == [("add[2].sku", "unknown_product")]
        assert skus(grouping) == ["A", "C"]

    def test_needs_the_same_statements_for_one_member_and_for_thousands(self, django_assert_num_queries):
        Product.objects.bulk_create(
            Product(sku=f"S{number}", name="Camiseta", price=10) for number in range(3000)
        )
        few, many = build_product_grouping(), build_product_grouping()

        # Two savepoints, the lock, one look-up, one change of the links, the grouping's moment.
        for grouping, size in ((few, 1), (many, 3000)):
            entries = [{"sku": f"S{number}"} for number in range(size)]
            with django_assert_num_queries(6):
                assert change_members(kind=PRODUCTS, grouping=grouping, add=entries).added == size
            with django_assert_num_queries(6):
                assert change_members(kind=PRODUCTS, grouping=grouping, remove=entries).removed == size

    def test_removes_what_is_named_both_to_add_and_to_remove(self):
        grouping = build_product_grouping(products=[build_product(sku="A")])

        change = change_members(kind=PRODUCTS, grouping=grouping, add=[{"sku": "A"}], remove=[{"sku": "A"}])

        assert (change.added, change.removed) == (0, 1)

    def test_keeps_the_members_when_nothing_that_should_replace_them_exists(self):
        grouping = build_product_grouping(products=[build_product(sku="A")])

        with pytest.raises(NothingFound) as refused:
            change_members(kind=PRODUCTS, grouping=grouping, replace=[{"sku": "Meia"}, {"sku": "Bota"}])

        assert [error.path for error in refused.value.errors] == ["replace[0].sku", "replace[1].sku"]
        assert skus(grouping) == ["A"]

    def test_replacing_by_nothing_empties_the_list(self):
        grouping = build_product_grouping(products=[build_product(), build_product()])

        assert change_members(kind=PRODUCTS, grouping=grouping, replace=[]).removed == 2
        assert skus(grouping) == []
