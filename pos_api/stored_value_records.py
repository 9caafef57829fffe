"""How managers read and write stored values: what a request may contain, and what an answer says."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.request import Request

from loyalty.models import StoredValueEvent
from loyalty.selectors.statement import StatementRow
from loyalty.selectors.stored_value_records import Happening, StoredValueState
from loyalty.selectors.stored_values import Held
from loyalty.services.stamp_plans import Percent
from loyalty.services.stored_value_types import StoredValueKind
from pos_api.accounts import ENTRY, amount_of, entry_body
from pos_api.errors import field_problems
from pos_api.openapi import Json
from pos_api.problems import Invalid
from pos_api.views.resources import read_changes
from retail import money
from retail.rows import MISSING, Code, Codes, Column, FieldRefused, Moment, Money, Text, Whole, read_row

MAX_ID = 2**53
REASON: Column = Text(240, default=MISSING)


def signed_amount_message(value: Any) -> str:
    """Return what is to be said of a value that is no amount to add or to take."""
    if money.fault_of(value, signed=True) == money.Fault.TOO_LARGE:
        return _("This is more than any amount can be.")
    return _("This must be an amount with at most two decimals.")


@dataclass(frozen=True, slots=True)
class Signed:
    """An amount to add (positive) or to take (negative), in cents."""

    default: Any = MISSING

    def read(self, value: Any) -> int:
        try:
            return money.parse(value)
        except money.MoneyError as error:
            raise FieldRefused("amount", signed_amount_message(value)) from error

    def schema(self) -> Json:
        return {"type": ["string", "number"], "description": "Added when positive, taken when negative."}


@dataclass(frozen=True, slots=True)
class MaybePercent(Percent):
    """A percentage, or null."""

    default: Any = None

    def read(self, value: Any) -> Any:
        return None if value is None else Percent.read(self, value)

    def schema(self) -> Json:
        return {"type": ["string", "number", "null"], "exclusiveMinimum": 0, "maximum": 100}


@dataclass(frozen=True, slots=True)
class Owner(Whole):
    """The id of a customer, or null for nobody; it has to be said."""

    minimum: int = 1
    maximum: int = MAX_ID
    default: Any = MISSING

    def read(self, value: Any) -> int | None:
        return None if value is None else Whole.read(self, value)

    def schema(self) -> Json:
        return {"type": ["integer", "null"], "minimum": 1}


REASON_COLUMNS: dict[str, Column] = {"reason": REASON}
REPLACE_COLUMNS: dict[str, Column] = {"code": Code(64, default=None), "reason": REASON}
ASSIGN_COLUMNS: dict[str, Column] = {"customer": Owner(), "reason": REASON}
ADJUST_COLUMNS: dict[str, Column] = {
    "operation": Code(64),
    "amount": Signed(),
    "expires_at": Moment(),
    "reason": REASON,
}
ISSUE_COLUMNS: dict[str, Column] = {
    "operation": Code(64),
    "type": Code(64),
    "customer": Whole(1, MAX_ID, default=MISSING),
    "amount": Money(default=None),
    "percent": MaybePercent(),
    "stores": Codes(),
    "expires_at": Moment(),
    "reason": REASON,
}


def read_values(request: Request, columns: Mapping[str, Column]) -> dict[str, Any]:
    """Return the body as values of its columns. Raises Invalid with everything that is wrong."""
    row = read_row(0, read_changes(request, {}), columns)
    refused = {error.path for error in row.errors}
    for name, column in columns.items():
        if name in row.values or name in refused:
            continue
        if column.default is MISSING:
            row.refuse(name, "required", _("This is required."))
        else:
            row.values[name] = column.default
    if row.errors:
        raise Invalid(errors=field_problems(row.errors))
    return row.values


# --- What an answer says -------------------------------------------------------------------------

_TEXT: Json = {"type": "string"}
_MAYBE: Json = {"type": ["string", "null"]}
_MOMENT: Json = {"type": ["string", "null"], "format": "date-time"}
EVENT: Json = {
    "type": "object",
    "properties": {
        "what": {"enum": list(StoredValueEvent.Kind.values)},
        "customer": {"type": ["integer", "null"]},
        "reason": _TEXT,
        "by": _TEXT,
        "occurred_at": _MOMENT,
    },
}
RECORD: Json = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "kind": {"enum": list(StoredValueKind.values)},
        "type": _TEXT,
        "last4": _TEXT,
        "state": {"enum": list(StoredValueState.values)},
        "balance": {**_TEXT, "description": "What can be used now; of a voucher in percent 0.00."},
        "percent": {**_MAYBE, "description": "Of a voucher that is worth a part of one sale."},
        "expires_at": {**_MOMENT, "description": "When the first of it expires."},
        "customer": {
            "type": ["integer", "null"],
            "description": "The id of the customer that it belongs to.",
        },
        "stores": {
            "type": "array",
            "items": _TEXT,
            "description": "Where it can be used; empty: everywhere.",
        },
        "price": {**_MAYBE, "description": "What was paid for it when it was sold."},
        "store": {**_MAYBE, "description": "Where it was made."},
        "sale": {**_MAYBE, "description": "The sale or return that made it."},
        "by": {**_TEXT, "description": "Who gave it by hand."},
        "blocked_at": _MOMENT,
        "blocked_reason": _TEXT,
        "created_at": _MOMENT,
    },
}
DETAIL: Json = {
    "type": "object",
    "properties": {
        **RECORD["properties"],
        "paid": {**_TEXT, "description": "What was paid for it in all, loads included."},
        "entries": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    **ENTRY["properties"],
                    "price": {**_MAYBE, "description": "What was paid for it, of a load."},
                },
            },
            "description": "The newest first, 500 at most.",
        },
        "events": {"type": "array", "items": EVENT},
    },
}
RECORD_EXAMPLE: dict[str, Any] = {
    "id": 118,
    "kind": "e_purse",
    "type": "kdo",
    "last4": "XW3C",
    "state": "usable",
    "balance": "35.00",
    "percent": None,
    "expires_at": None,
    "customer": 7,
    "stores": [],
    "price": "50.00",
    "store": "MATRIZ",
    "sale": None,
    "by": "",
    "blocked_at": None,
    "blocked_reason": "",
    "created_at": "2026-11-23T13:00:00Z",
}


def record_body(one: Held) -> dict[str, Any]:
    """Return a stored value as managers read it: never its code, and of its customer only the id."""
    stored = one.stored
    return {
        "id": stored.pk,
        "kind": stored.type.kind,
        "type": stored.type.code,
        "last4": one.last4,
        "state": stored.state,  # type: ignore[attr-defined]
        "balance": money.text(0 if stored.percent is not None else one.balance.available),
        "percent": None if stored.percent is None else f"{stored.percent.normalize():f}",
        "expires_at": one.balance.next_expiry,
        "customer": stored.customer_id,
        "stores": list(stored.store_codes or stored.type.store_codes),
        "price": None if stored.price is None else str(stored.price),
        "store": stored.store.code if stored.store else None,
        "sale": stored.sale.uuid if stored.sale else None,
        "by": stored.actor.get_username() if stored.actor else "",
        "blocked_at": stored.blocked_at,
        "blocked_reason": stored.blocked_reason,
        "created_at": stored.created_at,
    }


def history_body(happened: list[Happening]) -> dict[str, Any]:
    """Return the statement of a stored value: what was paid for it, its entries, and what people did to it."""
    paid = [one.price for one in happened if one.price is not None]
    return {
        "paid": str(sum(paid, Decimal("0.00"))),
        "entries": [
            entry_body(StatementRow(one.entry, one.balance))
            | {"price": None if one.price is None else str(one.price)}
            for one in happened
            if one.entry is not None and one.balance is not None
        ],
        "events": [_event_body(one.event) for one in happened if one.event is not None],
    }


def _event_body(event: StoredValueEvent) -> dict[str, Any]:
    return {
        "what": event.kind,
        "customer": event.customer_id,
        "reason": event.reason,
        "by": event.actor.get_username() if event.actor else "",
        "occurred_at": event.created_at,
    }


def adjusted_body(operation: str, amount: int, kind: str) -> dict[str, Any]:
    return {"operation": operation, "amount": amount_of(kind, amount)}
