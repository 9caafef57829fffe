"""Associations and markdowns for managers' programs: documents in, documents out."""

from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import Association, Markdown, MarkdownItem
from campaigns.selectors import current_plan_version
from tests.builders import build_campaign
from tests.pos_api.manager import Manager
from tests.pos_api.till import Till, basket, publish

pytestmark = pytest.mark.django_db

KINDS = ("associations", "markdowns")


@pytest.fixture
def manager() -> Manager:
    actions = ("view", "add", "change", "delete", "publish")
    return Manager.sign_in(
        *(f"campaigns.{a}_{kind}" for a in actions for kind in ("association", "markdown"))
    )


@pytest.fixture(autouse=True)
def _campaigns() -> None:
    build_campaign(code="A")
    build_campaign(code="B")


def document(kind: str, code: str = "X", **fields: Any) -> dict[str, Any]:
    if kind == "associations":
        return {"code": code, "name": "Nome", "criterion": "highest", "campaigns": ["A", "B"]} | fields
    return {"code": code, "name": "Nome", "items": [{"value": "CAMISA", "price": "80.00"}]} | fields


def paths(response: Any) -> set[str]:
    assert response.status_code == 422, response.content
    assert response["Content-Type"] == "application/problem+json"
    return {error["path"] for error in response.json()["errors"]}


