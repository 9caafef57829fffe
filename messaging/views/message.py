"""Messages in the back-office: what was sent to whom, and why not."""

from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

import django_filters
from csp.decorators import csp_update
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views import View

from customers.models import Customer
from customers.views.customer import customer_tabs
from messaging.models import Channel, Message, MessageState, occasion_choices
from messaging.presentation import STATE_TONES, price_text, reason_text, timeline
from messaging.selectors.attribution import attributed_sales, of_message
from messaging.selectors.messages import is_sending, traffic
from messaging.views.results import WAY_LABELS
from retail import formats
from retail.views.access import PageMixin
from retail.views.columns import Column
from retail.views.lists import ListPage

# Twilio: the person has not written in the last 24 hours, and the text was no approved template.
OUTSIDE_WINDOW = "63016"
# E-mails carry their styles inline; in a frame without scripts, forms or origin they can do no more than look.
SHOWS_EMAIL = {"style-src": ["'self'", "'unsafe-inline'"], "img-src": ["'self'", "data:", "https:"]}


class MessageFilters(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=MessageState.choices, empty_label=_("Every state")
    )
    channel = django_filters.ChoiceFilter(
        label=_("Channel"), choices=Channel.choices, empty_label=_("Every channel")
    )
    occasion = django_filters.ChoiceFilter(
        label=_("Occasion"), choices=occasion_choices, empty_label=_("Every occasion")
    )
    period = django_filters.ChoiceFilter(
        label=_("Planned"),
        choices=[("1", _("Last 24 hours")), ("7", _("Last 7 days")), ("30", _("Last 30 days"))],
        method="within",
        empty_label=_("At any time"),
    )

    class Meta:
        model = Message
        fields = ["state", "channel", "occasion", "period"]

    def within(self, queryset: QuerySet[Message], _name: str, value: str) -> QuerySet[Message]:
        return queryset.filter(planned_at__gte=timezone.now() - timedelta(days=int(value)))


def who(message: Message) -> str:
    """Return the name that a list shows: the customer's, the visitor's, or the address."""
    name = message.customer.name if message.customer else message.cart.name if message.cart else ""
    return name or message.to or _now("Unknown visitor")


class MessageList(ListPage):
    """The outbox, newest first."""

    model = Message
    permission_required: Any = "messaging.view_message"
    template_name = "messaging/message_list.html"
    title = _("Messages")
    subtitle: ClassVar[Promise | str] = _(
        "Every message by e-mail, SMS and WhatsApp: what was sent, what was read, and why not."
    )
    columns = (
        Column(name="who", label=_("To"), value=who, secondary=lambda message: message.to),
        Column(name="occasion", label=_("Occasion"), labels=dict(occasion_choices())),
        Column(name="channel", label=_("Channel"), labels=dict(Channel.choices)),
        Column(
            name="state",
            label=_("State"),
            kind="badge",
            labels=dict(MessageState.choices),
            tones=STATE_TONES,
        ),
        Column(name="reason", label=_("Why not"), value=reason_text),
        Column(
            name="planned_at",
            label=_("Planned"),
            kind="moment",
            order_by="planned_at",
            zone=lambda message: message.store.zone if message.store else None,
        ),
        Column(
            name="sent_at",
            label=_("Sent"),
            kind="moment",
            order_by="sent_at",
            zone=lambda message: message.store.zone if message.store else None,
        ),
        Column(name="store.name", label=_("Store"), on_page=False),
        Column(name="promo_code.code", label=_("Promo code"), on_page=False),
        Column(name="error", label=_("Error"), on_page=False),
    )
    filterset_class = MessageFilters
    search_fields = ("customer__name__unaccent__icontains", "to__icontains", "cart__name__icontains")
    search_placeholder = _("Name, e-mail or phone")
    default_order = "-planned_at"
    export_name = "messages"
    empty_icon = "message"
    empty_title = _("No messages yet")
    empty_text: ClassVar[Promise | str] = _("They appear here as soon as an automation plans one.")

    def get_queryset(self) -> QuerySet[Message]:
        return Message.objects.select_related("customer", "store", "cart", "promo_code")

    def row_url(self, instance: Message) -> str:
        return reverse("messaging:message_detail", args=[instance.uuid])

    def extra_context(self) -> dict[str, Any]:
        at = timezone.now()
        return {"week": traffic(since=at - timedelta(days=7)), "is_sending": is_sending(at=at)}


