"""What the codes in a campaign document refer to: names for people, catalogue facts for trying a campaign out."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Model

from campaigns import codes
from campaigns.engine.basket import CatalogueItem
from campaigns.engine.fields import DocumentError, Problem
from campaigns.engine.marks import gettext_noop
from campaigns.models import Campaign, PromoCode
from customers.models import CustomerGrouping
from retail import money
from retail.models import Category, Product, ProductGrouping, Store, StoreGrouping


def names_in(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the names of the products, categories, groupings and stores that a document names by code."""
    wanted: dict[str, set[str]] = {}
    for kind, value in _codes_in(document):
        wanted.setdefault(kind, set()).add(value)
    found: dict[str, str] = {}
    for kind, (model, field, prefix) in _NAMED.items():
        if kind in wanted:
            rows = model._default_manager.filter(**{f"{field}__in": wanted[kind]})
            found |= {prefix + code: name for code, name in rows.values_list(field, "name")}
    return found


_NAMED: dict[str, tuple[type[Model], str, str]] = {
    "sku": (Product, "sku", ""),
    "category": (Category, "code", ""),
    "grouping": (ProductGrouping, "code", ""),
    "customer_grouping": (CustomerGrouping, "code", ""),
    "store": (Store, "code", ""),
    "store_grouping": (StoreGrouping, "code", "grouping:"),
}


def _codes_in(node: Any) -> Iterator[tuple[str, str]]:
    if isinstance(node, list):
        for item in node:
            yield from _codes_in(item)
    if not isinstance(node, Mapping):
        return
    for value in _texts(node.get("values")):
        yield str(node.get("by")), value
    if node.get("attribute") == "groupings":
        for value in _texts(node.get("value")):
            yield "customer_grouping", value
    for store in _texts(node.get("stores")):
        is_grouping = store.startswith("grouping:")
        yield ("store_grouping", store.removeprefix("grouping:")) if is_grouping else ("store", store)
    if isinstance(node.get("sku"), str):
        yield "sku", node["sku"]
    for child in node.values():
        yield from _codes_in(child)


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, str)]


def with_saved(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a simulation's or back-test's document with the working copies of the campaigns that it names as `saved`.

    Raises DocumentError for a code that no campaign has, or that is given twice.
    """
    rest = {name: value for name, value in document.items() if name != "saved"}
    codes, given = document.get("saved", []), document.get("campaigns", [])
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
        raise DocumentError([Problem("saved", "invalid_type", gettext_noop("Must be a list of codes."))])
    if not codes or not isinstance(given, list):
        return rest
    documents = dict(Campaign.objects.filter(code__in=codes).values_list("code", "document"))
    taken = {campaign.get("code") for campaign in given if isinstance(campaign, Mapping)}
    problems = []
    for position, code in enumerate(codes):
        if code not in documents:
            message = gettext_noop("There is no such campaign.")
            problems.append(Problem(f"saved.{position}", "unknown", message))
        elif code in taken:
            message = gettext_noop("Another campaign has this code.")
            problems.append(Problem(f"saved.{position}", "repeated", message))
        taken.add(code)
    if problems:
        raise DocumentError(problems)
    return rest | {"campaigns": [*given, *(documents[code] for code in codes)]}


# --- What “try it” needs to know -----------------------------------------------------------------


def catalogue_lines(skus: list[str]) -> dict[str, dict[str, Any]]:
    """Return what the catalogue knows of products, by SKU, as fields of a simulation's line."""
    products = Product.objects.filter(sku__in=skus).select_related("category").prefetch_related("groupings")
    return {
        product.sku: {
            "code": product.code,
            "ncm": product.ncm,
            "categories": product.category.path if product.category else [],
            "groupings": [grouping.code for grouping in product.groupings.all()],
            "unit_price": str(product.price),
            "original_price": str(product.original_price) if product.original_price is not None else None,
            "floor_price": str(product.floor_price) if product.floor_price is not None else None,
            "discountable": product.discountable,
        }
        for product in products
    }


def catalogue_items(skus: Iterable[str]) -> dict[str, CatalogueItem]:
    """Return names and prices of products, by SKU, as an evaluation wants them for gifts."""
    rows = Product.objects.filter(sku__in=list(skus)).values_list("sku", "name", "price")
    return {sku: CatalogueItem(name=name, price=money.from_decimal(price)) for sku, name, price in rows}


def fitting_products(document: Mapping[str, Any], *, limit: int = 3) -> list[str]:
    """Return SKUs that a campaign's rules name, or simply the first ones of the catalogue."""
    products = Product.objects.filter(is_active=True).order_by("pk")
    for by, values in _named_products(document.get("conditions")):
        look_up = {
            "sku": "sku__in",
            "code": "code__in",
            "ncm": "ncm__in",
            "grouping": "groupings__code__in",
            "category": "category__path__overlap",
        }.get(by)
        if look_up:
            products = products.filter(**{look_up: values}).distinct()
            break
    return list(products.values_list("sku", flat=True)[:limit])


def _named_products(node: Any) -> Iterator[tuple[str, list[str]]]:
    if not isinstance(node, Mapping):
        return
    if node.get("kind") == "product" and not node.get("exclude"):
        yield node.get("by", ""), node.get("values", [])
    for child in [*node.get("all", []), *node.get("any", [])]:
        yield from _named_products(child)


def store_facts(code: str) -> dict[str, Any] | None:
    """Return a store as a simulation names it, or None when there is no such store."""
    store = Store.objects.filter(code=code).prefetch_related("groupings").first() if code else None
    if store is None:
        return None
    return {
        "code": store.code,
        "groupings": [grouping.code for grouping in store.groupings.all()],
        "timezone": store.time_zone,
    }


def promo_code_facts(words: list[str], *, at: datetime) -> list[dict[str, Any]]:
    """Return the codes that exist among those entered, as a simulation names them."""
    wanted = [codes.normalize(word) for word in words]
    found = PromoCode.objects.filter(code__in=wanted).select_related("pool__campaign")
    usable = set(found.usable(at=at).values_list("pk", flat=True))
    return [
        {
            "code": code.code,
            "campaign": code.pool.campaign.code if code.pool.campaign else "",
            "pool": code.pool.code,
            "usable": code.pk in usable,
        }
        for code in found
    ]
