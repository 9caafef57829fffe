"""Automations in the back-office: switch, settings, what they would send today, and their history."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings as django_settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views import View

from messaging.forms.automation import REFUSALS, AutomationForm, describe_changes, initial_of
from messaging.models import Automation, Channel, Template
from messaging.occasions import AUTOMATIC
from messaging.occasions.parts import CodeSettings
from messaging.presentation import CHANNEL_ICONS, describe_settings
from messaging.reasons import REASONS
from messaging.selectors.messages import traffic
from messaging.services.automations import (
    AutomationRefused,
    install_automations,
    save_automation,
    switch_automation,
)
from messaging.services.previews import MOST_SHOWN, todays_messages
from retail import formats
from retail.views.access import PageMixin, acting_user
from retail.views.forms import FormPage, FormSection
from retail.views.timeline import TimelineEvent, event_at, person_name

# The pages of an automation tell of so long: what it planned, and what came of that.
SHOWN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ChannelBadge:
    label: str
    icon: str


def find_automation(occasion: str) -> Automation:
    """Return an automation by its occasion. Raises Http404."""
    if occasion not in AUTOMATIC:
        raise Http404
    found = Automation.objects.select_related("pool").filter(occasion=occasion)
    automation = found.first()
    if automation is None:
        install_automations(at=timezone.now())
        automation = found.get()
    return automation


def chain(automation: Automation) -> list[ChannelBadge]:
    return [
        ChannelBadge(str(Channel(code).label), CHANNEL_ICONS[Channel(code)]) for code in automation.channels
    ]


def summary_of(automation: Automation) -> dict[str, Any]:
    """Return what a card or page says of an automation."""
    since = timezone.now() - SHOWN
    kind = AUTOMATIC[automation.occasion]
    return {
        "automation": automation,
        "icon": kind.icon,
        "chain": chain(automation),
        "sentences": describe_settings(automation),
        "month": traffic(since=since, occasion=automation.occasion),
        "figures": kind.figures(since=since),
    }


class AutomationList(PageMixin, View):
    permission_required = "messaging.view_automation"

    def get(self, request: HttpRequest) -> HttpResponse:
        install_automations(at=timezone.now())
        automations = {row.occasion: row for row in Automation.objects.select_related("pool")}
        cards = [summary_of(automations[occasion]) for occasion in AUTOMATIC]
        return render(request, "messaging/automation_list.html", {"cards": cards})


class AutomationDetail(PageMixin, View):
    permission_required = "messaging.view_automation"

    def get(self, request: HttpRequest, occasion: str) -> HttpResponse:
        automation = find_automation(occasion)
        context = summary_of(automation) | {
            "texts": _texts(automation),
            "stores_off": list(automation.stores_off.order_by("name", "pk")),
            "events": _history(automation),
            "pages": _further_pages(automation, request.user),
        }
        return render(request, "messaging/automation_detail.html", context)


class AutomationSwitch(PageMixin, View):
    permission_required = "messaging.change_automation"

    def post(self, request: HttpRequest, occasion: str) -> HttpResponse:
        find_automation(occasion)
        enabled = request.POST.get("enabled") == "1"
        try:
            switch_automation(occasion=occasion, enabled=enabled, by=acting_user(request), at=timezone.now())
        except AutomationRefused as refusal:
            messages.error(request, REFUSALS[refusal.code] % refusal.params)
        else:
            messages.success(request, _now("Switched on.") if enabled else _now("Switched off."))
        return HttpResponseRedirect(reverse("messaging:automation_detail", args=[occasion]))


class AutomationEdit(FormPage):
    permission_required = "messaging.change_automation"
    template_name = "messaging/automation_form.html"
    instance: Automation

    def get_instance(self) -> Automation:
        return find_automation(self.kwargs["occasion"])

    def get_form(self, **data: Any) -> AutomationForm:
        current = AUTOMATIC[self.instance.occasion].read(self.instance)
        return AutomationForm(automation=self.instance, initial=initial_of(self.instance, current), **data)

    @property
    def sections(self) -> tuple[FormSection, ...]:  # type: ignore[override]
        kind = AUTOMATIC[self.instance.occasion]
        code = [item for item in kind.form if item.name in CodeSettings.__struct_fields__]
        parts: dict[Promise | str, list[str]] = {}
        for item in kind.form:
            if item not in code:
                parts.setdefault(item.section or _("When"), []).append(f"{item.input}:{item.width}")
        promo_code = FormSection(
            _("Promo code"),
            ("pool:6", *(f"{item.input}:{item.width}" for item in code), "link:4"),
            _("Optional. The variables coupon.code, coupon.link and coupon.valid_until show it."),
        )
        hold_out = FormSection(_("Results"), ("holdout_percent:3",))
        return (
            FormSection(_("Automation"), ("enabled:6",)),
            *(
                FormSection(title, fields, "" if place else kind.when)
                for place, (title, fields) in enumerate(parts.items())
            ),
            FormSection(
                _("How"),
                ("first_channel:2", "second_channel:2", "third_channel:2"),
                _("One message to each person: by the first channel that is open."),
            ),
            promo_code,
            FormSection(_("Where"), ("stores:6",)),
            hold_out,
        )

    def save(self, form: AutomationForm) -> str | None:
        try:
            save_automation(
                occasion=self.instance.occasion,
                plan=form.plan(),
                by=acting_user(self.request),
                at=timezone.now(),
            )
        except AutomationRefused as refusal:
            form.add_refusal(refusal)
            return None
        return self.back_url()

    def get_title(self) -> Any:
        return self.instance.get_occasion_display()

    def back_url(self) -> str:
        return reverse("messaging:automation_detail", args=[self.instance.occasion])

    def trail(self) -> list[tuple[Any, str]]:
        return [
            (_("Automations"), reverse("messaging:automation_list")),
            (self.instance.get_occasion_display(), self.back_url()),
        ]


class AutomationToday(PageMixin, View):
    """Who would get what today. Nothing is sent, stored or reserved."""

    permission_required = ("messaging.view_automation", "messaging.view_message")

    def get(self, request: HttpRequest, occasion: str) -> HttpResponse:
        automation = find_automation(occasion)
        rows = [
            {
                "name": planned.candidate.recipient.name or _now("Unknown visitor"),
                "store": planned.store.name if planned.store else "",
                "due": formats.moment(
                    planned.candidate.window.due_at, planned.store.zone if planned.store else None
                ),
                "channel": Channel(planned.channel).label if planned.channel and not planned.reason else "",
                "text": planned.text,
                "reason": REASONS.get(planned.reason, planned.reason),
            }
            for planned in todays_messages(automation, at=timezone.now())
        ]
        context = {"automation": automation, "rows": rows, "most": MOST_SHOWN}
        return render(request, "messaging/automation_today.html", context)


def _further_pages(automation: Automation, user: Any) -> list[dict[str, Any]]:
    return [
        {
            "label": page.label,
            "icon": page.icon,
            "url": reverse(page.url_name, args=[automation.occasion] if page.of_occasion else []),
        }
        for page in AUTOMATIC[automation.occasion].pages
        if user.has_perms(page.permissions)
    ]


def _texts(automation: Automation) -> list[dict[str, Any]]:
    """Return a line for each channel with the text that is used in each language."""
    written = {
        (template.channel, template.language): template
        for template in Template.objects.in_use(automation.occasion)
    }
    return [
        {
            "label": channel.label,
            "icon": CHANNEL_ICONS[channel],
            "used": channel in automation.channels,
            "languages": [
                {
                    "label": label,
                    "template": written.get((channel, code)),
                    "url": _text_url(automation, channel, code, written.get((channel, code))),
                }
                for code, label in django_settings.LANGUAGES
            ],
        }
        for channel in Channel
    ]


def _text_url(automation: Automation, channel: Channel, language: str, used: Template | None) -> str:
    """Return the address of the text that is used, or of the own text that can be written."""
    if used is not None and used.name:
        return reverse("messaging:named_template_edit", args=[used.pk])
    return reverse("messaging:template_edit", args=[automation.occasion, channel.value, language])


def _history(automation: Automation) -> list[TimelineEvent]:
    """Return the last savings, newest first, each with what it changed."""
    revisions = list(automation.revisions.select_related("saved_by").order_by("-number")[:21])
    events = []
    for place, revision in enumerate(revisions[:20]):
        before = revisions[place + 1].document if place + 1 < len(revisions) else {}
        changes = describe_changes(automation.occasion, before, revision.document)
        events.append(
            event_at(
                revision.saved_at,
                person_name(revision.saved_by) or _now("Installation"),
                icon="history",
                text=" ".join(changes) or _now("Nothing changed."),
            )
        )
    return events
