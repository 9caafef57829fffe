"""One campaign: what it does, what it gave, and its history."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from campaigns import references, selectors
from campaigns.changes import FieldChange, document_changes
from campaigns.engine.campaign import CAMPAIGN_FIELDS, COUNTS_CHOICES, PER_CHOICES
from campaigns.engine.document import decode_campaign
from campaigns.engine.kinds import BENEFITS, CONDITIONS
from campaigns.explanations import text_of
from campaigns.forms.filters import STATUS_LABELS, STATUS_TONES
from campaigns.models import Association, Campaign
from campaigns.summary import summarize
from retail import formats
from retail.views.access import PageMixin


def find_campaign(code: str) -> Campaign:
    """Return a campaign with `shown_status` and `has_changes`. Raises Http404."""
    found = Campaign.objects.with_status(at=timezone.now()).with_changes_flag()
    campaign = found.select_related("live_revision", "created_by").filter(code=code).first()
    if campaign is None:
        raise Http404
    return campaign


def head(campaign: Campaign, current: str) -> dict[str, Any]:
    """Return what the head of every page of a campaign shows: name, status, tabs."""
    status = campaign.shown_status  # type: ignore[attr-defined]
    tabs = [
        (_("Overview"), "campaign_detail"),
        (_("Back-tests"), "campaign_backtests"),
        (_("History"), "campaign_history"),
        (_("Activations"), "activation_list"),
    ]
    return {
        "campaign": campaign,
        "status_label": STATUS_LABELS[status],
        "status_tone": STATUS_TONES[status],
        "trail": [(_("Campaigns"), reverse("campaigns:campaign_list"))],
        "tabs": [
            (label, reverse(f"campaigns:{name}", args=[campaign.code]), name == current)
            for label, name in tabs
        ],
        "simulator_url": simulator_url(campaign),
    }


def simulator_url(campaign: Campaign) -> str:
    """Return where the campaign is tried on a purchase."""
    return f"{reverse('campaigns:simulator')}?{urlencode({'campaign': campaign.code})}"


class CampaignDetail(PageMixin, View):
    permission_required = "campaigns.view_campaign"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        campaign = find_campaign(code)
        at = timezone.now()
        live = campaign.live_revision
        shown = live.document if live else campaign.document
        context = {
            **head(campaign, "campaign_detail"),
            "summary": summarize(decode_campaign(shown), at=at, names=references.names_in(shown)),
            "live": live,
            "use": selectors.campaign_use(campaign),
            "counters": [_counter(counter) for counter in selectors.company_counters(campaign)],
            "associations": _associations(request, code),
            "pools": selectors.promo_code_pools(campaign=code),
            "activations": selectors.recent_activations(campaign),
            "changes": described_changes(live.document, campaign.document) if live else [],
        }
        return render(request, "campaigns/campaign_detail.html", context)


def _associations(request: HttpRequest, code: str) -> list[Association]:
    """Return the associations that have a campaign, for who may see them."""
    if not request.user.has_perm("campaigns.view_association"):
        return []
    return list(Association.objects.with_status().naming(code).order_by("name", "pk"))


class CampaignHistory(PageMixin, View):
    permission_required = "campaigns.view_campaign"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        campaign = find_campaign(code)
        steps = [
            {
                "revision": step.revision,
                "changes": [describe(change) for change in step.changes],
                "is_live": step.revision.pk == campaign.live_revision_id,
            }
            for step in selectors.revision_history(campaign)
        ]
        return render(
            request, "campaigns/campaign_history.html", {**head(campaign, "campaign_history"), "steps": steps}
        )


def _counter(counter: Any) -> dict[str, Any]:
    """Write one counter: what it counts, how much was used, and what is left."""
    if counter.counts == "money":
        label, written = _("Budget"), formats.money
    else:
        label = _("%(counts)s per %(per)s") % {
            "counts": _(dict(COUNTS_CHOICES).get(counter.counts, counter.counts)),
            "per": _(dict(PER_CHOICES).get(counter.per, counter.per)),
        }
        written = formats.number
    return {
        "label": label[:1].upper() + label[1:],
        "used": written(counter.used),
        "maximum": written(counter.maximum),
        "left": written(counter.maximum - counter.used),
        "percent": int(100 * counter.used / counter.maximum) if counter.maximum else 100,
        "since": counter.window_starts_on if counter.window_starts_on.year > 1 else None,
    }


# --- Differences, in the words of the builder ----------------------------------------------------


def described_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return what differs between two documents, field by field, as people read it."""
    return [describe(change) for change in document_changes(old, new)]


def describe(change: FieldChange) -> dict[str, str]:
    return {"label": _label(change.path), "old": _value(change.old), "new": _value(change.new)}


KINDS: dict[str, Any] = {**CONDITIONS, **BENEFITS}


def _labels() -> dict[str, str]:
    found = {field.name: field.label for field in CAMPAIGN_FIELDS}
    for kind in KINDS.values():
        for field in kind.fields:
            found.setdefault(field.name, field.label)
            for member in (*field.fields, *(field.item.fields if field.item else ())):
                found.setdefault(member.name, member.label)
    return found


LABELS = _labels()


def _label(path: str) -> str:
    words = []
    for step in path.split("."):
        if step.isdecimal():
            words.append(str(int(step) + 1))
        elif step in ("all", "any"):
            continue
        else:
            words.append(_(LABELS[step]) if step in LABELS else step)
    return " › ".join(words)


def _value(value: Any) -> str:
    if value is None or value in ("", []):
        return formats.NOTHING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Mapping):
        kind = KINDS.get(str(value.get("kind", "")))
        if kind is not None:
            inner = {
                name: item
                for name, item in value.items()
                if name != "kind" and item not in (None, "", [], False)
            }
            details = ", ".join(f"{_label(name)}: {_value(item)}" for name, item in inner.items())
            return f"{_(kind.label)} ({details})" if details else _(kind.label)
        return ", ".join(
            f"{_label(name)}: {_value(item)}" for name, item in value.items() if item is not None
        )
    if isinstance(value, list):
        return ", ".join(_value(item) for item in value)
    return text_of(value)
