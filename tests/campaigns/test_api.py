import json

import pytest
from django.contrib.auth.models import Permission, User
from django.core.exceptions import ValidationError
from django.utils import translation

from campaigns import urls as pages
from campaigns.forms.promo_codes import PoolForm
from campaigns.models import Campaign, PlanHead, PromoCode
from campaigns.services import campaigns, categories, promo_code_pools
from campaigns.views.categories import CategoryFields
from loyalty.forms.issuing_rule import RuleForm
from loyalty.forms.program import TierForm
from loyalty.forms.stored_value_type import StoredValueTypeForm
from pos_api.urls import campaigns as api_routes
from retail.models import Company
from tests import builders

DOCUMENT = {
    "code": "INVERNO10",
    "name": "Inverno 10%",
    "benefits": [{"kind": "item_percent", "percent": "10.00"}],
}


@pytest.fixture
def api(client, db):
    manager = User.objects.create_superuser("manager")
    client.force_login(manager)

    def call(method, path, body=None, **headers):
        content = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        return getattr(client, method)(f"/api/v1/{path}", **content, **headers)

    return call


class TestCampaigns:
    def test_are_created_read_changed_and_published(self, api):
        created = api("post", "campaigns/", DOCUMENT)
        assert (created.status_code, created.json()["status"]) == (201, "draft")

        body = created.json() | {"name": "Frio 12%", "publish": True}
        changed = api("put", "campaigns/INVERNO10/", body)

        assert (changed.status_code, changed.json()["status"]) == (200, "active")
        assert (changed.json()["revision"], changed.json()["name"]) == (1, "Frio 12%")
        assert changed.json().items() >= api("get", "campaigns/INVERNO10/").json().items()
        assert PlanHead.objects.get().version == 1

    @pytest.mark.parametrize(
        ("address", "reserved"),
        [
            ("campaigns/", campaigns.RESERVED_CODES),
            ("campaign-categories/", {categories.RESERVED_CODE}),
            ("promo-code-pools/", {promo_code_pools.RESERVED_CODE}),
        ],
    )
    def test_a_code_that_another_address_has_is_refused(self, api, address, reserved):
        for code in reserved:
            answer = api(
                "post",
                address,
                DOCUMENT | {"code": code} if address == "campaigns/" else {"code": code, "name": "X"},
            )

            assert answer.status_code == 422
            assert [(error["path"], error["code"]) for error in answer.json()["errors"]] == [
                ("code", "reserved")
            ]
            assert api("get", f"{address}{code}/").status_code in (404, 405)

    def test_nothing_is_hidden_by_the_address_of_something_else(self):
        def beside(patterns, prefix):
            """Return what stands where a code stands in other addresses."""
            routes = [str(entry.pattern) for entry in patterns if str(entry.pattern).startswith(prefix)]
            after = [route.removeprefix(prefix).split("/") for route in routes]
            return {parts[0] for parts in after if len(parts) == 2 and "<" not in parts[0]}

        assert beside(api_routes.urlpatterns, "campaigns/") == campaigns.RESERVED_CODES
        assert beside(pages.urlpatterns, "campaigns/categories/") == {categories.RESERVED_CODE}
        assert beside(pages.urlpatterns, "promo-codes/") == {promo_code_pools.RESERVED_CODE}
        for prefix in ("campaign/", "association/", "markdown/"):
            assert beside(pages.urlpatterns, prefix) == set()

    def test_every_wrong_field_is_named(self, api):
        wrong = {
            "name": "",
            "priority": "first",
            "colour": "red",
            "benefits": [{"kind": "item_percent", "percent": "110"}, {"kind": "magic"}],
            "conditions": {"all": [{"kind": "product", "by": "smell"}]},
        }

        refused = api("post", "campaigns/", wrong)

        assert refused.status_code == 422
        assert {error["path"] for error in refused.json()["errors"]} == {
            "code",
            "name",
            "priority",
            "colour",
            "benefits[0].percent",
            "benefits[1].kind",
            "conditions.all[0].by",
        }

    @pytest.mark.parametrize("body", [[], "text", 3, {"publish": "yes"}, {"version": True}])
    def test_anything_else_is_refused_and_never_breaks(self, api, body):
        refused = api("post", "campaigns/", body)

        assert refused.status_code in (400, 422)

    def test_an_old_version_is_refused(self, api):
        version = api("post", "campaigns/", DOCUMENT).json()["version"]
        api("put", "campaigns/INVERNO10/", DOCUMENT | {"version": version})

        refused = api("put", "campaigns/INVERNO10/", DOCUMENT | {"version": version})

        assert (refused.status_code, refused.json()["code"]) == (409, "version_conflict")
        assert refused.json()["version"] == version + 1

    def test_approval_is_asked_for_when_the_company_wants_it(self, api):
        api("post", "campaigns/", DOCUMENT)
        Company.objects.update(approval_required=True)

        refused = api("post", "campaigns/INVERNO10/publish/", {})

        assert (refused.status_code, refused.json()["code"]) == (409, "approval_required")

    def test_pause_resume_roll_back_and_history(self, api):
        api("post", "campaigns/", DOCUMENT | {"publish": True})
        api("put", "campaigns/INVERNO10/", DOCUMENT | {"name": "Frio", "publish": True})

        assert api("post", "campaigns/INVERNO10/pause/").json()["status"] == "paused"
        assert api("post", "campaigns/INVERNO10/resume/").json()["status"] == "active"
        back = api("post", "campaigns/INVERNO10/revisions/", {"revision": 1})
        history = api("get", "campaigns/INVERNO10/revisions/").json()["results"]

        assert (back.status_code, back.json()["name"]) == (201, "Inverno 10%")
        assert [entry["number"] for entry in history] == [3, 2, 1]
        assert history[0]["changes"] == [{"path": "name", "old": "Frio", "new": "Inverno 10%"}]

    def test_come_with_what_to_look_at_twice(self, api):
        def codes(answer):
            return [warning["code"] for warning in answer.json()["warnings"]]

        created = api("post", "campaigns/", DOCUMENT | {"publish": True})
        second = api("post", "campaigns/", DOCUMENT | {"code": "OUTRA", "name": "Outra"})
        spared = api("put", "campaigns/OUTRA/", DOCUMENT | {"code": "OUTRA", "check": False})
        published = api("post", "campaigns/OUTRA/publish/", {})

        assert codes(created) == ["no_end", "no_limit", "no_rules"]
        assert "warnings" not in spared.json()
        for answer in (second, published):
            shared = answer.json()["warnings"][-1]
            assert (shared["code"], shared["campaign"]) == ("shares_products", "INVERNO10")
        assert (
            api("post", "campaigns/", DOCUMENT | {"code": "X", "check": 1}).json()["errors"][0]["path"]
            == "check"
        )

    def test_are_checked_without_being_saved(self, api):
        builders.build_product(sku="CASACO", price="100.00")
        api("post", "campaigns/", DOCUMENT | {"publish": True})

        body = api("post", "campaigns/check/", DOCUMENT | {"code": "NOVA", "name": "Nova"}).json()
        wrong = api("post", "campaigns/check/", DOCUMENT | {"priority": -1})

        assert [(found["campaign"], found["percent"]) for found in body["conflicts"]] == [
            ("INVERNO10", "20.0")
        ]
        assert (body["worst"]["percent"], body["worst"]["net"]) == ("20.0", "80.00")
        assert body["worst"]["lines"][0]["quantity"] == "1"
        assert wrong.status_code == 422
        assert not Campaign.objects.filter(code="NOVA").exists()

    def test_are_saved_even_if_they_cannot_be_checked(self, api, monkeypatch):
        def fail(*args, **kwargs):
            raise RuntimeError("a defect")

        monkeypatch.setattr("pos_api.views.campaigns.check_campaign", fail)

        assert api("post", "campaigns/", DOCUMENT).json()["warnings"] == []
        assert Campaign.objects.exists()

    def test_only_drafts_are_deleted(self, api):
        api("post", "campaigns/", DOCUMENT | {"publish": True})
        api("post", "campaigns/", DOCUMENT | {"code": "DRAFT"})

        assert api("delete", "campaigns/INVERNO10/").json()["code"] == "was_published"
        assert api("delete", "campaigns/DRAFT/").status_code == 204
        assert api("get", "campaigns/DRAFT/").status_code == 404

    def test_are_found_by_every_filter(self, api):
        api("post", "campaigns/", DOCUMENT | {"publish": True, "category": "frio", "stores": ["0012"]})
        api(
            "post",
            "campaigns/",
            DOCUMENT
            | {
                "code": "VERAO",
                "name": "Verão",
                "ends_at": "2020-01-01T00:00:00Z",
                "publish": True,
                "starts_at": "2019-01-01T00:00:00Z",
            },
        )

        def found(query):
            return [
                campaign["code"]
                for campaign in api("get", f"campaigns/?order=code&{query}").json()["results"]
            ]

        assert found("") == ["INVERNO10", "VERAO"]
        assert found("q=inverno") == ["INVERNO10"]
        assert found("status=ended") == ["VERAO"]
        assert found("category=frio") == ["INVERNO10"]
        assert found("type=item_percent&store=0099") == ["VERAO"]
        assert found("created_until=2020-01-01") == []
        assert api("get", "campaigns/?status=lost&created_from=soon").status_code == 422

    def test_need_their_permissions(self, client, db):
        user = User.objects.create_user("reader")
        user.user_permissions.set(
            Permission.objects.filter(
                codename__in=["view_campaign", "add_campaign"], content_type__app_label="campaigns"
            )
        )
        client.force_login(user)

        def post(path, body):
            return client.post(
                f"/api/v1/{path}", json.dumps(body), content_type="application/json"
            ).status_code

        assert post("campaigns/", DOCUMENT) == 201
        assert post("campaigns/", DOCUMENT | {"code": "B", "publish": True}) == 403
        assert post("campaigns/INVERNO10/publish/", {}) == 403
        assert client.delete("/api/v1/campaigns/INVERNO10/").status_code == 403
        client.logout()
        assert client.get("/api/v1/campaigns/").status_code == 401