@pytest.mark.parametrize("kind", KINDS)
class TestDocument:
    def test_is_kept_as_a_draft_read_changed_and_deleted(self, manager: Manager, kind: str) -> None:
        created = manager.send("POST", f"{kind}/", document(kind))
        read = manager.send("GET", f"{kind}/X/").json()
        changed = manager.send("PUT", f"{kind}/X/", read | {"name": "Outro"})
        again = manager.send("POST", f"{kind}/", document(kind, name="Outro"))

        assert (created.status_code, changed.status_code, again.status_code) == (201, 200, 200)
        assert (read["status"], read["state"], read["version"], read["revision"]) == (
            "draft",
            "draft",
            1,
            None,
        )
        assert (changed.json()["name"], changed.json()["version"]) == ("Outro", 2)
        assert again.json()["version"] == 2
        assert manager.send("DELETE", f"{kind}/X/").status_code == 204
        assert manager.send("GET", f"{kind}/X/").status_code == 404

    def test_goes_live_pauses_comes_back_and_rolls_back(self, manager: Manager, kind: str) -> None:
        live = manager.send("POST", f"{kind}/", document(kind, publish=True, comment="Primeira")).json()
        paused = manager.send("POST", f"{kind}/X/pause/").json()
        resumed = manager.send("POST", f"{kind}/X/resume/").json()
        changed = manager.send("PUT", f"{kind}/X/", document(kind, name="Outro")).json()
        published = manager.send("POST", f"{kind}/X/publish/").json()
        back = manager.send("POST", f"{kind}/X/revisions/", {"revision": 1})
        revisions = manager.send("GET", f"{kind}/X/revisions/").json()["results"]

        assert [one["status"] for one in (live, paused, resumed)] == ["active", "paused", "active"]
        assert (changed["has_changes"], published["has_changes"]) == (True, False)
        assert (back.status_code, back.json()["name"], back.json()["revision"]) == (201, "Nome", 3)
        assert [(one["number"], one["comment"]) for one in revisions] == [
            (3, "Back to revision 1"),
            (2, ""),
            (1, "Primeira"),
        ]
        assert revisions[1]["changes"] == [{"path": "name", "old": "Nome", "new": "Outro"}]
        assert revisions[0]["published_by"] == manager.user.username

    @pytest.mark.parametrize(
        ("method", "path", "body", "status", "code"),
        [
            ("POST", "X/pause/", None, 409, "not_published"),
            ("POST", "X/resume/", None, 409, "not_paused"),
            ("POST", "X/revisions/", {"revision": 7}, 404, "revision_unknown"),
            ("POST", "X/revisions/", {"revision": "1"}, 422, "invalid"),
            ("POST", "X/revisions/", [], 422, "invalid"),
            ("GET", "UNKNOWN/", None, 404, "not_found"),
            ("POST", "UNKNOWN/publish/", None, 404, "not_found"),
            ("PUT", "UNKNOWN/", {}, 404, "not_found"),
            ("GET", "?ordering=x", None, 400, "bad_request"),
            ("GET", "?colour=red", None, 400, "bad_request"),
            ("POST", "", [], 422, "invalid"),
            ("POST", "", "text", 422, "invalid"),
            ("POST", "", [{}] * 1001, 422, "invalid"),
        ],
    )
    def test_refuses_with_a_problem(
        self, manager: Manager, kind: str, method: str, path: str, body: Any, status: int, code: str
    ) -> None:
        manager.send("POST", f"{kind}/", document(kind))

        response = manager.send(method, f"{kind}/{path}", body)

        assert (response.status_code, response.json()["code"]) == (status, code)

    def test_what_was_published_is_not_deleted(self, manager: Manager, kind: str) -> None:
        manager.send("POST", f"{kind}/", document(kind, publish=True))

        assert manager.send("DELETE", f"{kind}/X/").json()["code"] == "was_published"

    def test_stops_lost_updates(self, manager: Manager, kind: str) -> None:
        manager.send("POST", f"{kind}/", document(kind))

        refused = manager.send("PUT", f"{kind}/X/", document(kind, version=7))

        assert (refused.status_code, refused.json()["code"], refused.json()["version"]) == (
            409,
            "version_conflict",
            1,
        )

    @pytest.mark.parametrize(
        ("fields", "path"),
        [
            ({"code": "a b"}, "code"),
            ({"code": None}, "code"),
            ({"name": 7}, "name"),
            ({"publish": "yes"}, "publish"),
            ({"version": "1"}, "version"),
            ({"comment": "x" * 241}, "comment"),
            ({"colour": "red"}, "colour"),
        ],
    )
    def test_names_the_wrong_field(self, manager: Manager, kind: str, fields: Any, path: str) -> None:
        assert paths(manager.send("POST", f"{kind}/", document(kind, **fields))) == {path}

    def test_a_code_never_changes(self, manager: Manager, kind: str) -> None:
        manager.send("POST", f"{kind}/", document(kind))

        refused = manager.send("PUT", f"{kind}/X/", document(kind, "Y"))

        assert (refused.status_code, refused.json()["code"]) == (422, "code_fixed")

    def test_a_list_gets_one_result_per_row(self, manager: Manager, kind: str) -> None:
        manager.send("POST", f"{kind}/", [document(kind, "X"), document(kind, "Y")])

        answer = manager.send(
            "POST",
            f"{kind}/",
            [document(kind, "X"), document(kind, "Y", name="Z"), document(kind, "W"), {"code": 1}, 5],
        ).json()

        assert answer["summary"] == {"created": 1, "updated": 1, "unchanged": 1, "error": 2}
        assert [row["status"] for row in answer["results"]] == [
            "unchanged",
            "updated",
            "created",
            "error",
            "error",
        ]
        assert "code" in {error["path"] for error in answer["results"][3]["errors"]}

    def test_publishing_needs_its_permission(self, kind: str) -> None:
        singular = kind.removesuffix("s")
        editor = Manager.sign_in(f"campaigns.add_{singular}", f"campaigns.change_{singular}")

        assert editor.send("POST", f"{kind}/", document(kind, publish=True)).status_code == 403
        row = editor.send("POST", f"{kind}/", [document(kind, publish=True)]).json()["results"][0]
        assert row["errors"][0]["code"] == "permission_denied"
        assert current_plan_version() == 0
        assert editor.send("POST", f"{kind}/", document(kind)).status_code == 201

    def test_is_listed_filtered_and_paged_in_as_many_queries_for_any_number(
        self, manager: Manager, kind: str, django_assert_max_num_queries: Any
    ) -> None:
        manager.send("POST", f"{kind}/", [document(kind, f"C{n:02d}", publish=n > 5) for n in range(12)])

        with django_assert_max_num_queries(5):
            page = manager.send("GET", f"{kind}/?limit=10").json()
        active = manager.send("GET", f"{kind}/?status=active&q=c1&ordering=-code").json()["results"]

        assert len(page["results"]) == 10
        assert page["next"]
        assert [row["code"] for row in active] == ["C11", "C10"]


class TestAssociations:
    def test_refuses_unknown_campaigns_and_fewer_than_two(self, manager: Manager) -> None:
        answers = [
            manager.send("POST", "associations/", document("associations", campaigns=campaigns))
            for campaigns in (["A"], ["A", "Z"], "A", [1, 2])
        ]

        assert [sorted(paths(answer)) for answer in answers] == [
            ["campaigns"],
            ["campaigns[1]"],
            ["campaigns"],
            ["campaigns[0]", "campaigns[1]"],
        ]

    def test_are_found_by_campaign_and_criterion(self, manager: Manager) -> None:
        build_campaign(code="C")
        manager.send("POST", "associations/", document("associations", "X"))
        manager.send(
            "POST", "associations/", document("associations", "Y", campaigns=["B", "C"], criterion="all")
        )

        def codes(query: str) -> list[str]:
            return [row["code"] for row in manager.send("GET", f"associations/?{query}").json()["results"]]

        assert (codes("campaign=A"), codes("campaign=B"), codes("criterion=all")) == (
            ["X"],
            ["X", "Y"],
            ["Y"],
        )

    def test_what_is_published_is_honoured_by_the_next_evaluation(self, manager: Manager, till: Till) -> None:
        publish("DEZ")
        publish("VINTE", benefits=[{"kind": "item_percent", "percent": "20.00"}])
        chosen = document("associations", campaigns=["DEZ", "VINTE"], publish=True)

        before = till.evaluate(basket()).json()["totals"]["discount"]
        assert manager.send("POST", "associations/", chosen).status_code == 201

        assert (before, till.evaluate(basket()).json()["totals"]["discount"]) == ("30.00", "20.00")
        assert Association.objects.get().live_revision.number == 1


