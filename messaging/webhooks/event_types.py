"""The events that endpoints can ask for: one entry each, with its document, its words and a sample."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from messaging.webhooks import documents

_CUSTOMER = {"id": 4711, "code": "C-0815", "document": "***.533.447-**"}
_SALE = {
    "sale": "0192f5a0-0a0b-7c3d-9e4f-5a6b7c8d9e0f",
    "ticket": "000123",
    "business_date": "2026-11-22",
    "terminal": "T1",
    "customer": _CUSTOMER,
}
_TOTALS = {
    "gross": "200.00",
    "markdown": "0.00",
    "exchange": "0.00",
    "discount": "38.00",
    "redeemed": "0.00",
    "net": "162.00",
    "charged": "162.00",
    "delivery_fee": "0.00",
    "delivery_discount": "0.00",
}
_ACTIVATION = _SALE | {"campaign": "LEVE3PAGUE2", "vip_card": None, "discount": "38.00", "applications": 1}
_BALANCE = {
    "account": 314,
    "kind": "points",
    "program": "clube",
    "stamp_plan": None,
    "stored_value": None,
    "customer": _CUSTOMER,
    "movement": "earn",
    "amount": "16.00",
    "balance": "216.00",
    "owed": "0.00",
    "sale": _SALE["sale"],
    "by_hand": False,
}
_TOUCHED = {
    "message": "5f0c2f57-9d7e-4a39-8e0e-0b6f5a1c2d3e",
    "occasion": "birthday",
    "occasion_key": "2026",
    "channel": "email",
    "customer": _CUSTOMER,
}
_MERGE = {"merge": 12, "kept": _CUSTOMER, "absorbed": {"id": 4712, "code": None, "document": None}}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """One kind of event. `group` and `label` are for the form; `sample` is the `data` of an example."""

    code: str
    group: Promise | str
    label: Promise | str
    document: type[Struct]
    sample: Mapping[str, Any]
    version: int = 1


_SALES, _VALUE = _("Sales"), _("Points, cashback and stored values")
_MESSAGES, _CUSTOMERS = _("Messages"), _("Customers")


def _message(state: str, label: Any, reason: str = "") -> EventType:
    code = {"suppressed": "not_sent"}.get(state, state)
    return EventType(
        code=f"message.{code}",
        group=_MESSAGES,
        label=label,
        document=documents.MessageChanged,
        sample=_TOUCHED | {"state": state, "reason": reason},
    )


TEST = EventType(
    code="webhook.test",
    group="",
    label=_("Test"),
    document=documents.TestEvent,
    sample={"text": "Sent by hand to see that the way is open."},
)

EVENT_TYPES: dict[str, EventType] = {
    kind.code: kind
    for kind in (
        EventType(
            code="sale.recorded",
            group=_SALES,
            label=_("A sale was recorded"),
            document=documents.SaleRecorded,
            sample=_SALE | {"state": "committed", "operation": "sale", "totals": _TOTALS, "flags": []},
        ),
        EventType(
            code="sale.cancelled",
            group=_SALES,
            label=_("A sale was cancelled"),
            document=documents.SaleCancelled,
            sample=_SALE | {"refund": {"amount": "162.00", "withheld": "0.00"}},
        ),
        EventType(
            code="sale.returned",
            group=_SALES,
            label=_("Units of a sale came back"),
            document=documents.SaleReturned,
            sample=_SALE
            | {
                "return": "D-77",
                "state": "partially_returned",
                "refund": {"value": "54.00", "amount": "54.00", "withheld": "0.00", "credited": "0.00"},
                "lines": [{"line": 1, "quantity": "1", "returned": "1", "value": "54.00"}],
            },
        ),
        EventType(
            code="activation.recorded",
            group=_SALES,
            label=_("A campaign was granted in a sale"),
            document=documents.ActivationRecorded,
            sample=_ACTIVATION,
        ),
        EventType(
            code="activation.undone",
            group=_SALES,
            label=_("What a campaign had granted was taken back"),
            document=documents.ActivationUndone,
            sample=_ACTIVATION | {"undone": "19.00", "is_reversed": False},
        ),
        EventType(
            code="balance.changed",
            group=_VALUE,
            label=_("A balance changed"),
            document=documents.BalanceChanged,
            sample=_BALANCE,
        ),
        _message("sent", _("A message was sent")),
        _message("delivered", _("A message was delivered")),
        _message("read", _("A message was read")),
        _message("failed", _("A message failed"), "undelivered"),
        _message("in_doubt", _("Whether a message left is in doubt"), "outcome_unknown"),
        _message("suppressed", _("A message was not sent, by rule or consent"), "no_consent"),
        EventType(
            code="message.opened",
            group=_MESSAGES,
            label=_("A message was opened"),
            document=documents.MessageTouched,
            sample=_TOUCHED,
        ),
        EventType(
            code="message.clicked",
            group=_MESSAGES,
            label=_("A link of a message was followed"),
            document=documents.MessageTouched,
            sample=_TOUCHED,
        ),
        EventType(
            code="customer.merged",
            group=_CUSTOMERS,
            label=_("Two records of a customer were merged"),
            document=documents.CustomerMerged,
            sample=_MERGE,
        ),
        EventType(
            code="customer.merge_undone",
            group=_CUSTOMERS,
            label=_("A merge of customers was undone"),
            document=documents.CustomerMerged,
            sample=_MERGE,
        ),
    )
}


def label_of(code: str) -> str:
    """Return the words for a kind of event; the code itself for one that there is no more."""
    kind = TEST if code == TEST.code else EVENT_TYPES.get(code)
    return str(kind.label) if kind else code
