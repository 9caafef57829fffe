"""The list of campaigns, and the activations of one."""

from datetime import date, timedelta
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns import selectors
from campaigns.engine.document import decode_campaign
from campaigns.forms.filters import STATUS_LABELS, STATUS_TONES, CampaignFilterForm
from campaigns.models import Activation, Campaign, CampaignCategory, Markdown
from campaigns.summary import headline
from retail import formats
from retail.views.columns import Column
from retail.views.lists import Action, ListPage


def _gives(campaign: Campaign) -> str:
    """Say in a line what the live revision gives, or the working copy of a draft."""
    live = campaign.live_revision
    return headline(decode_campaign(live.document if live else campaign.document))


def first_day(document: Campaign | Markdown) -> date | None:
    """Return the first day on which a document holds."""
    start = document.starts_at
    return formats.in_zone(start).date() if start else None


def last_day(document: Campaign | Markdown) -> date | None:
    """Return the last day on which a document holds: `ends_at` is the first moment at which it does not."""
    end = document.ends_at
    return formats.in_zone(end - timedelta(microseconds=1)).date() if end else None


class CampaignList(ListPage):
    """All campaigns, with what can be done to each."""

    permission_required = "campaigns.view_campaign"
    model = Campaign
    title = _("Campaigns")
    subtitle = _("What the chain offers, to whom and when. Tills follow a change at once.")
    template_name = "campaigns/campaign_list.html"
    columns = (
        Column(
            name="name",
            label=_("Campaign"),
            order_by="name",
            secondary=lambda campaign: campaign.code,
        ),
        Column(name="code", label=_("Code"), on_page=False),
        Column(
            name="shown_status",
            label=_("Status"),
            kind="badge",
            labels=STATUS_LABELS,
            tones=STATUS_TONES,
        ),
        Column(name="benefit_kinds", label=_("What the customer gets"), value=_gives),
        Column(name="category_name", label=_("Category"), order_by="category_name"),
        Column(name="starts_at", label=_("Starts"), kind="day", value=first_day, order_by="starts_at"),
        Column(name="ends_at", label=_("Ends"), kind="day", value=last_day, order_by="ends_at"),
        Column(name="priority", label=_("Priority"), kind="number", order_by="priority"),
        Column(name="updated_at", label=_("Changed"), kind="moment", order_by="updated_at", on_page=False),
    )
    default_order = "-updated_at"
    export_name = "campaigns"
    create_url_name = "campaigns:campaign_new"
    create_label = _("New campaign")
    create_permission = "campaigns.add_campaign"
    empty_icon = "campaign"
    empty_title = _("No campaigns yet")
    empty_text = _("Start from one of the everyday campaigns: choose it, fill in a few fields, publish.")

    @cached_property
    def filter_form(self) -> CampaignFilterForm:
        return CampaignFilterForm(self.request.GET)

    @cached_property
    def now(self) -> Any:
        return timezone.now()

    def get_queryset(self) -> QuerySet[Campaign]:
        found = selectors.campaigns(self.filter_form.wanted(self.query), at=self.now)
        names = CampaignCategory.objects.filter(code=OuterRef("category")).values("name")
        return found.select_related("live_revision").annotate(category_name=Subquery(names))

    def search(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        return queryset  # the selector has searched

    def row_url(self, instance: Campaign) -> str:
        return reverse("campaigns:campaign_detail", args=[instance.code])

    def extra_context(self) -> dict[str, Any]:
        counts = selectors.campaign_counts(at=self.now)
        chosen = self.request.GET.get("status", "")
        tabs = [("", pgettext_lazy("campaigns", "All"), sum(counts.values()))]
        tabs += [(status, label, counts[status]) for status, label in STATUS_LABELS.items()]
        return {
            "filters": self.filter_form,
            "searches": _("Name, code or description"),
            "status_tabs": [(status, label, count, status == chosen) for status, label, count in tabs],
        }


class ActivationList(ListPage):
    """Every sale in which one campaign activated."""

    permission_required = ("campaigns.view_campaign", "campaigns.view_activation")
    model = Activation
    title = _("Activations")
    columns = (
        Column(
            name="sale.ticket",
            label=_("Ticket"),
            secondary=lambda activation: str(_("cancelled")) if activation.reversed_at else "",
        ),
        Column(
            name="activated_at",
            label=_("When"),
            kind="moment",
            order_by="activated_at",
            zone=lambda activation: activation.sale.store.zone,
        ),
        Column(name="sale.store.name", label=_("Store")),
        Column(
            name="sale.customer",
            label=_("Customer"),
            value=lambda activation: str(activation.sale.customer or ""),
        ),
        Column(name="promo_code.code", label=_("Promotional code"), kind="code"),
        Column(name="discount", label=_("Discount"), kind="money", order_by="discount"),
        Column(name="sale.net", label=_("Sale"), kind="money", order_by="sale__net"),
    )
    default_order = "-activated_at"
    export_name = "activations"
    empty_icon = "activity"
    empty_title = _("No activations yet")
    empty_text = _("Each sale in which the campaign activates is listed here.")

    @cached_property
    def campaign(self) -> Campaign:
        campaign = Campaign.objects.filter(code=self.kwargs["code"]).first()
        if campaign is None:
            raise Http404
        return campaign

    def get_queryset(self) -> QuerySet[Activation]:
        return self.campaign.activations.select_related("sale__store", "sale__customer", "promo_code")

    def get_actions(self) -> list[Action]:
        return []

    def extra_context(self) -> dict[str, Any]:
        url = reverse("campaigns:campaign_detail", args=[self.campaign.code])
        return {
            "subtitle": self.campaign.name,
            "trail": [(_("Campaigns"), reverse("campaigns:campaign_list")), (self.campaign.name, url)],
        }
