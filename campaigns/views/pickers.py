"""What can be searched to fill a field of the builder: products, stores, groupings and other known words."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Model, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views import View

from campaigns.models import Campaign, CampaignCategory, PromoCodePool
from customers.models import Customer, CustomerGrouping, Purpose, Sex
from retail.models import Category, Payment, Product, ProductGrouping, Sale, Store, StoreGrouping
from retail.views.access import PageMixin

MOST = 12
Choice = tuple[str, str]

PAYMENT_METHODS = ("pix", "cash", "credit_card", "debit_card", "gift_card", "voucher", "bank_slip")
OPERATIONS = ("sale", "employee_sale", "clearance_sale")
CHANNELS = ("email", "sms", "whatsapp", "instagram", "shop_window", "web_shop")


class Choices(PageMixin, View):
    """Up to twelve values that fit a text. Unknown kinds of values have none."""

    permission_required = "campaigns.view_campaign"

    def get(self, request: HttpRequest) -> HttpResponse:
        text = request.GET.get("q", "").replace("\x00", "").strip()[:80]
        kind = request.GET.get("kind", "")
        search = SEARCHES.get(kind)
        if kind == "customer" and not request.user.has_perm("customers.view_customer"):
            search = None
        choices = list(search(text)) if search else []
        return render(request, "campaigns/parts/choices.html", {"choices": choices, "text": text})


def _named(model: type[Model], text: str, prefix: str = "") -> Iterable[Choice]:
    rows = model._default_manager.filter(Q(code__icontains=text) | Q(name__unaccent__icontains=text))
    for code, name in rows.order_by("name", "pk").values_list("code", "name")[:MOST]:
        yield f"{prefix}{code}", name


def _products(text: str) -> Iterable[Choice]:
    found = Product.objects.filter(is_active=True)
    for word in text.split():
        found = found.filter(Q(name__unaccent__icontains=word) | Q(sku__istartswith=word) | Q(barcode=word))
    yield from found.order_by("name", "pk").values_list("sku", "name")[:MOST]


def _product_codes(text: str) -> Iterable[Choice]:
    found = Product.objects.exclude(code="").filter(
        Q(code__istartswith=text) | Q(name__unaccent__icontains=text)
    )
    yield from found.order_by("code", "pk").distinct("code").values_list("code", "name")[:MOST]


def _ncms(text: str) -> Iterable[Choice]:
    found = Product.objects.exclude(ncm="").filter(
        Q(ncm__startswith=text) | Q(name__unaccent__icontains=text)
    )
    yield from found.order_by("ncm", "pk").distinct("ncm").values_list("ncm", "name")[:MOST]


def _stores(text: str) -> Iterable[Choice]:
    yield from _named(Store, text)
    for code, name in _named(StoreGrouping, text, "grouping:"):
        yield code, _("grouping %(name)s") % {"name": name}


def _words(
    known: Iterable[str], used: Callable[[], Iterable[str]] | None = None
) -> Callable[[str], Iterable[Choice]]:
    def search(text: str) -> Iterable[Choice]:
        words = dict.fromkeys([*known, *(used() if used else ())])
        yield from ((word, "") for word in words if text.lower() in word.lower())

    return search


def _labelled(choices: Iterable[tuple[str, Any]]) -> Callable[[str], Iterable[Choice]]:
    def search(text: str) -> Iterable[Choice]:
        yield from (
            (value, str(label)) for value, label in choices if text.lower() in f"{value} {label}".lower()
        )

    return search


def _used_methods() -> Iterable[str]:
    return Payment.objects.order_by("-pk").values_list("method", flat=True)[:200]


def _used_operations() -> Iterable[str]:
    return Sale.objects.order_by("-pk").values_list("operation", flat=True)[:200]


def _loyalty_categories(text: str) -> Iterable[Choice]:
    found = Customer.objects.exclude(loyalty_category="").filter(loyalty_category__icontains=text)
    for name in (
        found.order_by("loyalty_category").values_list("loyalty_category", flat=True).distinct()[:MOST]
    ):
        yield name, ""


def _customers(text: str) -> Iterable[Choice]:
    for customer in Customer.objects.active().search(text).order_by("name", "pk")[:MOST] if text else ():
        yield str(customer.pk), str(customer)


SEARCHES: dict[str, Callable[[str], Iterable[Choice]]] = {
    "campaign": lambda text: _named(Campaign, text),
    "customer": _customers,
    "sku": _products,
    "code": _product_codes,
    "ncm": _ncms,
    "grouping": lambda text: _named(ProductGrouping, text),
    "category": lambda text: _named(Category, text),
    "store": _stores,
    "shop": lambda text: _named(Store, text),
    "groupings": lambda text: _named(CustomerGrouping, text),
    "loyalty_category": _loyalty_categories,
    "sex": _labelled(Sex.choices),
    "pool": lambda text: _named(PromoCodePool, text),
    "campaign_category": lambda text: _named(CampaignCategory, text),
    "consent": _labelled(Purpose.choices),
    "payment_method": _words(PAYMENT_METHODS, _used_methods),
    "operation": _words(OPERATIONS, _used_operations),
    "channel": _words(CHANNELS),
}
