"""Message templates over the managers' API."""

import base64

import pytest

from messaging.channels import twilio_content
from messaging.models import Template
from messaging.services import approvals
from tests.builders import build_customer
from tests.messaging.builders import build_company, build_template
from tests.messaging.test_email_layout import PNG
from tests.pos_api.manager import Manager

pytestmark = pytest.mark.django_db
PERMISSIONS = [
    *(f"messaging.{action}_template" for action in ("view", "add", "change")),
    "messaging.change_automation", "customers.view_customer",
]  # fmt: skip
NEW = {
    "name": "VOLTE",
    "applies_to": "customers",
    "channel": "sms",
    "language": "pt-br",
    "text": "Oi, {{ customer.first_name }}",
}


@pytest.fixture
def api():
    build_company(sms_limit=150)
    manager = Manager.sign_in(*PERMISSIONS)

    def call(method, path, body=None):
        answer = manager.send(method.upper(), f"templates/{path}", body)
        return answer.status_code, answer.json()

    return call


def codes(body):
    return {error["path"]: error["code"] for error in body["errors"]}


class TestTemplates:
    def test_are_saved_listed_and_changed(self, api):
        status, made = api("post", "", NEW)
        assert (status, made["version"], made["in_use"], made["whatsapp"]) == (201, 1, False, None)
        assert "unsubscribe_link" in made["variables"]

        status, changed = api("patch", f"{made['id']}/", {"text": "Oi!"})
        assert (status, changed["version"], changed["name"]) == (200, 2, "VOLTE")
        assert [row["text"] for row in api("get", f"{made['id']}/versions/")[1]["results"]] == [
            "Oi!",
            NEW["text"],
        ]
        assert api("post", f"{made['id']}/restore/", {"number": 1})[1]["text"] == NEW["text"]
        assert [
            row["id"] for row in api("get", "?applies_to=customers&channel=sms&archived=false")[1]["results"]
        ] == [made["id"]]
        assert api("get", "?applies_to=sales")[1]["results"] == []

    def test_are_not_written_over_what_somebody_else_saved(self, api):
        path = f"{api('post', '', NEW)[1]['id']}/"

        assert api("patch", path, {"text": "Oi!", "version": 1})[0] == 200
        status, refused = api("patch", path, {"text": "Ola!", "version": 1})

        assert (status, refused["code"]) == (409, "template_changed")
        assert api("get", path)[1]["text"] == "Oi!"

    @pytest.mark.parametrize(
        ("values", "field", "code"),
        [
            ({"text": "{{ party }}"}, "text", "unknown_variable"),
            ({"text": "x" * 151}, "text", "text_too_long"),
            ({"text": "Oi http://localhost/"}, "text", "forbidden_url"),
            ({"text": ""}, "text", "empty"),
            ({"name": ""}, "name", "empty"),
            ({"applies_to": "occasion", "occasion": "party"}, "occasion", "unknown_occasion"),
            ({"applies_to": "occasion"}, "occasion", "unknown_occasion"),
            ({"channel": "email", "subject": "Oi", "html": "<script>"}, "html", "unknown_tag"),
            ({"channel": "email", "subject": "", "html": "<p>x</p>"}, "subject", "empty"),
            ({"channel": "pigeon"}, "channel", "choice"),
        ],
    )
    def test_names_the_wrong_field(self, api, values, field, code):
        status, body = api("post", "", NEW | values)

        assert status == 422
        assert field in codes(body), body
        if code != "choice":
            assert codes(body)[field] == code
        assert not Template.objects.exists()

    def test_refuses_a_name_twice(self, api):
        api("post", "", NEW)

        assert codes(api("post", "", NEW)[1]) == {"name": "name_taken"}

    def test_are_filled_for_a_customer(self, api):
        made = api("post", "", NEW)[1]
        customer = build_customer(name="Ana Souza")

        status, filled = api("post", f"{made['id']}/preview/", {"customer": customer.pk})

        assert (status, filled["text"]) == (200, "Oi, Ana")
        assert filled["sms"] == {
            "encoding": "GSM-7", "characters": 7, "segments": 1, "limit": 150, "expensive": [], "cost": None,
        }  # fmt: skip
        assert api("post", f"{made['id']}/preview/", {})[1]["text"] == "Oi, Maximiliano"
        assert api("post", f"{made['id']}/preview/", {"customer": 10**6})[0] == 404

    def test_are_copied_put_away_and_used(self, api):
        own = build_template(occasion="birthday")
        made = api("post", "", NEW | {"applies_to": "occasion", "occasion": "birthday"})[1]

        assert api("post", f"{made['id']}/duplicate/", {"name": "B"})[0] == 201
        assert api("post", f"{made['id']}/use/")[1]["in_use"]
        status, body = api("post", f"{made['id']}/archive/", {"archived": True})
        assert (status, body["code"]) == (409, "in_use")
        assert api("post", f"{own.pk}/use/")[0] == 200
        assert api("post", f"{made['id']}/archive/", {"archived": True})[1]["archived_at"]
        assert api("post", f"{made['id']}/archive/", {"archived": False})[1]["archived_at"] is None

    def test_walk_through_whatsapps_approval(self, api, monkeypatch):
        monkeypatch.setattr(approvals, "create_content", lambda **_: "HX1")
        monkeypatch.setattr(approvals, "request_approval", lambda **_: twilio_content.Answer("received", ""))
        monkeypatch.setattr(approvals, "fetch_approval", lambda **_: twilio_content.Answer("approved", ""))
        made = api(
            "post", "", NEW | {"channel": "whatsapp", "text": "Oi, {{ customer.first_name }} querida!"}
        )[1]
        usable = f"{made['id']}/usable/?applies_to=customers"

        assert api("get", usable)[1]["code"] == "not_approved"
        assert api("post", f"{made['id']}/allow-several/", {"allowed": True})[1]["code"] == "not_approved"
        assert api("post", f"{made['id']}/submit/")[1]["whatsapp"]["approval"] == "submitted"
        assert api("post", f"{made['id']}/refresh/")[1]["whatsapp"]["approval"] == "approved"
        assert api("get", usable)[1]["code"] == "several_not_allowed"
        assert api("post", f"{made['id']}/allow-several/", {"allowed": True})[1]["whatsapp"]["allow_several"]
        assert api("get", usable)[1] == {"usable": True, "code": "", "text": ""}
        assert (
            api("patch", f"{made['id']}/", {"text": "Oi, {{ customer.first_name }} amiga!"})[1]["whatsapp"][
                "approval"
            ]
            == "draft"
        )
        assert api("get", usable)[1]["code"] == "not_approved"
        assert api("get", f"{made['id']}/usable/?applies_to=moon")[0] == 400

    def test_say_when_the_provider_says_no(self, api, monkeypatch):
        def no(**_arguments):
            raise twilio_content.ApprovalUnavailable("20003", "Authenticate")

        monkeypatch.setattr(approvals, "create_content", no)
        made = api(
            "post", "", NEW | {"channel": "whatsapp", "text": "Oi, {{ customer.first_name }} querida!"}
        )[1]

        status, body = api("post", f"{made['id']}/submit/")

        assert (status, body["code"]) == (503, "provider_refused")
        assert "20003 Authenticate" in body["detail"]


