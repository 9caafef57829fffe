"""Pages of webhook endpoints. A secret is shown once, in the answer that makes it."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views import View

from messaging.webhooks.event_types import label_of
from messaging.webhooks.forms import EndpointForm, ReplayForm, SecretForm, initial_of
from messaging.webhooks.models import WebhookEndpoint
from messaging.webhooks.presentation import (
    STATE_LABELS,
    STATE_TONES,
    history_of,
    notice_of,
    state_of,
)
from messaging.webhooks.selectors import endpoints, with_counts
from messaging.webhooks.services.endpoints import (
    EndpointInvalid,
    WebhookError,
    change_endpoint,
    create_endpoint,
)
from retail import formats
from retail.typed import typed_number
from retail.views.access import PageMixin, acting_user
from retail.views.columns import Column
from retail.views.forms import FormPage, FormSection
from retail.views.lists import Action, ListPage


def endpoint_url(endpoint: WebhookEndpoint) -> str:
    return reverse("messaging:webhook_endpoint_detail", args=[endpoint.uuid])


def find_endpoint(uuid: UUID) -> WebhookEndpoint:
    """Return an endpoint. Raises Http404, also for one that was removed."""
    return get_object_or_404(endpoints(), uuid=uuid)


class EndpointList(ListPage):
    model = WebhookEndpoint
    permission_required = "messaging.view_webhookendpoint"
    title = _("Webhooks")
    subtitle = _("Other systems that are told what happens, as it happens.")
    columns = (
        Column(
            name="description",
            label=_("Endpoint"),
            secondary=lambda endpoint: endpoint.url,
            order_by="description",
        ),
        Column(
            name="state",
            label=_("State"),
            kind="badge",
            value=state_of,
            labels=STATE_LABELS,
            tones=STATE_TONES,
        ),
        Column(
            name="event_types",
            label=_("Events"),
            kind="number",
            value=lambda endpoint: len(endpoint.event_types),
            on_phone=False,
        ),
        Column(name="waiting", label=_("Waiting"), kind="number", value=lambda endpoint: endpoint.waiting),
        Column(
            name="accepted",
            label=_("Accepted in 24 hours"),
            kind="number",
            value=lambda endpoint: endpoint.accepted,
        ),
        Column(
            name="given_up",
            label=_("Given up in 24 hours"),
            kind="number",
            value=lambda endpoint: endpoint.given_up,
        ),
    )
    search_fields = ("description__unaccent__icontains", "url__icontains")
    search_placeholder = _("Description or address")
    default_order = "description"
    export_name = "webhook-endpoints"
    create_url_name = "messaging:webhook_endpoint_create"
    create_permission = "messaging.add_webhookendpoint"
    create_label = _("New endpoint")
    empty_icon = "link"
    empty_title = _("Nobody is told yet")
    empty_text = _(
        "An endpoint is an address of another system: sales, balances and messages are sent there, signed."
    )

    def get_queryset(self) -> QuerySet[WebhookEndpoint]:
        return with_counts(endpoints(), at=timezone.now())

    def row_url(self, instance: WebhookEndpoint) -> str:
        return endpoint_url(instance)

    def get_actions(self) -> list[Action]:
        log = Action(_("Log"), reverse("messaging:webhook_delivery_list"), "list")
        may_see = self.request.user.has_perm("messaging.view_webhookdelivery")
        return ([log] if may_see else []) + super().get_actions()


class EndpointDetail(PageMixin, View):
    permission_required = "messaging.view_webhookendpoint"

    def get(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        return render_endpoint(request, find_endpoint(uuid))


def render_endpoint(
    request: HttpRequest,
    endpoint: WebhookEndpoint,
    *,
    secret: str = "",
    replay_form: ReplayForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """Draw an endpoint's page; `secret` is the only time that a new secret is seen."""
    state = state_of(endpoint)
    today = timezone.localdate()
    context = {
        "endpoint": endpoint,
        "state_label": STATE_LABELS[state],
        "state_tone": STATE_TONES[state],
        "notice": notice_of(endpoint),
        "facts": _facts(endpoint),
        "events": history_of(endpoint),
        "event_types": [(code, label_of(code)) for code in endpoint.event_types],
        "secret": secret,
        "secret_form": SecretForm(),
        "replay_form": replay_form or ReplayForm(initial={"first_day": today, "last_day": today}),
        "log_url": f"{reverse('messaging:webhook_delivery_list')}?endpoint={endpoint.pk}",
    }
    response = render(request, "messaging/webhook_endpoint_detail.html", context, status=status)
    # Neither a proxy nor the browser's history keeps a page that may show a secret.
    response["Cache-Control"] = "no-store"
    return response


