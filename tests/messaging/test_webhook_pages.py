"""The pages of webhooks: a secret is seen once, a failing endpoint is noticed, and the log shows every call."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from messaging.webhooks.models import DeliveryState, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from messaging.webhooks.services.delivery import deliver_due
from messaging.webhooks.services.endpoints import valid_secrets
from messaging.webhooks.views.delivery import DeliveryList
from tests.builders import build_store, build_user
from tests.messaging.builders import build_delivery, build_endpoint
from tests.messaging.receiver import answering

pytestmark = pytest.mark.django_db

FORM = {
    "description": "ERP of the head office",
    "url": "https://erp.example.com/fiel",
    "is_active": "on",
    "event_types": ["sale.recorded", "sale.returned"],
    "stores": "",
}


@pytest.fixture
def client() -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(User.objects.create_superuser("marina"))
    client.cookies["django_language"] = "en"
    return client


def page(endpoint: WebhookEndpoint, action: str = "") -> str:
    return f"/webhook-endpoints/{endpoint.uuid}/{action}"


class TestEndpoint:
    def test_is_made_and_its_secret_shown_once(self, client):
        answer = client.post("/webhook-endpoints/new/", FORM)

        endpoint = WebhookEndpoint.objects.get()
        [secret] = valid_secrets(endpoint.pk, at=timezone.now())
        assert secret in answer.content.decode()
        assert answer["Cache-Control"] == "no-store"
        assert secret not in client.get(page(endpoint)).content.decode()
        assert secret not in client.get(page(endpoint, "edit/")).content.decode()

    def test_that_is_wrong_comes_back_with_all_that_was_typed(self, client):
        answer = client.post("/webhook-endpoints/new/", FORM | {"url": "https://10.0.0.1/", "stores": "NO"})

        text = answer.content.decode()
        assert answer.status_code == 422
        assert "This is not a public address of the internet." in text
        assert "ERP of the head office" in text
        assert not WebhookEndpoint.objects.exists()

    def test_is_changed(self, client):
        endpoint, store = build_endpoint(), build_store()

        answer = client.post(
            page(endpoint, "edit/"), FORM | {"stores": store.code, "_version": "1"}, follow=True
        )

        endpoint.refresh_from_db()
        assert answer.status_code == 200
        assert (endpoint.store_codes, endpoint.version) == ([store.code], 2)

    def test_that_somebody_else_changed_is_not_overwritten(self, client):
        endpoint = build_endpoint(version=2)

        answer = client.post(page(endpoint, "edit/"), FORM | {"_version": "1"})

        assert answer.status_code == 422
        assert "Somebody else changed this endpoint" in answer.content.decode()

    def test_gets_a_new_secret_beside_the_old_one(self, client):
        endpoint = build_endpoint()

        answer = client.post(page(endpoint, "secret/"), {"overlap": "24"})

        new, old = valid_secrets(endpoint.pk, at=timezone.now())
        assert new in answer.content.decode()
        assert old not in answer.content.decode()

    def test_is_switched_off_on_and_removed(self, client):
        endpoint = build_endpoint()

        client.post(page(endpoint, "switch/"), {"on": "0"})
        endpoint.refresh_from_db()
        assert not endpoint.is_active
        client.post(page(endpoint, "switch/"), {"on": "1"})
        endpoint.refresh_from_db()
        assert endpoint.is_active
        client.post(page(endpoint, "remove/"))
        assert client.get(page(endpoint)).status_code == 404
        assert "ERP" not in client.get("/webhook-endpoints/").content.decode()

    def test_that_we_switched_off_is_noticed_on_the_first_page(self, client):
        build_endpoint(
            description="Old ERP", is_active=False, disabled_at=timezone.now(), disabled_reason="failing"
        )
        build_endpoint(description="Slow BI", failures=9, failing_since=timezone.now() - timedelta(hours=2))
        build_endpoint(description="Good CRM")

        text = client.get("/").content.decode()

        assert "Old ERP" in text
        assert "Slow BI" in text
        assert "Good CRM" not in text

    def test_is_noticed_only_by_who_may_see_it(self):
        build_endpoint(
            description="Old ERP", is_active=False, disabled_at=timezone.now(), disabled_reason="gone"
        )
        client = Client()
        client.force_login(build_user())

        assert "Old ERP" not in client.get("/").content.decode()

    def test_is_tried_at_once(self, client, receiver):
        endpoint = build_endpoint(url=receiver.url)

        answer = client.post(page(endpoint, "test/"), follow=True)

        assert len(receiver.calls) == 1
        assert "The test event was accepted: 200." in answer.content.decode()

    def test_that_does_not_take_a_test_says_why(self, client, receiver):
        receiver.next_answers = [500]

        answer = client.post(page(build_endpoint(url=receiver.url), "test/"), follow=True)

        assert "The test event was not accepted: 500" in answer.content.decode()


class TestLog:
    def test_shows_every_call_with_request_and_answer_and_no_secret(self, client, receiver):
        endpoint = build_endpoint(url=receiver.url)
        receiver.next_answers = [answering(503, b"<b>closed</b>", x_mine="why")]
        delivery = build_delivery(endpoint=endpoint, data={"ticket": "T-815"})
        deliver_due(clock=lambda: timezone.now() + timedelta(hours=1))

        text = client.get(f"/webhook-deliveries/{delivery.pk}/").content.decode()

        assert str(delivery.event.uuid) in text
        assert "T-815" in text
        assert "&lt;b&gt;closed&lt;/b&gt;" in text
        assert "x-mine: why" in text
        assert receiver.url in text
        [secret] = valid_secrets(endpoint.pk, at=timezone.now())
        assert secret not in text
        assert receiver.calls[0].headers["webhook-signature"] not in text

    def test_is_counted_as_far_as_it_is_listed(self, client, monkeypatch):
        monkeypatch.setattr(DeliveryList, "most_listed", 30)
        endpoint = build_endpoint()
        for _ in range(31):
            build_delivery(endpoint=endpoint)

        first, last = (client.get(f"/webhook-deliveries/?page={page}").content.decode() for page in (1, 9))

        assert "1 to 25 of more than 30" in first
        assert "26 to 30 of more than 30" in last

    def test_is_filtered_and_searched(self, client):
        mine = build_endpoint()
        wanted = build_delivery(endpoint=mine)
        build_delivery(endpoint=mine, state=DeliveryState.FAILED, error="refused", closed_at=timezone.now())
        other = build_delivery()

        def shown(query: str) -> set[int]:
            text = client.get(f"/webhook-deliveries/?{query}").content.decode()
            return {
                row.pk for row in WebhookDelivery.objects.all() if f"/webhook-deliveries/{row.pk}/" in text
            }

        assert shown(f"endpoint={mine.pk}&state=pending") == {wanted.pk}
        assert shown(f"q={other.event.uuid}") == {other.pk}
        assert shown(f"q={wanted.subject}") == {wanted.pk}
        assert shown(f"q={wanted.subject.partition(':')[2]}") == {wanted.pk}
        assert shown("kind=sale.returned") == set()
        assert len(shown("period=1")) == 3

    def test_is_exported(self, client):
        delivery = build_delivery()

        answer = client.get("/webhook-deliveries/?export=csv")

        assert str(delivery.event.uuid) in b"".join(answer).decode("utf-8-sig")

    def test_sends_one_again(self, client, receiver):
        endpoint = build_endpoint(url=receiver.url)
        delivery = build_delivery(endpoint=endpoint)
        deliver_due(clock=lambda: timezone.now() + timedelta(hours=1))

        answer = client.post(f"/webhook-deliveries/{delivery.pk}/replay/", follow=True)

        assert "The event is sent again within seconds." in answer.content.decode()
        deliver_due(clock=lambda: timezone.now() + timedelta(hours=1))
        assert len(receiver.calls) == 2
        assert WebhookAttempt.objects.count() == 2

    def test_sends_a_period_again(self, client):
        endpoint = build_endpoint()
        today = timezone.localdate().isoformat()
        build_delivery(
            endpoint=endpoint, state=DeliveryState.FAILED, error="refused", closed_at=timezone.now()
        )

        answer = client.post(
            page(endpoint, "replay/"),
            {"first_day": today, "last_day": today, "which": "failed"},
            follow=True,
        )

        assert "1 event is sent again." in answer.content.decode()
        assert WebhookDelivery.objects.get().state == DeliveryState.PENDING

    def test_does_not_take_a_period_that_ends_before_it_begins(self, client):
        answer = client.post(
            page(build_endpoint(), "replay/"),
            {"first_day": "2026-11-22", "last_day": "2026-11-21", "which": "all"},
        )

        assert answer.status_code == 422
