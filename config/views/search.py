"""One search over everything that a manager looks for by name or code."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views import View

from campaigns.models import Campaign
from customers.models import Customer
from retail.models import Product, Store
from retail.views.access import PageMixin

LIMIT = 8


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of thing that can be found. `url` gets the object and names its page."""

    title: Promise | str
    icon: str
    model: type[Model]
    permission: str
    fields: tuple[str, ...]
    label: Callable[[Any], str]
    note: Callable[[Any], str]
    page: str
    key: str


SOURCES = (
    Source(
        _("Campaigns"), "campaign", Campaign, "campaigns.view_campaign",
        ("code__icontains", "name__unaccent__icontains"),
        lambda found: found.name, lambda found: found.code, "campaigns:campaign_detail", "code",
    ),
    Source(
        _("Products"), "product", Product, "retail.view_product",
        ("sku__istartswith", "barcode", "name__unaccent__icontains"),
        lambda found: found.name, lambda found: found.sku, "retail:product_detail", "pk",
    ),
    Source(
        _("Customers"), "customer", Customer, "customers.view_customer",
        ("code", "document", "card", "email__istartswith", "phone__endswith", "name__unaccent__icontains"),
        str, lambda found: found.email or found.phone, "customers:customer_detail", "pk",
    ),
    Source(
        _("Stores"), "store", Store, "retail.view_store",
        ("code__iexact", "name__unaccent__icontains"),
        lambda found: found.name, lambda found: found.code, "retail:store_detail", "pk",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hit:
    label: str
    note: str
    url: str


@dataclass(frozen=True, slots=True)
class Group:
    source: Source
    hits: list[Hit]


class Search(PageMixin, View):
    """Show the first findings of each kind that the reader may see; one query a kind."""

    def get(self, request: HttpRequest) -> HttpResponse:
        text = request.GET.get("q", "").replace("\x00", "").strip()[:100]
        groups = [_find(source, text) for source in SOURCES if request.user.has_perm(source.permission)]
        context = {
            "global_query": text,
            "groups": [group for group in groups if group.hits],
            "total": sum(len(group.hits) for group in groups),
        }
        return render(request, "config/search.html", context)


def _find(source: Source, text: str) -> Group:
    if len(text) < 2:
        return Group(source, [])
    wanted = Q()
    for look_up in source.fields:
        wanted |= Q(**{look_up: text})
    found = source.model._default_manager.filter(wanted).order_by("pk")[:LIMIT]
    hits = [Hit(source.label(one), source.note(one), url) for one in found if (url := _address(source, one))]
    return Group(source, hits)


def _address(source: Source, found: Any) -> str | None:
    try:
        return reverse(source.page, args=[getattr(found, source.key)])
    except NoReverseMatch:
        return None
