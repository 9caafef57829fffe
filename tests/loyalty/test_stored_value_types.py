"""Types of stored values: saved from rows, by the API and by the form."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from loyalty.models import StoredValueType
from loyalty.services.stored_value_types import RESERVED_CODES, upsert_stored_value_types
from pos_api.urls import loyalty, pos
from tests.builders import (
    build_card,
    build_category,
    build_product_grouping,
    build_store,
    build_stored_value_type,
)
from tests.pos_api.manager import Manager, codes

pytestmark = pytest.mark.django_db

KDO = {
    "code": "kdo",
    "name": "KDO",
    "kind": "e_purse",
    "fixed_load": "60.00",
    "fixed_price": "50.00",
    "categories": ["calcas"],
}
ALL = tuple(f"loyalty.{action}_storedvaluetype" for action in ("view", "add", "change", "delete"))


@pytest.fixture(autouse=True)
def _trousers(db):
    build_category(code="calcas", name="Calças")


def save(**fields):
    return upsert_stored_value_types(rows=[{"code": "vp", "name": "Vale-presente", **fields}])[0]


def wrong(result):
    return [(error.path, error.code) for error in result.errors]


class TestService:
    def test_an_e_purse_holds_at_most_150_and_can_be_loaded_again_unless_said_otherwise(self):
        usual, free = (
            save(kind="e_purse"),
            save(code="free", kind="e_purse", ceiling=None, is_reloadable=False),
        )

        usual, free = (StoredValueType.objects.get(pk=result.instance.pk) for result in (usual, free))
        assert (str(usual.ceiling), usual.is_reloadable) == ("150.00", True)
        assert (free.ceiling, free.is_reloadable) == (None, False)
        assert save(code="card", kind="gift_card").instance.ceiling is None

    def test_is_for_families_and_groupings_in_stores(self):
        build_store(code="CENTRO")
        build_product_grouping(code="inverno")
        given = {"categories": ["calcas"], "groupings": ["inverno"], "stores": ["CENTRO"]}

        made = save(kind="e_purse", **given)
        same = save(kind="e_purse", **given)
        emptied = save(categories=[])

        assert (made.status, same.status, emptied.status) == ("created", "unchanged", "updated")
        kind = StoredValueType.objects.get()
        assert (kind.store_codes, kind.version) == (["CENTRO"], 2)
        assert not kind.categories.exists()
        assert [grouping.code for grouping in kind.groupings.all()] == ["inverno"]

    @pytest.mark.parametrize(
        ("fields", "errors"),
        [
            ({"kind": "points"}, [("kind", "choice")]),
            ({}, [("kind", "required")]),
            ({"kind": "e_purse", "fixed_load": "150.01"}, [("fixed_load", "range")]),
            ({"kind": "gift_card", "fixed_load": "0.00"}, [("fixed_load", "range")]),
            ({"kind": "gift_card", "fixed_price": "5.00"}, [("fixed_load", "required")]),
            ({"kind": "gift_card", "ceiling": "5.00"}, [("ceiling", "not_allowed")]),
            ({"kind": "gift_card", "is_reloadable": True}, [("is_reloadable", "not_allowed")]),
            ({"kind": "voucher", "fixed_load": "5.00"}, [("fixed_load", "not_allowed")]),
            ({"kind": "credit_note", "expired_restore": "grace_days"}, [("grace_days", "required")]),
            ({"kind": "voucher", "categories": ["none"]}, [("categories", "unknown_category")]),
            ({"kind": "voucher", "groupings": ["none"]}, [("groupings", "unknown_productgrouping")]),
            ({"kind": "voucher", "stores": ["none"]}, [("stores", "unknown_store")]),
            ({"kind": "voucher", "stores": "CENTRO"}, [("stores", "type")]),
            ({"kind": "voucher", "valid_days": 0}, [("valid_days", "range")]),
            ({"kind": "voucher", "condition": "f.family = 'calças'"}, [("condition", "unknown_field")]),
            ({"code": "com espaço", "kind": "voucher"}, [("code", "invalid")]),
            ({"code": "sold", "kind": "voucher"}, [("code", "reserved")]),
        ],
    )
    def test_names_what_is_wrong(self, fields, errors):
        assert wrong(save(**fields)) == errors
        assert not StoredValueType.objects.exists()

    def test_the_kind_of_a_type_that_has_values_stays(self):
        kind = build_card().type

        assert wrong(save(code=kind.code, kind="voucher")) == [("kind", "in_use")]
        assert save(code=build_stored_value_type().code, kind="voucher").status == "updated"


class TestApi:
    def test_many_at_once_then_one(self):
        manager = Manager.sign_in(*ALL)

        many = manager.send("POST", "stored-value-types/", [KDO, {"code": "x"}]).json()
        one = manager.send("GET", "stored-value-types/kdo/").json()
        listed = manager.send("GET", "stored-value-types/?kind=e_purse").json()["results"]

        assert [row["status"] for row in many["results"]] == ["created", "error"]
        assert (one["fixed_load"], one["fixed_price"], one["ceiling"]) == ("60.00", "50.00", "150.00")
        assert one["categories"] == ["calcas"]
        assert listed == [one]

    def test_replace_change_delete(self):
        manager = Manager.sign_in(*ALL)
        body = {"name": "Cartão", "kind": "gift_card"}

        made = manager.send("PUT", "stored-value-types/card/", body)
        changed = manager.send("PATCH", "stored-value-types/card/", {"is_active": False})
        replaced = manager.send("PUT", "stored-value-types/card/", body)
        gone = manager.send("DELETE", "stored-value-types/card/")

        assert (made.status_code, changed.json()["is_active"], replaced.json()["is_active"]) == (
            201,
            False,
            True,
        )
        assert gone.status_code == 204

    def test_one_with_values_is_not_deleted(self):
        code = build_card().type.code

        answer = Manager.sign_in(*ALL).send("DELETE", f"stored-value-types/{code}/")

        assert (answer.status_code, answer.json()["code"]) == (409, "in_use")

    def test_no_type_has_a_code_that_is_another_address(self):
        routes = [str(entry.pattern) for entry in [*loyalty.urlpatterns, *pos.urlpatterns]]
        beside = [route.split("/") for route in routes if route.startswith("stored-value-types/")]

        answer = Manager.sign_in(*ALL).send(
            "POST",
            "stored-value-types/",
            [{"code": code, "name": "x", "kind": "voucher"} for code in RESERVED_CODES],
        )

        assert {parts[1] for parts in beside if len(parts) == 3 and "<" not in parts[1]} == RESERVED_CODES
        assert [row["errors"][0]["code"] for row in answer.json()["results"]] == ["reserved"]

    def test_one_that_had_such_a_code_before_can_be_changed(self):
        build_stored_value_type(code="sold", kind="voucher")

        assert save(code="sold", name="Vendido").status == "updated"

    def test_bad_rows_name_their_fields(self):
        answer = Manager.sign_in(*ALL).send("PUT", "stored-value-types/a/", {"kind": "x", "ceiling": -1})

        assert answer.status_code == 422
        assert codes(answer) == [("kind", "choice"), ("ceiling", "money")]


@pytest.fixture
def manager() -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(User.objects.create_superuser("marina"))
    return client


FIELDS = {
    "name": "KDO",
    "kind": "e_purse",
    "is_active": "on",
    "fixed_load": "60.00",
    "fixed_price": "50.00",
    "ceiling": "150.00",
    "is_reloadable": "on",
    "categories": "calcas",
    "clawback": "charge_back",
    "expired_restore": "keep_expired",
}


class TestPages:
    def test_a_new_type_proposes_150_and_is_saved(self, manager):
        page = manager.get("/loyalty/stored-value-types/new/").content.decode()

        answer = manager.post("/loyalty/stored-value-types/new/", FIELDS)

        assert 'name="ceiling" value="150.00"' in page
        assert answer["Location"] == "/loyalty/stored-value-type/kdo/"
        kind = StoredValueType.objects.get()
        assert (str(kind.fixed_load), str(kind.fixed_price), kind.is_reloadable) == ("60.00", "50.00", True)
        detail = manager.get(answer["Location"]).content.decode()
        assert "Calças" in detail
        assert "R$\xa060.00 for R$\xa050.00" in detail

    def test_forgets_what_the_kind_does_not_have(self, manager):
        manager.post("/loyalty/stored-value-types/new/", FIELDS | {"kind": "voucher"})

        kind = StoredValueType.objects.get()
        assert (kind.fixed_load, kind.fixed_price, kind.ceiling, kind.is_reloadable) == (
            None,
            None,
            None,
            False,
        )

    def test_keeps_what_was_typed_when_it_is_wrong(self, manager):
        answer = manager.post(
            "/loyalty/stored-value-types/new/", FIELDS | {"fixed_load": "160", "categories": "calcas\nsaias"}
        )

        page = answer.content.decode()
        assert answer.status_code == 422
        assert "more than the ceiling" in page
        assert "There is no category “saias”" in page
        assert 'value="160"' in page

    def test_is_changed_by_one_at_a_time(self, manager):
        kind = build_stored_value_type(code="kdo", kind="e_purse", version=3)
        address = f"/loyalty/stored-value-type/{kind.code}/edit/"

        first = manager.post(address, FIELDS | {"_version": "3", "name": "Um"})
        second = manager.post(address, FIELDS | {"_version": "3", "name": "Dois"})

        kind.refresh_from_db()
        assert (first.status_code, second.status_code, kind.name) == (302, 422, "Um")
        assert "Somebody else changed this meanwhile" in second.content.decode()

    def test_is_deleted_only_without_values(self, manager):
        free, used = build_stored_value_type(), build_card().type

        for kind in (free, used):
            manager.post(f"/loyalty/stored-value-type/{kind.code}/delete/")

        assert list(StoredValueType.objects.all()) == [used]
        assert 'id="delete"' in manager.get(f"/loyalty/stored-value-type/{used.code}/").content.decode()
        assert (
            'data-dialog-open="delete"'
            not in manager.get(f"/loyalty/stored-value-type/{used.code}/").content.decode()
        )

    def test_the_form_searches_families_groupings_and_stores(self, manager):
        address = "/loyalty/stored-value-types/choices/"

        assert "calcas" in manager.get(f"{address}?kind=category&q=calças").content.decode()
        assert "calcas" not in manager.get(f"{address}?kind=customer&q=calças").content.decode()
