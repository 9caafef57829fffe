"""How the API writes what customers hold: amounts in the unit of their account."""

from typing import Any

from campaigns.engine.redemption_body import points_number
from loyalty.models import Account, AccountKind
from loyalty.selectors.balances import Balance
from loyalty.selectors.statement import StatementRow
from pos_api.openapi import Json
from retail import money

AMOUNT: Json = {
    "type": ["string", "integer"],
    "description": "Cashback as money; points and stamps as a number, as a text with two decimals when it is not whole.",
}
_TEXT: Json = {"type": "string"}
_MOMENT: Json = {"type": ["string", "null"], "format": "date-time"}
UNIT: Json = {
    "kind": {"enum": list(AccountKind.values)},
    "program": {**_TEXT, "description": "With `points`: the code of the program."},
    "plan": {**_TEXT, "description": "With `stamps`: the code of the plan."},
    "name": _TEXT,
}
BALANCE: Json = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        **UNIT,
        **dict.fromkeys(("available", "pending", "awaiting_review", "expiring", "owed"), AMOUNT),
        "pending_from": {**_MOMENT, "description": "When the first of `pending` can be used."},
        "next_expiry": {**_MOMENT, "description": "The first end; `expiring` is what ends within 30 days."},
    },
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
    return money.text(hundredths) if kind == AccountKind.CASHBACK else points_number(hundredths)


def unit_body(account: Account) -> dict[str, Any]:
    """Name an account, whose program or plan is loaded."""
    body: dict[str, Any] = {"kind": account.kind}
    if account.program:
        return body | {"program": account.program.code, "name": account.program.name}
    if account.plan:
        return body | {"plan": account.plan.code, "name": account.plan.name}
    return body


def balance_body(balance: Balance) -> dict[str, Any]:
    """Return what one account holds at a moment."""
    names = ("available", "pending", "awaiting_review", "expiring", "owed")
    amounts = {name: amount_of(balance.kind, getattr(balance, name)) for name in names}
    times = {"pending_from": balance.pending_from, "next_expiry": balance.next_expiry}
    return {"id": balance.account.pk, **unit_body(balance.account), **amounts, **times}


def entry_body(row: StatementRow) -> dict[str, Any]:
    """Return one entry of a statement, with the balance that it left."""
    entry = row.entry
    kind = entry.account.kind
    return {
        "id": entry.pk,
        "account": entry.account_id,
        **unit_body(entry.account),
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
