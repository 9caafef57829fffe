"""Products: kept up by the chain's systems, found and scanned at the till."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from pos_api.openapi import ROW_RESULTS, operation, page_of, query, rows_of
from pos_api.problems import BadRequest
from pos_api.views.base import ManagerView, answer, no_content
from pos_api.views.resources import (
    SINCE,
    CounterView,
    Listing,
    by,
    by_flag,
    find_or_404,
    read_changes,
    save_answer,
    saved,
    terminal_or_none,
    user_of,
)
from retail.models import Product
from retail.rows import schema_of
from retail.services.products import COLUMNS, delete_product, upsert_products

TAG = "Catalogue"
LOOKUP_LIMIT = 20
EXAMPLE: dict[str, Any] = {
    "sku": "CAM-BASICA-PR-M",
    "code": "CAM-BASICA",
    "name": "Camiseta básica de algodão preto M",
    "barcode": "7899000000737",
    "ncm": "61091000",
    "category": "camisetas",
    "price": "49.90",
    "original_price": "59.90",
    "cost": "18.00",
    "floor_price": None,
    "discountable": True,
    "image_url": "",
    "is_active": True,
}
# In an upsert only what names the object must be there; a new one also needs what has no default.
ROW = schema_of(COLUMNS, required=["sku"])
SHOWN: dict[str, Any] = {
    "type": "object",
    "properties": {
        **ROW["properties"],
        "categories": {"type": "array", "items": {"type": "string"}, "description": "From the root down."},
        "updated_at": {"type": "string", "format": "date-time"},
    },
}


def represent(product: Product) -> dict[str, Any]:
    """Return a product as the till sees it."""
    category = product.category
    return {
        "sku": product.sku,
        "code": product.code,
        "name": product.name,
        "barcode": product.barcode,
        "ncm": product.ncm,
        "category": category.code if category else None,
        "categories": category.path if category else [],
        "price": product.price,
        "original_price": product.original_price,
        "floor_price": product.floor_price,
        "discountable": product.discountable,
        "image_url": product.image_url,
        "is_active": product.is_active,
        "updated_at": product.updated_at,
    }


def represent_for_managers(product: Product) -> dict[str, Any]:
    return {**represent(product), "cost": product.cost}


def identify(product: Product) -> dict[str, Any]:
    return {"sku": product.sku}


def _search(queryset: Any, text: str) -> QuerySet[Product]:
    return queryset.search(text.strip())


def _below(queryset: QuerySet[Product], text: str) -> QuerySet[Product]:
    return queryset.filter(category__path__contains=[text])


LISTING = Listing(
    filters={
        "q": ("Exact SKU, barcode or product code, or words of the name in any order.", _search),
        "code": ("Product code.", by("code")),
        "category": ("Code of a category; what hangs below it counts too.", _below),
        "grouping": ("Code of a grouping.", by("groupings__code")),
        "ncm": ("NCM.", by("ncm")),
        "is_active": ("`true` or `false`.", by_flag("is_active")),
        "updated_since": SINCE,
    },
    orders={
        "sku": ("sku", "pk"),
        "name": ("name", "pk"),
        "-name": ("-name", "-pk"),
        "price": ("price", "pk"),
        "-price": ("-price", "-pk"),
        "updated_at": ("updated_at", "pk"),
        "-updated_at": ("-updated_at", "-pk"),
    },
    order="sku",
)


class ProductListView(CounterView):
    permissions = {
        "GET": ("retail.view_product",),
        "POST": ("retail.add_product", "retail.change_product"),
    }
    terminal_methods = ("GET",)

    @operation(
        id="products_list",
        tag=TAG,
        summary="List products",
        description="A terminal sees what is on sale, without cost.",
        responses={200: page_of(SHOWN)},
        parameters=LISTING.parameters(),
    )
    def get(self, request: Request) -> HttpResponse:
        products = Product.objects.select_related("category")
        if terminal_or_none(request) is not None:
            return LISTING.page(request, products.on_sale(), represent)
        return LISTING.page(request, products, represent_for_managers)

    @operation(
        id="products_save",
        tag=TAG,
        summary="Create or change one product or up to 10,000",
        description=(
            "Products are recognised by `sku`. Fields that are absent keep their value. One object answers the product; "
            "a list answers one result per row, and a wrong row never stops the others."
        ),
        request=rows_of(ROW),
        responses={200: {"anyOf": [SHOWN, ROW_RESULTS]}, 201: SHOWN},
        examples={"One product": EXAMPLE, "New prices": [{"sku": "CAM-BASICA-PR-M", "price": "44.90"}]},
    )
    def post(self, request: Request) -> HttpResponse:
        return save_answer(
            request,
            lambda rows: upsert_products(rows=rows, user=user_of(request), at=timezone.now()),
            represent_for_managers,
            identify,
        )


class ProductView(ManagerView):
    permissions = {
        "GET": ("retail.view_product",),
        "PUT": ("retail.add_product", "retail.change_product"),
        "PATCH": ("retail.change_product",),
        "DELETE": ("retail.delete_product",),
    }

    @operation(id="products_get", tag=TAG, summary="Read a product", responses={200: SHOWN}, answer=EXAMPLE)
    def get(self, request: Request, sku: str) -> HttpResponse:
        return answer(represent_for_managers(self.find(sku)))

    @operation(
        id="products_replace",
        tag=TAG,
        summary="Create or replace a product",
        description="Fields that are absent go back to their default.",
        request=schema_of(COLUMNS, required=["name", "price"]),
        responses={200: SHOWN, 201: SHOWN},
        examples={"A product": EXAMPLE},
    )
    def put(self, request: Request, sku: str) -> HttpResponse:
        row = read_changes(request, {"sku": sku})
        return self.save(request, row, replace=True)

    @operation(
        id="products_change",
        tag=TAG,
        summary="Change a product",
        request=schema_of(COLUMNS, required=[]),
        responses={200: SHOWN},
        examples={"A new price": {"price": "44.90"}},
    )
    def patch(self, request: Request, sku: str) -> HttpResponse:
        self.find(sku)
        row = read_changes(request, {"sku": sku})
        return self.save(request, row)

    @operation(
        id="products_delete",
        tag=TAG,
        summary="Remove a product that was never sold",
        responses={204: None},
        problems={409: "It was sold (`in_use`); set `is_active` to false instead."},
    )
    def delete(self, request: Request, sku: str) -> HttpResponse:
        delete_product(product=self.find(sku))
        return no_content()

    def save(self, request: Request, row: dict[str, Any], *, replace: bool = False) -> HttpResponse:
        results = upsert_products(rows=[row], replace=replace, user=user_of(request), at=timezone.now())
        return saved(results[0], represent_for_managers)

    def find(self, sku: str) -> Product:
        return find_or_404(Product.objects.select_related("category"), sku=sku)


class ProductLookupView(CounterView):
    permissions = {"GET": ("retail.view_product",)}
    terminal_methods = ("GET",)

    @operation(
        id="products_lookup",
        tag=TAG,
        summary="Find products at the till",
        description="SKU and barcode first, then product codes, then names; only what is on sale.",
        responses={200: {"type": "object", "properties": {"results": {"type": "array", "items": SHOWN}}}},
        parameters=(
            query("q", "SKU, barcode, product code or words of the name.", required=True),
            query(
                "limit",
                "How many are wanted.",
                {"type": "integer", "minimum": 1, "maximum": LOOKUP_LIMIT, "default": LOOKUP_LIMIT},
            ),
        ),
    )
    def get(self, request: Request) -> HttpResponse:
        text = request.query_params.get("q", "").strip()
        if not 1 <= len(text) <= 100:
            raise BadRequest(_("q must have 1 to 100 characters."))
        limit = request.query_params.get("limit", str(LOOKUP_LIMIT))
        if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:6]) <= LOOKUP_LIMIT):
            raise BadRequest(_("limit must be a number from 1 to %(limit)d.") % {"limit": LOOKUP_LIMIT})
        scanned = Product.objects.select_related("category").on_sale().filter(Q(sku=text) | Q(barcode=text))
        # What was scanned needs no search by name.
        found = list(scanned.order_by("pk")[: int(limit)])
        if not found:
            search = Product.objects.select_related("category").on_sale().search(text)
            found = list(search.best_first(text)[: int(limit)])
        return answer({"results": [represent(product) for product in found]})
