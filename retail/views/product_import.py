"""The page that imports products: choose a file, look at what would happen, then do it."""

import json
from collections import Counter
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from retail import formats
from retail.forms.product import ProductForm
from retail.forms.product_import import ConfirmForm, ImportForm
from retail.rows import RowResult
from retail.services.product_import import preview_products
from retail.services.products import upsert_products
from retail.views.access import PageMixin, acting_user
from retail.views.files import xlsx_response

_SHOWN_ERRORS = 100
_SHOWN_ROWS = 8


class ProductImport(PageMixin, View):
    """GET shows the form; POST with a file the preview; POST with `rows` writes them."""

    permission_required = ("retail.add_product", "retail.change_product")

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._render(request, ImportForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        if "rows" in request.POST:
            return self._write(request)
        form = ImportForm(data=request.POST, files=request.FILES)
        if not form.is_valid():
            return self._render(request, form, status=422)
        rows = form.cleaned_data["rows"]
        results = preview_products(rows=rows)
        counts = Counter(result.status for result in results)
        context = {
            "file_name": form.cleaned_data["file"].name,
            "ignored": form.cleaned_data["ignored"],
            "counts": counts,
            "writes": counts["created"] + counts["updated"],
            "errors": _errors(results, rows)[:_SHOWN_ERRORS],
            "error_count": counts["error"],
            "samples": [(rows[result.index], result.status) for result in results[:_SHOWN_ROWS]],
            "confirm": ConfirmForm(initial={"rows": json.dumps(rows, ensure_ascii=False)}),
        }
        return self._render(request, ImportForm(), **context)

    def _write(self, request: HttpRequest) -> HttpResponse:
        form = ConfirmForm(data=request.POST)
        if not form.is_valid():
            messages.error(request, _("Choose the file again."))
            return HttpResponseRedirect(reverse("retail:product_import"))
        results = upsert_products(
            rows=form.cleaned_data["rows"], user=acting_user(request), at=timezone.now()
        )
        counts = Counter(result.status for result in results)
        text = _(
            "%(created)s products created, %(updated)s updated, %(unchanged)s unchanged, %(error)s refused."
        )
        shown = {
            status: formats.number(counts[status]) for status in ("created", "updated", "unchanged", "error")
        }
        (messages.warning if counts["error"] else messages.success)(request, text % shown)
        return HttpResponseRedirect(reverse("retail:product_list"))

    def _render(
        self, request: HttpRequest, form: ImportForm, status: int = 200, **context: Any
    ) -> HttpResponse:
        return render(request, "retail/product_import.html", {"form": form, **context}, status=status)


class ImportTemplate(PageMixin, View):
    """An example file with the headings and two products."""

    permission_required = ("retail.add_product", "retail.change_product")

    def get(self, request: HttpRequest) -> HttpResponseBase:
        headings = ["sku", "name", "code", "barcode", "ncm", "category", "price", "original_price"]
        return xlsx_response(
            "products-example",
            headings,
            [
                ["CAM-001-P", "Camiseta básica P", "CAM-001", "7891000100103", "61091000", "", "49.90", "59.90"],
                ["CAM-001-M", "Camiseta básica M", "CAM-001", "7891000100110", "61091000", "", "49.90", "59.90"],
            ],
        )  # fmt: skip


def _errors(results: list[RowResult], rows: list[dict[str, Any]]) -> list[tuple[int, str, str, str]]:
    """Return (line of the file, SKU, field, message) of everything that is wrong."""
    labels = {name: str(field.label) for name, field in ProductForm.base_fields.items()}
    return [
        (
            result.index + 2,
            str(rows[result.index].get("sku", "")),
            labels.get(error.path, error.path),
            error.message,
        )
        for result in results
        for error in result.errors
    ]
