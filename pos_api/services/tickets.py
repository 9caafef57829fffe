"""What makes a sale count once: its ticket, its fiscal key, and the Idempotency-Key that it may come with."""

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
from django.db import OperationalError, connection
from django.utils.translation import gettext as _
from msgspec import Struct

from pos_api.authentication import TerminalCaller
from pos_api.baskets import SaleDocument
from pos_api.models import IdempotencyKey
from pos_api.problems import Conflict, FieldProblem, Invalid, Problem
from pos_api.proofs import NOT_PROVED, Proved
from pos_api.services.transactions import LOCK_NOT_AVAILABLE, sql_state
from retail.models import Sale


class Recorded(Struct, frozen=True, kw_only=True):
    """The answer to a sale: what is (or was) stored, and whether it had been recorded before."""

    body: dict[str, Any]
    replayed: bool


class Order(Struct, kw_only=True):
    """One request to record a sale, with what follows from it before the database is asked."""

    document: SaleDocument
    caller: TerminalCaller
    key: str
    fingerprint: str
    content: dict[str, Any]
    business_date: date
    occurred_at: datetime
    moment: datetime
    now: datetime
    flags: list[str]
    proved: Proved = NOT_PROVED


_INSERT_SALE = """
INSERT INTO retail_sale (uuid, store_id, terminal_id, business_date, ticket, fiscal_key, state, operation,
    occurred_at, received_at, gross, markdown, exchange, discount, redeemed, net, delivery_fee, delivery_discount,
    charged, plan_version, is_test, fingerprint, request, response, flags)
VALUES (%s, %s, %s, %s, %s, %s, 'committed', %s, %s, %s, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, %s, %s, %s, NULL, '[]')
ON CONFLICT DO NOTHING
RETURNING id
"""


def claim_ticket(order: Order) -> tuple[int | None, UUID]:
    """Insert the sale's row; None when its ticket or fiscal key is taken, by a sale that is then visible."""
    document, caller, uuid = order.document, order.caller, uuid4()
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                _INSERT_SALE,
                [
                    uuid,
                    caller.store_id,
                    caller.terminal_id,
                    order.business_date,
                    document.ticket,
                    # A fiscal document belongs to one real sale; a test may name it as often as it likes.
                    None if caller.is_test else document.fiscal_key,
                    document.operation,
                    order.occurred_at,
                    order.now,
                    caller.is_test,
                    order.fingerprint,
                    msgspec.json.encode(order.content).decode(),
                ],
            )
            row = cursor.fetchone()
    except OperationalError as error:
        if sql_state(error) == LOCK_NOT_AVAILABLE:
            raise Conflict(
                _("This sale is being recorded right now."), code="in_progress", retry_after=2
            ) from error
        raise
    return (None, uuid) if row is None else (row[0], uuid)


def find_existing(order: Order) -> Recorded | Sale:
    """Return the stored answer of the same sale, or the row of one that was cancelled before it arrived."""
    existing = (
        Sale.objects.filter(
            store_id=order.caller.store_id,
            terminal_id=order.caller.terminal_id,
            business_date=order.business_date,
            ticket=order.document.ticket,
            is_test=order.caller.is_test,
        )
        .select_for_update(no_key=True)
        .first()
    )
    if existing is None:
        raise _fiscal_key_taken()
    if existing.response is None:
        _adopt(existing, order)
        return existing
    if existing.fingerprint == order.fingerprint:
        return _replayed(existing)
    raise Conflict(
        _("This ticket was recorded with other content."),
        code="sale_conflict",
        extra={
            "sale": str(existing.uuid),
            "fingerprint": existing.fingerprint,
            "received_at": existing.received_at.isoformat(),
        },
    )


def _fiscal_key_taken() -> Conflict:
    message = _("Another sale has this fiscal key.")
    return Conflict(code="sale_conflict", errors=[FieldProblem("fiscal_key", "taken", message)])


def _adopt(tombstone: Sale, order: Order) -> None:
    fiscal_key = None if order.caller.is_test else order.document.fiscal_key
    if (
        fiscal_key is not None
        and Sale.objects.filter(fiscal_key=fiscal_key).exclude(pk=tombstone.pk).exists()
    ):
        raise _fiscal_key_taken()
    Sale.objects.filter(pk=tombstone.pk).update(
        fiscal_key=fiscal_key,
        operation=order.document.operation,
        occurred_at=order.occurred_at,
        received_at=order.now,
        fingerprint=order.fingerprint,
        request=order.content,
    )


def _replayed(sale: Sale) -> Recorded:
    # A sale that was cancelled or returned since says so; everything else is as it was answered.
    return Recorded(body={**(sale.response or {}), "state": sale.state}, replayed=True)


def find_by_key(order: Order) -> Recorded | None:
    """Return the stored answer of the sale that came with this Idempotency-Key before. Raises 422 for another request."""
    known = (
        IdempotencyKey.objects.select_related("sale")
        .filter(store_id=order.caller.store_id, key=order.key, is_test=order.caller.is_test)
        .first()
    )
    if known is None:
        return None
    if known.fingerprint != order.fingerprint or known.sale.terminal_id != order.caller.terminal_id:
        raise key_reused()
    return _replayed(known.sale)


def key_reused() -> Problem:
    """Return the refusal of an Idempotency-Key that belongs to another request."""
    return Invalid(
        _("This Idempotency-Key was used for another request."),
        code="idempotency_key_reused",
    )


def claim_key(order: Order, sale_id: int) -> None:
    """Keep the Idempotency-Key with its sale. Raises 422 when another sale took it at this very moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO pos_api_idempotencykey (store_id, key, is_test, fingerprint, sale_id, created_at)
            VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING id
            """,
            [order.caller.store_id, order.key, order.caller.is_test, order.fingerprint, sale_id, order.now],
        )
        if cursor.fetchone() is None:
            # Somebody else used it for another sale at this very moment.
            raise key_reused()
