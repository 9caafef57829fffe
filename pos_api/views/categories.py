"""The product tree."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from pos_api.openapi import ROW_RESULTS, operation, page_of, rows_of
from pos_api.views.base import ManagerView, answer, no_content
from pos_api.views.resources import Listing, by, find_or_404, read_changes, save_answer, saved
from retail.models import Category
from retail.models.search import Searchable
from retail.querysets import name_contains
from retail.rows import schema_of
from retail.services.categories import COLUMNS, upsert_categories
from retail.services.deletion import delete_unused

TAG = "Catalogue"
EXAMPLE = {"code": "camisetas", "name": "Camisetas e polos", "parent": "masculino"}
# In an upsert only what names the object must be there; a new one also needs what has no default.
ROW = schema_of(COLUMNS, required=["code"])
SHOWN: dict[str, Any] = {
    "type": "object",
    "properties": {
        **ROW["properties"],
        "path": {"type": "array", "items": {"type": "string"}, "description": "Codes from the root to here."},
    },
}


def represent(category: Category) -> dict[str, Any]:
    """Return a category; its path already says which one stands above it."""
    return {
        "code": category.code,
        "name": category.name,
        "parent": category.path[-2] if len(category.path) > 1 else None,
        "path": category.path,
    }


def identify(category: Category) -> dict[str, Any]:
    return {"code": category.code}


def _search(queryset: QuerySet[Category], text: str) -> QuerySet[Category]:
    return queryset.alias(searchable=Searchable("name")).filter(name_contains(text))


def _below(queryset: QuerySet[Category], text: str) -> QuerySet[Category]:
    return queryset.filter(path__contains=[text])


LISTING = Listing(
    filters={
        "q": ("Words of the name.", _search),
        "parent": ("Code of the category right above.", by("parent__code")),
        "below": ("Code of a category: itself and everything below it.", _below),
    },
    orders={"path": ("path", "pk"), "code": ("code", "pk"), "name": ("name", "pk")},
    order="code",
)


class CategoryListView(ManagerView):
    permissions = {
        "GET": ("retail.view_category",),
        "POST": ("retail.add_category", "retail.change_category"),
    }

    @operation(
        id="categories_list",
        tag=TAG,
        summary="List categories",
        responses={200: page_of(SHOWN)},
        parameters=LISTING.parameters(),
    )
    def get(self, request: Request) -> HttpResponse:
        return LISTING.page(request, Category.objects.all(), represent)

    @operation(
        id="categories_save",
        tag=TAG,
        summary="Create or change one category or a whole tree",
        description="`parent` may be a category of the same list, in any order; circles are refused.",
        request=rows_of(ROW),
        responses={200: {"anyOf": [SHOWN, ROW_RESULTS]}, 201: SHOWN},
        examples={
            "A tree": [
                {"code": "masculino", "name": "Moda masculina", "parent": None},
                EXAMPLE,
            ]
        },
    )
    def post(self, request: Request) -> HttpResponse:
        return save_answer(request, lambda rows: upsert_categories(rows=rows), represent, identify)


class CategoryView(ManagerView):
    permissions = {
        "GET": ("retail.view_category",),
        "PUT": ("retail.add_category", "retail.change_category"),
        "PATCH": ("retail.change_category",),
        "DELETE": ("retail.delete_category",),
    }

    @operation(
        id="categories_get", tag=TAG, summary="Read a category", responses={200: SHOWN}, answer=EXAMPLE
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        return answer(represent(find_or_404(Category.objects.all(), code=code)))

    @operation(
        id="categories_replace",
        tag=TAG,
        summary="Create or replace a category",
        request=schema_of(COLUMNS, required=["name"]),
        responses={200: SHOWN, 201: SHOWN},
        examples={"A category": EXAMPLE},
    )
    def put(self, request: Request, code: str) -> HttpResponse:
        row = read_changes(request, {"code": code})
        return saved(upsert_categories(rows=[row], replace=True)[0], represent)

    @operation(
        id="categories_change",
        tag=TAG,
        summary="Change or move a category",
        description="Moving it takes along everything that hangs below.",
        request=schema_of(COLUMNS, required=[]),
        responses={200: SHOWN},
        examples={"Another parent": {"parent": "moda"}},
    )
    def patch(self, request: Request, code: str) -> HttpResponse:
        find_or_404(Category.objects.all(), code=code)
        row = read_changes(request, {"code": code})
        return saved(upsert_categories(rows=[row])[0], represent)

    @operation(
        id="categories_delete",
        tag=TAG,
        summary="Remove an empty category",
        responses={204: None},
        problems={409: "Products or other categories hang below it (`in_use`)."},
    )
    def delete(self, request: Request, code: str) -> HttpResponse:
        delete_unused(instance=find_or_404(Category.objects.all(), code=code))
        return no_content()
