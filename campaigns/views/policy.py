"""The page of the company's calculation policy: each question with worked examples, confirmed before it changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views import View

from campaigns.engine.policy import CAPS, PRESETS, QUESTIONS, PolicyError, read_cap
from campaigns.forms.inputs import local_number
from campaigns.models import PlanChange
from campaigns.policy_guide import (
    GUIDES,
    AnswerExample,
    Explained,
    answers_of,
    explained,
    preset_answers,
    stored_form,
)
from campaigns.selectors import policy_changes
from campaigns.services import approval
from campaigns.services.plan import PolicyUnchanged, change_policy
from retail import formats
from retail.models import Company
from retail.views.access import PageMixin, acting_user
from retail.views.timeline import TimelineEvent, event_at, person_name

_SHOWN_CHANGES = 20
CAP_TITLES: dict[str, Promise] = {
    "line_cap": cast(Promise, _("Most that all campaigns together take off a product (%)")),
    "sale_cap": cast(Promise, _("Most that all campaigns together take off the sale (%)")),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer as the form offers it."""

    value: str
    label: Promise | str
    figures: str
    chosen: bool
    present: bool
    of_preset: bool


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with one field: ``place`` is its id on the page."""

    place: str
    title: Promise
    message: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the form; ``differs`` from the preset's answer."""

    name: str
    title: Promise
    text: Promise
    story: Promise
    differs: bool
    wrong: Wrong | None
    choices: list[Choice]


@dataclass(frozen=True, slots=True)
class Difference:
    """An answer before and after, for people."""

    title: Promise
    old: Promise | str
    new: Promise | str


class PolicyPage(PageMixin, View):
    """GET shows the questions (`?preset=` with that preset's answers); POST shows what changes, then does it."""

    permission_required = "retail.view_company"

    def get(self, request: HttpRequest) -> HttpResponse:
        present = _present()
        preset = request.GET.get("preset", "")
        if preset in PRESETS:
            caps = {name: present[name] for name in CAPS if name in present}
            return self._form(present, preset, preset_answers(preset) | caps)
        return self._form(present, present.get("preset", "fiel"), answers_of(present))

    def post(self, request: HttpRequest) -> HttpResponse:
        if not self._may_change():
            return self.handle_no_permission()
        preset = request.POST.get("preset", "fiel")
        if preset not in PRESETS:
            preset = "fiel"
        answers, wrong = _read_answers(request)
        present = _present()
        if wrong:
            return self._form(present, preset, answers, wrong)
        policy = stored_form(preset, answers)
        if "confirmed" not in request.POST and policy != present:
            context = {
                "preset": preset,
                "answers": answers,
                "differences": differences(present, policy),
                "grace_hours": settings.PLAN_GRACE_HOURS,
            }
            return render(request, "campaigns/policy_confirm.html", context)
        try:
            change_policy(policy=policy, user=acting_user(request), at=timezone.now())
        except PolicyUnchanged:
            messages.info(request, _now("Nothing changed."))
        else:
            messages.success(request, _now("The calculation policy was changed. The next basket follows it."))
        return HttpResponseRedirect(reverse("campaigns:policy"))

    def _may_change(self) -> bool:
        return self.request.user.has_perms(("retail.change_company", "campaigns.publish_campaign"))

    def _form(
        self,
        present: Mapping[str, str],
        preset: str,
        chosen: Mapping[str, str],
        wrong: Mapping[str, Wrong] | None = None,
    ) -> HttpResponse:
        wrong = wrong or {}
        context = {
            "wrong": wrong.values(),
            "preset": preset,
            "presets": sorted(PRESETS, key=lambda name: (name != "fiel", name)),
            "questions": [
                _question(one, chosen, answers_of(present), preset_answers(preset), wrong)
                for one in explained()
            ],
            "caps": [
                (name, CAP_TITLES[name], local_number(chosen.get(name, "")), wrong.get(name)) for name in CAPS
            ],
            "unsaved": stored_form(preset, chosen) != dict(present),
            "may_change": self._may_change(),
            "approval_required": approval.is_required(),
            "may_change_approval": self.request.user.has_perm("retail.change_company"),
            "events": _events(),
        }
        return render(self.request, "campaigns/policy.html", context, status=422 if wrong else 200)


