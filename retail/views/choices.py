"""What can be searched to fill a field: a few values that fit what was typed, as `static/js/campaigns.js` offers them."""

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

from django.db.models import Model, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import View

from retail.models import Product
from retail.views.access import PageMixin

MOST = 12
Choice = tuple[str, str]
Search = Callable[[str], Iterable[Choice]]


class ChoicesPage(PageMixin, View):
    """Up to twelve values of the kind that `kind` names. Unknown kinds have none."""

    searches: ClassVar[Mapping[str, Search]]

    def get(self, request: HttpRequest) -> HttpResponse:
        text = request.GET.get("q", "").replace("\x00", "").strip()[:80]
        kind = request.GET.get("kind", "")
        search = self.searches.get(kind)
        if kind == "customer" and not request.user.has_perm("customers.view_customer"):
            search = None
        choices = list(search(text)) if search else []
        return render(request, "components/choices.html", {"choices": choices, "text": text})


def named(model: type[Model], text: str, prefix: str = "") -> Iterable[Choice]:
    """Return code and name of the objects that have the text in either."""
    rows = model._default_manager.filter(Q(code__icontains=text) | Q(name__unaccent__icontains=text))
    for code, name in rows.order_by("name", "pk").values_list("code", "name")[:MOST]:
        yield f"{prefix}{code}", name


def products(text: str) -> Iterable[Choice]:
    """Return SKU and name of the products whose name, SKU or barcode has every word."""
    found = Product.objects.filter(is_active=True)
    for word in text.split():
        found = found.filter(Q(name__unaccent__icontains=word) | Q(sku__istartswith=word) | Q(barcode=word))
    yield from found.order_by("name", "pk").values_list("sku", "name")[:MOST]
