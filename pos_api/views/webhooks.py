"""Webhook endpoints and their log, for managers' programs."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from messaging.webhooks.models import DeliveryState, WebhookEndpoint
from messaging.webhooks.selectors import deliveries, endpoints
from messaging.webhooks.services.delivery import claim_one, deliver
from messaging.webhooks.services.endpoints import (
    EndpointInvalid,
    WebhookError,
    change_endpoint,
    create_endpoint,
    remove_endpoint,
    rotate_secret,
)
from messaging.webhooks.services.replay import queue_test_event, replay, replay_period
from pos_api import webhook_documents as documents
from pos_api.decoding import Decoder
from pos_api.errors import field_problems
from pos_api.openapi import PAGE_PARAMETERS, operation, page_of
from pos_api.pagination import paginated
from pos_api.problems import BadRequest, Conflict, Invalid, Problem, invalid_field
from pos_api.views.base import Body, ManagerView, answer, no_content
from pos_api.views.resources import Listing, by, find_or_404, user_of

TAG = "Webhooks"
_OFF = "It is switched off (`endpoint_off`)."
# What a service calls a field, and what the API calls it.
_FIELDS = {"event_types": "events"}


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
    body: Body[documents.EndpointDocument] = Body(Decoder(documents.EndpointDocument))

    @operation(
        id="webhook_endpoints_list",
        tag=TAG,
        summary="List webhook endpoints",
        parameters=PAGE_PARAMETERS,
        responses={200: page_of({"$ref": "#/components/schemas/ShownEndpoint"})},
    )
    def get(self, request: Request) -> HttpResponse:
        return paginated(request, endpoints(), documents.represent)

    @operation(
        id="webhook_endpoints_create",
        tag=TAG,
        summary="Add a webhook endpoint",
        description=(
            "From now on it is told the `events` as they happen, signed with the secret of the answer, which nobody can "
            "show again. What happened before is not told."
        ),
        request=documents.EndpointDocument,
        responses={201: documents.NewEndpoint},
        examples={"Sales for an ERP": documents.EXAMPLE},
        answer=documents.NEW_EXAMPLE,
        problems={409: "There are as many as there can be (`too_many_endpoints`)."},
    )
    def post(self, request: Request) -> HttpResponse:
        plan = self.body.read(request).plan()
        try:
            endpoint, secret = create_endpoint(plan=plan, actor=user_of(request), at=timezone.now())
        except WebhookError as error:
            raise _problem(error) from error
        return answer(documents.represent(endpoint) | {"secret": secret}, status=201)


class WebhookEndpointView(ManagerView):
    permissions = {
        "GET": ("messaging.view_webhookendpoint",),
        "PUT": ("messaging.change_webhookendpoint",),
        "DELETE": ("messaging.delete_webhookendpoint",),
    }
    body: Body[documents.ChangedEndpoint] = Body(Decoder(documents.ChangedEndpoint))

    @operation(
        id="webhook_endpoints_get",
        tag=TAG,
        summary="Read a webhook endpoint",
        responses={200: documents.ShownEndpoint},
        answer=documents.SHOWN_EXAMPLE,
    )
    def get(self, request: Request, endpoint: UUID) -> HttpResponse:
        return answer(documents.represent(_find(endpoint)))

    @operation(
        id="webhook_endpoints_put",
        tag=TAG,
        summary="Change a webhook endpoint, or switch it on or off",
        description="Switched off, what waits is given up, and what happens meanwhile is not told afterwards.",
        request=documents.ChangedEndpoint,
        responses={200: documents.ShownEndpoint},
        examples={"Sales for an ERP": documents.EXAMPLE | {"version": 1}},
        answer=documents.SHOWN_EXAMPLE | {"version": 2},
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
        return answer(documents.represent(changed))

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
    body: Body[documents.Overlap] = Body(Decoder(documents.Overlap))

    @operation(
        id="webhook_endpoints_rotate_secret",
        tag=TAG,
        summary="Replace the secret of a webhook endpoint",
        description="Calls carry a signature with each of both secrets for `overlap_hours`.",
        request=documents.Overlap,
        responses={201: documents.NewSecret},
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
        return answer(documents.NewSecret(secret), status=201)


class WebhookTestView(ManagerView):
    permissions = {"POST": ("messaging.change_webhookendpoint",)}

    @operation(
        id="webhook_endpoints_test",
        tag=TAG,
        summary="Send a test event",
        description="Calls the endpoint at once with an event of the type `webhook.test`, once, and answers what came back.",
        responses={200: documents.ShownDelivery},
    )
    def post(self, request: Request, endpoint: UUID) -> HttpResponse:
        at = timezone.now()
        delivery = queue_test_event(endpoint=_find(endpoint), at=at)
        lease, _claimed = claim_one(delivery_id=delivery.pk, at=at)
        deliver(delivery_id=delivery.pk, lease=lease, clock=timezone.now)
        return answer(documents.represent_delivery(deliveries().get(pk=delivery.pk)))


class WebhookReplayView(ManagerView):
    permissions = {"POST": ("messaging.change_webhookendpoint",)}
    body: Body[documents.Replay] = Body(Decoder(documents.Replay))

    @operation(
        id="webhook_endpoints_replay",
        tag=TAG,
        summary="Send a part of the log again",
        description="Each event keeps its id, so that the receiver knows what it has.",
        request=documents.Replay,
        responses={200: documents.Replayed},
        examples={"What was given up in a day": documents.PERIOD_EXAMPLE},
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
        return answer(documents.Replayed(count))


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
        return LOG.page(request, deliveries(), documents.represent_delivery)


class WebhookDeliveryReplayView(ManagerView):
    permissions = {"POST": ("messaging.view_webhookdelivery", "messaging.change_webhookendpoint")}

    @operation(
        id="webhook_deliveries_replay",
        tag=TAG,
        summary="Send one event again",
        description="It keeps its id. One that is still waiting is not touched.",
        responses={200: documents.ShownDelivery},
        problems={409: _OFF},
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        delivery = find_or_404(deliveries(), pk=pk)
        try:
            replay(delivery=delivery, at=timezone.now())
        except WebhookError as error:
            raise _problem(error) from error
        return answer(documents.represent_delivery(deliveries().get(pk=pk)))
