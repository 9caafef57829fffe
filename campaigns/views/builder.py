"""The campaign builder: one page of steps for creating and changing, and the summary that follows the typing."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from campaigns import references, selectors
from campaigns.engine.document import decode_campaign, encode_campaign
from campaigns.engine.fields import DocumentError
from campaigns.engine.kinds import BENEFITS, CONDITIONS
from campaigns.explanations import problem_text
from campaigns.forms.document import STEPS, CampaignForm
from campaigns.models import Campaign
from campaigns.services import campaigns as services
from campaigns.services.publication import PublicationError, VersionConflict
from campaigns.summary import Summary, summarize
from campaigns.views.detail import described_changes
from campaigns.views.overtaken import (
    Overtaken,
    begun_with,
    carried,
    changed_document,
    overtaken_by,
    typed_upon,
)
from retail.views.access import PageMixin, acting_user

Json = dict[str, Any]

LEVELS = (
    ("item", gettext_lazy("Off products")),
    ("order", gettext_lazy("Off the sale")),
    ("gift", gettext_lazy("Gifts")),
    ("earning", gettext_lazy("For a later purchase")),
    ("delivery", gettext_lazy("Delivery")),
)


class BuilderPage(PageMixin, View):
    """What creating and changing have in common: parts are added and removed, then the whole is stored."""

    campaign: Campaign | None = None
    overtaken: Overtaken | None = None

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.draw(self.stored_form())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.posted_form()
        action = request.POST.get("_action", "save")
        if action not in ("save", "publish"):
            form.act(action)
            return self.draw(form)
        if form.is_valid():
            try:
                campaign = self.store(form.document())
            except VersionConflict:
                self.overtaken = self.compared(form)
                form = CampaignForm(document=self.overtaken.document, fixed_code=form.fixed_code)
            except PublicationError as refusal:
                form.errors.append(str(refusal))
            else:
                return saved(request, campaign)
        return self.draw(form, status=422)

    def stored_form(self) -> CampaignForm:
        raise NotImplementedError

    def posted_form(self) -> CampaignForm:
        raise NotImplementedError

    def store(self, document: Json) -> Campaign:
        raise NotImplementedError

    def compared(self, form: CampaignForm) -> Overtaken:
        """Return what somebody stored while this form was typed."""
        raise NotImplementedError

    def base(self) -> str:
        """Return the document that the form begins with, as its page carries it."""
        return ""

    def draw(self, form: CampaignForm, status: int = 200) -> HttpResponse:
        chosen = self.request.POST.get("_step", "")
        wrong = form.wrong_by_step() if status == 422 else {}
        first_wrong = next((step for step, count in wrong.items() if count), "")
        document = form.document()
        context = {
            "form": form,
            "campaign": self.campaign,
            "version": typed_upon(self.request) or (self.campaign.version if self.campaign else ""),
            "base": self.base(),
            "steps": [(code, label, icon, wrong.get(code, 0)) for code, label, icon in STEPS],
            "step": first_wrong or chosen or "general",
            "wrong": sum(wrong.values()),
            "overtaken": self.overtaken,
            "condition_kinds": [_offer(kind) for kind in CONDITIONS.values()],
            "benefit_groups": [
                (label, [_offer(kind) for kind in BENEFITS.values() if kind.level == level])
                for level, label in LEVELS
            ],
            **partial_summary(document),
        }
        return render(self.request, "campaigns/campaign_form.html", context, status=status)


def saved(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """Lead to the review when the campaign is to be published, else to the campaign, saying that it is kept."""
    if request.POST.get("_action") == "publish":
        return HttpResponseRedirect(reverse("campaigns:campaign_publish", args=[campaign.code]))
    messages.success(request, _("Saved as a draft. Nothing changes at the tills until it is published."))
    return HttpResponseRedirect(reverse("campaigns:campaign_detail", args=[campaign.code]))


def _offer(kind: Any) -> dict[str, str]:
    """Name a kind for a menu; templates would call the class itself."""
    return {"tag": kind.kind, "label": _(kind.label), "doc": _(kind.doc)}


class CampaignCreate(BuilderPage):
    permission_required = "campaigns.add_campaign"

    def stored_form(self) -> CampaignForm:
        return CampaignForm(document={"name": self.request.GET.get("name", "")})

    def posted_form(self) -> CampaignForm:
        return CampaignForm(self.request.POST)

    def store(self, document: Json) -> Campaign:
        if not self.request.POST.get("campaign-code", "").strip():
            document["code"] = selectors.free_campaign_code(document["code"])
        return services.create_campaign(document=document, user=acting_user(self.request), at=timezone.now())


class CampaignEdit(BuilderPage):
    permission_required = "campaigns.change_campaign"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if self.has_permission():
            self.campaign = Campaign.objects.filter(code=kwargs["code"]).first()
            if self.campaign is None:
                raise Http404

    @property
    def existing(self) -> Campaign:
        return cast(Campaign, self.campaign)

    def stored_form(self) -> CampaignForm:
        return CampaignForm(document=self.existing.document, fixed_code=self.existing.code)

    def posted_form(self) -> CampaignForm:
        return CampaignForm(self.request.POST, fixed_code=self.existing.code)

    def base(self) -> str:
        if self.overtaken is not None:
            return carried(self.existing.document)
        return self.request.POST.get("_base") or carried(self.existing.document)

    def store(self, document: Json) -> Campaign:
        typed = encode_campaign(decode_campaign(document))
        return services.save_campaign(
            code=self.existing.code,
            document=changed_document(self.existing.document, typed, begun_with(self.request)),
            version=typed_upon(self.request) or 0,
            user=acting_user(self.request),
            at=timezone.now(),
        )

    def compared(self, form: CampaignForm) -> Overtaken:
        stored = self.campaign = Campaign.objects.select_related("updated_by").get(pk=self.existing.pk)
        return overtaken_by(
            stored,
            encode_campaign(form.campaign()),
            base=begun_with(self.request),
            compare=described_changes,
            reader=self.request.user,
            reload_url=reverse("campaigns:campaign_form", args=[stored.code]),
        )


class BuilderSummary(PageMixin, View):
    """The summary of what is typed so far; htmx asks for it while the manager types."""

    permission_required = "campaigns.view_campaign"

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CampaignForm(request.POST)
        return render(request, "campaigns/parts/summary.html", partial_summary(form.document()))


def partial_summary(document: Json) -> dict[str, Any]:
    """Return the `summary` of a document as far as it can be read, and what is `unclear` in the rest."""
    unclear: list[str] = []
    document = deepcopy(document)
    document.setdefault("benefits", [])
    for name, placeholder in (("code", "NEW"), ("name", _("New campaign"))):
        if not document.get(name):
            document[name] = placeholder
    for _attempt in range(5):
        try:
            campaign = decode_campaign(document)
        except DocumentError as error:
            unclear += [] if unclear else [problem_text(problem) for problem in error.problems]
            for problem in reversed(error.problems):
                _leave_out(document, problem.path)
        else:
            summary = summarize(campaign, at=timezone.now(), names=references.names_in(document))
            return {
                "summary": _halfway(summary, given=bool(campaign.benefits)) if unclear else summary,
                "unclear": len(unclear),
            }
    return {"summary": None, "unclear": len(unclear)}


def _halfway(summary: Summary, *, given: bool) -> Summary:
    """Leave out what may only be missing because it is not typed yet."""
    headline = summary.headline if given else ""
    return replace(summary, headline=headline, warnings=[])


def _leave_out(document: Json, path: str) -> None:
    """Take the part that a problem is about out of a document: a benefit, a limit, a condition or a field."""
    first, *rest = path.split(".")
    holder, key = _part(document.get(first), rest, deepest=first == "conditions")
    if holder is None:
        if first in ("code", "name"):
            document[first] = "NEW"
        elif first == "benefits":
            document[first] = []
        else:
            document.pop(first, None)
    elif key < len(holder):
        del holder[key]


def _part(value: Any, path: list[str], *, deepest: bool) -> tuple[list[Any] | None, int]:
    found: tuple[list[Any] | None, int] = (None, 0)
    for step in path:
        if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            is_part = isinstance(value[int(step)], Mapping)
            if is_part and (deepest or found[0] is None):
                found = (value, int(step))
            value = value[int(step)]
        elif isinstance(value, Mapping):
            value = value.get(step)
        else:
            break
    return found
