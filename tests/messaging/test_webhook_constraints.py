"""What the database refuses of webhooks, whoever writes: every named constraint, tried once."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from messaging.webhooks.models import (
    WebhookAttempt,
    WebhookChange,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
    WebhookSecret,
)
from tests.builders import NOON
from tests.messaging.builders import build_delivery, build_endpoint

pytestmark = pytest.mark.django_db

MODELS = (
    WebhookAttempt,
    WebhookChange,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
    WebhookSecret,
)
ATTEMPTS: dict[str, Callable[[], object]] = {
    "webhook_endpoint_has_events": lambda: build_endpoint(event_types=[]),
    "webhook_endpoint_off_once_removed_or_disabled": lambda: build_endpoint(removed_at=NOON),
    "webhook_endpoint_disabled_says_why": lambda: build_endpoint(is_active=False, disabled_at=NOON),
    "webhook_endpoint_failing_since_its_first_failure": lambda: build_endpoint(failures=1),
    "webhook_change_action_known": lambda: WebhookChange.objects.create(
        endpoint=build_endpoint(), action="dropped", changed_at=NOON
    ),
    "webhook_delivery_once_per_endpoint": lambda: _twice(build_delivery()),
    "webhook_delivery_state_known": lambda: build_delivery(state="lost", closed_at=NOON),
    "webhook_delivery_claimed_means_leased": lambda: build_delivery(lease=uuid4()),
    "webhook_delivery_closed_has_its_moment": lambda: build_delivery(state="delivered"),
    "webhook_delivery_given_up_says_why": lambda: build_delivery(state="failed", closed_at=NOON),
    "webhook_attempt_has_an_outcome": lambda: WebhookAttempt.objects.create(
        delivery=build_delivery(), number=1, began_at=NOON, duration_ms=1
    ),
}


def _twice(delivery: WebhookDelivery) -> None:
    delivery.pk = None
    delivery.save(force_insert=True)


@pytest.mark.parametrize("name", ATTEMPTS)
def test_the_database_refuses(name):
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        ATTEMPTS[name]()


def test_every_constraint_is_tried():
    assert set(ATTEMPTS) == {constraint.name for model in MODELS for constraint in model._meta.constraints}


def test_what_was_done_to_an_endpoint_is_never_changed_nor_removed():
    change = WebhookChange.objects.create(
        endpoint=build_endpoint(), action="created", changed_at=timezone.now()
    )

    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        WebhookChange.objects.update(action="removed")
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        change.delete()
