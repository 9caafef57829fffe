"""What is done with a webhook endpoint by a button of its page: a new secret, on and off, away, a test, sending again."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import ngettext
from django.views import View

from messaging.webhooks.forms import ReplayForm, SecretForm
from messaging.webhooks.presentation import (
    outcome_text,
)
from messaging.webhooks.services.delivery import claim_one, deliver
from messaging.webhooks.services.endpoints import (
    EndpointInvalid,
    WebhookError,
    remove_endpoint,
    rotate_secret,
    switch_endpoint,
)
from messaging.webhooks.services.replay import queue_test_event, replay_period
from messaging.webhooks.views.endpoint import endpoint_url, find_endpoint, render_endpoint
from retail import formats
from retail.views.access import PageMixin, acting_user


class EndpointSecret(PageMixin, View):
    """Make a new secret and show it, once; the old one is used beside it for a while."""

    permission_required = "messaging.change_webhookendpoint"

    def get(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        return HttpResponseRedirect(endpoint_url(find_endpoint(uuid)))

    def post(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        endpoint = find_endpoint(uuid)
        form = SecretForm(data=request.POST)
        if not form.is_valid():
            messages.error(request, _now("Choose how long the old secret is used beside the new one."))
            return HttpResponseRedirect(endpoint_url(endpoint))
        secret = rotate_secret(
            endpoint=endpoint,
            overlap=form.cleaned_data["overlap"],
            actor=acting_user(request),
            at=timezone.now(),
        )
        return render_endpoint(request, endpoint, secret=secret)


class EndpointSwitch(PageMixin, View):
    permission_required = "messaging.change_webhookendpoint"

    def post(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        endpoint = find_endpoint(uuid)
        try:
            switched = switch_endpoint(
                endpoint=endpoint,
                is_active=request.POST.get("on") == "1",
                actor=acting_user(request),
                at=timezone.now(),
            )
        except EndpointInvalid as refusal:
            messages.error(request, " ".join(error.message for error in refusal.errors))
        else:
            text = _now("The endpoint is on.") if switched.is_active else _now("The endpoint is off.")
            messages.success(request, text)
        return HttpResponseRedirect(endpoint_url(endpoint))


class EndpointRemove(PageMixin, View):
    permission_required = "messaging.delete_webhookendpoint"

    def post(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        remove_endpoint(endpoint=find_endpoint(uuid), actor=acting_user(request), at=timezone.now())
        messages.success(request, _now("The endpoint was removed."))
        return HttpResponseRedirect(reverse("messaging:webhook_endpoint_list"))


class EndpointTest(PageMixin, View):
    """Send an event that says nothing happened, at once, and say what came back."""

    permission_required = "messaging.change_webhookendpoint"

    def post(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        endpoint = find_endpoint(uuid)
        at = timezone.now()
        delivery = queue_test_event(endpoint=endpoint, at=at)
        lease, claimed = claim_one(delivery_id=delivery.pk, at=at)
        if claimed:
            deliver(delivery_id=delivery.pk, lease=lease, clock=timezone.now)
        delivery.refresh_from_db()
        outcome = {"outcome": outcome_text(delivery)}
        if delivery.state == "delivered":
            messages.success(request, _now("The test event was accepted: %(outcome)s.") % outcome)
        else:
            messages.error(request, _now("The test event was not accepted: %(outcome)s") % outcome)
        if request.user.has_perm("messaging.view_webhookdelivery"):
            return HttpResponseRedirect(reverse("messaging:webhook_delivery_detail", args=[delivery.pk]))
        return HttpResponseRedirect(endpoint_url(endpoint))


class EndpointReplay(PageMixin, View):
    """Send a part of the log again."""

    permission_required = "messaging.change_webhookendpoint"

    def post(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        endpoint = find_endpoint(uuid)
        form = ReplayForm(data=request.POST)
        if not form.is_valid():
            return render_endpoint(request, endpoint, replay_form=form, status=422)
        since, until = form.period()
        try:
            count = replay_period(
                endpoint=endpoint,
                since=since,
                until=until,
                only_failed=form.cleaned_data["which"] == "failed",
                actor=acting_user(request),
                at=timezone.now(),
            )
        except WebhookError as refusal:
            messages.error(request, str(refusal))
        else:
            text = ngettext("%(count)s event is sent again.", "%(count)s events are sent again.", count)
            messages.success(request, text % {"count": formats.number(count)})
        return HttpResponseRedirect(endpoint_url(endpoint))
