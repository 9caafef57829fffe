"""What the codes in a campaign document refer to: names for people, catalogue facts for trying a campaign out."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Model, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual

from campaigns.engine.basket import CatalogueItem
from campaigns.engine.campaign import leaves
from campaigns.engine.fields import DocumentError, Problem
from campaigns.engine.marks import gettext_noop
from campaigns.models import Campaign, PromoCode
from customers.models import Customer, CustomerGrouping, window_start
from customers.selectors import has_standing_appointment, standing_consents
from retail import codes, money
from retail.models import Category, Product, ProductGrouping, Sale, SaleState, Store, StoreGrouping


def names_in(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the names of the products, categories, groupings and stores that a document names by code."""
    return names_of(_codes_in(document))


def names_of(codes: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the names of things by their codes, given as (kind, code); kinds are the keys of `_NAMED`."""
    wanted: dict[str, set[str]] = {}
    for kind, value in codes:
        wanted.setdefault(kind, set()).add(value)
    found: dict[str, str] = {}
    for kind, (model, field, prefix) in _NAMED.items():
        if kind in wanted:
            rows = model._default_manager.filter(**{f"{field}__in": wanted[kind]})
            found |= {prefix + code: name for code, name in rows.values_list(field, "name")}
    return found


def unknown_stores(stores: Iterable[str]) -> list[str]:
    """Return those of a document's stores (codes, or `grouping:` and a code) that do not exist."""
    wanted = list(stores)
    known = names_of(_codes_in({"stores": wanted}))
    return [store for store in wanted if store not in known]


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


# --- What the simulator needs to know ------------------------------------------------------------


def completed_lines(lines: list[Any]) -> list[Any]:
    """Return the lines of a simulation with what the catalogue knows of them; what a line says itself stands.

    A category that a line names brings its ancestors along, as at the till. What is no object is returned as it is.
    """
    rows = [line for line in lines if isinstance(line, Mapping)]
    known = catalogue_lines([line["sku"] for line in rows if isinstance(line.get("sku"), str)])
    named = {line["category"] for line in rows if isinstance(line.get("category"), str) and line["category"]}
    paths = dict(Category.objects.filter(code__in=named).values_list("code", "path")) if named else {}
    return [
        known.get(str(line.get("sku")), {}) | _own_category(line, paths) | dict(line)
        if isinstance(line, Mapping)
        else line
        for line in lines
    ]


def catalogue_problems(problems: Iterable[Problem], lines: Any, path: str) -> list[Problem]:
    """Return what is wrong with a simulation; a price that lacks because the catalogue does not know the product says so.

    `lines` are those of the simulation and were completed by `completed_lines`; `path` is theirs in the problems.
    """
    return [_catalogue_problem(problem, lines, path) for problem in problems]


def _catalogue_problem(problem: Problem, lines: Any, path: str) -> Problem:
    place = problem.path.removeprefix(f"{path}.").removesuffix(".unit_price")
    if problem.code != "required" or problem.path != f"{path}.{place}.unit_price" or not place.isdecimal():
        return problem
    sku = lines[int(place)].get("sku")
    if not isinstance(sku, str) or not sku.strip():
        return problem
    message = gettext_noop("%(sku)s is not in the catalogue: give a unit price.")
    return Problem(problem.path, "not_in_catalogue", message, {"sku": sku})


def _own_category(line: Mapping[str, Any], paths: Mapping[str, list[str]]) -> dict[str, Any]:
    category = line.get("category")
    if not isinstance(category, str) or not category or "categories" in line:
        return {}
    return {"categories": paths.get(category, [category])}


def catalogue_lines(skus: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return what the catalogue knows of products, by SKU, as fields of a simulation's line."""
    products = (
        Product.objects.filter(sku__in=set(skus)).select_related("category").prefetch_related("groupings")
    )
    return {
        product.sku: {
            "code": product.code,
            "ncm": product.ncm,
            "categories": product.category.path if product.category else [],
            "groupings": [grouping.code for grouping in product.groupings.all()],
            "unit_price": str(product.price),
            "original_price": str(
                product.price if product.original_price is None else product.original_price
            ),
            "floor_price": None if product.floor_price is None else str(product.floor_price),
            "discountable": product.discountable,
        }
        for product in products
    }


def product_names(skus: Iterable[str]) -> dict[str, str]:
    return dict(Product.objects.filter(sku__in=set(skus)).values_list("sku", "name"))


def selected_products(selector: Any) -> QuerySet[Product]:
    """Return the active products of the catalogue that a selector of the engine selects, by their original price."""
    products = Product.objects.filter(is_active=True)
    if selector.by != "all":
        listed = Q(**{_SELECTED[selector.by]: list(selector.values)})
        if selector.by == "grouping":
            listed = Q(pk__in=Product.objects.filter(groupings__code__in=selector.values).values("pk"))
        products = products.exclude(listed) if selector.exclude else products.filter(listed)
    before = Coalesce("original_price", "price")
    if selector.price_min is not None:
        products = products.filter(GreaterThanOrEqual(before, money.to_decimal(selector.price_min)))
    if selector.price_max is not None:
        products = products.filter(LessThanOrEqual(before, money.to_decimal(selector.price_max)))
    return products


_SELECTED = {
    "sku": "sku__in",
    "code": "code__in",
    "ncm": "ncm__in",
    "grouping": "groupings__code__in",
    "category": "category__path__overlap",
}


def catalogue_items(skus: Iterable[str]) -> dict[str, CatalogueItem]:
    """Return names and prices of products, by SKU, as an evaluation wants them for gifts."""
    rows = Product.objects.filter(sku__in=list(skus)).values_list("sku", "name", "price")
    return {sku: CatalogueItem(name=name, price=money.from_decimal(price)) for sku, name, price in rows}


def fitting_products(conditions: Any, *, limit: int = 3) -> list[str]:
    """Return SKUs that the rules of a campaign name (its condition tree), or simply the first ones of the catalogue."""
    selectors = [selector for leaf in leaves(conditions) if (selector := leaf.selector()) is not None]
    products = selected_products(selectors[0]) if selectors else Product.objects.filter(is_active=True)
    return list(products.order_by("pk").values_list("sku", flat=True)[:limit])


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


def promo_code_facts(
    words: list[str], *, customer: Customer | None = None, at: datetime
) -> list[dict[str, Any]]:
    """Return the codes that exist among those entered, as a simulation names them: usable by this customer or not."""
    wanted = [codes.normalize(word) for word in words]
    found = PromoCode.objects.filter(code__in=wanted).select_related("pool__campaign")
    usable = set(found.usable(at=at).usable_by(customer).values_list("pk", flat=True))
    return [
        {
            "code": code.code,
            "campaign": code.pool.campaign.code if code.pool.campaign else "",
            "pool": code.pool.code,
            "usable": code.pk in usable,
        }
        for code in found
    ]


def shopper_facts(customer: Customer, *, at: datetime) -> dict[str, Any]:
    """Return what is known of a customer at a moment, as a simulation names it. `at` is in the zone of the sale."""
    sales = Sale.objects.real().filter(
        customer=customer, state__in=(SaleState.COMMITTED, SaleState.PARTIALLY_RETURNED), occurred_at__lte=at
    )
    recent = Q(occurred_at__gt=window_start(at))
    bought = sales.aggregate(
        purchases=Count("pk"),
        visits=Count("pk", filter=recent),
        turnover=Sum("net", filter=recent),
        last=Max("occurred_at"),
    )
    consents = standing_consents([customer.pk])[customer.pk]
    facts = {
        "document": customer.document or "",
        "sex": customer.sex,
        "birth_date": customer.birth_date.isoformat() if customer.birth_date else None,
        "groupings": sorted(customer.groupings.values_list("code", flat=True)),
        "level": customer.level,
        "loyalty_category": customer.loyalty_category,
        "previous_purchases": bought["purchases"],
        "consents": sorted({purpose for purpose, channel, granted in consents if granted and not channel}),
        "visits": bought["visits"],
        "turnover": str(bought["turnover"] or 0),
        "last_purchase_days": (
            (at.date() - bought["last"].astimezone(at.tzinfo).date()).days if bought["last"] else None
        ),
        "agenda": has_standing_appointment(customer, last_purchase_at=bought["last"], at=at),
    }
    return {name: value for name, value in facts.items() if value is not None}


def usable_code(*, campaign: str, pool: str | None, at: datetime) -> str | None:
    """Return a promotional code that opens a campaign and that anybody may use, or None when there is none."""
    found = PromoCode.objects.usable(at=at).filter(customer__isnull=True)
    found = found.filter(pool__code=pool) if pool else found.filter(pool__campaign__code=campaign)
    return found.order_by("pk").values_list("code", flat=True).first()