class PolicyApproval(PageMixin, View):
    """Switch the approval by a second person on or off."""

    permission_required = "retail.change_company"

    def post(self, request: HttpRequest) -> HttpResponse:
        required = "approval_required" in request.POST
        if not approval.require(required=required, user=acting_user(request)):
            messages.info(request, _now("Nothing changed."))
        elif required:
            messages.success(request, _now("From now on somebody else must approve what is published."))
        else:
            messages.success(request, _now("What is published no longer needs approval."))
        return HttpResponseRedirect(reverse("campaigns:policy"))


def _present() -> dict[str, str]:
    return dict(Company.objects.values_list("policy", flat=True).get(pk=1) or {})


def _read_answers(request: HttpRequest) -> tuple[dict[str, str], dict[str, Wrong]]:
    """Return what was chosen and typed, and what is wrong with it by the name of its field."""
    answers = {name: request.POST.get(name, "") for name in QUESTIONS}
    wrong = {
        name: Wrong(f"question-{name}", GUIDES[name].title, _now("Choose one of the answers."))
        for name in QUESTIONS
        if answers[name] not in QUESTIONS[name]
    }
    for name in CAPS:
        text = request.POST.get(name, "").strip().replace(",", ".")
        if not text:
            continue
        answers[name] = text
        try:
            read_cap(name, text)
        except PolicyError:
            wrong[name] = Wrong(name, CAP_TITLES[name], _now("A cap is a percentage from 0 to 100."))
    return answers, wrong


def _question(
    one: Explained,
    chosen: Mapping[str, str],
    present: Mapping[str, str],
    preset: Mapping[str, str],
    wrong: Mapping[str, Wrong],
) -> Question:
    name = one.name
    return Question(
        name=name,
        title=one.guide.title,
        text=one.guide.text,
        story=one.guide.story,
        differs=chosen[name] != preset[name],
        wrong=wrong.get(name),
        choices=[
            Choice(
                value=example.value,
                label=example.label,
                figures=_figures(one.guide.shows, example),
                chosen=example.value == chosen[name],
                present=example.value == present[name],
                of_preset=example.value == preset[name],
            )
            for example in one.answers
        ],
    )


def _figures(shows: str, example: AnswerExample) -> str:
    """Return the outcome of an answer's example as a sentence."""
    if shows == "points":
        points = formats.number(Decimal(example.figures[0])) if example.figures else "0"
        return _now("%(points)s points") % {"points": points}
    amounts = [formats.money(Decimal(figure)) for figure in example.figures]
    if shows == "refund":
        return _now("%(amount)s back") % {"amount": amounts[0]}
    if shows == "lines":
        return _now("discounts of %(amounts)s") % {"amounts": " · ".join(amounts)}
    return _now("discount of %(amount)s") % {"amount": amounts[0]}


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> list[Difference]:
    """Return what differs between two stored policies, in words."""
    before, after = answers_of(old), answers_of(new)
    found = [
        Difference(one.guide.title, one.guide.answers[before[one.name]], one.guide.answers[after[one.name]])
        for one in explained()
        if before[one.name] != after[one.name]
    ]
    for name in CAPS:
        if before.get(name) != after.get(name):
            found.append(
                Difference(CAP_TITLES[name], _cap_text(before.get(name)), _cap_text(after.get(name)))
            )
    presets = (old.get("preset", "fiel"), new.get("preset", "fiel"))
    if presets[0] != presets[1]:
        found.insert(0, Difference(cast(Promise, _("Preset")), *presets))
    return found


def _cap_text(percent: str | None) -> str:
    return _now("no cap") if percent is None else formats.percent(Decimal(percent))


def _events() -> list[TimelineEvent]:
    changes = list(policy_changes().order_by("-version")[: _SHOWN_CHANGES + 1])
    events = []
    for change, before in zip(changes, [*changes, None][1:], strict=True):
        # The oldest one that is shown is compared with the beginning, unless there are more.
        if before is None and len(changes) > _SHOWN_CHANGES:
            break
        parts = [
            f"{difference.title} {difference.old} → {difference.new}"
            for difference in differences({} if before is None else before.policy, change.policy)
        ]
        events.append(_event(change, "; ".join(parts)))
    return events


def _event(change: PlanChange, text: str) -> TimelineEvent:
    version = _now("Plan version %(version)s") % {"version": formats.number(change.version)}
    title = " · ".join(part for part in (version, person_name(change.changed_by)) if part)
    return event_at(change.changed_at, title, text=text, icon="history")