class TestCodes:
    """What a code may be made of is said in words that its reader knows."""

    SAID = "Only letters without accents, digits, “-” and “_”."

    @pytest.mark.parametrize(
        "field",
        [
            CategoryFields.base_fields["code"],
            PoolForm.base_fields["code"],
            RuleForm.base_fields["code"],
            StoredValueTypeForm.base_fields["code"],
            TierForm.base_fields["code"],
        ],
    )
    def test_in_forms(self, field):
        with translation.override("en"), pytest.raises(ValidationError) as refusal:
            field.clean("verão 2026")

        with translation.override("en"):
            assert refusal.value.messages == [self.SAID]
        assert field.clean("verao-2026_b") == "verao-2026_b"

    def test_in_rows_and_for_support_staff(self, api, client):
        tier = {"code": "a b", "name": "A", "threshold": "1"}

        programs = [{"code": "a b", "name": "A"}, {"code": "a", "name": "A", "tiers": [tier]}]
        wrong = api("post", "programs/", programs, HTTP_ACCEPT_LANGUAGE="en")
        page = client.post(
            "/admin/campaigns/campaigncategory/add/",
            {"code": "a b", "name": "A"},
            HTTP_ACCEPT_LANGUAGE="en",
        ).content.decode()

        messages = [row["errors"][0]["message"] for row in wrong.json()["results"]]
        assert messages == [self.SAID, f"[0].code: {self.SAID}"]
        assert self.SAID in page


