"""What managers' programs send about webhook endpoints, and what they get. A secret is shown once, when it is made."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from messaging.webhooks.event_types import EVENT_TYPES
from messaging.webhooks.models import WebhookDelivery, WebhookEndpoint
from messaging.webhooks.presentation import state_of
from messaging.webhooks.services.endpoints import EndpointPlan
from pos_api.fields import Moment
from pos_api.openapi import Json

MAX_OVERLAP_HOURS = 24 * 30

EventCode = Annotated[str, Meta(max_length=40, examples=list(EVENT_TYPES)[:3])]
StoreCode = Annotated[str, Meta(max_length=64)]


class EndpointDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """Who is told what. `stores` empty: every store, and what belongs to none."""

    description: Annotated[str, Meta(min_length=1, max_length=160)]
    url: Annotated[str, Meta(max_length=500)]
    events: Annotated[list[EventCode], Meta(min_length=1, max_length=100)]
    stores: Annotated[list[StoreCode], Meta(max_length=5_000)] = []
    active: bool = True

    def plan(self) -> EndpointPlan:
        return EndpointPlan(
            description=self.description,
            url=self.url,
            event_types=self.events,
            store_codes=self.stores,
            is_active=self.active,
        )


class ChangedEndpoint(EndpointDocument):
    """`version` is the one that was read; without it the change wins over others."""

    version: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None


class Overlap(Struct, forbid_unknown_fields=True):
    """For how many hours calls are signed with the old secret, too."""

    overlap_hours: Annotated[int, Meta(ge=0, le=MAX_OVERLAP_HOURS)] = 24


class Replay(Struct, forbid_unknown_fields=True, kw_only=True):
    """Which part of the log is sent again: what was recorded from `since` up to before `until`."""

    since: Moment
    until: Moment
    which: Literal["failed", "all"] = "failed"


class ShownEndpoint(Struct, kw_only=True):
    """An endpoint as lists show it: everything but its secrets."""

    id: UUID
    description: str
    url: str
    events: list[str]
    stores: list[str]
    active: bool
    state: Literal["on", "failing", "disabled", "off"]
    failing_since: datetime | None
    disabled_at: datetime | None
    version: int
    created_at: datetime


class NewEndpoint(ShownEndpoint, kw_only=True):
    """An endpoint that was just made, with its secret: it is never shown again."""

    secret: str


class NewSecret(Struct):
    secret: str


class Replayed(Struct):
    """How many events are sent again."""

    replayed: int


class ShownDelivery(Struct, kw_only=True):
    """One event for one endpoint. `status` is that of the last answer, `error` why it was not accepted."""

    id: int
    event: UUID
    type: str
    endpoint: UUID
    subject: str
    state: Literal["pending", "claimed", "delivered", "failed"]
    attempts: int
    status: int | None
    error: str
    recorded_at: datetime
    due_at: datetime | None
    closed_at: datetime | None


EXAMPLE: Json = {
    "description": "ERP of the head office",
    "url": "https://erp.example.com/fiel",
    "events": ["sale.recorded", "sale.cancelled", "sale.returned"],
    "stores": [],
    "active": True,
}
SHOWN_EXAMPLE: Json = {
    "id": "0b5f2f0e-6c1c-4f6a-9f43-0d8f7b1f2a10",
    **EXAMPLE,
    "state": "on",
    "failing_since": None,
    "disabled_at": None,
    "version": 1,
    "created_at": "2026-11-22T13:00:00Z",
}
NEW_EXAMPLE: Json = SHOWN_EXAMPLE | {"secret": "whsec_…"}
PERIOD_EXAMPLE: Json = {
    "since": "2026-11-22T00:00:00-03:00",
    "until": "2026-11-23T00:00:00-03:00",
    "which": "failed",
}


def represent(endpoint: WebhookEndpoint) -> Json:
    return {
        "id": endpoint.uuid,
        "description": endpoint.description,
        "url": endpoint.url,
        "events": endpoint.event_types,
        "stores": endpoint.store_codes,
        "active": endpoint.is_active,
        "state": state_of(endpoint),
        "failing_since": endpoint.failing_since,
        "disabled_at": endpoint.disabled_at,
        "version": endpoint.version,
        "created_at": endpoint.created_at,
    }


def represent_delivery(delivery: WebhookDelivery) -> Json:
    return {
        "id": delivery.pk,
        "event": delivery.event.uuid,
        "type": delivery.event.kind,
        "endpoint": delivery.endpoint.uuid,
        "subject": delivery.subject,
        "state": delivery.state,
        "attempts": delivery.attempt,
        "status": delivery.status,
        "error": delivery.error,
        "recorded_at": delivery.event.recorded_at,
        "due_at": delivery.due_at if delivery.closed_at is None else None,
        "closed_at": delivery.closed_at,
    }
