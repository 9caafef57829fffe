"""Lists of mailings: all of them, and the people of one with what became of their messages."""

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from messaging.models import Audience, Channel, Mailing, MailingMember, MailingState, MessageState
from messaging.presentation import STATE_TONES
from messaging.reasons import REASONS
from messaging.selectors.mailings import members_of, messages_of_members, progress_by_mailing
from messaging.views.mailing import TONES
from retail.views.columns import Column
from retail.views.lists import Action, ListPage


class MailingFilters(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=MailingState.choices, empty_label=_("Every state")
    )
    audience = django_filters.ChoiceFilter(
        label=_("Audience"), choices=Audience.choices, empty_label=_("Every audience")
    )

    class Meta:
        model = Mailing
        fields = ["state", "audience"]


class MailingList(ListPage):
    model = Mailing
    permission_required: Any = "messaging.view_mailing"
    title = _("Mailings")
    subtitle: ClassVar[Promise | str] = _(
        "What you write once to many people, or to one, and what came of it."
    )
    columns = (
        Column(name="name", label=_("Name"), order_by="name"),
        Column(name="audience", label=_("Audience"), labels=dict(Audience.choices), secondary=lambda mailing: mailing.segment_name),
        Column(name="channels", label=_("Channels"), value=lambda mailing: ", ".join(str(Channel(channel).label) for channel in mailing.channels)),
        Column(name="state", label=_("State"), kind="badge", labels=dict(MailingState.choices), tones=TONES),
        Column(name="member_count", label=_("People"), kind="number", value=lambda mailing: mailing.member_count or ""),
        Column(name="sent", label=pgettext_lazy("messages", "Sent"), kind="number", value=lambda mailing: mailing.progress.sent or ""),
        Column(name="arrived", label=pgettext_lazy("messages", "Delivered"), kind="number", value=lambda mailing: mailing.progress.arrived or "", on_phone=False),
        Column(name="read", label=pgettext_lazy("messages", "Read"), kind="number", value=lambda mailing: mailing.progress.read or "", on_phone=False),
        Column(name="failed", label=pgettext_lazy("messages", "Failed"), kind="number", value=lambda mailing: mailing.progress.failed or "", on_page=False),
        Column(name="send_at", label=_("Send at"), kind="moment", order_by="send_at", on_phone=False),
        Column(name="created_at", label=_("Written at"), kind="moment", order_by="created_at"),
    )  # fmt: skip
    filterset_class = MailingFilters
    search_fields = ("name__unaccent__icontains",)
    search_placeholder = _("Name")
    default_order = "-created_at"
    export_name = "mailings"
    create_url_name = "messaging:mailing_create"
    create_label = _("New mailing")
    create_permission = "messaging.add_mailing"
    empty_icon = "mail"
    empty_title = _("No mailings yet")
    empty_text: ClassVar[Promise | str] = _(
        "Write one to a segment, to the customers of sales that you choose in their list, or to one customer."
    )

    def complete(self, instances: list[Any]) -> list[Any]:
        progress = progress_by_mailing(instances)
        for mailing in instances:
            mailing.progress = progress[mailing.pk]
        return instances

    def row_url(self, instance: Mailing) -> str:
        return reverse("messaging:mailing_detail", args=[instance.pk])

    def create_url(self) -> str:
        return super().create_url() if self.request.user.has_perm("customers.view_customer") else ""

    def get_actions(self) -> list[Action]:
        actions: list[Action] = list(super().get_actions())
        if self.create_url() and self.request.user.has_perm("customers.add_customer"):
            url = reverse("messaging:mailing_to_address")
            actions.insert(0, Action(_("Write to an address"), url, "phone"))
        return actions


class MailingPeople(ListPage):
    """Everybody of a mailing with what became of the message, or that there was none.

    Its file names nobody: personal data leaves by the exports of segments, which are logged.
    """

    model = MailingMember
    permission_required = ("messaging.view_mailing", "customers.view_customer")
    columns = (
        Column(name="customer", label=_("Customer"), value=lambda member: str(member.customer), order_by="customer__name", in_files=False),
        Column(name="customer_id", label=_("Number"), kind="number", order_by="customer_id", on_page=False),
        Column(name="customer.code", label=_("Code"), kind="code", on_page=False),
        Column(name="held_out", label=_("Part"), labels={True: _("Held out"), False: _("Written to")}),
        Column(name="channel", label=_("Channel"), value=lambda member: member.message.channel if member.message else "", labels=dict(Channel.choices)),
        Column(name="to", label=_("To"), value=lambda member: member.message.to if member.message else "", in_files=False),
        Column(
            name="state", label=_("State"), kind="badge", value=lambda member: member.message.state if member.message else "",
            labels=dict(MessageState.choices), tones=STATE_TONES, url=lambda member: _message_url(member),
        ),
        Column(name="reason", label=_("Why not"), value=lambda member: str(REASONS.get(member.message.reason, member.message.reason)) if member.message else ""),
        Column(name="sent_at", label=_("Sent"), kind="moment", value=lambda member: member.message.sent_at if member.message else None),
        Column(name="sale", label=_("Sale"), value=lambda member: member.sale.ticket if member.sale else "", on_page=False),
    )  # fmt: skip
    search_fields = ("customer__name__unaccent__icontains",)
    search_placeholder = _("Name")
    # By name only when somebody asks for it: a million people are put in order for that.
    default_order = "customer_id"
    empty_icon = "customer"
    empty_title = _("Nobody yet")
    empty_text: ClassVar[Promise | str] = _("The people are gathered when the mailing begins.")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.mailing = get_object_or_404(Mailing, pk=kwargs["pk"])
        return super().get(request, *args, **kwargs)

    @property
    def title(self) -> str:  # type: ignore[override]
        return self.mailing.name

    @property
    def export_name(self) -> str:  # type: ignore[override]
        return f"mailing-{self.mailing.pk}"

    def get_queryset(self) -> QuerySet[MailingMember]:
        return members_of(self.mailing)

    def complete(self, instances: list[Any]) -> list[Any]:
        found = messages_of_members(self.mailing, instances)
        for member in instances:
            member.message = found.get(member.customer_id)
        return instances

    def row_url(self, instance: MailingMember) -> str:
        return reverse("customers:customer_detail", args=[instance.customer_id])

    def extra_context(self) -> dict[str, Any]:
        return {
            "subtitle": _("People"),
            "trail": [
                (_("Mailings"), reverse("messaging:mailing_list")),
                (self.mailing.name, reverse("messaging:mailing_detail", args=[self.mailing.pk])),
            ],
        }


def _message_url(member: Any) -> str | None:
    return reverse("messaging:message_detail", args=[member.message.uuid]) if member.message else None
