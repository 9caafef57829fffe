"""Cancel a sale, or leave word for one that has not arrived yet. Both are harmless to repeat."""

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import connection
from django.db.models.functions import Coalesce
from msgspec import Struct

from campaigns.services.release import release
from customers.services.metrics import recount_month
from pos_api.authentication import TerminalCaller
from pos_api.models import Resolution
from pos_api.problems import Conflict, NotFound
from pos_api.services.returned_value import Progress, move_value, restored_before
from pos_api.services.returns import moved_json
from pos_api.services.sale_exceptions import close_exceptions
from pos_api.services.sale_rows import lock_sale
from pos_api.services.transactions import in_transaction
from retail import money
from retail.models import Sale, SaleLine, SaleState

# What there is to give back of a sale that had not arrived when it was cancelled.
NOTHING_LEFT: dict[str, Any] = {
    "refund": {"amount": "0.00", "withheld": "0.00"},
    "restored": [],
    "taken_back": [],
    "owed": [],
    "not_undone": [],
}


class Cancelled(Struct, frozen=True, kw_only=True):
    """The answer to a cancellation, and whether it had been cancelled before."""

    body: dict[str, Any]
    replayed: bool


def cancel_sale(*, sale: UUID, caller: TerminalCaller, now: datetime) -> Cancelled:
    """Cancel a sale of the caller's store by its id. Raises NotFound for any other, 409 once it was returned."""
    return in_transaction(
        lambda: _cancel(lock_sale(uuid=sale, store_id=caller.store_id, is_test=caller.is_test), now)
    )


def cancel_ticket(*, ticket: str, business_date: date, caller: TerminalCaller, now: datetime) -> Cancelled:
    """Cancel the caller's own ticket. When it has not arrived yet, it will be recorded as cancelled."""

    def work() -> Cancelled:
        own = {
            "terminal_id": caller.terminal_id,
            "business_date": business_date,
            "ticket": ticket,
            "is_test": caller.is_test,
        }
        found = lock_sale(store_id=caller.store_id, **own)
        if found is None and _leave_word(ticket, business_date, caller, now):
            left = Sale.objects.get(**own)
            return Cancelled(body=_body(left, []), replayed=False)
        if found is None:
            found = lock_sale(**own)
        return _cancel(found, now)

    return in_transaction(work)


def cancel_in_back_office(*, sale_id: int, now: datetime) -> Cancelled:
    """Cancel any store's sale on a manager's word, and flag it as such. Raises as `cancel_sale` does."""

    def work() -> Cancelled:
        sale = lock_sale(pk=sale_id)
        cancelled = _cancel(sale, now)
        if sale is not None and not cancelled.replayed:
            sale.flags = [*sale.flags, "cancelled_by_manager"]
            sale.save(update_fields=["flags"])
        return cancelled

    return in_transaction(work)


def _cancel(sale: Sale | None, now: datetime) -> Cancelled:
    if sale is None:
        raise NotFound
    if sale.state == SaleState.CANCELLED:
        return Cancelled(body=_body(sale, _reversed(sale)), replayed=True)
    if sale.state == SaleState.RETURNED:
        raise Conflict(code="sale_returned")
    lines = {
        number: (sold, sold)
        for number, sold in SaleLine.objects.filter(sale=sale).values_list("line", "quantity")
    }
    left = money_left(sale)
    close_exceptions(sale_id=sale.pk, end=Resolution.CANCELLED, at=now)
    moved = move_value(
        sale,
        Progress(lines=lines, everything=True),
        refund=left,
        cause=f"cancel:{sale.pk}",
        occurred_at=now,
        at=now,
    )
    released = release(sale=sale, lines=lines, at=now)
    # What the first answer said, for whoever asks again.
    sale.shares = (sale.shares or {}) | {
        "cancelled": NOTHING_LEFT
        | {
            "refund": {"amount": money.text(left - moved.withheld), "withheld": money.text(moved.withheld)},
            **moved_json(moved),
            "not_undone": list(released.not_undone),
        }
    }
    sale.state = SaleState.CANCELLED
    sale.cancelled_at = now
    sale.save(update_fields=["state", "cancelled_at", "shares"])
    if sale.customer_id is not None and not sale.is_test:
        recount_month(sale.customer_id, sale.business_date, at=now)
    return Cancelled(body=_body(sale, _reversed(sale)), replayed=False)


def money_left(sale: Sale) -> int:
    """Return the cents of what was charged that returns have not given back; exchanged goods go back as goods."""
    returned = money.from_decimal(sale.refunded) - restored_before(sale)
    return max(0, money.from_decimal(sale.charged) - returned)


def _reversed(sale: Sale) -> list[dict[str, str]]:
    rows = sale.activations.filter(reversed_at__isnull=False).order_by("pk")
    return [
        {"campaign": code, "discount": str(discount)}
        for code, discount in rows.values_list(Coalesce("campaign__code", "vip_card__code"), "discount")
    ]


def _body(sale: Sale, reversed_activations: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "sale": str(sale.uuid),
        "state": sale.state,
        "ticket": sale.ticket,
        "business_date": sale.business_date.isoformat(),
        "cancelled_at": None if sale.cancelled_at is None else sale.cancelled_at.isoformat(),
        "reversed": reversed_activations,
        **((sale.shares or {}).get("cancelled") or NOTHING_LEFT),
    }


_LEAVE_WORD = """
INSERT INTO retail_sale (uuid, store_id, terminal_id, business_date, ticket, state, operation, occurred_at,
    received_at, cancelled_at, gross, markdown, exchange, discount, redeemed, net, delivery_fee, delivery_discount,
    charged, plan_version, is_test, fingerprint, request, response, flags)
VALUES (%s, %s, %s, %s, %s, 'cancelled', 'sale', %s, %s, %s, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, %s, '', '{}', NULL, '[]')
ON CONFLICT DO NOTHING
RETURNING id
"""


def _leave_word(ticket: str, business_date: date, caller: TerminalCaller, now: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            _LEAVE_WORD,
            [
                uuid4(),
                caller.store_id,
                caller.terminal_id,
                business_date,
                ticket,
                now,
                now,
                now,
                caller.is_test,
            ],
        )
        return cursor.fetchone() is not None
