"""The inbox of a demonstration: what customers would have got. Exists only while DEMO is on."""

from typing import Any

from csp.decorators import csp_update
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

from messaging.local.content import decide
from messaging.local.faults import KINDS, order_fault
from messaging.local.switch import is_imitated
from messaging.local.twilio import advance_deliveries, answer_as_customer
from messaging.models import Channel, LocalContent, LocalDelivery, LocalFault
from messaging.presentation import status_badge
from messaging.views.message import SHOWS_EMAIL
from retail.views.access import PageMixin

_PAGE = 12
_TEMPLATES_SHOWN = 10
LONGEST_REPLY = 500


class InboxView(PageMixin, View):
    permission_required = "messaging.view_message"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not is_imitated():
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def back(self) -> HttpResponse:
        return HttpResponseRedirect(reverse("messaging:inbox"))


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
        handed_in = LocalContent.objects.exclude(approval_name="").order_by("-pk")
        context = {
            "page": page,
            "page_numbers": list(numbers),
            "tabs": tabs,
            "deliveries": [
                (_with_own_windows(delivery), status_badge(delivery.status)) for delivery in page.object_list
            ],
            "faults": [
                (
                    fault,
                    Channel(fault.channel).label,
                    KINDS[Channel(fault.channel)].get(fault.kind, fault.kind),
                )
                for fault in LocalFault.objects.order_by("pk")[:20]
            ],
            "kinds": [
                (code.label, [(f"{code.value}:{kind}", label) for kind, label in KINDS[code].items()])
                for code in Channel
            ],
            "contents": [(found, status_badge(found.status)) for found in handed_in[:_TEMPLATES_SHOWN]],
        }
        return render(request, "messaging/inbox.html", context)


def _with_own_windows(delivery: LocalDelivery) -> LocalDelivery:
    """Let the links of an e-mail open beside the inbox: within its frame no other page is shown."""
    delivery.html = delivery.html.replace("<head>", '<head><base target="_blank">', 1)
    return delivery


class InboxAdvance(InboxView):
    """Let the imitated providers report now what they would report in a few seconds."""

    def post(self, request: HttpRequest) -> HttpResponse:
        made = advance_deliveries(at=timezone.now())
        messages.info(request, _now("Reports made: %(count)s.") % {"count": made})
        return self.back()


class InboxReply(InboxView):
    """Answer as the customer would: SAIR, or anything else."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        delivery = get_object_or_404(LocalDelivery.objects.exclude(channel=Channel.EMAIL), pk=pk)
        text = request.POST.get("text", "SAIR").strip()[:LONGEST_REPLY] or "SAIR"
        if answer_as_customer(delivery, text, at=timezone.now()) != 200:
            messages.error(request, _now("The answer did not reach this installation. Is PUBLIC_URL right?"))
        elif text == "SAIR":
            messages.success(
                request, _now("The customer answered SAIR and gets no more marketing on this number.")
            )
        else:
            messages.success(request, _now("The customer answered “%(text)s”.") % {"text": text})
        return self.back()


class InboxFault(InboxView):
    """Order a failure for the next message on a channel, or take all orders back."""

    def post(self, request: HttpRequest) -> HttpResponse:
        if request.POST.get("clear"):
            LocalFault.objects.all().delete()
            return self.back()
        channel, _colon, kind = request.POST.get("fault", "").partition(":")
        try:
            order_fault(channel=channel, kind=kind)
        except (KeyError, ValueError):
            messages.error(request, _now("Choose a failure."))
        else:
            messages.info(request, _now("The next message on this channel fails so."))
        return self.back()


class InboxDecision(InboxView):
    """Decide on a template as WhatsApp would: approve, reject with a reason, or pause it."""

    def post(self, request: HttpRequest, sid: str) -> HttpResponse:
        status = request.POST.get("status", "")
        if not decide(sid=sid, status=status, reason=request.POST.get("reason", "").strip()):
            raise Http404
        messages.info(request, _now("Decided. The template's page shows it when it asks again."))
        return self.back()
