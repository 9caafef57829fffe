"""Stores, physical and virtual."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from pos_api.openapi import ROW_RESULTS, operation, page_of, rows_of
from pos_api.views.base import ManagerView, answer, no_content
from pos_api.views.resources import (
    SINCE,
    Listing,
    by,
    by_flag,
    find_or_404,
    read_changes,
    save_answer,
    saved,
)
from retail.models import Store
from retail.rows import schema_of
from retail.services.deletion import delete_unused
from retail.services.stores import STORE_COLUMNS, upsert_stores

TAG = "Stores"
EXAMPLE = {
    "code": "0004",
    "name": "Aurora Manaus",
    "brand": "Aurora",
    "time_zone": "America/Manaus",
    "city": "Manaus",
    "state": "AM",
    "online_shop": False,
    "totals_mode": "strict",
    "offline_redeem_limit": "0.00",
    "is_active": True,
}
# In an upsert only what names the object must be there; a new one also needs what has no default.
ROW = schema_of(STORE_COLUMNS, required=["code"])
SHOWN: dict[str, Any] = {
    "type": "object",
    "properties": {**ROW["properties"], "updated_at": {"type": "string", "format": "date-time"}},
}


def represent(store: Store) -> dict[str, Any]:
    """Return a store by the names of its columns."""
    shown = {name: getattr(store, name) for name in (*STORE_COLUMNS, "updated_at")}
    return shown | {"offline_redeem_limit": str(store.offline_redeem_limit)}


def identify(store: Store) -> dict[str, Any]:
    return {"code": store.code}


def _search(queryset: Any, text: str) -> QuerySet[Store]:
    return queryset.search(text.strip())


LISTING = Listing(
    filters={
        "q": ("Exact code, or words of the name.", _search),
        "grouping": ("Code of a grouping.", by("groupings__code")),
        "brand": ("Brand.", by("brand")),
        "state": ("State, such as SP.", by("state")),
        "online_shop": ("`true` or `false`.", by_flag("online_shop")),
        "is_active": ("`true` or `false`.", by_flag("is_active")),
        "updated_since": SINCE,
    },
    orders={"code": ("code", "pk"), "name": ("name", "pk"), "updated_at": ("updated_at", "pk")},
    order="code",
)


class StoreListView(ManagerView):
    permissions = {"GET": ("retail.view_store",), "POST": ("retail.add_store", "retail.change_store")}

    @operation(
        id="stores_list",
        tag=TAG,
        summary="List stores",
        responses={200: page_of(SHOWN)},
        parameters=LISTING.parameters(),
    )
    def get(self, request: Request) -> HttpResponse:
        return LISTING.page(request, Store.objects.all(), represent)

    @operation(
        id="stores_save",
        tag=TAG,
        summary="Create or change one store or many",
        description="Stores are recognised by `code`. Fields that are absent keep their value.",
        request=rows_of(ROW),
        responses={200: {"anyOf": [SHOWN, ROW_RESULTS]}, 201: SHOWN},
        examples={"A store": EXAMPLE},
    )
    def post(self, request: Request) -> HttpResponse:
        return save_answer(request, lambda rows: upsert_stores(rows=rows), represent, identify)


class StoreView(ManagerView):
    permissions = {
        "GET": ("retail.view_store",),
        "PUT": ("retail.add_store", "retail.change_store"),
        "PATCH": ("retail.change_store",),
        "DELETE": ("retail.delete_store",),
    }

    @operation(id="stores_get", tag=TAG, summary="Read a store", responses={200: SHOWN}, answer=EXAMPLE)
    def get(self, request: Request, code: str) -> HttpResponse:
        return answer(represent(find_or_404(Store.objects.all(), code=code)))

    @operation(
        id="stores_replace",
        tag=TAG,
        summary="Create or replace a store",
        request=schema_of(STORE_COLUMNS, required=["name"]),
        responses={200: SHOWN, 201: SHOWN},
        examples={"A store": EXAMPLE},
    )
    def put(self, request: Request, code: str) -> HttpResponse:
        row = read_changes(request, {"code": code})
        return saved(upsert_stores(rows=[row], replace=True)[0], represent)

    @operation(
        id="stores_change",
        tag=TAG,
        summary="Change a store",
        request=schema_of(STORE_COLUMNS, required=[]),
        responses={200: SHOWN},
        examples={"Close it": {"is_active": False}},
    )
    def patch(self, request: Request, code: str) -> HttpResponse:
        find_or_404(Store.objects.all(), code=code)
        row = read_changes(request, {"code": code})
        return saved(upsert_stores(rows=[row])[0], represent)

    @operation(
        id="stores_delete",
        tag=TAG,
        summary="Remove a store that nothing needs",
        responses={204: None},
        problems={409: "It has terminals or sales (`in_use`); set `is_active` to false instead."},
    )
    def delete(self, request: Request, code: str) -> HttpResponse:
        delete_unused(instance=find_or_404(Store.objects.all(), code=code))
        return no_content()
