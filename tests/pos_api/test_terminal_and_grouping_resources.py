"""Terminals' keys and groupings through the managers' API."""

import pytest

from retail.models import ProductGrouping
from tests.builders import (
    build_customer,
    build_product,
    build_product_grouping,
    build_terminal,
)
from tests.pos_api.manager import Manager, codes
from tests.pos_api.till import Till, publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(db) -> Manager:
    return Manager.sign_in(is_superuser=True)


class TestTerminalKeys:
    def test_an_issued_key_opens_the_terminal_and_is_shown_once(self, manager):
        terminal = build_terminal()

        issued = manager.send("POST", f"terminals/{terminal.pk}/keys/", {"name": "Caixa"})

        assert issued.status_code == 201
        till = Till(terminal, issued.json()["key"])
        assert till.send("GET", "products/lookup/?q=a").status_code == 200
        (shown,) = manager.send("GET", f"terminals/{terminal.pk}/keys/").json()["results"]
        assert "key" not in shown
        assert issued.json()["key"].split(".")[1] not in str(shown)

    def test_rotation_keeps_both_keys_for_a_while(self, manager):
        terminal = build_terminal()
        path = f"terminals/{terminal.pk}/keys/"
        old = manager.send("POST", path, {}).json()

        new = manager.send("POST", f"{path}{old['key_id']}/rotate/", {"grace_hours": 1})

        assert new.status_code == 201
        for key in (old["key"], new.json()["key"]):
            assert Till(terminal, key).send("GET", "products/lookup/?q=a").status_code == 200
        assert manager.send("GET", f"{path}{old['key_id']}/").json()["expires_at"]

    def test_a_revoked_key_opens_nothing_and_cannot_be_rotated(self, manager):
        terminal = build_terminal()
        path = f"terminals/{terminal.pk}/keys/"
        key = manager.send("POST", path, {}).json()

        assert manager.send("DELETE", f"{path}{key['key_id']}/").status_code == 204

        assert Till(terminal, key["key"]).send("GET", "products/lookup/?q=a").status_code == 401
        assert manager.send("POST", f"{path}{key['key_id']}/rotate/", {}).json()["code"] == "key_revoked"

    def test_the_key_of_another_terminal_is_not_found(self, manager):
        key = manager.send("POST", f"terminals/{build_terminal().pk}/keys/", {}).json()

        assert (
            manager.send("GET", f"terminals/{build_terminal().pk}/keys/{key['key_id']}/").status_code == 404
        )


