"""Stores and their terminals."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from retail import upsert
from retail.models import Store, Terminal, TotalsMode
from retail.models.company import validate_time_zone
from retail.rows import MISSING, Choice, Code, Column, Flag, Money, Reference, RowResult, Text

STORE_COLUMNS: dict[str, Column] = {
    "code": Code(32),
    "name": Text(120, default=MISSING),
    "brand": Text(60),
    "time_zone": Text(64, default="America/Sao_Paulo", validators=[validate_time_zone]),
    "city": Text(80),
    "state": Text(2),
    "online_shop": Flag(default=False),
    "totals_mode": Choice(TotalsMode, default=TotalsMode.STRICT.value),
    "offline_redeem_limit": Money(default=Decimal("0.00")),
    "is_active": Flag(default=True),
}
TERMINAL_COLUMNS: dict[str, Column] = {
    "store": Reference(Store, max_length=32, default=MISSING),
    "code": Code(32),
    "name": Text(80),
    "is_active": Flag(default=True),
}


def upsert_stores(*, rows: Sequence[Any], replace: bool = False) -> list[RowResult]:
    """Create or change stores by code and answer one result per row. Raises TooManyRows."""

    def work() -> list[RowResult]:
        parsed = upsert.read_rows(rows, STORE_COLUMNS)
        upsert.require(parsed, STORE_COLUMNS, "code")
        upsert.refuse_duplicates(parsed, "code", lambda row: row.values["code"])
        codes = [row.values["code"] for row in parsed if not row.errors]
        existing = {
            store.code: store
            for store in Store.objects.filter(code__in=codes).order_by("pk").select_for_update()
        }
        for row in parsed:
            if not row.errors:
                row.instance = existing.get(row.values["code"])
                upsert.fill_instance(row, Store, STORE_COLUMNS, replace=replace)
        upsert.write(parsed, Store)
        return upsert.results(parsed)

    return upsert.in_one_transaction(work)


def upsert_terminals(*, rows: Sequence[Any], replace: bool = False) -> list[RowResult]:
    """Create or change terminals by store and code and answer one result per row. Raises TooManyRows."""

    def work() -> list[RowResult]:
        parsed = upsert.read_rows(rows, TERMINAL_COLUMNS)
        upsert.require(parsed, TERMINAL_COLUMNS, "store", "code")
        upsert.refuse_duplicates(parsed, "code", lambda row: (row.values["store"], row.values["code"]))
        upsert.resolve_references(parsed, TERMINAL_COLUMNS)
        stores = {row.values["store"].pk for row in parsed if not row.errors}
        existing = {
            (terminal.store_id, terminal.code): terminal
            for terminal in Terminal.objects.filter(store__in=stores).order_by("pk").select_for_update()
        }
        for row in parsed:
            if not row.errors:
                row.instance = existing.get((row.values["store"].pk, row.values["code"]))
                upsert.fill_instance(row, Terminal, TERMINAL_COLUMNS, replace=replace)
        upsert.write(parsed, Terminal)
        return upsert.results(parsed)

    return upsert.in_one_transaction(work)
