"""Webhook endpoints and their log, for managers' programs. A secret is shown once, when it is made."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from msgspec import Meta, Struct
from rest_framework.request import Request

from messaging.webhooks.event_types import EVENT_TYPES
from messaging.webhooks.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from messaging.webhooks.presentation import state_of
from messaging.webhooks.selectors import deliveries, endpoints
from messaging.webhooks.services.delivery import claim_one, deliver
from messaging.webhooks.services.endpoints import (
    EndpointInvalid,
    EndpointPlan,
    WebhookError,
    change_endpoint,
    create_endpoint,
    remove_endpoint,
    rotate_secret,
)
from messaging.webhooks.services.replay import queue_test_event, replay, replay_period
from pos_api.decoding import Decoder
from pos_api.errors import field_problems
from pos_api.fields import Moment
from pos_api.openapi import PAGE_PARAMETERS, Json, operation, page_of
from pos_api.pagination import paginated
from pos_api.problems import BadRequest, Conflict, Invalid, Problem, invalid_field
from pos_api.views.base import Body, ManagerView, answer, no_content
from pos_api.views.resources import Listing, by, find_or_404, user_of

TAG = "Webhooks"
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
_OFF = "It is switched off (`endpoint_off`)."
# What a service calls a field, and what the API calls it.
_FIELDS = {"event_types": "events"}


def _represent(endpoint: WebhookEndpoint) -> Json:
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


def _represent_delivery(delivery: WebhookDelivery) -> Json:
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


def _problem(error: WebhookError) -> Problem:
    if not isinstance(error, EndpointInvalid):
        return Conflict(str(error), code=error.code)
    problems = field_problems(error.errors)
    renamed = []
    for problem in problems:
        name, bracket, rest = problem.path.partition("[")
        renamed.append(type(problem)(_FIELDS.get(name, name) + bracket + rest, problem.code, problem.message))
    return Invalid(errors=renamed)


def _find(endpoint: UUID) -> WebhookEndpoint:
    return find_or_404(endpoints(), uuid=endpoint)


def _in_state(queryset: Any, text: str) -> Any:
    if text not in DeliveryState.values:
        raise BadRequest(_("state must be one of: %(states)s.") % {"states": ", ".join(DeliveryState.values)})
    return queryset.filter(state=text)


def _of_endpoint(queryset: Any, text: str) -> Any:
    try:
        return queryset.filter(endpoint__uuid=UUID(text))
    except ValueError as error:
        raise BadRequest(_("endpoint must be an id.")) from error


LOG = Listing(
    filters={
        "endpoint": ("Of one endpoint, by its id.", _of_endpoint),
        "state": ("pending, claimed, delivered or failed.", _in_state),
        "type": ("Of one kind of event.", by("event__kind")),
    },
    orders={"-id": ("-pk",), "id": ("pk",)},
    order="-id",
)


class WebhookEndpointsView(ManagerView):
    permissions = {
        "GET": ("messaging.view_webhookendpoint",),
        "POST": ("messaging.add_webhookendpoint",),
    }
    body: Body[EndpointDocument] = Body(Decoder(EndpointDocument))

    @operation(
        id="webhook_endpoints_list",
        tag=TAG,
        summary="List webhook endpoints",
        parameters=PAGE_PARAMETERS,
        responses={200: page_of({"$ref": "#/components/schemas/ShownEndpoint"})},
    )
    def get(self, request: Request) -> HttpResponse:
        return paginated(request, endpoints(), _represent)

    @operation(
        id="webhook_endpoints_create",
        tag=TAG,
        summary="Add a webhook endpoint",
        description=(
            "From now on it is told the `events` as they happen, signed with the secret of the answer, which nobody can "
            "show again. What happened before is not told."
        ),
        request=EndpointDocument,
        responses={201: NewEndpoint},
        examples={"Sales for an ERP": EXAMPLE},
        answer=NEW_EXAMPLE,
        problems={409: "There are as many as there can be (`too_many_endpoints`)."},
    )
    def post(self, request: Request) -> HttpResponse:
        plan = self.body.read(request).plan()
        try:
            endpoint, secret = create_endpoint(plan=plan, actor=user_of(request), at=timezone.now())
        except WebhookError as error:
            raise _problem(error) from error
        return answer(_represent(endpoint) | {"secret": secret}, status=201)


class WebhookEndpointView(ManagerView):
    permissions = {
        "GET": ("messaging.view_webhookendpoint",),
        "PUT": ("messaging.change_webhookendpoint",),
        "DELETE": ("messaging.delete_webhookendpoint",),
    }
    body: Body[ChangedEndpoint] = Body(Decoder(ChangedEndpoint))

    @operation(
        id="webhook_endpoints_get",
        tag=TAG,
        summary="Read a webhook endpoint",
        responses={200: ShownEndpoint},
        answer=SHOWN_EXAMPLE,
    )
    def get(self, request: Request, endpoint: UUID) -> HttpResponse:
        return answer(_represent(_find(endpoint)))

    @operation(
        id="webhook_endpoints_put",
        tag=TAG,
        summary="Change a webhook endpoint, or switch it on or off",
        description="Switched off, what waits is given up, and what happens meanwhile is not told afterwards.",
        request=ChangedEndpoint,
        responses={200: ShownEndpoint},
        examples={"Sales for an ERP": EXAMPLE | {"version": 1}},
        answer=SHOWN_EXAMPLE | {"version": 2},
        problems={409: "Somebody else changed it (`version_conflict`)."},
    )
    def put(self, request: Request, endpoint: UUID) -> HttpResponse:
        found, document = _find(endpoint), self.body.read(request)
        try:
            changed = change_endpoint(
                endpoint=found,
                plan=document.plan(),
                actor=user_of(request),
                at=timezone.now(),
                version=document.version,
            )
        except WebhookError as error:
            raise _problem(error) from error
        return answer(_represent(changed))

    @operation(
        id="webhook_endpoints_delete",
        tag=TAG,
        summary="Remove a webhook endpoint",
        description="What it was told stays in the log.",
        responses={204: None},
    )
    def delete(self, request: Request, endpoint: UUID) -> HttpResponse:
        remove_endpoint(endpoint=_find(endpoint), actor=user_of(request), at=timezone.now())
        return no_content()


class WebhookSecretView(ManagerView):
    permissions = {"POST": ("messaging.change_webhookendpoint",)}
    body: Body[Overlap] = Body(Decoder(Overlap))

    @operation(
        id="webhook_endpoints_rotate_secret",
        tag=TAG,
        summary="Replace the secret of a webhook endpoint",
        description="Calls carry a signature with each of both secrets for `overlap_hours`.",
        request=Overlap,
        responses={201: NewSecret},
        examples={"A day for both": {"overlap_hours": 24}},
        answer={"secret": "whsec_…"},
    )
    def post(self, request: Request, endpoint: UUID) -> HttpResponse:
        found, wanted = _find(endpoint), self.body.read(request)
        secret = rotate_secret(
            endpoint=found,
            overlap=timedelta(hours=wanted.overlap_hours),
            actor=user_of(request),
            at=timezone.now(),
        )
        return answer(NewSecret(secret), status=201)


class WebhookTestView(ManagerView):
    permissions = {"POST": ("messaging.change_webhookendpoint",)}

    @operation(
        id="webhook_endpoints_test",
        tag=TAG,
        summary="Send a test event",
        description="Calls the endpoint at once with an event of the type `webhook.test`, once, and answers what came back.",
        responses={200: ShownDelivery},
    )
    def post(self, request: Request, endpoint: UUID) -> HttpResponse:
        at = timezone.now()
        delivery = queue_test_event(endpoint=_find(endpoint), at=at)
        lease, _claimed = claim_one(delivery_id=delivery.pk, at=at)
        deliver(delivery_id=delivery.pk, lease=lease, clock=timezone.now)
        return answer(_represent_delivery(deliveries().get(pk=delivery.pk)))


class WebhookReplayView(ManagerView):
    permissions = {"POST": ("messaging.change_webhookendpoint",)}
    body: Body[Replay] = Body(Decoder(Replay))

    @operation(
        id="webhook_endpoints_replay",
        tag=TAG,
        summary="Send a part of the log again",
        description="Each event keeps its id, so that the receiver knows what it has.",
        request=Replay,
        responses={200: Replayed},
        examples={"What was given up in a day": PERIOD_EXAMPLE},
        answer={"replayed": 12},
        problems={409: _OFF},
    )
    def post(self, request: Request, endpoint: UUID) -> HttpResponse:
        found, wanted = _find(endpoint), self.body.read(request)
        if wanted.since >= wanted.until:
            raise invalid_field("until", "order", _("It ends before it begins."))
        try:
            count = replay_period(
                endpoint=found,
                since=wanted.since,
                until=wanted.until,
                only_failed=wanted.which == "failed",
                actor=user_of(request),
                at=timezone.now(),
            )
        except WebhookError as error:
            raise _problem(error) from error
        return answer(Replayed(count))


class WebhookDeliveriesView(ManagerView):
    permissions = {"GET": ("messaging.view_webhookdelivery",)}

    @operation(
        id="webhook_deliveries_list",
        tag=TAG,
        summary="Read the log of webhooks",
        parameters=LOG.parameters(),
        responses={200: page_of({"$ref": "#/components/schemas/ShownDelivery"})},
    )
    def get(self, request: Request) -> HttpResponse:
        return LOG.page(request, deliveries(), _represent_delivery)


class WebhookDeliveryReplayView(ManagerView):
    permissions = {"POST": ("messaging.view_webhookdelivery", "messaging.change_webhookendpoint")}

    @operation(
        id="webhook_deliveries_replay",
        tag=TAG,
        summary="Send one event again",
        description="It keeps its id. One that is still waiting is not touched.",
        responses={200: ShownDelivery},
        problems={409: _OFF},
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        delivery = find_or_404(deliveries(), pk=pk)
        try:
            replay(delivery=delivery, at=timezone.now())
        except WebhookError as error:
            raise _problem(error) from error
        return answer(_represent_delivery(deliveries().get(pk=pk)))
