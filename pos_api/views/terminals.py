"""Terminals: the points of sale of each store."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from pos_api.openapi import ROW_RESULTS, operation, page_of, rows_of
from pos_api.views.base import ManagerView, answer, no_content
from pos_api.views.resources import Listing, by, by_flag, find_or_404, read_changes, save_answer, saved
from retail.models import Terminal
from retail.rows import schema_of
from retail.services.deletion import delete_unused
from retail.services.stores import TERMINAL_COLUMNS, upsert_terminals

TAG = "Stores"
EXAMPLE = {"store": "0004", "code": "1", "name": "Caixa 1", "is_active": True}
# In an upsert only what names the object must be there; a new one also needs what has no default.
ROW = schema_of(TERMINAL_COLUMNS, required=["store", "code"])
SHOWN: dict[str, Any] = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, **ROW["properties"]},
}
LISTING = Listing(
    filters={
        "store": ("Code of the store.", by("store__code")),
        "is_active": ("`true` or `false`.", by_flag("is_active")),
    },
    orders={"store": ("store__code", "code", "pk"), "id": ("pk",)},
    order="id",
)


def represent(terminal: Terminal) -> dict[str, Any]:
    """Return a terminal; its keys are a list of their own."""
    return {
        "id": terminal.pk,
        "store": terminal.store.code,
        "code": terminal.code,
        "name": terminal.name,
        "is_active": terminal.is_active,
    }


def identify(terminal: Terminal) -> dict[str, Any]:
    return {"id": terminal.pk, "store": terminal.store.code, "code": terminal.code}


class TerminalListView(ManagerView):
    permissions = {
        "GET": ("retail.view_terminal",),
        "POST": ("retail.add_terminal", "retail.change_terminal"),
    }

    @operation(
        id="terminals_list",
        tag=TAG,
        summary="List terminals",
        responses={200: page_of(SHOWN)},
        parameters=LISTING.parameters(),
    )
    def get(self, request: Request) -> HttpResponse:
        return LISTING.page(request, Terminal.objects.select_related("store"), represent)

    @operation(
        id="terminals_save",
        tag=TAG,
        summary="Create or change one terminal or many",
        description="Terminals are recognised by `store` and `code`.",
        request=rows_of(ROW),
        responses={200: {"anyOf": [SHOWN, ROW_RESULTS]}, 201: SHOWN},
        examples={"A till": EXAMPLE},
    )
    def post(self, request: Request) -> HttpResponse:
        return save_answer(request, lambda rows: upsert_terminals(rows=rows), represent, identify)


class TerminalView(ManagerView):
    permissions = {
        "GET": ("retail.view_terminal",),
        "PATCH": ("retail.change_terminal",),
        "DELETE": ("retail.delete_terminal",),
    }

    @operation(
        id="terminals_get",
        tag=TAG,
        summary="Read a terminal",
        responses={200: SHOWN},
        answer={"id": 7, **EXAMPLE},
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        return answer(represent(self.find(pk)))

    @operation(
        id="terminals_change",
        tag=TAG,
        summary="Rename, open or close a terminal",
        request=schema_of(TERMINAL_COLUMNS, required=[]),
        responses={200: SHOWN},
        examples={"Close it": {"is_active": False}},
    )
    def patch(self, request: Request, pk: int) -> HttpResponse:
        terminal = self.find(pk)
        row = read_changes(request, {"store": terminal.store.code, "code": terminal.code})
        return saved(upsert_terminals(rows=[row])[0], represent)

    @operation(
        id="terminals_delete",
        tag=TAG,
        summary="Remove a terminal that never sold and has no key",
        responses={204: None},
        problems={409: "It has keys or sales (`in_use`); set `is_active` to false instead."},
    )
    def delete(self, request: Request, pk: int) -> HttpResponse:
        delete_unused(instance=self.find(pk))
        return no_content()

    def find(self, pk: int) -> Terminal:
        return find_or_404(Terminal.objects.select_related("store"), pk=pk)
