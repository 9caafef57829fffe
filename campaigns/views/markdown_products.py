"""The products of a markdown: a table to search and reprice, and a file that is looked at before it is taken."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from campaigns.engine.fields import DocumentError
from campaigns.explanations import problem_text
from campaigns.forms.inputs import local_number
from campaigns.forms.markdown_items import (
    AddProductForm,
    ConfirmForm,
    ImportForm,
    rows_from_page,
)
from campaigns.models import Markdown, MarkdownItem
from campaigns.services import markdown_items as services
from campaigns.services import publication
from campaigns.views.markdowns import KIND
from campaigns.views.published import DocumentPage
from retail import formats
from retail.models import Product
from retail.rows import FieldError
from retail.views.access import PageMixin, acting_user
from retail.views.files import csv_response, xlsx_response

PAGE = 50
MOST_SHOWN = 200


class MarkdownProducts(DocumentPage):
    """The products of the working copy, page by page; who may change them adds, reprices and removes here."""

    kind = KIND

    def get_permission_required(self) -> Any:
        action = "change" if self.request.method == "POST" else "view"
        return (KIND.permission(action),)

    def get(self, request: HttpRequest, code: str) -> HttpResponseBase:
        markdown = KIND.find(code)
        if export := request.GET.get("export"):
            respond = xlsx_response if export == "xlsx" else csv_response
            titles = [_("Product"), _("Name"), _("New price"), _("Percentage off")]
            return respond(f"markdown-{markdown.code}", titles, _exported(markdown))
        return self.draw(markdown, AddProductForm(by=markdown.document["by"], auto_id="add-%s"))

    def post(self, request: HttpRequest, code: str) -> HttpResponseBase:
        markdown = KIND.find(code)
        add = AddProductForm(by=markdown.document["by"], auto_id="add-%s")
        values = request.POST.getlist("value")
        if "add" in request.POST:
            add = AddProductForm(request.POST, by=markdown.document["by"], auto_id="add-%s")
            if not add.is_valid():
                return self.draw(markdown, add, status=422)
            change = self.change(markdown, add=[add.item()])
        elif "remove" in request.POST:
            change = self.change(markdown, remove=[request.POST["remove"]])
        else:
            change = self.change(markdown, add=rows_from_page(request.POST, values))
        if change is None:
            return self.draw(markdown, add, status=422)
        if not change.errors:
            messages.success(request, _counted(change))
            return HttpResponseRedirect(request.get_full_path())
        if "add" in request.POST:
            for error in change.errors:
                name = error.path.rpartition(".")[2]
                add.add_error(name if name in add.fields else None, error.message)
            return self.draw(markdown, add, status=422)
        return self.draw(markdown, add, wrong=_by_row(change.errors), typed=request.POST, status=422)

    def change(self, markdown: Markdown, **lists: Any) -> services.ItemsChange | None:
        """Change products as asked; a refusal is said and gives None."""
        user, at = acting_user(self.request), timezone.now()
        try:
            return services.change_items(code=markdown.code, user=user, at=at, **lists)
        except (DocumentError, publication.PublicationError) as refusal:
            messages.error(self.request, _refusal(refusal))
            return None

    def draw(
        self,
        markdown: Markdown,
        add: AddProductForm,
        *,
        wrong: Mapping[int, str] | None = None,
        typed: Mapping[str, Any] | None = None,
        status: int = 200,
    ) -> HttpResponseBase:
        markdown = KIND.find(markdown.code)
        query = self.request.GET.get("q", "").strip()[:100]
        found = MarkdownItem.objects.filter(markdown=markdown).order_by("value")
        if query:
            known = Product.objects.search(query)
            found = found.filter(
                Q(value__istartswith=query)
                | Q(value__in=known.values("sku"))
                | Q(value__in=known.exclude(code="").values("code"))
            )
        page = Paginator(found, PAGE).get_page(self.request.GET.get("page"))
        context = {
            **KIND.head(self.request, markdown, "products"),
            "rows": _rows(markdown, list(page.object_list), wrong or {}, typed or {}),
            "page": page,
            "page_numbers": list(
                page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
            ),
            "query": query,
            "add": add,
            "form": add,
            "may_change": self.request.user.has_perm(KIND.permission("change")),
            "import_url": KIND.url("import", markdown.code),
        }
        return render(self.request, "campaigns/markdown_products.html", context, status=status)


class MarkdownImport(PageMixin, View):
    """GET asks for a file; POST shows what it would change; POST with `rows` takes exactly that."""

    permission_required = KIND.permission("change")

    def get(self, request: HttpRequest, code: str) -> HttpResponseBase:
        return self.draw(KIND.find(code), ImportForm())

    def post(self, request: HttpRequest, code: str) -> HttpResponseBase:
        markdown = KIND.find(code)
        if "rows" in request.POST:
            return self.take(markdown)
        form = ImportForm(request.POST, request.FILES)
        if not form.is_valid():
            return self.draw(markdown, form, status=422)
        rows, whole = form.cleaned_data["rows"], form.cleaned_data["whole"]
        try:
            change = services.preview_items(code=code, rows=rows, whole=whole)
        except DocumentError as refusal:
            form.add_error("file", _refusal(refusal))
            return self.draw(markdown, form, status=422)
        read = services.read_items(rows, "add").items
        unknown = services.unknown_products(markdown.document["by"], (item.value for item in read))
        confirm = {"rows": json.dumps(rows, ensure_ascii=False), "whole": whole, "version": markdown.version}
        context = {
            **_way(markdown),
            "counts": change,
            "errors": _shown_errors(change.errors, rows),
            "error_count": len(change.errors),
            "unknown": sorted(unknown)[:MOST_SHOWN],
            "unknown_count": len(unknown),
            "shown": _preview(markdown, rows[:20]),
            "confirm": ConfirmForm(initial=confirm),
            "takes": change.added + change.changed + change.removed,
        }
        return render(request, "campaigns/markdown_import_preview.html", context)

    def take(self, markdown: Markdown) -> HttpResponseBase:
        form = ConfirmForm(self.request.POST)
        if not form.is_valid():
            messages.error(self.request, _("Choose the file again."))
            return HttpResponseRedirect(KIND.url("import", markdown.code))
        name = "replace" if form.cleaned_data["whole"] else "add"
        try:
            change = services.change_items(
                code=markdown.code,
                version=form.cleaned_data["version"],
                user=acting_user(self.request),
                at=timezone.now(),
                **{name: form.cleaned_data["rows"]},
            )
        except (DocumentError, publication.PublicationError) as refusal:
            messages.error(self.request, _refusal(refusal))
            return HttpResponseRedirect(KIND.url("import", markdown.code))
        messages.success(self.request, _counted(change))
        return HttpResponseRedirect(KIND.url("products", markdown.code))

    def draw(self, markdown: Markdown, form: ImportForm, status: int = 200) -> HttpResponseBase:
        context = {**_way(markdown), "form": form}
        return render(self.request, "campaigns/markdown_import.html", context, status=status)


def _way(markdown: Markdown) -> dict[str, Any]:
    return {
        "document": markdown,
        "back_url": KIND.url("products", markdown.code),
        "import_url": KIND.url("import", markdown.code),
        "trail": [
            (KIND.title, KIND.url("list")),
            (markdown.name, KIND.url("detail", markdown.code)),
            (_("Products"), KIND.url("products", markdown.code)),
        ],
    }


def _exported(markdown: Markdown) -> Any:
    items = MarkdownItem.objects.filter(markdown=markdown).order_by("value")
    for start in range(0, markdown.item_count, 2_000):
        batch = list(items[start : start + 2_000])
        known = _known(markdown, [item.value for item in batch])
        for item in batch:
            name = known[item.value].name if item.value in known else ""
            yield [item.value, name, item.price, item.percent]


def _known(markdown: Markdown, values: Sequence[str]) -> dict[str, Product]:
    """Return the products of the catalogue by the name that the markdown gives them; of a code any one."""
    by = markdown.document["by"]
    wanted = Q()
    if by != "code":
        wanted |= Q(sku__in=values)
    if by != "sku":
        wanted |= Q(code__in=values)
    found: dict[str, Product] = {}
    for product in Product.objects.filter(wanted).order_by("-pk"):
        if by != "sku" and product.code in values:
            found.setdefault(product.code, product)
        if by != "code" and product.sku in values:
            found[product.sku] = product
    return found


def _rows(
    markdown: Markdown, items: list[MarkdownItem], wrong: Mapping[int, str], typed: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the rows of the table: the product, today's price, and what was set or typed."""
    known = _known(markdown, [item.value for item in items])
    rows = []
    for place, item in enumerate(items):
        product = known.get(item.value)
        price = "" if item.price is None else local_number(str(item.price))
        percent = "" if item.percent is None else local_number(f"{item.percent.normalize():f}")
        rows.append(
            {
                "value": item.value,
                "name": product.name if product else "",
                "today": product.price if product else None,
                "price": typed.get(f"price-{place}", price),
                "percent": typed.get(f"percent-{place}", percent),
                "rises": bool(product and item.price is not None and item.price >= product.price),
                "error": wrong.get(place, ""),
            }
        )
    return rows


