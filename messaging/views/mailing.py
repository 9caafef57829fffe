"""Mailings in the back-office: the list, one with its progress and results, its people, and what is done with it."""

from collections.abc import Callable
from typing import Any, ClassVar
from urllib.parse import urlencode

import django_filters
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views import View

from campaigns.models import Job
from campaigns.tasks import wake_jobs
from campaigns.views.jobs import show_job
from customers.segments.sentences import sentences
from customers.segments.tree import TreeInvalid, stored_tree
from messaging.models import Audience, Channel, Mailing, MailingMember, MailingState, MessageState
from messaging.presentation import STATE_TONES, TimelineEvent
from messaging.reasons import REASONS
from messaging.selectors.audience import count_reach
from messaging.selectors.mailings import (
    members_of,
    messages_of_members,
    progress_by_mailing,
    progress_of,
    results_of,
)
from messaging.services.mailing_course import (
    FREEZE,
    approve_mailing,
    cancel_mailing,
    confirm_mailing,
    pause_mailing,
    resume_mailing,
    return_to_draft,
)
from messaging.services.mailings import MailingInvalid, MailingRefused, delete_mailing
from messaging.views.automation import acting_user
from messaging.views.mailing_editor import audience_words, count_context
from messaging.views.template import wake_sender
from retail import formats
from retail.views.access import PageMixin
from retail.views.columns import Column
from retail.views.lists import ListPage

TONES = {
    MailingState.DRAFT: "",
    MailingState.AWAITING: "warning",
    MailingState.SCHEDULED: "info",
    MailingState.FREEZING: "info",
    MailingState.SENDING: "accent",
    MailingState.PAUSED: "warning",
    MailingState.FINISHED: "success",
    MailingState.CANCELLED: "danger",
}
NOTES = {
    "late": _("Its moment passed while nothing was running. Resume it to begin now, or cancel it."),
    "job_failed": _("Its people could not be gathered. Resume it to try again."),
    "job_cancelled": _("Gathering its people was stopped. Resume it to go on."),
}
_ACTIONS = {
    "created": (_("Written"), "edit"),
    "changed": (_("Changed"), "edit"),
    "submitted": (_("Handed in for approval"), "shield"),
    "approved": (_("Approved"), "check"),
    "returned": (_("Taken back to the drafts"), "undo"),
    "confirmed": (_("Confirmed"), "check"),
    "paused": (_("Paused"), "pause"),
    "resumed": (_("Resumed"), "play"),
    "cancelled": (_("Cancelled"), "ban"),
}


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
        Column(name="sent", label=_("Sent"), kind="number", value=lambda mailing: mailing.progress.sent or ""),
        Column(name="arrived", label=_("Delivered"), kind="number", value=lambda mailing: mailing.progress.arrived or "", on_phone=False),
        Column(name="read", label=_("Read"), kind="number", value=lambda mailing: mailing.progress.read or "", on_phone=False),
        Column(name="failed", label=_("Failed"), kind="number", value=lambda mailing: mailing.progress.failed or "", on_page=False),
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


class MailingDetail(PageMixin, View):
    """One mailing: what it says, to whom, where it stands. The results are fetched behind it."""

    permission_required = "messaging.view_mailing"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = Mailing.objects.select_related(
            "segment", "customer", "sale", "created_by", "submitted_by", "approved_by"
        )
        mailing = get_object_or_404(found, pk=pk)
        job = Job.objects.filter(kind=FREEZE, arguments__mailing=mailing.pk).order_by("-pk").first()
        progress = progress_of(mailing)
        context = {
            "mailing": mailing,
            "tone": TONES[MailingState(mailing.state)],
            "note": NOTES.get(mailing.note, ""),
            "audience": audience_words(mailing, mailing.sales.count()),
            "sentences": _sentences(mailing),
            "texts": list(mailing.texts.select_related("template").order_by("pk")),
            "progress": progress,
            "reasons": [
                (str(REASONS.get(reason, reason)), number) for reason, number in progress.not_sent.items()
            ],
            "shown_job": show_job(job, request.user) if job is not None and job.is_active else None,
            "is_moving": mailing.state in (MailingState.FREEZING, MailingState.SENDING),
            "actions": _offered(mailing, request.user),
            "facts": _facts(mailing),
            "events": _events(mailing),
            "trail": [(_("Mailings"), reverse("messaging:mailing_list"))],
        }
        return render(request, "messaging/mailing_detail.html", context)


