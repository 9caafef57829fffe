"""How the API writes what customers hold: amounts in the unit of their account."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from campaigns.engine.redemption_body import points_number
from loyalty.models import MONEY_KINDS, Account, AccountKind
from loyalty.selectors.statement import StatementRow
from pos_api.openapi import Json
from retail import money

AMOUNT: Json = {
    "type": ["string", "integer"],
    "description": "Cashback as money; points and stamps as a number, as a text with two decimals when it is not whole.",
}
AMOUNTS = ("available", "reserved", "pending", "awaiting_review", "expiring", "owed")
_UNITS = {AccountKind.POINTS.value: "program", AccountKind.STAMPS.value: "plan"}
_TEXT: Json = {"type": "string"}
_MOMENT: Json = {"type": ["string", "null"], "format": "date-time"}
UNIT: Json = {
    "kind": {"enum": list(AccountKind.values)},
    "program": {**_TEXT, "description": "With `points`: the code of the program."},
    "plan": {**_TEXT, "description": "With `stamps`: the code of the plan."},
    "name": _TEXT,
}
# What `balance_body` writes; an account has its `id` beside it.
BALANCE: Json = {
    **UNIT,
    **dict.fromkeys(AMOUNTS, AMOUNT),
    "reserved": {**AMOUNT, "description": "Kept by reservations, and no part of `available`."},
    "pending_from": {**_MOMENT, "description": "When the first of `pending` can be used."},
    "next_expiry": {**_MOMENT, "description": "The first end; `expiring` is what ends within 30 days."},
}
ENTRY: Json = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "account": {"type": "integer"},
        **UNIT,
        "what": _TEXT,
        "amount": AMOUNT,
        "balance": {**AMOUNT, "description": "What the entry left in its account."},
        "sale": {"type": ["string", "null"]},
        "ticket": {"type": ["string", "null"]},
        "store": {"type": ["string", "null"]},
        **dict.fromkeys(("campaign", "reason", "by", "cause"), _TEXT),
        "available_from": _MOMENT,
        "expires_at": _MOMENT,
        "occurred_at": _MOMENT,
        "recorded_at": _MOMENT,
    },
}


def amount_of(kind: str, hundredths: int) -> int | str:
    """Write an amount of an account of this kind."""
    return money.text(hundredths) if kind in MONEY_KINDS else points_number(hundredths)


class Holding(Protocol):
    """What a customer has of one unit at a moment, in hundredths, whichever query read it."""

    @property
    def kind(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def pending_from(self) -> datetime | None: ...
    @property
    def next_expiry(self) -> datetime | None: ...


def unit_body(kind: str, code: str = "", name: str | None = None) -> dict[str, Any]:
    """Name what an account counts: the kind, and the program or plan with its name, where that is told."""
    body: dict[str, Any] = {"kind": kind}
    if kind in _UNITS:
        body[_UNITS[kind]] = code
        if name is not None:
            body["name"] = name
    return body


def account_unit_body(account: Account) -> dict[str, Any]:
    """Name what an account counts; its program or plan is loaded."""
    unit = account.program or account.plan
    return unit_body(account.kind, unit.code, unit.name) if unit else unit_body(account.kind)


def amounts_body(held: Holding, names: Sequence[str]) -> dict[str, Any]:
    """Write some of what is held, by name, in the unit of the account."""
    return {name: amount_of(held.kind, getattr(held, name)) for name in names}


def balance_body(held: Holding) -> dict[str, Any]:
    """Return everything that is held of one unit, without the id of an account, which it may not have yet."""
    times = {"pending_from": held.pending_from, "next_expiry": held.next_expiry}
    return unit_body(held.kind, held.code, held.name) | amounts_body(held, AMOUNTS) | times


def entry_body(row: StatementRow) -> dict[str, Any]:
    """Return one entry of a statement, with the balance that it left."""
    entry = row.entry
    kind = entry.account.kind
    return {
        "id": entry.pk,
        "account": entry.account_id,
        **account_unit_body(entry.account),
        "what": entry.kind,
        "amount": amount_of(kind, money.from_decimal(entry.amount)),
        "balance": amount_of(kind, money.from_decimal(row.balance)),
        "sale": entry.sale.uuid if entry.sale else None,
        "ticket": entry.sale.ticket if entry.sale else None,
        "store": entry.sale.store.code if entry.sale else None,
        "campaign": entry.lot.campaign,
        "reason": entry.reason,
        "by": entry.actor.get_username() if entry.actor else "",
        "cause": entry.cause,
        "available_from": entry.lot.available_from,
        "expires_at": entry.lot.ends_at,
        "occurred_at": entry.occurred_at,
        "recorded_at": entry.recorded_at,
    }
