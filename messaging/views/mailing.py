"""One mailing in the back-office: what it says, to whom, how far it is, and what came of it."""

from typing import Any
from urllib.parse import urlencode

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy, pgettext_lazy
from django.views import View

from campaigns.models import Job
from campaigns.views.jobs import show_job
from customers.segments.sentences import sentences
from customers.segments.tree import TreeInvalid, stored_tree
from messaging.forms.mailing import ReturnForm
from messaging.models import Channel, Mailing, MailingState, MailingText
from messaging.reasons import REASONS
from messaging.selectors.audience import count_reach, current_tree, sales_without_anybody
from messaging.selectors.mailings import progress_of, results_of
from messaging.services.mailing_course import FREEZE
from messaging.services.template_previews import customer_context
from messaging.views.mailing_actions import offered_actions
from messaging.views.mailing_composer import audience_words, count_context, nobody_context
from messaging.views.message import SHOWS_EMAIL
from messaging.views.results import (
    FILES,
    attribution_context,
    file_of,
    mailing_figures,
    outcome_figures,
    stages_chart,
    untracked,
)
from messaging.views.trials import preview
from retail import formats
from retail.views.access import PageMixin
from retail.views.timeline import TimelineEvent, event_at, person_name

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

_DAYS = ngettext_lazy("%(number)s day", "%(number)s days", "number")
_ACTIONS = {
    "created": (_("Written"), "edit"),
    "changed": (_("Changed"), "edit"),
    "tested": (_("Tested"), "eye"),
    "submitted": (_("Handed in for approval"), "shield"),
    "approved": (pgettext_lazy("mailing", "Approved"), "check"),
    "returned": (_("Taken back to the drafts"), "undo"),
    "confirmed": (pgettext_lazy("mailing", "Confirmed"), "check"),
    "paused": (pgettext_lazy("mailing", "Paused"), "pause"),
    "resumed": (_("Resumed"), "play"),
    "cancelled": (pgettext_lazy("mailing", "Cancelled"), "ban"),
}


@method_decorator(csp_update(SHOWS_EMAIL), name="dispatch")
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
            "audience": audience_words(
                mailing,
                mailing.sales.count(),
                names_customers=request.user.has_perm("customers.view_customer"),
            ),
            "sentences": _sentences(mailing),
            "texts": _texts(mailing),
            "progress": progress,
            "reasons": [
                (str(REASONS.get(reason, reason)), number) for reason, number in progress.not_sent.items()
            ],
            "shown_job": show_job(job, request.user) if job is not None and job.is_active else None,
            "is_moving": mailing.state in (MailingState.FREEZING, MailingState.SENDING),
            "actions": offered_actions(mailing, request.user),
            "return_form": ReturnForm(),
            "facts": _facts(mailing),
            "events": _events(mailing),
            "trail": [(_("Mailings"), reverse("messaging:mailing_list"))],
        }
        response = render(request, "messaging/mailing_detail.html", context)
        if "HX-Request" in request.headers and not context["is_moving"]:
            # It ended while somebody watched: its state, its buttons and its results change with it.
            response["HX-Refresh"] = "true"
        return response


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
        try:
            reach = count_reach(mailing, at=timezone.now())
        except TreeInvalid:
            problems = [_now("The segment asks for something that is not there any more.")]
            return render(request, "messaging/mailing_count.html", {"problems": problems})
        context = count_context(mailing, None, reach, sales_without_anybody(mailing))
        return render(request, "messaging/mailing_count.html", context)


class MailingResults(PageMixin, View):
    """What came of a mailing so far: a part of its page, a page of its own without scripts, and a file (`?export=csv` or `xlsx`)."""

    permission_required = "messaging.view_mailing"

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        mailing = get_object_or_404(Mailing, pk=pk)
        results = results_of(mailing)
        if (kind := request.GET.get("export")) in FILES:
            return file_of(f"mailing-{mailing.pk}-results", mailing_figures(results), kind)
        context = {
            "mailing": mailing,
            "results": results,
            "untracked": untracked(),
            "knows_read": Channel.WHATSAPP in mailing.channels,
            "outcome": outcome_figures(results.outcome, knows_opened=Channel.EMAIL in mailing.channels),
            "stages": stages_chart(results.progress, results.outcome, mailing.channels),
            "attribution": attribution_context(results.attribution) if mailing.started_at else None,
            "until": formats.moment(results.until) if results.until else "",
            "is_counting": results.until is not None and results.until > timezone.now(),
            **nobody_context(sales_without_anybody(mailing)),
        }
        return render(request, "messaging/mailing_results.html", context)


def _texts(mailing: Mailing) -> list[tuple[MailingText, dict[str, Any]]]:
    """Return each text with its preview: as somebody with a long name gets it."""
    shown = []
    for text in mailing.texts.select_related("template", "mailing").order_by("pk"):
        template = text.as_template()
        shown.append((text, preview(template, customer_context(template, None))))
    return shown


def _sentences(mailing: Mailing) -> list[tuple[int, str]]:
    tree = current_tree(mailing)
    if tree is None:
        return []
    try:
        return sentences(stored_tree(tree))
    except TreeInvalid:
        return []


def _facts(mailing: Mailing) -> list[tuple[Any, Any]]:
    return [
        (_("Channels, in order"), ", ".join(str(Channel(channel).label) for channel in mailing.channels)),
        (_("Language of the texts"), mailing.get_language_display()),
        (_("Send at"), formats.moment(mailing.send_at) if mailing.send_at else _("When it is confirmed")),
        (_("Hold out"), formats.percent(mailing.holdout_percent)),
        (_("Count sales for"), _DAYS % {"number": mailing.result_days}),
        (_("Useful for"), _DAYS % {"number": mailing.useful_days}),
        (_("Written by"), person_name(mailing.created_by)),
        (_("Approved by"), person_name(mailing.approved_by)),
        (_("Begun"), formats.moment(mailing.started_at) if mailing.started_at else ""),
        (pgettext_lazy("mailing", "Ended"), formats.moment(mailing.ended_at) if mailing.ended_at else ""),
    ]


def _events(mailing: Mailing) -> list[TimelineEvent]:
    events = []
    for change in mailing.changes.select_related("made_by").order_by("-pk")[:30]:
        title, icon = _ACTIONS.get(change.action, (change.action, "info"))
        detail = str(NOTES.get(change.detail, change.detail))
        events.append(
            event_at(
                change.made_at,
                title,
                icon=icon,
                text=" · ".join(part for part in (person_name(change.made_by), detail) if part),
            )
        )
    return events