class SegmentMailing(PageMixin, View):
    """The button of a segment: the composer, for its people."""

    permission_required = ("messaging.add_mailing", "customers.view_segment")

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        return HttpResponseRedirect(f"{reverse('messaging:mailing_create')}?{urlencode({'segment': code})}")


class MailingReach(PageMixin, View):
    """The count of a stored mailing, before it is confirmed."""

    permission_required = ("messaging.view_mailing", "customers.view_customer")

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        mailing = get_object_or_404(Mailing.objects.select_related("segment", "sale"), pk=pk)
        if mailing.segment is not None and mailing.state == MailingState.DRAFT:
            mailing.tree = mailing.segment.tree
        try:
            reach = count_reach(mailing, at=timezone.now())
        except TreeInvalid:
            problems = [_now("The segment asks for something that is not there any more.")]
            return render(request, "messaging/mailing_count.html", {"problems": problems})
        return render(request, "messaging/mailing_count.html", count_context(mailing, None, reach))


class MailingResults(PageMixin, View):
    """What came of a mailing so far: a part of its page, and a page of its own without scripts."""

    permission_required = "messaging.view_mailing"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        mailing = get_object_or_404(Mailing, pk=pk)
        results = results_of(mailing)
        context = {
            "mailing": mailing,
            "results": results,
            "until": formats.moment(results.until) if results.until else "",
            "is_counting": results.until is not None and results.until > timezone.now(),
        }
        return render(request, "messaging/mailing_results.html", context)


class MailingPeople(ListPage):
    """Everybody of a mailing with what became of the message, or that there was none."""

    model = MailingMember
    permission_required = ("messaging.view_mailing", "customers.view_customer")
    columns = (
        Column(name="customer", label=_("Customer"), value=lambda member: str(member.customer), order_by="customer__name"),
        Column(name="held_out", label=_("Part"), labels={True: _("Held out"), False: _("Written to")}),
        Column(name="channel", label=_("Channel"), value=lambda member: member.message.channel if member.message else "", labels=dict(Channel.choices)),
        Column(name="to", label=_("To"), value=lambda member: member.message.to if member.message else ""),
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
    default_order = "customer"
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


class MailingActions(PageMixin, View):
    """What the buttons of a mailing's page do."""

    _PERMISSIONS: ClassVar[dict[str, str]] = {
        "approve": "messaging.approve_mailing",
        "return": "messaging.change_mailing",
        "delete": "messaging.delete_mailing",
    }

    def get_permission_required(self) -> Any:
        return (self._PERMISSIONS.get(self.kwargs["action"], "messaging.send_mailing"),)

    def post(self, request: HttpRequest, pk: int, action: str) -> HttpResponse:
        mailing = get_object_or_404(Mailing, pk=pk)
        steps = _steps()
        if action not in steps:
            raise Http404
        done, sentence = steps[action]
        values: dict[str, Any] = {}
        if action != "delete":
            values = {"by": acting_user(request), "at": timezone.now()}
        if action == "return":
            values["comment"] = request.POST.get("comment", "").strip()[:500]
        version = request.POST.get("version", "")
        if action in ("confirm", "approve") and version.isascii() and version.isdigit() and len(version) < 10:
            values["version"] = int(version)
        try:
            done(mailing=mailing, **values)
        except MailingInvalid as invalid:
            for error in invalid.errors:
                messages.error(request, error.message)
        except MailingRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, str(sentence))
            wake_jobs()
            wake_sender()
            if action == "delete":
                return HttpResponseRedirect(reverse("messaging:mailing_list"))
        return HttpResponseRedirect(reverse("messaging:mailing_detail", args=[pk]))


