"""The log of webhooks: what was sent where, what came back, and sending it again."""

from datetime import timedelta
from typing import Any

import django_filters
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views import View

from messaging.webhooks.event_types import EVENT_TYPES, TEST, label_of
from messaging.webhooks.models import (
    SUBJECTS,
    DeliveryState,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from messaging.webhooks.presentation import (
    DELIVERY_TONES,
    attempts_of,
    body_text,
    error_text,
    outcome_text,
)
from messaging.webhooks.selectors import deliveries
from messaging.webhooks.services.endpoints import WebhookError
from messaging.webhooks.services.replay import replay
from retail import formats
from retail.views.access import PageMixin
from retail.views.columns import Column
from retail.views.lists import ListPage


class DeliveryFilters(django_filters.FilterSet):
    endpoint = django_filters.ModelChoiceFilter(
        label=_("Endpoint"),
        queryset=WebhookEndpoint.objects.order_by("description", "pk"),
        empty_label=_("Every endpoint"),
    )
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=DeliveryState.choices, empty_label=_("Every state")
    )
    kind = django_filters.ChoiceFilter(
        label=_("Event"),
        field_name="event__kind",
        choices=[(kind.code, kind.label) for kind in (*EVENT_TYPES.values(), TEST)],
        empty_label=_("Every event"),
    )
    period = django_filters.ChoiceFilter(
        label=_("Recorded"),
        choices=[("1", _("Last 24 hours")), ("7", _("Last 7 days")), ("30", _("Last 30 days"))],
        method="within",
        empty_label=_("At any time"),
    )

    class Meta:
        model = WebhookDelivery
        fields = ["endpoint", "state", "kind", "period"]

    def within(
        self, queryset: QuerySet[WebhookDelivery], _name: str, value: str
    ) -> QuerySet[WebhookDelivery]:
        return queryset.filter(event__recorded_at__gte=timezone.now() - timedelta(days=int(value)))


def delivery_url(delivery: WebhookDelivery) -> str:
    return reverse("messaging:webhook_delivery_detail", args=[delivery.pk])


class DeliveryList(ListPage):
    model = WebhookDelivery
    permission_required = "messaging.view_webhookdelivery"
    title = _("Log of webhooks")
    subtitle = _("Every event that other systems were told, or are still to be told.")
    columns = (
        Column(
            name="event.kind",
            label=_("Event"),
            value=lambda delivery: label_of(delivery.event.kind),
            secondary=lambda delivery: delivery.event.kind,
        ),
        Column(name="subject", label=_("About"), kind="code", on_phone=False),
        Column(name="endpoint.description", label=_("Endpoint")),
        Column(
            name="state",
            label=_("State"),
            kind="badge",
            labels=dict(DeliveryState.choices),
            tones=DELIVERY_TONES,
        ),
        Column(name="outcome", label=_("Answer"), value=outcome_text),
        Column(name="attempt", label=_("Tries"), kind="number"),
        Column(
            name="recorded_at",
            label=_("Recorded"),
            kind="moment",
            value=lambda delivery: delivery.event.recorded_at,
            order_by="pk",
        ),
        Column(
            name="due_at",
            label=_("Next try"),
            kind="moment",
            value=lambda delivery: delivery.due_at if delivery.closed_at is None else None,
            on_phone=False,
        ),
        Column(name="event.uuid", label=_("Id"), on_page=False),
        Column(name="event.store_code", label=_("Store"), on_page=False),
    )
    filterset_class = DeliveryFilters
    search_placeholder = _("Id of the event, or what it is about")
    default_order = "-recorded_at"
    most_listed = 10_000
    export_name = "webhooks"
    empty_icon = "link"
    empty_title = _("Nothing was told yet")
    empty_text = _("Events appear here as soon as something happens that an endpoint asks for.")

    def get_queryset(self) -> QuerySet[WebhookDelivery]:
        return deliveries()

    def search(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Find an event by its id, or all that is told of a subject: "sale:<id>", or the id alone. Both are read from an index."""
        if not text:
            return queryset
        subjects = [text, *(f"{what}:{text}" for what in SUBJECTS)]
        return queryset.filter(Q(subject__in=subjects) | Q(event__in=_events(text)))

    def order(self, queryset: QuerySet[Any], order: str) -> QuerySet[Any]:
        """The key has no gaps to put anywhere: asked for without them, its index is read from the end."""
        return queryset.order_by("-pk" if order.startswith("-") else "pk")

    def extra_context(self) -> dict[str, Any]:
        return {"trail": [(_("Webhooks"), reverse("messaging:webhook_endpoint_list"))]}

    def row_url(self, instance: WebhookDelivery) -> str:
        return delivery_url(instance)


def _events(text: str) -> list[int]:
    """Return the key of the event with this id; nothing for what is no id, or nobody's."""
    bare = text.replace("-", "")
    is_uuid = (
        len(bare) == 32 and bare.isascii() and all(symbol in "0123456789abcdefABCDEF" for symbol in bare)
    )
    if not is_uuid:
        return []
    return list(WebhookEvent.objects.filter(uuid=bare).values_list("pk", flat=True))


class DeliveryDetail(PageMixin, View):
    permission_required = "messaging.view_webhookdelivery"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        delivery = get_object_or_404(deliveries(), pk=pk)
        context = {
            "delivery": delivery,
            "label": label_of(delivery.event.kind),
            "tone": DELIVERY_TONES[DeliveryState(delivery.state)],
            "reason": error_text(delivery.error),
            "facts": _facts(delivery),
            "body": body_text(delivery),
            "attempts": attempts_of(delivery),
            "is_closed": delivery.closed_at is not None and delivery.event.kind != TEST.code,
        }
        return render(request, "messaging/webhook_delivery_detail.html", context)


def _facts(delivery: WebhookDelivery) -> list[tuple[str, Any]]:
    event = delivery.event
    return [
        (_now("Event"), event.kind),
        (_now("About"), delivery.subject),
        (_now("Endpoint"), delivery.endpoint.description),
        (_now("Store"), event.store_code),
        (_now("Happened"), formats.moment(event.occurred_at)),
        (_now("Recorded"), formats.moment(event.recorded_at)),
        (_now("Tries"), formats.number(delivery.attempt)),
        (_now("Next try"), formats.moment(delivery.due_at) if delivery.closed_at is None else ""),
        (_now("Accepted or given up"), formats.moment(delivery.closed_at) if delivery.closed_at else ""),
    ]


class DeliveryReplay(PageMixin, View):
    """Send one event again, with the same id."""

    permission_required = ("messaging.view_webhookdelivery", "messaging.change_webhookendpoint")

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        delivery = get_object_or_404(deliveries(), pk=pk)
        try:
            if replay(delivery=delivery, at=timezone.now()):
                messages.success(request, _now("The event is sent again within seconds."))
            else:
                messages.info(request, _now("The event is still waiting to be sent."))
        except WebhookError as refusal:
            messages.error(request, str(refusal))
        return HttpResponseRedirect(delivery_url(delivery))
