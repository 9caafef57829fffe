"""The inbox of a demonstration: what customers would have got. Exists only while DEMO is on."""

from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _now
from django.utils.translation import pgettext
from django.views import View

from messaging.local.twilio import advance_deliveries, answer_as_customer
from messaging.models import Channel, LocalDelivery
from messaging.presentation import status_badge
from messaging.views.message import SHOWS_EMAIL
from retail.views.access import PageMixin

_PAGE = 12


class InboxView(PageMixin, View):
    permission_required = "messaging.view_message"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not settings.DEMO:
            raise Http404
        return super().dispatch(request, *args, **kwargs)


@method_decorator(csp_update(SHOWS_EMAIL), name="dispatch")
class Inbox(InboxView):
    def get(self, request: HttpRequest) -> HttpResponse:
        channel = request.GET.get("channel", "")
        deliveries = LocalDelivery.objects.order_by("-accepted_at", "-pk")
        if channel in Channel.values:
            deliveries = deliveries.filter(channel=channel)
        page = Paginator(deliveries, _PAGE).get_page(request.GET.get("page"))
        numbers = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
        here = reverse("messaging:inbox")
        tabs = [(pgettext("messages", "All"), here, channel not in Channel.values, None)]
        tabs += [(str(code.label), f"{here}?channel={code.value}", code == channel, None) for code in Channel]
        deliveries_shown = [(delivery, status_badge(delivery.status)) for delivery in page.object_list]
        context = {"page": page, "page_numbers": list(numbers), "tabs": tabs, "deliveries": deliveries_shown}
        return render(request, "messaging/inbox.html", context)


class InboxAdvance(InboxView):
    """Let the imitated providers report now what they would report in a few seconds."""

    def post(self, request: HttpRequest) -> HttpResponse:
        made = advance_deliveries(at=timezone.now())
        messages.info(request, _now("Reports made: %(count)s.") % {"count": made})
        return HttpResponseRedirect(reverse("messaging:inbox"))


class InboxReply(InboxView):
    """Answer SAIR as the customer would."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        delivery = get_object_or_404(LocalDelivery.objects.exclude(channel=Channel.EMAIL), pk=pk)
        if answer_as_customer(delivery, "SAIR") == 200:
            messages.success(
                request, _now("The customer answered SAIR and gets no more marketing on this number.")
            )
        else:
            messages.error(request, _now("The answer did not reach this installation. Is PUBLIC_URL right?"))
        return HttpResponseRedirect(reverse("messaging:inbox"))
