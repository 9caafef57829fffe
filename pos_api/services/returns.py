"""Take units of a sale back: what they are worth, and what the sale had used and earned for them.

Every amount is a function of what came back so far, and a return gives the difference to what came back before it:
whatever the order and the split, the same units end at the same amounts, and the last unit closes them
(docs/algorithms/returns.md).
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection, transaction
from django.utils.translation import gettext as _
from msgspec import Struct

from campaigns.services.release import Released, release
from customers.services.metrics import recount_month
from pos_api.authentication import TerminalCaller
from pos_api.models import Resolution
from pos_api.problems import Conflict, FieldProblem, Invalid, NotFound
from pos_api.returned_units import ReturnDocument
from pos_api.services.credit_notes import code_again, give_note, masked, without_code
from pos_api.services.return_price import PricedReturn, ReturnStep, price_return
from pos_api.services.returned_value import (
    Moved,
    Progress,
    move_value,
    rewards_kept,
    value_of,
)
from pos_api.services.sale_exceptions import close_exceptions
from pos_api.services.sale_rows import lock_sale
from pos_api.services.sale_value import balances_body
from pos_api.services.transactions import in_transaction
from retail import money
from retail.models import Sale, SaleLine, SaleReturn, SaleReturnLine, SaleState


class Returned(Struct, frozen=True, kw_only=True):
    """The answer to a return, and whether it had been recorded before."""

    body: dict[str, Any]
    replayed: bool


def return_sale(*, sale: UUID, document: ReturnDocument, caller: TerminalCaller, now: datetime) -> Returned:
    """Record a return of a sale of the caller's store, or return what was answered before.

    Raises NotFound for any other sale; 409 ``more_than_sold``, ``sale_cancelled``, ``return_conflict``; 422 for a line that
    the sale has not.
    """

    def work() -> Returned:
        found = lock_sale(uuid=sale, store_id=caller.store_id, is_test=caller.is_test)
        return _record(found, document, now, terminal_id=caller.terminal_id)

    return in_transaction(work)


def quote_return(
    *, sale: UUID, document: ReturnDocument, caller: TerminalCaller, now: datetime
) -> dict[str, Any]:
    """Return what `return_sale` would answer now, and record nothing. Raises as it does."""

    def work() -> dict[str, Any]:
        found = lock_sale(uuid=sale, store_id=caller.store_id, is_test=caller.is_test)
        body = without_code(_record(found, document, now, terminal_id=caller.terminal_id).body)
        # What would be answered is what the very steps of a return answer; only that they happened is undone.
        transaction.set_rollback(True)
        return body

    return in_transaction(work)


def return_in_back_office(
    *, sale_id: int, document: ReturnDocument, actor_id: int, now: datetime
) -> Returned:
    """Record a return of any store's sale on a manager's word. Raises as `return_sale` does."""
    return in_transaction(lambda: _record(lock_sale(pk=sale_id), document, now, actor_id=actor_id))


def _record(sale: Sale | None, document: ReturnDocument, now: datetime, **by: int) -> Returned:
    if sale is None:
        raise NotFound
    fingerprint = _fingerprint(document)
    known = SaleReturn.objects.filter(sale=sale, reference=document.reference).first()
    if known is not None:
        if known.fingerprint != fingerprint:
            raise Conflict(
                _("This return was recorded with other content."),
                code="return_conflict",
                extra={"returned_at": known.returned_at.isoformat()},
            )
        return Returned(body=code_again(known), replayed=True)
    if sale.state == SaleState.CANCELLED:
        raise Conflict(_("The sale was cancelled."), code="sale_cancelled")
    rows = {row.line: row for row in SaleLine.objects.filter(sale=sale).order_by("line")}
    _refuse_impossible(document, rows)
    coming = {one.line: one.quantity for one in document.lines}
    step = ReturnStep(
        sale=sale,
        document=document,
        rows=rows,
        before={number: row.returned for number, row in rows.items()},
        after={number: row.returned + coming.get(number, 0) for number, row in rows.items()},
        at=now,
    )
    priced = price_return(step)
    progress = Progress(lines=step.lines, part=priced.part, kept=priced.kept)
    # Only what was sold offline has exceptions: other returns make no statement more.
    if progress.is_whole and "offline" in sale.flags:
        close_exceptions(sale_id=sale.pk, end=Resolution.RETURNED, at=now)
    moved = move_value(
        sale,
        progress,
        refund=priced.cash,
        cause=f"return:{sale.pk}:{document.reference}",
        occurred_at=now,
        at=now,
    )
    released = _release(step, priced)
    is_last = progress.is_whole
    sale.state = SaleState.RETURNED if is_last else SaleState.PARTIALLY_RETURNED
    sale.refunded += money.to_decimal(priced.total)
    body = _body(step, priced, moved, released)
    if document.refund_as == "credit_note":
        body["refund"] |= give_note(sale, document.reference, priced.cash - moved.withheld, at=now, by=by)
    _store(step, priced, fingerprint, body, by)
    return Returned(body=body, replayed=False)


def _fingerprint(document: ReturnDocument) -> str:
    content: Any = sorted([one.line, str(one.quantity)] for one in document.lines)
    if document.refund_as != "money":
        content = {"lines": content, "refund_as": document.refund_as}
    return hashlib.sha256(msgspec.json.encode(content)).hexdigest()


def _refuse_impossible(document: ReturnDocument, rows: Mapping[int, SaleLine]) -> None:
    unknown = [
        FieldProblem(f"lines[{place}].line", "unknown_line", _("The sale has no such line."))
        for place, one in enumerate(document.lines)
        if one.line not in rows
    ]
    if unknown:
        raise Invalid(errors=unknown)
    over = [
        (place, one)
        for place, one in enumerate(document.lines)
        if rows[one.line].returned + one.quantity > rows[one.line].quantity
    ]
    if over:
        raise Conflict(
            _("More comes back than was sold."),
            code="more_than_sold",
            errors=[
                FieldProblem(
                    f"lines[{place}].quantity", "more_than_sold", _("More than is left of this line.")
                )
                for place, _one in over
            ],
            extra={
                "lines": [
                    {
                        "line": one.line,
                        "sold": _number(rows[one.line].quantity),
                        "returned": _number(rows[one.line].returned),
                    }
                    for _place, one in over
                ]
            },
        )


def _release(step: ReturnStep, priced: PricedReturn) -> Released:
    again = (
        None
        if priced.kept is None
        else {activation.campaign: activation for activation in priced.kept.activations}
    )
    return release(sale=step.sale, lines=step.lines, at=step.at, kept=again)


# --- What is written -------------------------------------------------------------------------------


def _number(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"


def _body(step: ReturnStep, priced: PricedReturn, moved: Moved, released: Released) -> dict[str, Any]:
    sale = step.sale
    refund = {"value": priced.total, "amount": priced.cash - moved.withheld, "withheld": moved.withheld}
    body = {
        "sale": str(sale.uuid),
        "return": step.document.reference,
        "state": sale.state,
        "returned_at": step.at.isoformat(),
        "lines": [
            {
                "line": number,
                "quantity": _number(step.after[number] - step.before[number]),
                "returned": _number(step.after[number]),
                "value": money.text(part),
            }
            for number, part in priced.values.items()
        ],
        "refund": {name: money.text(amount) for name, amount in refund.items()},
        "reversed": reversed_json(released),
        **moved_json(moved),
        "not_undone": [*released.not_undone, *kept_by_customer(sale)],
    }
    if value_of(sale) is not None and sale.customer_id is not None:
        body["balances"] = balances_body(sale.customer_id, at=step.at)
    return body


def moved_json(moved: Moved) -> dict[str, Any]:
    """Return what happened to stored value, as answers say it."""
    return {"restored": moved.restored, "taken_back": moved.taken_back, "owed": moved.owed}


def reversed_json(released: Released) -> list[dict[str, str]]:
    """Return the discount that each campaign gave and that was taken back now."""
    return [
        {"campaign": campaign, "discount": money.text(discount)} for campaign, discount in released.discounts
    ]


def kept_by_customer(sale: Sale) -> list[dict[str, Any]]:
    """Return what took place and stays when everything came back: the delivery, and rewards that belong to no line."""
    if sale.state != SaleState.RETURNED:
        return []
    paid = sale.delivery_fee - sale.delivery_discount
    delivery = [{"kind": "delivery", "amount": str(paid)}] if paid else []
    return delivery + rewards_kept(sale)


_COME_BACK = """
UPDATE retail_saleline l SET returned = w.returned
FROM unnest(%s::bigint[], %s::numeric[]) AS w(id, returned) WHERE l.id = w.id
"""


def _store(
    step: ReturnStep,
    priced: PricedReturn,
    fingerprint: str,
    body: dict[str, Any],
    by: Mapping[str, int],
) -> None:
    changed = [(step.rows[number], number) for number in priced.values]
    with connection.cursor() as cursor:
        cursor.execute(
            _COME_BACK, [[row.pk for row, _n in changed], [step.after[number] for _row, number in changed]]
        )
    note = body["refund"].get("credit_note")
    made = SaleReturn.objects.create(
        sale=step.sale,
        reference=step.document.reference,
        value=money.to_decimal(priced.total),
        amount=body["refund"]["amount"],
        withheld=body["refund"]["withheld"],
        credited="0.00" if note is None else note["amount"],
        fingerprint=fingerprint,
        response=masked(body),
        returned_at=step.at,
        **by,
    )
    SaleReturnLine.objects.bulk_create(
        SaleReturnLine(
            sale_return=made,
            sale_line=row,
            quantity=step.after[number] - step.before[number],
            value=money.to_decimal(priced.values[number]),
        )
        for row, number in changed
    )
    step.sale.save(update_fields=["state", "refunded", "shares"])
    if step.sale.customer_id is not None and not step.sale.is_test:
        recount_month(step.sale.customer_id, step.sale.business_date, at=step.at)
