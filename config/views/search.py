"""One search over everything that a manager looks for by name or code."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
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
    """One kind of thing that can be found: by its queryset's own `search`, led to its own page."""

    title: Promise | str
    icon: str
    model: type[Model]
    permission: str
    label: Callable[[Any], str]
    note: Callable[[Any], str]
    page: str
    key: str = "pk"


SOURCES = (
    Source(
        _("Campaigns"), "campaign", Campaign, "campaigns.view_campaign",
        lambda found: found.name, lambda found: found.code, "campaigns:campaign_detail", "code",
    ),
    Source(
        _("Products"), "product", Product, "retail.view_product",
        lambda found: found.name, lambda found: found.sku, "retail:product_detail",
    ),
    Source(
        _("Customers"), "customer", Customer, "customers.view_customer",
        str, lambda found: found.email or found.phone, "customers:customer_detail",
    ),
    Source(
        _("Stores"), "store", Store, "retail.view_store",
        lambda found: found.name, lambda found: found.code, "retail:store_detail",
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
        text = request.GET.get("q", "").strip()[:100]
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
    queryset: Any = source.model._default_manager.all()
    found = queryset.search(text).order_by("pk")[:LIMIT]
    address = partial(_address, source)
    return Group(source, [Hit(source.label(one), source.note(one), address(one)) for one in found])


def _address(source: Source, found: Any) -> str:
    return reverse(source.page, args=[getattr(found, source.key)])