def _preview(markdown: Markdown, rows: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    known = _known(markdown, [row.get("value", "") for row in rows])
    return [
        {
            "value": row.get("value", ""),
            "name": known[row["value"]].name if row.get("value") in known else "",
            "today": known[row["value"]].price if row.get("value") in known else None,
            "price": local_number(row.get("price", "")),
            "percent": local_number(row.get("percent", "")),
        }
        for row in rows
    ]


def _by_row(errors: Sequence[FieldError]) -> dict[int, str]:
    found: dict[int, str] = {}
    for error in errors:
        found.setdefault(_place(error), error.message)
    return found


def _place(error: FieldError) -> int:
    """Return the row that an error is about: `add[17].price` gives 17."""
    return int(error.path.partition("[")[2].partition("]")[0])


def _shown_errors(
    errors: Sequence[FieldError], rows: Sequence[Mapping[str, str]]
) -> list[tuple[str, int, str]]:
    """Return product, line of the file and message of the first errors; the headings are line 1."""
    return [
        (rows[_place(error)].get("value", "—"), _place(error) + 2, error.message)
        for error in errors[:MOST_SHOWN]
    ]


def _counted(change: services.ItemsChange) -> str:
    parts = [
        (change.added, _("%(count)s added")),
        (change.changed, _("%(count)s with another price")),
        (change.removed, _("%(count)s removed")),
    ]
    said = [text % {"count": formats.number(count)} for count, text in parts if count]
    if not said:
        return _("Nothing changed.")
    return _("Products: %(changes)s. Tills follow it once it is published.") % {"changes": ", ".join(said)}


def _refusal(refusal: DocumentError | publication.PublicationError) -> str:
    if isinstance(refusal, DocumentError):
        return " ".join(problem_text(problem) for problem in refusal.problems)
    return str(refusal)
