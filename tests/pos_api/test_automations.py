"""Automations over the managers' API."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from campaigns.models import Job
from messaging.models import Automation
from messaging.occasions import AUTOMATIC
from tests.builders import build_store, build_stored_value
from tests.messaging.builders import (
    build_automation,
    build_company,
    build_pool,
    build_reachable_customer,
    build_template,
)
from tests.pos_api.manager import Manager

pytestmark = pytest.mark.django_db
PERMISSIONS = [
    "messaging.view_automation",
    "messaging.change_automation",
    "messaging.send_mailing",
    "customers.view_customer",
]


@pytest.fixture
def api():
    build_company()
    manager = Manager.sign_in(*PERMISSIONS)

    def call(method, path, body=None):
        answer = manager.send(method.upper(), f"automations/{path}", body)
        return answer.status_code, answer.json() if answer.content else None

    return call


def codes(body):
    return {error["path"]: error["code"] for error in body["errors"]}


class TestAutomations:
    def test_are_listed_whether_anybody_opened_them_or_not(self, api):
        status, body = api("get", "")

        assert status == 200
        assert [row["occasion"] for row in body["results"]] == list(AUTOMATIC)
        assert not any(row["enabled"] for row in body["results"])

    def test_what_is_read_can_be_written_back(self, api):
        for occasion in AUTOMATIC:
            shown = api("get", f"{occasion}/")[1]
            names = ("enabled", "channels", "stores_off", "settings", "pool", "holdout_percent", "version")
            kept = {name: shown[name] for name in names}

            status, saved = api("put", f"{occasion}/", kept)

            assert status == 200, saved
            assert saved["settings"] == shown["settings"]
            assert saved["version"] == shown["version"] + 1

    def test_are_decided_as_a_whole(self, api):
        build_template(occasion="birthday")
        store, pool = build_store(), build_pool()
        decided = {
            "enabled": True, "channels": ["sms"], "stores_off": [store.code], "pool": pool.code,
            "settings": {"span": "week", "send_at": "08:30:00"}, "holdout_percent": "12.5",
        }  # fmt: skip

        status, body = api("put", "birthday/", decided)

        assert status == 200
        automation = Automation.objects.get(occasion="birthday")
        assert automation.enabled
        assert automation.holdout_percent == Decimal("12.5")
        assert automation.revisions.get().saved_by is not None
        assert {name: body[name] for name in ("stores_off", "pool", "holdout_percent")} == {
            "stores_off": [store.code], "pool": pool.code, "holdout_percent": "12.50",
        }  # fmt: skip
        assert body["settings"]["send_at"] == "08:30:00"
        assert body["settings"]["gift"] == "none"

    @pytest.mark.parametrize(
        ("values", "field", "code"),
        [
            ({"settings": {"delay_minutes": 61}}, "settings.delay_minutes", "settings_invalid"),
            ({"settings": {"dealy": 5}}, "settings.dealy", "settings_invalid"),
            ({"stores_off": ["nowhere"]}, "stores_off[0]", "unknown"),
            ({"pool": "nowhere"}, "pool", "unknown"),
            ({"channels": ["sms", "sms"]}, "channels", "channel_repeated"),
            ({"channels": ["email"]}, "channels", "no_template"),
            ({"channels": []}, "channels", "no_channel"),
        ],
    )
    def test_name_what_is_wrong(self, api, values, field, code):
        build_automation()

        status, body = api("put", "recovery/", {"enabled": True, "channels": ["sms"]} | values)

        assert status == 422
        assert codes(body) == {field: code}

    def test_name_a_setting_that_is_in_the_way(self, api):
        build_automation(occasion="birthday")
        wanted = {"enabled": True, "channels": ["sms"], "settings": {"gift": "amount", "gift_type": "none"}}

        status, body = api("put", "birthday/", wanted)

        assert status == 422
        assert codes(body) == {"settings.gift_type": "no_voucher_type"}

    def test_are_not_written_over(self, api):
        build_automation()
        version = api("get", "recovery/")[1]["version"]
        api("put", "recovery/", {"enabled": False, "channels": ["sms"], "version": version})

        status, body = api("put", "recovery/", {"enabled": True, "channels": ["sms"], "version": version})

        assert (status, body["code"]) == (409, "automation_changed")
        assert not Automation.objects.get(occasion="recovery").enabled

    def test_answer_what_came_of_them(self, api):
        build_automation(occasion="birthday")

        status, body = api("get", "birthday/results/")

        assert status == 200
        assert (body["sent"], body["uplift"], body["attributed"]["revenue"]) == (0, None, "0.00")
        assert api("get", "receipt/results/")[1]["attributed"] is None

    def test_there_is_none_of_another_name(self, api):
        assert api("get", "mailing/")[0] == 404
        assert api("put", "nothing/", {"enabled": False, "channels": []})[0] == 404
        assert api("post", "birthday/remind/", {})[0] == 404


class TestRemind:
    def asked(self, **values):
        today = timezone.localdate()
        return {
            "first": today.isoformat(),
            "last": (today + timedelta(days=30)).isoformat(),
            "channels": ["sms"],
        } | values

    def card(self):
        at = timezone.now()
        build_stored_value(at=at, customer=build_reachable_customer(), expires_at=at + timedelta(days=9))

    def test_asks_for_a_job(self, api):
        build_automation(occasion="gift_card_reminder", settings={"rule": "by_hand"})
        self.card()

        status, body = api("post", "gift_card_reminder/remind/", self.asked())

        assert (status, body["kind"], body["state"]) == (202, "remind_of_value", "queued")
        assert Job.objects.get().arguments["channels"] == ["sms"]

    def test_says_why_not(self, api):
        build_automation(occasion="gift_card_reminder")

        assert codes(api("post", "gift_card_reminder/remind/", self.asked())[1]) == {"first": "nobody"}
        assert codes(api("post", "gift_card_reminder/remind/", self.asked(store="x"))[1]) == {
            "store": "unknown"
        }
        twice = self.asked(channels=["sms", "sms"])
        assert codes(api("post", "gift_card_reminder/remind/", twice)[1]) == {"channels": "repeated"}
        Automation.objects.update(enabled=False)
        assert api("post", "gift_card_reminder/remind/", self.asked())[1]["code"] == "automation_off"
