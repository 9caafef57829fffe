import pytest

from retail.models import Category
from retail.services.categories import MAX_DEPTH, upsert_categories

pytestmark = pytest.mark.django_db


def paths():
    return {category.code: "/".join(category.path) for category in Category.objects.all()}


def statuses(results):
    return [(result.status, [(error.path, error.code) for error in result.errors]) for result in results]


def grow(*pairs):
    return upsert_categories(rows=[{"code": code, "name": code, "parent": parent} for code, parent in pairs])


class TestUpsertCategories:
    def test_takes_parents_that_come_later_in_the_list(self):
        results = grow(("meias", "moda"), ("moda", None), ("infantis", "meias"))

        assert {result.status for result in results} == {"created"}
        assert paths() == {"moda": "moda", "meias": "moda/meias", "infantis": "moda/meias/infantis"}

    def test_rewrites_the_paths_below_a_category_that_moves(self):
        grow(("moda", None), ("casa", None), ("meias", "moda"), ("infantis", "meias"))

        (result,) = upsert_categories(rows=[{"code": "meias", "parent": "casa"}])

        assert result.status == "updated"
        assert paths()["infantis"] == "casa/meias/infantis"

    def test_puts_a_category_at_the_root_with_null(self):
        grow(("moda", None), ("meias", "moda"))

        upsert_categories(rows=[{"code": "meias", "parent": None}])

        assert paths()["meias"] == "meias"

    def test_leaves_the_parent_when_a_row_does_not_mention_it(self):
        grow(("moda", None), ("meias", "moda"))

        (result,) = upsert_categories(rows=[{"code": "meias", "name": "Meias"}])

        assert result.status == "updated"
        assert paths()["meias"] == "moda/meias"

    def test_says_unchanged_when_nothing_changed(self):
        grow(("moda", None), ("meias", "moda"))

        assert {result.status for result in grow(("moda", None), ("meias", "moda"))} == {"unchanged"}

    def test_refuses_a_circle_and_keeps_the_tree(self):
        grow(("a", None), ("b", "a"), ("c", "b"))

        results = upsert_categories(rows=[{"code": "a", "parent": "c"}, {"code": "c", "name": "C"}])

        assert statuses(results) == [("error", [("parent", "cycle")]), ("updated", [])]
        assert paths() == {"a": "a", "b": "a/b", "c": "a/b/c"}

    def test_refuses_a_category_that_would_be_its_own_parent(self):
        assert statuses(grow(("a", "a"))) == [("error", [("parent", "cycle")])]

    def test_refuses_a_circle_within_one_list(self):
        results = grow(("a", "b"), ("b", "a"))

        assert "error" in {result.status for result in results}
        assert all(path.split("/").count(code) == 1 for code, path in paths().items())

    def test_refuses_the_children_of_a_refused_parent(self):
        results = grow(("a", "nowhere"), ("b", "a"))

        assert statuses(results) == [
            ("error", [("parent", "unknown_category")]),
            ("error", [("parent", "unknown_category")]),
        ]

    def test_refuses_a_tree_that_is_too_deep(self):
        results = grow(*((f"c{level}", f"c{level - 1}" if level else None) for level in range(MAX_DEPTH + 1)))

        assert [result.status for result in results] == ["created"] * MAX_DEPTH + ["error"]

    def test_lets_two_categories_change_places(self):
        grow(("a", None), ("b", "a"))

        results = upsert_categories(rows=[{"code": "b", "parent": None}, {"code": "a", "parent": "b"}])

        assert {result.status for result in results} == {"updated"}
        assert paths() == {"b": "b", "a": "b/a"}