class TestGroupings:
    def test_adds_and_removes_members(self, manager):
        build_product_grouping(code="inverno", products=[build_product(sku="A")])
        build_product(sku="B")

        answer = manager.send(
            "POST",
            "groupings/product/inverno/members/",
            {"add": [{"sku": "B"}, {"sku": "X"}], "remove": [{"sku": "A"}]},
        )

        assert answer.status_code == 200
        assert (answer.json()["added"], answer.json()["removed"]) == (1, 1)
        assert codes(answer) == [("add[1].sku", "unknown_product")]
        members = manager.send("GET", "groupings/product/inverno/members/").json()["results"]
        assert [member["sku"] for member in members] == ["B"]

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ([], [("", "type")]),
            ({"add": {}}, [("add", "type")]),
            ({"members": []}, [("members", "unknown_field")]),
            ({"replace": [], "add": []}, [("replace", "not_alone")]),
        ],
    )
    def test_names_what_is_wrong_with_a_change(self, manager, body, expected):
        build_product_grouping(code="inverno")

        assert codes(manager.send("POST", "groupings/product/inverno/members/", body)) == expected

    def test_replaces_the_whole_list(self, manager):
        build_product_grouping(code="inverno", products=[build_product(sku="A"), build_product(sku="B")])
        build_product(sku="C", code="CALCA")

        answer = manager.send(
            "POST", "groupings/product/inverno/members/", {"replace": [{"sku": "B"}, {"code": "CALCA"}]}
        )

        assert answer.json() == {"added": 1, "removed": 1, "errors": []}
        members = manager.send("GET", "groupings/product/inverno/members/").json()["results"]
        assert [member["sku"] for member in members] == ["B", "C"]

    def test_keeps_the_list_when_nothing_that_should_replace_it_exists(self, manager):
        build_product_grouping(code="inverno", products=[build_product(sku="A")])

        refused = manager.send(
            "POST", "groupings/product/inverno/members/", {"replace": [{"sku": "Meia"}, {"sku": "Bota"}]}
        )

        assert refused.status_code == 422
        assert codes(refused) == [
            ("replace[0].sku", "unknown_product"),
            ("replace[1].sku", "unknown_product"),
        ]
        members = manager.send("GET", "groupings/product/inverno/members/").json()["results"]
        assert [member["sku"] for member in members] == ["A"]

    def test_names_every_customer_that_nobody_is_by_its_place(self, manager):
        build_customer(document="39053344705", card="77", code="D1")
        manager.send("POST", "groupings/", {"type": "customer", "code": "vip", "name": "VIP"})
        entries = [
            {"document": "390.533.447-05"},
            {"card": "77"},
            {"code": "D1"},
            {"card": "78"},
            {"code": ""},
            5,
        ]

        answer = manager.send("POST", "groupings/customer/vip/members/", {"add": entries})

        assert answer.json()["added"] == 1
        assert sorted(codes(answer)) == [
            ("add[3].card", "unknown_customer"),
            ("add[4]", "blank"),
            ("add[5]", "member"),
        ]

    def test_makes_the_code_of_a_grouping_from_its_name(self, manager):
        first = manager.send("POST", "groupings/", {"type": "customer", "name": "Clientes São Paulo"})
        again = manager.send("POST", "groupings/", {"type": "customer", "name": "Clientes São Paulo"})

        assert (first.status_code, again.status_code) == (201, 200)
        assert again.json()["code"] == "clientes-sao-paulo"

    def test_turns_the_pages_of_the_members(self, manager):
        build_product_grouping(code="g", products=[build_product(sku=sku) for sku in "ABC"])

        first = manager.send("GET", "groupings/product/g/members/?limit=2").json()
        address = first["next"].partition("/api/v1/")[2]
        second = manager.send("GET", address).json()

        assert [member["sku"] for member in first["results"] + second["results"]] == ["A", "B", "C"]
        assert second["next"] is None

    def test_saves_groupings_of_several_types_and_refuses_an_unknown_type(self, manager):
        answer = manager.send(
            "POST",
            "groupings/",
            [
                {"type": "store", "code": "sul", "name": "Sul"},
                {"type": "brand", "code": "x"},
                7,
                {"type": "customer", "code": "vip", "name": "VIP"},
            ],
        )

        assert [row["status"] for row in answer.json()["results"]] == ["created", "error", "error", "created"]

    @pytest.mark.parametrize(
        "fields",
        [
            {"conditions": {"all": [{"kind": "product", "by": "grouping", "values": ["inverno"]}]}},
            {
                "benefits": [
                    {
                        "kind": "item_percent",
                        "percent": "5",
                        "target": {"by": "grouping", "values": ["inverno"]},
                    }
                ]
            },
        ],
    )
    def test_a_grouping_that_a_campaign_names_is_not_removed(self, manager, fields):
        build_product_grouping(code="inverno")
        build_product_grouping(code="verao")
        publish("DEZ", **fields)

        refused = manager.send("DELETE", "groupings/product/inverno/")

        assert (refused.status_code, refused.json()["campaigns"]) == (409, ["DEZ"])
        assert manager.send("DELETE", "groupings/product/verao/").status_code == 204
        assert ProductGrouping.objects.filter(code="inverno").exists()

    def test_stores_and_customers_in_campaigns_count_too(self, manager):
        manager.send("POST", "groupings/", [{"type": "store", "code": "sul", "name": "Sul"}])
        manager.send("POST", "groupings/", [{"type": "customer", "code": "vip", "name": "VIP"}])
        rule = {"kind": "customer", "attribute": "groupings", "operator": "in", "value": ["vip"]}
        publish("SUL", stores=["grouping:sul"])
        publish("VIP", conditions={"all": [rule]})

        assert manager.send("DELETE", "groupings/store/sul/").status_code == 409
        assert manager.send("DELETE", "groupings/customer/vip/").status_code == 409
        assert manager.send("DELETE", "groupings/customer/sul/").status_code == 404
