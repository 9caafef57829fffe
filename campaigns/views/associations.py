"""Associations: the list, one with its campaigns in order, the form."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from campaigns.document_summary import describe_association, described_changes
from campaigns.engine.associations import CRITERION_CHOICES, decode_association, encode_association
from campaigns.engine.document import decode_campaign
from campaigns.forms.filters import STATUS_LABELS, STATUS_TONES
from campaigns.forms.published import AssociationForm
from campaigns.models import Association, Campaign
from campaigns.services import associations as services
from campaigns.services.document_cautions import association_cautions
from campaigns.summary import headline
from campaigns.views.published import DocumentPage, FormPage, HistoryPage, Kind, acts
from retail.views.columns import Column
from retail.views.lists import ListPage


def _found() -> QuerySet[Association]:
    return Association.objects.with_status().with_changes_flag().select_related("live_revision", "updated_by")


def _describe(association: Association) -> list[tuple[str, list[str]]]:
    """Say what the working copy will do: titles with their sentences."""
    read = decode_association(association.document)
    return [
        (translate("Which one is granted"), describe_association(read)),
        (translate("Campaigns, in their order"), list(read.campaigns)),
    ]


KIND = Kind(
    noun="association",
    title=_("Associations"),
    model=Association,
    found=_found,
    create=services.create_association,
    save=services.save_association,
    publish=services.publish_association,
    roll_back=services.roll_back_association,
    describe=_describe,
    cautions=association_cautions,
    read=services.read_association,
    canonical=lambda document: encode_association(decode_association(document)),
    tabs=((_("Overview"), "detail"), (_("History"), "history")),
)
ACTS = acts(KIND)
CRITERION_LABELS = {value: _(label) for value, label in CRITERION_CHOICES}


def _shown(association: Association) -> dict[str, Any]:
    """Return the live document, or the working copy of what was never published."""
    live = association.live_revision
    document: dict[str, Any] = live.document if live else association.document
    return document


class AssociationList(ListPage):
    permission_required = "campaigns.view_association"
    model = Association
    title = _("Associations")
    subtitle = _("Groups of campaigns of which a criterion decides what the customer gets.")
    columns = (
        Column(name="name", label=_("Association"), order_by="name", secondary=lambda one: one.code),
        Column(name="code", label=_("Code"), on_page=False),
        Column(
            name="shown_status", label=_("Status"), kind="badge", labels=STATUS_LABELS, tones=STATUS_TONES
        ),
        Column(
            name="criterion",
            label=_("Grants"),
            value=lambda one: _shown(one)["criterion"],
            labels=CRITERION_LABELS,
        ),
        Column(
            name="campaigns",
            label=_("Campaigns"),
            value=lambda one: ", ".join(_shown(one)["campaigns"]),
        ),
        Column(name="updated_at", label=_("Changed"), kind="moment", order_by="updated_at"),
    )
    search_placeholder = _("Name or code")
    default_order = "-updated_at"
    export_name = "associations"
    create_url_name = "campaigns:association_create"
    create_label = _("New association")
    create_permission = "campaigns.add_association"
    empty_icon = "link"
    empty_title = _("No associations yet")
    empty_text = _("Group campaigns that should not add up, and say which of them is granted.")

    def get_queryset(self) -> QuerySet[Association]:
        return Association.objects.with_status().select_related("live_revision")

    def row_url(self, instance: Association) -> str:
        return KIND.url("detail", instance.code)


class AssociationDetail(DocumentPage):
    kind = KIND

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        association = KIND.find(code)
        live = association.live_revision
        read = decode_association(_shown(association))
        context = {
            **KIND.head(request, association, "detail"),
            "live": live,
            "cautions": association_cautions(association, at=timezone.now()),
            "sentences": describe_association(read),
            "campaigns": _members(read.campaigns),
            "changes": described_changes(live.document, association.document) if live else [],
        }
        return render(request, "campaigns/association_detail.html", context)


def _members(codes: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the campaigns in their order here, each with what it gives. One that is gone shows its code."""
    found = Campaign.objects.with_status(at=timezone.now()).select_related("live_revision")
    by_code = {campaign.code: campaign for campaign in found.filter(code__in=codes)}
    members: list[dict[str, Any]] = []
    for code in codes:
        campaign = by_code.get(code)
        if campaign is None:
            members.append({"code": code, "campaign": None})
            continue
        status = campaign.shown_status  # type: ignore[attr-defined]
        live = campaign.live_revision
        members.append(
            {
                "code": code,
                "campaign": campaign,
                "status_label": STATUS_LABELS.get(status, status),
                "status_tone": STATUS_TONES.get(status, ""),
                "gives": headline(decode_campaign(live.document if live else campaign.document)),
            }
        )
    return members


class AssociationHistory(HistoryPage):
    kind = KIND


class AssociationFormPage(FormPage):
    kind = KIND
    form_class = AssociationForm
    new_title = _("New association")