def _steps() -> dict[str, tuple[Callable[..., Any], Any]]:
    return {
        "confirm": (confirm_mailing, _("It is on its way.")),
        "approve": (approve_mailing, _("Approved.")),
        "return": (return_to_draft, _("It is a draft again.")),
        "pause": (pause_mailing, _("Paused: nothing more leaves.")),
        "resume": (resume_mailing, _("It goes on.")),
        "cancel": (cancel_mailing, _("Cancelled: what waited is not sent.")),
        "delete": (delete_mailing, _("Removed.")),
    }


def _offered(mailing: Mailing, user: Any) -> dict[str, bool]:
    """Return which buttons there are for somebody."""
    state = mailing.state
    may_send, may_write = user.has_perm("messaging.send_mailing"), user.has_perm("messaging.change_mailing")
    waits = mailing.paused_from == MailingState.SCHEDULED
    return {
        "edit": state == MailingState.DRAFT and may_write,
        "delete": state == MailingState.DRAFT and user.has_perm("messaging.delete_mailing"),
        "confirm": state == MailingState.DRAFT and may_send,
        "approve": state == MailingState.AWAITING
        and user.has_perm("messaging.approve_mailing")
        and user.pk not in (mailing.submitted_by_id, mailing.created_by_id),
        "return": (state in (MailingState.AWAITING, MailingState.SCHEDULED) or waits) and may_write,
        "pause": state in (MailingState.SCHEDULED, MailingState.FREEZING, MailingState.SENDING) and may_send,
        "resume": state == MailingState.PAUSED and may_send,
        "cancel": mailing.is_open and state != MailingState.DRAFT and may_send,
    }


def _sentences(mailing: Mailing) -> list[tuple[int, str]]:
    if mailing.tree is None:
        return []
    try:
        return sentences(stored_tree(mailing.tree))
    except TreeInvalid:
        return []


def _facts(mailing: Mailing) -> list[tuple[Any, Any]]:
    return [
        (_("Channels, in order"), ", ".join(str(Channel(channel).label) for channel in mailing.channels)),
        (_("Language of the texts"), mailing.get_language_display()),
        (_("Send at"), formats.moment(mailing.send_at) if mailing.send_at else _("When it is confirmed")),
        (_("Hold out"), formats.percent(mailing.holdout_percent)),
        (_("Count sales for"), _("%(number)s days") % {"number": mailing.result_days}),
        (_("Useful for"), _("%(number)s days") % {"number": mailing.useful_days}),
        (_("Written by"), str(mailing.created_by) if mailing.created_by else ""),
        (_("Approved by"), str(mailing.approved_by) if mailing.approved_by else ""),
        (_("Begun"), formats.moment(mailing.started_at) if mailing.started_at else ""),
        (_("Ended"), formats.moment(mailing.ended_at) if mailing.ended_at else ""),
    ]


def _events(mailing: Mailing) -> list[TimelineEvent]:
    events = []
    for change in mailing.changes.select_related("made_by").order_by("-pk")[:30]:
        title, icon = _ACTIONS.get(change.action, (change.action, "info"))
        by = change.made_by.get_full_name() or change.made_by.username if change.made_by else ""
        detail = str(NOTES.get(change.detail, change.detail))
        events.append(
            TimelineEvent(
                title=title,
                at=formats.moment(change.made_at),
                datetime=change.made_at.isoformat(),
                icon=icon,
                text=" · ".join(part for part in (by, detail) if part),
            )
        )
    return events


def _message_url(member: Any) -> str | None:
    return reverse("messaging:message_detail", args=[member.message.uuid]) if member.message else None