class CustomerMessages(MessageList):
    """The messages of one customer, as a tab of the customer's page."""

    permission_required = ("customers.view_customer", "messaging.view_message")
    template_name = "customers/customer_purchases.html"
    subtitle = ""
    empty_text = ""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.customer = get_object_or_404(Customer, pk=kwargs["pk"])
        return super().get(request, *args, **kwargs)

    @property
    def title(self) -> str:  # type: ignore[override]
        return str(self.customer)

    def get_queryset(self) -> QuerySet[Message]:
        return super().get_queryset().filter(customer=self.customer)

    def extra_context(self) -> dict[str, Any]:
        return {
            "customer": self.customer,
            "trail": [(_("Customers"), reverse("customers:customer_list"))],
            "tabs": customer_tabs(self.request, self.customer, "messaging:customer_messages"),
        }


@method_decorator(csp_update(SHOWS_EMAIL), name="dispatch")
class MessageDetail(PageMixin, View):
    """One message as the person saw it, and its life."""

    permission_required = "messaging.view_message"

    def get(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        found = Message.objects.select_related("customer", "store", "cart", "promo_code")
        message = get_object_or_404(found, uuid=uuid)
        context = {
            "message": message,
            "who": who(message),
            "reason": reason_text(message),
            "tone": STATE_TONES[MessageState(message.state)],
            "facts": _facts(message),
            "events": timeline(message),
            "sales": _sales(message, request.user),
            "needs_approval": message.channel == Channel.WHATSAPP and OUTSIDE_WINDOW in message.error,
        }
        return render(request, "messaging/message_detail.html", context)


def _sales(message: Message, user: Any) -> list[dict[str, Any]]:
    """Return the sales that count for a message, for those who may see sales."""
    if message.sent_at is None or message.customer_id is None or not user.has_perm("retail.view_sale"):
        return []
    zone = message.store.zone if message.store else None
    return [
        {
            "pk": sale.sale_id,
            "ticket": sale.ticket,
            "when": formats.moment(sale.occurred_at, zone),
            "net": sale.net,
            "way": WAY_LABELS[sale.way],
        }
        for sale in attributed_sales(of_message(message))
    ]


def _facts(message: Message) -> list[tuple[str, Any]]:
    zone = message.store.zone if message.store else None
    chain = ", ".join(str(Channel(channel).label) for channel in message.channels)
    facts = [
        (_now("Occasion"), message.get_occasion_display()),
        (_now("Channel"), message.get_channel_display()),
        (_now("Channels, in order"), chain),
        (_now("To"), message.to),
        (_now("Store"), message.store.name if message.store else ""),
        (_now("Due"), formats.moment(message.due_at, zone)),
        (_now("Sent"), formats.moment(message.sent_at, zone) if message.sent_at else ""),
        (_now("Delivered"), formats.moment(message.delivered_at, zone) if message.delivered_at else ""),
        (_now("Read"), formats.moment(message.read_at, zone) if message.read_at else ""),
        (_now("Tries"), formats.number(message.attempt) if message.attempt else ""),
        (_now("Cost"), price_text(message.cost) if message.cost is not None and message.sent_at else ""),
        (_now("Provider's id"), message.provider_id),
    ]
    if message.promo_code:
        code = message.promo_code
        facts += [
            (_now("Promo code"), code.code),
            (_now("Valid until"), formats.moment(code.expires_at, zone)),
            (_now("Used"), _now("Yes") if code.used else _now("No")),
        ]
    return facts