class TestMarkdowns:
    def test_items_are_changed_in_bulk_listed_and_exported(self, manager: Manager) -> None:
        manager.send("POST", "markdowns/", document("markdowns", items=[]))

        change = manager.send(
            "POST",
            "markdowns/X/items/",
            {"add": [{"value": "B", "percent": 12.5}, {"value": "A", "price": 9.9}, {"value": "C"}]},
        ).json()
        listed = manager.send("GET", "markdowns/X/items/").json()["results"]
        export = manager.send("GET", "markdowns/X/export/")

        assert (change["added"], change["item_count"], change["version"]) == (2, 2, 2)
        assert [error["path"] for error in change["errors"]] == ["add[2].price"]
        assert listed == [
            {"value": "A", "price": "9.90", "percent": None},
            {"value": "B", "price": None, "percent": "12.5000"},
        ]
        assert export["Content-Disposition"] == 'attachment; filename="X.csv"'
        assert b"".join(export).decode().splitlines() == [
            '"product","price","percent"',
            '"A","9.90",""',
            '"B","","12.5000"',
        ]
        assert manager.send("GET", "markdowns/X/items/?q=B").json()["results"] == listed[1:]

    @pytest.mark.parametrize(
        ("body", "path"),
        [
            ([], ""),
            ({"add": {}}, "add"),
            ({"remove": "A"}, "remove"),
            ({"set": []}, "set"),
            ({"version": "1"}, "version"),
            ({"replace": [], "add": []}, "replace"),
            ({"add": [0] * 100_001}, "add"),
        ],
    )
    def test_names_what_is_wrong_with_a_change_of_items(self, manager: Manager, body: Any, path: str) -> None:
        manager.send("POST", "markdowns/", document("markdowns"))

        assert paths(manager.send("POST", "markdowns/X/items/", body)) == {path}

    def test_takes_a_hundred_thousand_items_in_one_call(
        self, manager: Manager, till: Till, django_assert_max_num_queries: Any
    ) -> None:
        manager.send("POST", "markdowns/", document("markdowns", items=[]))
        rows = [{"value": f"SKU-{n:06d}", "price": "9.90"} for n in range(99_999)]
        rows.append({"value": "CAMISA", "percent": "50"})

        with django_assert_max_num_queries(20):
            change = manager.send("POST", "markdowns/X/items/", {"replace": rows}).json()
        published = manager.send("POST", "markdowns/X/publish/")

        assert (change["added"], change["errors"]) == (100_000, [])
        assert published.status_code == 200, published.content
        assert till.evaluate(basket()).json()["totals"]["markdown"] == "50.00"

    def test_one_without_products_cannot_go_live(self, manager: Manager) -> None:
        manager.send("POST", "markdowns/", document("markdowns", items=[]))

        refused = manager.send("POST", "markdowns/X/publish/")

        assert (refused.status_code, refused.json()["code"]) == (422, "nothing_to_publish")

    def test_without_items_the_products_stay_and_with_none_they_go(self, manager: Manager) -> None:
        manager.send("POST", "markdowns/", document("markdowns"))

        manager.send("PUT", "markdowns/X/", {"code": "X", "by": "code"})
        kept = MarkdownItem.objects.count()
        manager.send("PUT", "markdowns/X/", {"code": "X", "items": []})

        assert (kept, MarkdownItem.objects.count()) == (1, 0)

    def test_are_found_by_product_store_and_status(self, manager: Manager) -> None:
        later = timezone.now().replace(year=timezone.now().year + 1).isoformat()
        manager.send("POST", "markdowns/", document("markdowns", "X", stores=["0001"], publish=True))
        manager.send(
            "POST",
            "markdowns/",
            document("markdowns", "Y", starts_at=later, items=[{"value": "Q", "price": 1}], publish=True),
        )

        def codes(query: str) -> list[str]:
            return [row["code"] for row in manager.send("GET", f"markdowns/?{query}").json()["results"]]

        assert codes("product=Q") == ["Y"]
        assert codes("store=0002") == ["Y"]
        assert codes("status=scheduled") == ["Y"]
        assert codes("status=active") == ["X"]
        assert Markdown.objects.get(code="Y").starts_at is not None
