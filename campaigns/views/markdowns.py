"""Price markdowns: the list, one with its bounds, the form. Its products are in `campaigns.views.markdown_products`."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from campaigns import references
from campaigns.document_summary import describe_markdown, described_changes
from campaigns.engine.markdowns import decode_header, encode_header
from campaigns.forms.filters import STATUS_LABELS, STATUS_TONES
from campaigns.forms.published import MarkdownForm
from campaigns.models import Markdown
from campaigns.services import markdowns as services
from campaigns.services.document_cautions import markdown_cautions
from campaigns.views.lists import first_day, last_day
from campaigns.views.published import DocumentPage, FormPage, HistoryPage, Kind, acts
from retail import formats
from retail.views.columns import Column
from retail.views.lists import ListPage


def _found() -> QuerySet[Markdown]:
    rows = Markdown.objects.with_status(at=timezone.now()).with_changes_flag()
    return rows.select_related("live_revision", "updated_by")


def _describe(markdown: Markdown) -> list[tuple[str, list[str]]]:
    """Say what the working copy will do: titles with their sentences."""
    count = markdown.item_count
    products = ngettext("A new price for one product", "New prices for %(shown)s products", count)
    names = references.names_in(markdown.document)
    return [
        (translate("Products and prices"), [products % {"shown": formats.number(count)}]),
        *describe_markdown(decode_header(markdown.document), at=timezone.now(), names=names),
    ]


KIND = Kind(
    noun="markdown",
    title=_("Price markdowns"),
    model=Markdown,
    found=_found,
    create=services.create_markdown,
    save=services.save_markdown,
    publish=services.publish_markdown,
    roll_back=services.roll_back_markdown,
    describe=_describe,
    cautions=markdown_cautions,
    read=decode_header,
    canonical=lambda document: encode_header(decode_header(document)),
    tabs=((_("Overview"), "detail"), (_("Products"), "products"), (_("History"), "history")),
)
ACTS = acts(KIND)


class MarkdownList(ListPage):
    permission_required = "campaigns.view_markdown"
    model = Markdown
    title = _("Price markdowns")
    subtitle = _("New prices for products, applied as soon as they are registered, before any campaign.")
    columns = (
        Column(name="name", label=_("Markdown"), order_by="name", secondary=lambda one: one.code),
        Column(name="code", label=_("Code"), on_page=False),
        Column(
            name="shown_status", label=_("Status"), kind="badge", labels=STATUS_LABELS, tones=STATUS_TONES
        ),
        Column(name="item_count", label=_("Products"), kind="number", order_by="item_count"),
        Column(name="starts_at", label=_("Starts"), kind="day", value=first_day, order_by="starts_at"),
        Column(name="ends_at", label=_("Ends"), kind="day", value=last_day, order_by="ends_at"),
        Column(name="updated_at", label=_("Changed"), kind="moment", order_by="updated_at"),
    )
    search_placeholder = _("Name or code")
    default_order = "-updated_at"
    export_name = "markdowns"
    create_url_name = "campaigns:markdown_create"
    create_label = _("New markdown")
    create_permission = "campaigns.add_markdown"
    empty_icon = "money"
    empty_title = _("No markdowns yet")
    empty_text = _("Say when and where, then import a list of products with their new prices.")

    @cached_property
    def now(self) -> Any:
        return timezone.now()

    def get_queryset(self) -> QuerySet[Markdown]:
        return Markdown.objects.with_status(at=self.now)

    def row_url(self, instance: Markdown) -> str:
        return KIND.url("detail", instance.code)


class MarkdownDetail(DocumentPage):
    kind = KIND

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        markdown = KIND.find(code)
        live, at = markdown.live_revision, timezone.now()
        shown = live.document if live else markdown.document
        names = references.names_in(shown)
        context = {
            **KIND.head(request, markdown, "detail"),
            "live": live,
            "cautions": markdown_cautions(markdown, at=at),
            "described": describe_markdown(decode_header(shown), at=at, names=names),
            "changes": described_changes(live.document, markdown.document) if live else [],
            "products_url": KIND.url("products", code),
        }
        return render(request, "campaigns/markdown_detail.html", context)


class MarkdownHistory(HistoryPage):
    kind = KIND

    def other_changes(self, before: Any, revision: Any) -> list[dict[str, str]]:
        if before.prices_id == revision.prices_id:
            return []
        return [
            {
                "label": translate("Products and prices"),
                "old": formats.number(before.item_count),
                "new": formats.number(revision.item_count),
            }
        ]


class MarkdownFormPage(FormPage):
    kind = KIND
    form_class = MarkdownForm
    new_title = _("New markdown")
    after_create = "products"
