"""What can be searched to fill a field of the builder: products, stores, groupings and other known words."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from campaigns.explanations import OPERATIONS, operation_name
from campaigns.models import Campaign, CampaignCategory, PromoCodePool
from customers.models import Customer, CustomerGrouping, Purpose, Sex
from loyalty.models import PointsProgram
from retail.models import Category, Payment, Product, ProductGrouping, Sale, Store, StoreGrouping
from retail.views.choices import MOST, Choice, ChoicesPage, Search, named, products

PAYMENT_METHODS = ("pix", "cash", "credit_card", "debit_card", "gift_card", "voucher", "bank_slip")
CHANNELS = ("email", "sms", "whatsapp", "instagram", "shop_window", "web_shop")


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
    yield from named(Store, text)
    for code, name in named(StoreGrouping, text, "grouping:"):
        yield code, _("grouping %(name)s") % {"name": name}


def _words(known: Iterable[str], used: Callable[[], Iterable[str]] | None = None) -> Search:
    def search(text: str) -> Iterable[Choice]:
        words = dict.fromkeys([*known, *(used() if used else ())])
        yield from ((word, "") for word in words if text.lower() in word.lower())

    return search


def _labelled(choices: Iterable[tuple[str, Any]]) -> Search:
    def search(text: str) -> Iterable[Choice]:
        yield from (
            (value, str(label)) for value, label in choices if text.lower() in f"{value} {label}".lower()
        )

    return search


def _used_methods() -> Iterable[str]:
    return Payment.objects.order_by("-pk").values_list("method", flat=True)[:200]


def _operations(text: str) -> Iterable[Choice]:
    used = Sale.objects.order_by("-pk").values_list("operation", flat=True)[:200]
    labels = [(code, operation_name(code)) for code in dict.fromkeys([*OPERATIONS, *used])]
    yield from _labelled((code, "" if label == code else label) for code, label in labels)(text)


def _loyalty_categories(text: str) -> Iterable[Choice]:
    found = Customer.objects.exclude(loyalty_category="").filter(loyalty_category__icontains=text)
    for name in (
        found.order_by("loyalty_category").values_list("loyalty_category", flat=True).distinct()[:MOST]
    ):
        yield name, ""


def _customers(text: str) -> Iterable[Choice]:
    for customer in Customer.objects.active().search(text).order_by("name", "pk")[:MOST] if text else ():
        yield str(customer.pk), str(customer)


SEARCHES: dict[str, Search] = {
    "campaign": lambda text: named(Campaign, text),
    "customer": _customers,
    "sku": products,
    "code": _product_codes,
    "ncm": _ncms,
    "grouping": lambda text: named(ProductGrouping, text),
    "category": lambda text: named(Category, text),
    "store": _stores,
    "shop": lambda text: named(Store, text),
    "groupings": lambda text: named(CustomerGrouping, text),
    "loyalty_category": _loyalty_categories,
    "sex": _labelled(Sex.choices),
    "pool": lambda text: named(PromoCodePool, text),
    "program": lambda text: named(PointsProgram, text),
    "campaign_category": lambda text: named(CampaignCategory, text),
    "consent": _labelled(Purpose.choices),
    "payment_method": _words(PAYMENT_METHODS, _used_methods),
    "operation": _operations,
    "channel": _words(CHANNELS),
}


class Choices(ChoicesPage):
    """What fields of the builder search."""

    permission_required = "campaigns.view_campaign"
    searches = SEARCHES
