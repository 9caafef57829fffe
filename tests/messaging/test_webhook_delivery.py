"""Telling other systems over real HTTP: signed, again until it is accepted, in order, and never for ever."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from messaging.webhooks.client import post
from messaging.webhooks.models import (
    DeliveryState,
    WebhookAttempt,
    WebhookChange,
    WebhookDelivery,
    WebhookEvent,
)
from messaging.webhooks.schedule import DISABLE_AFTER, GIVE_UP_AFTER, STEPS, next_try, rest_until
from messaging.webhooks.services.delivery import (
    LEASE,
    claim,
    deliver,
    deliver_due,
    endpoints_with_work,
    give_back,
    senders_at_work,
    sweep,
)
from messaging.webhooks.services.endpoints import (
    EndpointInvalid,
    EndpointOff,
    EndpointOvertaken,
    EndpointPlan,
    TooManyEndpoints,
    change_endpoint,
    create_endpoint,
    remove_endpoint,
    rotate_secret,
    switch_endpoint,
    valid_secrets,
)
from messaging.webhooks.services.replay import queue_test_event, replay, replay_period
from messaging.webhooks.services.retention import purge_events
from messaging.webhooks.signatures import headers_of, secret_of, signature_of
from tests.builders import NOON, build_store, build_user
from tests.messaging.builders import build_delivery, build_endpoint
from tests.messaging.receiver import Received, answering, hanging_up

pytestmark = pytest.mark.django_db


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self) -> None:
        # Later than everything that a test makes, however long that takes.
        self.now = timezone.now() + timedelta(hours=1)

    def __call__(self):
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def endpoint(receiver):
    return build_endpoint(url=receiver.url)


def again(delivery: WebhookDelivery) -> WebhookDelivery:
    delivery.refresh_from_db()
    return delivery


def verify(received: Received, secret: str) -> None:
    """Check a call as docs/how-to/receive-webhooks.md tells receivers to."""
    headers = received.headers
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + received.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    given = [part.removeprefix("v1,") for part in headers["webhook-signature"].split(" ")]
    assert any(hmac.compare_digest(expected, one) for one in given)


class TestSignature:
    def test_is_the_one_that_standard_webhooks_publishes(self):
        # The example of the specification, https://www.standardwebhooks.com.
        assert (
            signature_of(
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                event_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
                timestamp=1614265330,
                body=b'{"test": 2432232314}',
            )
            == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        )

    def test_there_is_one_for_each_secret(self):
        secrets = [secret_of(b"a" * 16), secret_of(b"b" * 16)]

        headers = headers_of(secrets, event_id="e", timestamp=1, body=b"{}")

        assert headers["webhook-signature"] == " ".join(
            signature_of(secret, event_id="e", timestamp=1, body=b"{}") for secret in secrets
        )

    def test_depends_on_the_servers_key(self, settings):
        before = secret_of(b"a" * 16)
        settings.KEY_PEPPER = "another"

        assert secret_of(b"a" * 16) != before
        assert len(base64.b64decode(before.removeprefix("whsec_"))) == 32

    def test_takes_nothing_for_a_secret_that_is_none(self):
        with pytest.raises(ValueError, match="whsec_"):
            signature_of("secret", event_id="e", timestamp=1, body=b"")


class TestCall:
    def test_carries_the_event_signed(self, receiver, endpoint, clock):
        delivery = build_delivery(
            endpoint=endpoint, kind="sale.recorded", store_code="L1", data={"ticket": "ã1"}, at=NOON
        )

        assert deliver_due(clock=clock).delivered == 1

        [received] = receiver.calls
        verify(received, secret_of(bytes(endpoint.secrets.get().nonce)))
        body = json.loads(received.body)
        assert body == {
            "id": str(delivery.event.uuid),
            "type": "sale.recorded",
            "version": 1,
            "sequence": delivery.event.pk,
            "timestamp": "2026-11-20T15:00:00Z",
            "recorded_at": "2026-11-20T15:00:00Z",
            "store": "L1",
            "data": {"ticket": "ã1"},
        }
        assert received.headers["webhook-id"] == body["id"]
        assert received.headers["webhook-timestamp"] == str(int(clock.now.timestamp()))
        assert received.headers["content-type"] == "application/json"
        assert received.headers["user-agent"] == "Fiel-Webhooks/1"

    def test_is_kept_with_its_answer(self, receiver, endpoint, clock):
        receiver.next_answers = [answering(202, b"thanks\0" + b"x" * 9_000, x_mine="1", set_cookie="id=7")]
        delivery = build_delivery(endpoint=endpoint)

        deliver_due(clock=clock)

        assert (again(delivery).state, delivery.status, delivery.error) == ("delivered", 202, "")
        attempt = WebhookAttempt.objects.get()
        assert (attempt.number, attempt.status, attempt.url) == (1, 202, receiver.url)
        assert attempt.response.startswith("thanks\N{REPLACEMENT CHARACTER}xxx")
        assert len(attempt.response) == 2_000
        assert attempt.response_headers["x-mine"] == "1"
        assert "set-cookie" not in attempt.response_headers
        secret = secret_of(bytes(endpoint.secrets.get().nonce))
        assert secret not in str(WebhookAttempt.objects.values())

    def test_is_made_once_for_what_was_accepted(self, receiver, endpoint, clock):
        build_delivery(endpoint=endpoint)

        deliver_due(clock=clock)
        clock.pass_by(days=1)
        deliver_due(clock=clock)

        assert len(receiver.calls) == 1

    def test_to_an_address_that_is_refused_now_fails_like_any_other(self, clock):
        delivery = build_delivery(endpoint=build_endpoint(url="https://127.0.0.1/"))

        assert deliver_due(clock=clock).retried == 1

        assert again(delivery).error == "address_refused"

    def test_of_an_endpoint_without_secret_is_not_made(self, receiver, endpoint, clock):
        endpoint.secrets.all().delete()
        delivery = build_delivery(endpoint=endpoint)

        deliver_due(clock=clock)

        assert (again(delivery).error, receiver.calls) == ("no_secret", [])

    def test_that_shows_a_defect_does_not_hold_up_the_others(self, receiver, endpoint, clock):
        broken, good = build_delivery(endpoint=endpoint), build_delivery(endpoint=endpoint)

        def send(target, body, headers):
            if str(broken.event.uuid) in headers["webhook-id"]:
                raise RuntimeError("a defect")
            return post(target, body, headers)

        deliver_due(clock=clock, send=send)

        assert (again(broken).error, again(good).state) == ("defect", "delivered")


class TestRetry:
    @pytest.mark.parametrize("status", [301, 302, 400, 401, 404, 429, 500, 503])
    def test_comes_after_any_status_but_success_with_the_same_id_and_body(
        self, receiver, endpoint, clock, status
    ):
        receiver.next_answers = [status]
        delivery = build_delivery(endpoint=endpoint)

        assert deliver_due(clock=clock).retried == 1
        assert again(delivery).status == status
        clock.pass_by(seconds=5)
        assert deliver_due(clock=clock).delivered == 1

        first, second = receiver.calls
        assert first.body == second.body
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
        verify(second, secret_of(bytes(endpoint.secrets.get().nonce)))

    @pytest.mark.parametrize(
        ("manner", "error"), [("hang", "timeout"), ("drip", "timeout"), (hanging_up, "broken")]
    )
    def test_comes_after_no_answer(self, receiver, endpoint, clock, manner, error):
        receiver.next_answers = [getattr(receiver, manner) if isinstance(manner, str) else manner]
        delivery = build_delivery(endpoint=endpoint)

        deliver_due(clock=clock, send=partial(post, timeout=0.3))

        assert (again(delivery).state, delivery.error, delivery.status) == ("pending", error, None)

    def test_takes_growing_steps_for_three_days_and_ends(self, receiver, endpoint, clock):
        receiver.next_answers = [500] * 50
        began = clock.now
        delivery = build_delivery(endpoint=endpoint, due_at=began, queued_at=began)

        while again(delivery).closed_at is None:
            clock.now = max(clock.now, delivery.due_at)
            endpoint.refresh_from_db()
            if endpoint.rest_until:
                clock.now = max(clock.now, endpoint.rest_until)
            deliver_due(clock=clock)

        assert len(receiver.calls) == len(STEPS) + 1
        assert (delivery.state, delivery.error) == ("failed", "refused")
        assert timedelta(days=3) <= clock.now - began <= timedelta(days=3, hours=6)

    def test_is_not_made_while_the_address_rests_nor_counted(self, receiver, endpoint, clock):
        receiver.next_answers = [500] * 3
        deliveries = [build_delivery(endpoint=endpoint) for _number in range(30)]

        deliver_due(clock=clock)

        # The third failure in a row is about the address: the other 27 are not tried.
        assert len(receiver.calls) == 3
        assert endpoints_with_work(at=clock()) == []
        clock.pass_by(seconds=31)
        assert deliver_due(clock=clock).delivered == 30
        assert {again(one).attempt for one in deliveries} == {1, 2}
        endpoint.refresh_from_db()
        assert (endpoint.failures, endpoint.failing_since, endpoint.rest_until) == (0, None, None)

    def test_waits_as_long_as_a_busy_address_asks(self, receiver, endpoint, clock):
        receiver.next_answers = [answering(429, retry_after="120")]
        build_delivery(endpoint=endpoint)
        deliver_due(clock=clock)

        clock.pass_by(seconds=119)
        assert deliver_due(clock=clock).delivered == 0
        clock.pass_by(seconds=2)
        assert deliver_due(clock=clock).delivered == 1

    def test_one_event_that_is_refused_does_not_stop_the_others(self, receiver, endpoint, clock):
        poison = build_delivery(endpoint=endpoint)
        others = [build_delivery(endpoint=endpoint) for _number in range(5)]

        def refuse_poison(target, body, headers):
            if headers["webhook-id"] == str(poison.event.uuid):
                receiver.next_answers = [400]
            return post(target, body, headers)

        for _round in range(4):
            deliver_due(clock=clock, send=refuse_poison)
            clock.pass_by(minutes=30)

        assert {again(one).state for one in others} == {"delivered"}
        assert (again(poison).state, poison.attempt) == ("pending", 4)


class TestSchedule:
    def test_has_ten_tries_in_a_little_more_than_three_days(self):
        assert len(STEPS) == 9
        assert timedelta(days=3) < sum(STEPS, timedelta(0)) < GIVE_UP_AFTER

    def test_ends_where_an_event_has_waited_long_enough(self):
        assert next_try(NOON, attempt=1, queued_at=NOON - GIVE_UP_AFTER) is None
        assert next_try(NOON, attempt=10, queued_at=NOON) is None
        assert next_try(NOON, attempt=1, queued_at=NOON) == NOON + timedelta(seconds=5)

    @pytest.mark.parametrize(
        ("failures", "seconds"), [(1, None), (2, None), (3, 30), (4, 60), (7, 480), (8, 600), (500, 600)]
    )
    def test_lets_an_address_rest_longer_and_longer(self, failures, seconds):
        expected = None if seconds is None else NOON + timedelta(seconds=seconds)

        assert rest_until(NOON, failures=failures) == expected

    def test_lets_an_address_ask_for_an_hour_at_most(self):
        asked = timedelta(days=40)

        assert rest_until(NOON, failures=1, asked=asked) == NOON + timedelta(hours=1)


class TestOrder:
    def test_of_one_subject_is_kept_while_others_go_on(self, receiver, endpoint, clock):
        receiver.next_answers = [500]
        first = build_delivery(endpoint=endpoint, subject="sale:1")
        second = build_delivery(endpoint=endpoint, subject="sale:1")
        other = build_delivery(endpoint=endpoint, subject="sale:2")

        deliver_due(clock=clock)
        assert (again(second).state, again(other).state) == ("pending", "delivered")
        clock.pass_by(minutes=1)
        deliver_due(clock=clock)

        ids = [call.headers["webhook-id"] for call in receiver.calls]
        assert ids == [str(one.event.uuid) for one in (first, other, first, second)]

    def test_of_one_subject_is_kept_between_senders(self, endpoint, clock):
        first = build_delivery(endpoint=endpoint, subject="sale:1")
        build_delivery(endpoint=endpoint, subject="sale:1")

        _lease, claimed = claim(endpoint_id=endpoint.pk, at=clock(), limit=10)
        _other, more = claim(endpoint_id=endpoint.pk, at=clock(), limit=10)

        assert (claimed, more) == ([first.pk], [])

    def test_goes_on_with_the_next_once_one_was_given_up(self, receiver, endpoint, clock):
        first = build_delivery(endpoint=endpoint, subject="sale:1", queued_at=clock() - GIVE_UP_AFTER)
        second = build_delivery(endpoint=endpoint, subject="sale:1")
        receiver.next_answers = [500]

        deliver_due(clock=clock)

        assert (again(first).state, again(second).state) == ("failed", "delivered")

    def test_starts_with_what_happened_first(self, receiver, endpoint, clock):
        expected = [str(build_delivery(endpoint=endpoint).event.uuid) for _number in range(25)]

        deliver_due(clock=clock)

        assert [call.headers["webhook-id"] for call in receiver.calls] == expected

    def test_one_endpoint_does_not_wait_for_another(self, receiver, endpoint, clock):
        dead = build_endpoint(url="http://127.0.0.1:1/")
        for _number in range(50):
            build_delivery(endpoint=dead)
        good = build_delivery(endpoint=endpoint)

        deliver_due(clock=clock)

        assert again(good).state == "delivered"
        assert WebhookAttempt.objects.filter(delivery__endpoint=dead).count() == 3


class TestClaim:
    def test_of_a_dead_sender_is_sent_again(self, receiver, endpoint, clock):
        delivery = build_delivery(endpoint=endpoint)
        claim(endpoint_id=endpoint.pk, at=clock(), limit=10)

        assert deliver_due(clock=clock).delivered == 0
        assert sweep(at=clock()) == (0, 0)
        clock.pass_by(seconds=LEASE.total_seconds() + 1)
        assert sweep(at=clock()) == (1, 0)
        assert deliver_due(clock=clock).delivered == 1
        assert again(delivery).state == "delivered"

    def test_that_was_lost_is_not_sent(self, receiver, endpoint, clock):
        delivery = build_delivery(endpoint=endpoint)
        lease, _claimed = claim(endpoint_id=endpoint.pk, at=clock(), limit=10)
        clock.pass_by(seconds=LEASE.total_seconds() + 1)
        sweep(at=clock())
        claim(endpoint_id=endpoint.pk, at=clock(), limit=10)

        assert deliver(delivery_id=delivery.pk, lease=lease, clock=clock) == "lost"
        assert receiver.calls == []

    def test_that_ends_during_the_call_leaves_the_delivery_to_whoever_has_it_now(
        self, receiver, endpoint, clock
    ):
        delivery = build_delivery(endpoint=endpoint)
        lease, _claimed = claim(endpoint_id=endpoint.pk, at=clock(), limit=10)

        def slow(target, body, headers):
            clock.pass_by(seconds=LEASE.total_seconds() + 1)
            sweep(at=clock())
            return post(target, body, headers)

        assert deliver(delivery_id=delivery.pk, lease=lease, clock=clock, send=slow) == "lost"
        assert again(delivery).state == "pending"
        assert WebhookAttempt.objects.get().status == 200

    def test_counts_the_senders_at_work(self, endpoint, clock):
        for subject in ("a", "b"):
            build_delivery(endpoint=endpoint, subject=subject)
            lease, _claimed = claim(endpoint_id=endpoint.pk, at=clock(), limit=1)

        assert senders_at_work(at=clock()) == 2
        give_back(lease=lease)
        assert senders_at_work(at=clock()) == 1


class TestSwitchedOff:
    def test_by_us_after_five_days_of_failures_and_says_so(self, receiver, endpoint, clock):
        receiver.next_answers = [500] * 10
        build_delivery(endpoint=endpoint, at=clock())
        deliver_due(clock=clock)
        clock.now += DISABLE_AFTER
        waiting = build_delivery(endpoint=endpoint, at=clock(), subject="x")
        stuck = build_delivery(endpoint=endpoint, at=clock(), subject="x")

        deliver_due(clock=clock)
        clock.pass_by(seconds=LEASE.total_seconds() + 1)
        sweep(at=clock())

        endpoint.refresh_from_db()
        assert (endpoint.is_active, endpoint.disabled_reason) == (False, "failing")
        assert (again(waiting).state, again(stuck).error) == ("failed", "endpoint_off")
        assert WebhookChange.objects.get().action == "disabled"

    def test_by_us_at_once_when_the_address_is_gone(self, receiver, endpoint, clock):
        receiver.next_answers = [410]
        delivery = build_delivery(endpoint=endpoint)

        deliver_due(clock=clock)

        endpoint.refresh_from_db()
        assert (endpoint.is_active, endpoint.disabled_reason) == (False, "gone")
        assert again(delivery).state == "failed"

    def test_by_hand_gives_up_what_waits_and_on_again_starts_anew(self, receiver, endpoint, clock):
        waiting = build_delivery(endpoint=endpoint)
        user = build_user()

        switch_endpoint(endpoint=endpoint, is_active=False, actor=user, at=clock())
        assert (again(waiting).state, waiting.error) == ("failed", "endpoint_off")
        switch_endpoint(endpoint=endpoint, is_active=True, actor=user, at=clock())
        deliver_due(clock=clock)

        assert receiver.calls == []
        actions = WebhookChange.objects.order_by("pk").values_list("action", flat=True)
        assert list(actions) == ["switched_off", "switched_on"]

    def test_while_an_event_was_being_written_is_closed_by_the_sweep(self, endpoint, clock):
        stranded = build_delivery(endpoint=endpoint)
        type(endpoint).objects.update(is_active=False)

        clock.pass_by(seconds=LEASE.total_seconds() + 1)

        assert sweep(at=clock()) == (0, 1)
        assert again(stranded).error == "endpoint_off"


class TestReplay:
    def test_sends_one_event_again_with_its_id(self, receiver, endpoint, clock):
        delivery = build_delivery(endpoint=endpoint)
        deliver_due(clock=clock)

        assert replay(delivery=delivery, at=clock())
        assert not replay(delivery=delivery, at=clock())
        deliver_due(clock=clock)

        assert len({call.headers["webhook-id"] for call in receiver.calls}) == 1
        assert len(receiver.calls) == 2
        assert again(delivery).attempts.count() == 2

    def test_of_a_period_takes_what_was_given_up_or_all_of_it(self, receiver, endpoint, clock):
        at = clock()
        yesterday = at - timedelta(days=1)
        values = {"state": DeliveryState.FAILED, "error": "refused", "closed_at": at}
        failed = build_delivery(endpoint=endpoint, recorded_at=yesterday, **values)
        accepted = build_delivery(
            endpoint=endpoint, recorded_at=yesterday, state=DeliveryState.DELIVERED, closed_at=at
        )
        build_delivery(endpoint=endpoint, recorded_at=at - timedelta(days=3), **values)
        build_delivery(recorded_at=yesterday, **values)
        period = {"since": at - timedelta(days=2), "until": at, "actor": build_user(), "at": at}

        assert replay_period(endpoint=endpoint, only_failed=True, **period) == 1
        assert again(failed).state == "pending"
        assert replay_period(endpoint=endpoint, only_failed=False, **period) == 1
        assert again(accepted).state == "pending"
        assert WebhookChange.objects.filter(action="replayed").count() == 2

    def test_is_refused_while_the_endpoint_is_off(self, clock):
        off = build_endpoint(is_active=False)
        delivery = build_delivery(
            endpoint=off, state=DeliveryState.FAILED, error="refused", closed_at=clock()
        )

        with pytest.raises(EndpointOff):
            replay(delivery=delivery, at=clock())

    def test_has_three_days_again(self, receiver, endpoint, clock):
        delivery = build_delivery(endpoint=endpoint)
        deliver_due(clock=clock)
        clock.pass_by(days=10)
        replay(delivery=delivery, at=clock())
        receiver.next_answers = [500]

        deliver_due(clock=clock)

        assert again(delivery).state == "pending"


class TestTestEvent:
    def test_is_sent_once_and_says_what_came_back(self, receiver, endpoint, clock):
        receiver.next_answers = [500]
        delivery = queue_test_event(endpoint=endpoint, at=clock())

        assert deliver_due(clock=clock).failed == 1

        assert json.loads(receiver.calls[0].body)["type"] == "webhook.test"
        assert again(delivery).state == "failed"
        endpoint.refresh_from_db()
        assert endpoint.failures == 0


class TestEndpoint:
    def plan(self, **values) -> EndpointPlan:
        return EndpointPlan(
            **{
                "description": "ERP",
                "url": "https://erp.example.com/fiel",
                "event_types": ["sale.recorded"],
            }
            | values
        )

    def test_is_made_with_a_secret_that_stands_nowhere(self, clock):
        endpoint, secret = create_endpoint(plan=self.plan(), actor=build_user(), at=clock())

        assert secret.startswith("whsec_")
        assert valid_secrets(endpoint.pk, at=clock()) == [secret]
        assert secret not in str(list(endpoint.secrets.values()))
        assert WebhookChange.objects.get().action == "created"

    def test_names_every_field_that_is_wrong(self, clock):
        plan = self.plan(
            description=" ", url="http://10.0.0.1/", event_types=["sale.exploded"], store_codes=["NO"]
        )

        with pytest.raises(EndpointInvalid) as refused:
            create_endpoint(plan=plan, actor=None, at=clock())

        assert [(one.path, one.code) for one in refused.value.errors] == [
            ("description", "required"),
            ("url", "address_scheme"),
            ("event_types[0]", "unknown"),
            ("stores[0]", "unknown"),
        ]

    def test_wants_at_least_one_event(self, clock):
        with pytest.raises(EndpointInvalid) as refused:
            create_endpoint(plan=self.plan(event_types=[]), actor=None, at=clock())

        assert [one.path for one in refused.value.errors] == ["event_types"]

    def test_can_be_one_of_fifty(self, clock, monkeypatch):
        monkeypatch.setattr("messaging.webhooks.services.endpoints.MOST_ENDPOINTS", 1)
        create_endpoint(plan=self.plan(), actor=None, at=clock())

        with pytest.raises(TooManyEndpoints):
            create_endpoint(plan=self.plan(), actor=None, at=clock())

    def test_keeps_who_changed_what(self, clock):
        user = build_user()
        store = build_store()
        endpoint, _secret = create_endpoint(plan=self.plan(), actor=user, at=clock())

        changed = change_endpoint(
            endpoint=endpoint, plan=self.plan(store_codes=[store.code]), actor=user, at=clock(), version=1
        )

        assert changed.version == 2
        change = WebhookChange.objects.latest("pk")
        assert (change.action, change.actor_id) == ("changed", user.pk)
        assert change.document["store_codes"] == [store.code]

    def test_does_not_lose_what_somebody_else_changed(self, clock):
        endpoint, _secret = create_endpoint(plan=self.plan(), actor=None, at=clock())
        change_endpoint(endpoint=endpoint, plan=self.plan(description="BI"), actor=None, at=clock())

        with pytest.raises(EndpointOvertaken):
            change_endpoint(endpoint=endpoint, plan=self.plan(), actor=None, at=clock(), version=1)

    def test_that_is_saved_unchanged_keeps_its_version(self, clock):
        endpoint, _secret = create_endpoint(plan=self.plan(), actor=None, at=clock())

        assert change_endpoint(endpoint=endpoint, plan=self.plan(), actor=None, at=clock()).version == 1
        assert WebhookChange.objects.count() == 1

    def test_starts_anew_with_another_address(self, clock):
        endpoint = build_endpoint(failures=9, failing_since=clock(), rest_until=clock() + timedelta(hours=1))

        changed = change_endpoint(endpoint=endpoint, plan=self.plan(), actor=None, at=clock())

        assert (changed.failures, changed.failing_since, changed.rest_until) == (0, None, None)

    def test_can_be_switched_off_though_its_address_is_refused_today(self, clock):
        endpoint = build_endpoint(url="http://127.0.0.1:9/")

        assert not switch_endpoint(endpoint=endpoint, is_active=False, actor=None, at=clock()).is_active
        with pytest.raises(EndpointInvalid):
            switch_endpoint(endpoint=endpoint, is_active=True, actor=None, at=clock())

    def test_that_is_removed_has_no_secrets_and_is_told_nothing(self, receiver, endpoint, clock):
        build_delivery(endpoint=endpoint)

        assert remove_endpoint(endpoint=endpoint, actor=None, at=clock())
        assert not remove_endpoint(endpoint=endpoint, actor=None, at=clock())
        deliver_due(clock=clock)

        assert valid_secrets(endpoint.pk, at=clock()) == []
        assert receiver.calls == []


class TestSecret:
    def test_is_replaced_with_an_overlap_in_which_both_sign(self, receiver, endpoint, clock):
        [old] = valid_secrets(endpoint.pk, at=clock())

        new = rotate_secret(endpoint=endpoint, overlap=timedelta(hours=1), actor=None, at=clock())
        build_delivery(endpoint=endpoint)
        deliver_due(clock=clock)

        verify(receiver.calls[0], old)
        verify(receiver.calls[0], new)
        clock.pass_by(hours=1)
        assert valid_secrets(endpoint.pk, at=clock()) == [new]
        build_delivery(endpoint=endpoint)
        deliver_due(clock=clock)
        with pytest.raises(AssertionError):
            verify(receiver.calls[1], old)

    def test_can_be_ended_at_once(self, endpoint, clock):
        new = rotate_secret(endpoint=endpoint, overlap=timedelta(0), actor=None, at=clock())

        assert valid_secrets(endpoint.pk, at=clock()) == [new]


class TestRetention:
    def test_removes_old_events_with_their_calls_but_nothing_that_waits(self, receiver, endpoint, settings):
        settings.WEBHOOK_LOG_DAYS = 30
        now = timezone.now()
        old = now - timedelta(days=31)
        waiting = build_delivery(endpoint=endpoint, recorded_at=old)
        sent = build_delivery(
            endpoint=endpoint, recorded_at=old, state=DeliveryState.DELIVERED, closed_at=old
        )
        young = build_delivery(endpoint=endpoint, state=DeliveryState.DELIVERED, closed_at=now)
        WebhookAttempt.objects.create(delivery=sent, number=1, began_at=old, duration_ms=1, status=200)

        assert purge_events(at=now) == 1

        assert set(WebhookEvent.objects.values_list("pk", flat=True)) == {waiting.event_id, young.event_id}
        assert not WebhookAttempt.objects.exists()