class TestMessageLook:
    LOOK = {
        "color": "#112233",
        "footer": "Rua A\nSP",
        "logo_width": 120,
        "sms_limit": 160,
        "sms_segment_price": "0.0850",
        "sms_sender": "AURORA",
        "whatsapp_price": "0.3500",
    }

    @pytest.fixture
    def manager(self):
        build_company(sms_limit=150)
        return Manager.sign_in(
            "messaging.view_letterhead", "messaging.change_letterhead", "retail.change_company"
        )

    def test_is_replaced_with_its_logo(self, manager):
        logo = base64.b64encode(PNG).decode()

        saved = manager.send("PUT", "company/message-look/", self.LOOK | {"logo": logo})

        assert saved.status_code == 200, saved.content
        assert saved.json() == manager.send("GET", "company/message-look/").json()
        assert {name: saved.json()[name] for name in self.LOOK} == self.LOOK
        assert "/messages/logo/" in saved.json()["logo_url"]
        assert manager.send("PUT", "company/message-look/", self.LOOK).json()["logo_url"]
        assert not manager.send("PUT", "company/message-look/", self.LOOK | {"logo": ""}).json()["logo_url"]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("color", "red"), ("logo_width", 9), ("sms_limit", 0), ("sms_segment_price", "-1"), ("sms_segment_price", "0,1"),
            ("logo", "não"), ("logo", "PHN2Zz4="), ("footer", "x" * 2001), ("sms_sender", "12345"),
            ("sms_sender", "LOJAS AURORA SP"), ("sms_sender", "São"), ("whatsapp_price", "-1"),
        ],
    )  # fmt: skip
    def test_names_the_wrong_field(self, manager, field, value):
        answer = manager.send("PUT", "company/message-look/", self.LOOK | {field: value})

        assert answer.status_code == 422
        assert field in codes(answer.json())