class TestCategories:
    def test_are_kept_up(self, api):
        assert api("post", "campaign-categories/", {"code": "verao", "name": "Verão"}).status_code == 201
        assert api("post", "campaign-categories/", {"code": "verao", "name": "Verão"}).status_code == 409
        assert api("put", "campaign-categories/verao/", {"name": "Sol"}).json()["name"] == "Sol"
        api("post", "campaigns/", DOCUMENT | {"category": "verao"})

        refused = api("delete", "campaign-categories/verao/")

        assert (refused.status_code, refused.json()["code"]) == (409, "category_in_use")


class TestPromoCodePools:
    def test_generate_import_export_and_close(self, api):
        api("post", "campaigns/", DOCUMENT)
        pool = {"code": "natal", "name": "Natal", "campaign": "INVERNO10", "prefix": "natal"}
        assert api("post", "promo-code-pools/", pool).json()["campaign"] == "INVERNO10"

        made = api("post", "promo-code-pools/natal/generate/", {"count": 3})
        added = api("post", "promo-code-pools/natal/codes/", {"code": " natal10 ", "max_uses": None})
        imported = api("post", "promo-code-pools/natal/import/", {"lines": ["a1", "natal10"]})

        assert len(made.json()["codes"]) == 3
        assert (added.status_code, added.json()["code"]) == (201, "NATAL10")
        assert imported.json()["summary"] == {"created": 1, "taken": 1}
        closed = api("patch", "promo-code-pools/natal/codes/natal10/", {"active": False})
        assert closed.json()["active"] is False
        export = api("get", "promo-code-pools/natal/export/")
        assert b"".join(export.streaming_content).count(b"\r\n") == 6
        listed = api("get", "promo-code-pools/natal/codes/?q=nat").json()["results"]
        assert len(listed) == 4
        assert api("get", "promo-code-pools/natal/").json()["codes"] == PromoCode.objects.count()

    @pytest.mark.parametrize(
        ("path", "body", "wrong"),
        [
            ("", {"code": "x", "name": "X", "campaign": "NONE"}, "campaign"),
            ("", {"code": "x x", "name": "X"}, "code"),
            ("natal/generate/", {"count": 0}, "count"),
            ("natal/generate/", {"count": 1, "customer": "nobody"}, "customer"),
            (
                "natal/generate/",
                {"count": 1, "starts_at": "2026-01-02T00:00:00Z", "expires_at": "2026-01-01T00:00:00Z"},
                "expires_at",
            ),
            ("natal/codes/", {"code": "a(b)"}, "word"),
            ("natal/import/", {"lines": ["A"], "max_uses": -1}, "max_uses"),
        ],
    )
    def test_wrong_requests_name_the_field(self, api, path, body, wrong):
        api("post", "promo-code-pools/", {"code": "natal", "name": "Natal"})

        refused = api("post", f"promo-code-pools/{path}", body)

        assert refused.status_code == 422
        assert [error["path"] for error in refused.json()["errors"]] == [wrong]


class TestOpenApi:
    def test_holds_the_schema_of_every_kind(self, api, client):
        schema = client.get("/api/schema/?format=json").json()

        components = schema["components"]["schemas"]
        assert (
            components["Benefit"]["discriminator"]["mapping"]["item_percent"]
            == "#/components/schemas/ItemPercentBenefit"
        )
        assert components["CampaignDocument"]["properties"]["benefits"]["items"] == {
            "$ref": "#/components/schemas/Benefit"
        }
        assert "/api/v1/campaigns/{code}/revisions/" in schema["paths"]
