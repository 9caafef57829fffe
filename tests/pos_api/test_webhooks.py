"""Webhook endpoints over the API: a secret is shown once, and what is wrong is named."""

import json

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from messaging.webhooks.event_types import EVENT_TYPES
from messaging.webhooks.models import WebhookEndpoint, WebhookEvent
from pos_api.webhook_schema import add_webhooks
from tests.messaging.builders import build_delivery, build_endpoint
from tests.pos_api.manager import Manager
from tests.pos_api.till import Till, publish, sale

DOCUMENT = {
    "description": "ERP",
    "url": "https://erp.example.com/fiel",
    "events": ["sale.recorded", "sale.returned"],
}


@pytest.fixture
def manager(db: None) -> Manager:
    return Manager.sign_in(is_superuser=True)


def address(endpoint: WebhookEndpoint, action: str = "") -> str:
    return f"webhook-endpoints/{endpoint.uuid}/{action}"


class TestEndpoints:
    def test_are_made_with_a_secret_that_is_shown_once(self, manager):
        answer = manager.send("POST", "webhook-endpoints/", DOCUMENT)

        made = answer.json()
        assert answer.status_code == 201
        assert made["secret"].startswith("whsec_")
        assert (made["state"], made["stores"], made["version"]) == ("on", [], 1)
        again = manager.send("GET", f"webhook-endpoints/{made['id']}/").json()
        assert again == {name: value for name, value in made.items() if name != "secret"}
        assert manager.send("GET", "webhook-endpoints/").json()["results"] == [again]

    @pytest.mark.parametrize(
        ("changes", "path", "code"),
        [
            ({"url": "http://erp.example.com/"}, "url", "address_scheme"),
            ({"url": "https://127.0.0.1/"}, "url", "address_not_public"),
            ({"url": "https://erp.example.com:22/"}, "url", "address_port"),
            ({"url": "https://a:b@erp.example.com/"}, "url", "address_credentials"),
            ({"url": 7}, "url", "type"),
            ({"events": ["sale.recorded", "sale.exploded"]}, "events[1]", "unknown"),
            ({"stores": ["NO"]}, "stores[0]", "unknown"),
            ({"description": " "}, "description", "required"),
        ],
    )
    def test_that_are_wrong_name_the_field(self, manager, changes, path, code):
        answer = manager.send("POST", "webhook-endpoints/", DOCUMENT | changes)

        assert answer.status_code == 422
        assert [(one["path"], one["code"]) for one in answer.json()["errors"]] == [(path, code)]
        assert not WebhookEndpoint.objects.exists()

    def test_take_no_field_that_there_is_not(self, manager):
        assert manager.send("POST", "webhook-endpoints/", DOCUMENT | {"secret": "mine"}).status_code == 422

    def test_are_changed_and_switched_off(self, manager):
        endpoint = build_endpoint()

        answer = manager.send("PUT", address(endpoint), DOCUMENT | {"active": False, "version": 1})

        assert (answer.json()["state"], answer.json()["version"]) == ("off", 2)
        late = manager.send("PUT", address(endpoint), DOCUMENT | {"version": 1})
        assert (late.status_code, late.json()["code"]) == (409, "version_conflict")

    def test_are_removed(self, manager):
        endpoint = build_endpoint()

        assert manager.send("DELETE", address(endpoint)).status_code == 204
        assert manager.send("GET", address(endpoint)).status_code == 404
        assert manager.send("DELETE", address(endpoint)).status_code == 404

    def test_get_a_new_secret(self, manager):
        endpoint = build_endpoint()

        answer = manager.send("POST", address(endpoint, "secrets/"), {"overlap_hours": 1})

        assert answer.status_code == 201
        assert answer.json()["secret"].startswith("whsec_")
        assert endpoint.secrets.count() == 2


class TestLog:
    def test_lists_deliveries_by_endpoint_state_and_type(self, manager):
        mine = build_endpoint()
        wanted = build_delivery(endpoint=mine)
        build_delivery(endpoint=mine, kind="sale.returned")
        build_delivery()

        found = manager.send(
            "GET", f"webhook-deliveries/?endpoint={mine.uuid}&type=sale.recorded&state=pending"
        ).json()["results"]

        assert [one["id"] for one in found] == [wanted.pk]
        assert found[0]["event"] == str(wanted.event.uuid)

    @pytest.mark.parametrize("query", ["endpoint=x", "state=x", "nothing=x", "endpoint=%00"])
    def test_refuses_filters_that_cannot_be(self, manager, query):
        assert manager.send("GET", f"webhook-deliveries/?{query}").status_code == 400

    def test_is_sent_again_by_one_and_by_period(self, manager):
        endpoint = build_endpoint()
        values = {"state": "failed", "error": "refused", "closed_at": endpoint.created_at}
        one = build_delivery(endpoint=endpoint, **values)
        build_delivery(endpoint=endpoint, **values)

        answer = manager.send("POST", f"webhook-deliveries/{one.pk}/replay/")
        assert (answer.status_code, answer.json()["state"]) == (200, "pending")
        period = {"since": "2020-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"}
        assert manager.send("POST", address(endpoint, "replay/"), period).json() == {"replayed": 1}

    def test_refuses_a_period_that_ends_before_it_begins(self, manager):
        period = {"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}

        answer = manager.send("POST", address(build_endpoint(), "replay/"), period)

        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "until")

    def test_is_not_sent_again_to_an_endpoint_that_is_off(self, manager):
        endpoint = build_endpoint(is_active=False)
        delivery = build_delivery(
            endpoint=endpoint, state="failed", error="refused", closed_at=endpoint.created_at
        )

        answer = manager.send("POST", f"webhook-deliveries/{delivery.pk}/replay/")

        assert (answer.status_code, answer.json()["code"]) == (409, "endpoint_off")


class TestTestEvent:
    def test_says_what_came_back(self, manager):
        # Saved before this machine was forbidden: the call is not made.
        answer = manager.send("POST", address(build_endpoint(url="https://127.0.0.1/"), "test/"))

        assert answer.status_code == 200
        assert (answer.json()["state"], answer.json()["error"]) == ("failed", "address_refused")
        assert answer.json()["type"] == "webhook.test"


class TestSchema:
    def test_publishes_every_event(self):
        document = add_webhooks({})

        assert set(document["webhooks"]) == {*EVENT_TYPES, "webhook.test"}
        for name, webhook in document["webhooks"].items():
            content = webhook["post"]["requestBody"]["content"]["application/json"]
            assert content["example"]["type"] == name
            for part in content["schema"]["allOf"][:1]:
                assert part["$ref"].removeprefix("#/components/schemas/") in document["components"]["schemas"]

    def test_is_part_of_the_whole_document(self, tmp_path):
        call_command("spectacular", "--format", "openapi-json", "--file", str(tmp_path / "api.json"))

        assert "sale.recorded" in json.loads((tmp_path / "api.json").read_text())["webhooks"]


class TestStatements:
    """Telling costs no statement, whether somebody asks or not: the database's own triggers write."""

    @pytest.mark.parametrize("count", [0, 1, 20])
    def test_of_a_sale_are_the_same_for_any_number_of_endpoints(self, db, count):
        publish()
        till = Till.open()
        till.sell(sale(total="90.00"))
        for _number in range(count):
            build_endpoint(event_types=list(EVENT_TYPES))

        with CaptureQueriesContext(connection) as queries:
            assert till.sell(sale(total="90.00")).status_code == 201

        assert WebhookEvent.objects.exists() == bool(count)
        texts = [query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
        assert not any("webhook" in text for text in texts)
