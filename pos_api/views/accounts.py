"""What a customer holds, and why."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from customers.models import Customer
from loyalty.models import EntryKind, Receivable
from loyalty.selectors.balances import balances
from loyalty.selectors.statement import debts_of, entries_of, with_balances
from pos_api.accounts import (
    AMOUNT,
    BALANCE,
    ENTRY,
    UNIT,
    account_unit_body,
    amount_of,
    balance_body,
    entry_body,
)
from pos_api.openapi import operation, page_of
from pos_api.problems import BadRequest
from pos_api.views.base import ManagerView, answer
from pos_api.views.resources import Listing, find_or_404, read_moment
from retail import money

TAG = "Customers"
VIEW = ("customers.view_customer", "loyalty.view_account")

DEBT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "account": {"type": "integer"},
        **UNIT,
        "sale": {"type": ["string", "null"]},
        "amount": AMOUNT,
        "left": AMOUNT,
        "created_at": {"type": "string", "format": "date-time"},
    },
}
ACCOUNTS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "accounts": {
            "type": "array",
            "items": {"type": "object", "properties": {"id": {"type": "integer"}, **BALANCE}},
        },
        "debts": {"type": "array", "items": DEBT},
    },
}
ACCOUNTS_EXAMPLE: dict[str, Any] = {
    "accounts": [
        {
            "id": 31,
            "kind": "points",
            "program": "pontos",
            "name": "Clube Aurora",
            "available": 120,
            "reserved": 0,
            "pending": 16,
            "awaiting_review": 0,
            "expiring": 0,
            "owed": 0,
            "pending_from": "2026-11-29T03:00:00Z",
            "next_expiry": None,
        }
    ],
    "debts": [],
}


def _customer(pk: int) -> Customer:
    return find_or_404(Customer.objects.all(), pk=pk)


def _debt_body(debt: Receivable) -> dict[str, Any]:
    kind = debt.account.kind
    return {
        "id": debt.pk,
        "account": debt.account_id,
        **account_unit_body(debt.account),
        "sale": debt.sale.uuid if debt.sale else None,
        "amount": amount_of(kind, money.from_decimal(debt.amount)),
        "left": amount_of(kind, money.from_decimal(debt.left)),
        "created_at": debt.created_at,
    }


class AccountListView(ManagerView):
    permissions = {"GET": VIEW}

    @operation(
        id="customers_accounts",
        tag=TAG,
        summary="Read what a customer holds and owes",
        description="Points, stamps and cashback: available, pending, expiring within 30 days, owed, at this moment.",
        responses={200: ACCOUNTS},
        answer=ACCOUNTS_EXAMPLE,
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        customer = _customer(pk)
        found = balances(customer.pk, at=timezone.now())
        return answer(
            {
                "accounts": [{"id": one.account.pk} | balance_body(one) for one in found],
                "debts": [_debt_body(debt) for debt in debts_of(customer.pk)],
            }
        )


def _of_account(queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise BadRequest(_("account must be a whole number."))
    return queryset.filter(account_id=int(text))


def _of_kind(queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
    if text not in EntryKind.values:
        raise BadRequest(_("what must be one of: %(all)s.") % {"all": ", ".join(EntryKind.values)})
    return queryset.filter(kind=text)


LISTING = Listing(
    filters={
        "account": ("The account's id.", _of_account),
        "what": (f"One of {', '.join(EntryKind.values)}.", _of_kind),
        "since": (
            "What happened at this moment or later (RFC 3339).",
            lambda queryset, text: queryset.filter(occurred_at__gte=read_moment("since", text)),
        ),
        "until": (
            "What happened before this moment (RFC 3339).",
            lambda queryset, text: queryset.filter(occurred_at__lt=read_moment("until", text)),
        ),
    },
    orders={"-id": ("-pk",), "id": ("pk",)},
    order="-id",
)


class EntryListView(ManagerView):
    permissions = {"GET": VIEW}

    @operation(
        id="customers_entries",
        tag=TAG,
        summary="Read a customer's statement",
        description="Every entry, the newest first: what, when, why, until when, and the balance that it left.",
        responses={200: page_of(ENTRY)},
        parameters=LISTING.parameters(),
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        return LISTING.page(request, entries_of(_customer(pk).pk), entry_body, complete=with_balances)