def _facts(endpoint: WebhookEndpoint) -> list[tuple[str, Any]]:
    rests = endpoint.rest_until if endpoint.rest_until and endpoint.rest_until > timezone.now() else None
    return [
        (_now("Address"), endpoint.url),
        (_now("Stores"), ", ".join(endpoint.store_codes) or _now("Every store")),
        (_now("Failures in a row"), formats.number(endpoint.failures)),
        (_now("Failing since"), formats.moment(endpoint.failing_since) if endpoint.failing_since else ""),
        (_now("Not called before"), formats.moment(rests) if rests else ""),
        (_now("Created"), formats.moment(endpoint.created_at)),
        (_now("Id"), str(endpoint.uuid)),
    ]


class EndpointCreate(FormPage):
    permission_required: Any = "messaging.add_webhookendpoint"
    form_class = EndpointForm
    template_name = "messaging/webhook_endpoint_form.html"
    sections = (
        FormSection(_("Endpoint"), ("description", "url", "is_active")),
        FormSection(_("What it is told"), ("event_types", "stores")),
    )
    title = _("New endpoint")
    submit_label = _("Save")
    success_message = ""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.get_form(data=request.POST)
        if form.is_valid():
            try:
                endpoint, secret = create_endpoint(
                    plan=form.plan(), actor=acting_user(request), at=timezone.now()
                )
            except EndpointInvalid as refusal:
                form.add_refusals(refusal.errors)
            except WebhookError as refusal:
                form.add_error(None, str(refusal))
            else:
                return render_endpoint(request, endpoint, secret=secret)
        return self.render(form)

    def extra_context(self) -> dict[str, Any]:
        sent = self.request.POST.get("_version", "")
        return {"version": sent or (self.instance.version if self.instance else "")}

    def back_url(self) -> str:
        return reverse("messaging:webhook_endpoint_list")

    def trail(self) -> list[tuple[Any, str]]:
        return [(_("Webhooks"), reverse("messaging:webhook_endpoint_list"))]


class EndpointEdit(EndpointCreate):
    permission_required = "messaging.change_webhookendpoint"
    title = _("Change the endpoint")
    success_message = _("Saved.")  # type: ignore[assignment]

    def get_instance(self) -> WebhookEndpoint:
        return find_endpoint(self.kwargs["uuid"])

    def get_initial(self) -> dict[str, Any]:
        return initial_of(self.instance)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return FormPage.post(self, request, *args, **kwargs)

    def save(self, form: Any) -> str | None:
        sent = self.request.POST.get("_version", "")
        try:
            change_endpoint(
                endpoint=self.instance,
                plan=form.plan(),
                actor=acting_user(self.request),
                at=timezone.now(),
                version=typed_number(sent),
            )
        except EndpointInvalid as refusal:
            form.add_refusals(refusal.errors)
            return None
        except WebhookError as refusal:
            form.add_error(None, str(refusal))
            return None
        return self.back_url()

    def back_url(self) -> str:
        return endpoint_url(self.instance)

    def trail(self) -> list[tuple[Any, str]]:
        return [*super().trail(), (self.instance.description, endpoint_url(self.instance))]
