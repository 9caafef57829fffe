"""Recorded sales as the API shows them."""

from datetime import date
from typing import Any
from uuid import UUID

from customers import documents
from pos_api.authentication import TerminalCaller
from pos_api.problems import NotFound
from retail.models import Sale


def find_sale(uuid: UUID, *, caller: Any) -> Sale:
    """Return a sale by id: a terminal sees those of its store, a person all. Raises NotFound."""
    return _first(uuid=uuid, **_scope(caller))


def find_ticket(ticket: str, business_date: date | None, *, caller: Any) -> Sale:
    """Return the newest sale with this ticket: of the terminal itself, or of any for a person. Raises NotFound."""
    scope: dict[str, Any] = {"is_test": False}
    if isinstance(caller, TerminalCaller):
        scope = {"terminal_id": caller.terminal_id, "is_test": caller.is_test}
    day = {} if business_date is None else {"business_date": business_date}
    return _first(ticket=ticket, **day, **scope)


def _scope(caller: Any) -> dict[str, Any]:
    if not isinstance(caller, TerminalCaller):
        return {}
    return {"store_id": caller.store_id, "is_test": caller.is_test}


def _first(**conditions: Any) -> Sale:
    sale = (
        Sale.objects.select_related("store", "terminal", "customer")
        .prefetch_related("payments", "returns")
        .filter(**conditions)
        .order_by("-business_date", "-pk")
        .first()
    )
    if sale is None:
        raise NotFound
    return sale


def sale_body(sale: Sale) -> dict[str, Any]:
    """Return a sale with its present state and the answer that it got; the customer's document is masked."""
    customer = sale.customer
    answer = None if sale.response is None else sale.response | {"state": sale.state}
    return {
        "sale": str(sale.uuid),
        "state": sale.state,
        "store": sale.store.code,
        "terminal": sale.terminal.code,
        "ticket": sale.ticket,
        "business_date": sale.business_date.isoformat(),
        "occurred_at": sale.occurred_at.isoformat(),
        "received_at": sale.received_at.isoformat(),
        "cancelled_at": None if sale.cancelled_at is None else sale.cancelled_at.isoformat(),
        "fiscal_key": sale.fiscal_key,
        "operation": sale.operation,
        "customer": documents.mask(customer.document) if customer and customer.document else None,
        "charged": str(sale.charged),
        "payments": [
            {"method": payment.method, "amount": str(payment.amount)}
            for payment in sorted(sale.payments.all(), key=lambda payment: payment.pk)
        ],
        "is_test": sale.is_test,
        "flags": sale.flags,
        "refunded": str(sale.refunded),
        "returns": [
            one.response for one in sorted(sale.returns.all(), key=lambda one: (one.returned_at, one.pk))
        ],
        "answer": answer,
    }
