"""Take units of a sale back: what they are worth, and what the sale had used and earned for them.

Every amount is a function of what came back so far, and a return gives the difference to what came back before it:
whatever the order and the split, the same units end at the same amounts, and the last unit closes them
(docs/algorithms/returns.md).
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from django.db import connection, transaction
from django.utils.translation import gettext as _
from msgspec import Meta, Struct, field

from campaigns.engine.evaluation import Evaluation
from campaigns.engine.refunds import worth
from campaigns.services.release import Lines, Released, release
from pos_api.authentication import TerminalCaller
from pos_api.baskets import MAX_LINES
from pos_api.decoding import Decoder
from pos_api.fields import Identifier, LineNumber, Quantity
from pos_api.problems import Conflict, FieldProblem, Invalid, NotFound
from pos_api.services.kept_sale import evaluate_kept
from pos_api.services.returned_value import (
    Moved,
    Progress,
    carried,
    move_value,
    restored_before,
    restored_cents,
    rewards_kept,
    value_of,
)
from pos_api.services.sale_rows import lock_sale
from pos_api.services.sale_value import balances_body
from pos_api.services.transactions import in_transaction
from retail import money
from retail.models import Sale, SaleLine, SaleReturn, SaleReturnLine, SaleState


class ReturnLine(Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """How many units of one line of the sale come back."""

    line: LineNumber
    quantity: Quantity


class ReturnDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """Units of a sale that come back, under the sender's own id of this return."""

    reference: Annotated[
        Identifier, Meta(description="Unique in the sale: sent again, it changes nothing.")
    ] = field(name="return")
    lines: Annotated[list[ReturnLine], Meta(min_length=1, max_length=MAX_LINES)]


def _check(document: ReturnDocument) -> list[FieldProblem]:
    seen: set[int] = set()
    errors = []
    for place, one in enumerate(document.lines):
        if one.line in seen:
            message = _("Another entry of this return has this line.")
            errors.append(FieldProblem(f"lines[{place}].line", "duplicate", message))
        seen.add(one.line)
    return errors


RETURN_DECODER: Decoder[ReturnDocument] = Decoder(ReturnDocument, _check)


class Returned(Struct, frozen=True, kw_only=True):
    """The answer to a return, and whether it had been recorded before."""

    body: dict[str, Any]
    replayed: bool


class _Step(Struct, kw_only=True):
    """One return, with the lines of its sale before and after it."""

    sale: Sale
    document: ReturnDocument
    rows: Mapping[int, SaleLine]
    before: Mapping[int, Decimal]
    after: Mapping[int, Decimal]
    at: datetime

    @property
    def changed(self) -> list[int]:
        """The numbers of the lines of which units come back now."""
        coming = {one.line for one in self.document.lines}
        return [number for number in self.rows if number in coming]

    @property
    def lines(self) -> Lines:
        """The state that the return leads to."""
        return {number: (self.rows[number].quantity, came) for number, came in self.after.items()}


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
        body = _record(found, document, now, terminal_id=caller.terminal_id).body
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
        return Returned(body=known.response, replayed=True)
    if sale.state == SaleState.CANCELLED:
        raise Conflict(_("The sale was cancelled."), code="sale_cancelled")
    rows = {row.line: row for row in SaleLine.objects.filter(sale=sale).order_by("line")}
    _refuse_impossible(document, rows)
    coming = {one.line: one.quantity for one in document.lines}
    step = _Step(
        sale=sale,
        document=document,
        rows=rows,
        before={number: row.returned for number, row in rows.items()},
        after={number: row.returned + coming.get(number, 0) for number, row in rows.items()},
        at=now,
    )
    priced = _price(step)
    progress = Progress(lines=step.lines, part=priced.part, kept=priced.kept)
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
    _store(step, priced, fingerprint, body, by)
    return Returned(body=body, replayed=False)


def _fingerprint(document: ReturnDocument) -> str:
    content = sorted([one.line, str(one.quantity)] for one in document.lines)
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


# --- What it is worth ------------------------------------------------------------------------------


class _Priced(Struct, kw_only=True):
    """What a step is worth: by line in all, and how much of the total is money.

    Where the policy evaluates what is kept again, `kept` is that evaluation and `part` how much of everything that was
    paid is given back by now.
    """

    values: dict[int, int]
    cash: int
    part: tuple[int, int] | None = None
    kept: Evaluation | None = None

    @property
    def total(self) -> int:
        return sum(self.values.values())


def _price(step: _Step) -> _Priced:
    """Return what the units are worth: what was paid for them with value comes back as value, the rest as money."""
    sale = step.sale
    basis = (sale.shares or {}).get("basis")
    if basis is not None:
        return _priced_again(step, basis)
    paid_with_value = carried(sale)
    cash, values = 0, {}
    for number in step.changed:
        row = step.rows[number]
        in_value = paid_with_value.get(number, 0)
        own = max(0, money.from_decimal(row.refundable) - in_value)
        part = _between(own, row, step)
        cash += part
        values[number] = part + _between(in_value, row, step)
    return _Priced(values=values, cash=cash)


def _between(total: int, row: SaleLine, step: _Step) -> int:
    """Return the part of an amount of a line that belongs to the units of this step."""
    before, after = step.before[row.line], step.after[row.line]
    return money.share_after_returns(total, row.quantity, after) - money.share_after_returns(
        total, row.quantity, before
    )


def _priced_again(step: _Step, basis: Any) -> _Priced:
    """Return what is lost of the sale's worth when what is kept is evaluated again, less what was given back before."""
    sale = step.sale
    paid = sum([money.from_decimal(row.refundable) for row in step.rows.values()])
    kept = evaluate_kept(sale, basis, step.after)
    lost = paid
    if kept is not None:
        whole = money.from_decimal(sale.gross - sale.markdown - sale.discount)
        lost = min(paid, whole - worth(kept))
    before = money.from_decimal(sale.refunded)
    total = max(0, lost - before)
    part = (before + total, paid) if paid else (0, 1)
    due = restored_cents(sale, Progress(lines=step.lines, part=part, kept=kept))
    weights = [
        _between(money.from_decimal(step.rows[n].refundable), step.rows[n], step) for n in step.changed
    ]
    values = dict(zip(step.changed, money.prorate(total, weights), strict=True))
    return _Priced(values=values, cash=max(0, total - (due - restored_before(sale))), part=part, kept=kept)


def _release(step: _Step, priced: _Priced) -> Released:
    again = (
        None
        if priced.kept is None
        else {activation.campaign: activation for activation in priced.kept.activations}
    )
    return release(sale=step.sale, lines=step.lines, at=step.at, kept=again)


# --- What is written -------------------------------------------------------------------------------


def _number(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"


def _body(step: _Step, priced: _Priced, moved: Moved, released: Released) -> dict[str, Any]:
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
    step: _Step,
    priced: _Priced,
    fingerprint: str,
    body: dict[str, Any],
    by: Mapping[str, int],
) -> None:
    changed = [(step.rows[number], number) for number in priced.values]
    with connection.cursor() as cursor:
        cursor.execute(
            _COME_BACK, [[row.pk for row, _n in changed], [step.after[number] for _row, number in changed]]
        )
    made = SaleReturn.objects.create(
        sale=step.sale,
        reference=step.document.reference,
        value=money.to_decimal(priced.total),
        amount=body["refund"]["amount"],
        withheld=body["refund"]["withheld"],
        fingerprint=fingerprint,
        response=body,
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
