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
from django.contrib.auth.models import AbstractBaseUser
from django.db import connection
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
from pos_api.services.sale_rows import lock_sale
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
    at: datetime

    @property
    def before(self) -> dict[int, Decimal]:
        return {number: row.returned for number, row in self.rows.items()}

    @property
    def after(self) -> dict[int, Decimal]:
        coming = {one.line: one.quantity for one in self.document.lines}
        return {number: row.returned + coming.get(number, 0) for number, row in self.rows.items()}

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


def return_in_back_office(
    *, sale_id: int, document: ReturnDocument, user: AbstractBaseUser, now: datetime
) -> Returned:
    """Record a return of any store's sale on a manager's word. Raises as `return_sale` does."""
    return in_transaction(lambda: _record(lock_sale(pk=sale_id), document, now, actor_id=user.pk))


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
    step = _Step(sale=sale, document=document, rows=rows, at=now)
    value, values, kept = _value(step)
    released = _release(step, kept)
    is_last = all(came >= sold for sold, came in step.lines.values())
    sale.state = SaleState.RETURNED if is_last else SaleState.PARTIALLY_RETURNED
    sale.refunded += money.to_decimal(value)
    body = _body(step, value, values, released)
    _store(step, value, values, fingerprint, body, by)
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


def _value(step: _Step) -> tuple[int, dict[int, int], Evaluation | None]:
    """Return what the units are worth, that value by line, and what is kept, evaluated again, where the policy asks it."""
    shares = shares_of(step.rows, step.before, step.after)
    basis = (step.sale.shares or {}).get("basis")
    if basis is None:
        return sum(shares.values()), shares, None
    paid = sum([money.from_decimal(row.refundable) for row in step.rows.values()])
    kept = evaluate_kept(step.sale, basis, step.after)
    lost = paid
    if kept is not None:
        sale = step.sale
        whole = money.from_decimal(sale.gross - sale.markdown - sale.discount)
        lost = min(paid, whole - worth(kept))
    value = max(0, lost - money.from_decimal(step.sale.refunded))
    parts = money.prorate(value, list(shares.values()))
    return value, dict(zip(shares, parts, strict=True)), kept


def shares_of(
    rows: Mapping[int, SaleLine], before: Mapping[int, Decimal], after: Mapping[int, Decimal]
) -> dict[int, int]:
    """Return by line, of those that change, the cents of its value that belong to the units between two states."""
    return {
        number: _share(row, after[number]) - _share(row, before[number])
        for number, row in rows.items()
        if after[number] != before[number]
    }


def _share(row: SaleLine, returned: Decimal) -> int:
    return money.share_after_returns(money.from_decimal(row.refundable), row.quantity, returned)


def _release(step: _Step, kept: Evaluation | None) -> Released:
    again = None if kept is None else {activation.campaign: activation for activation in kept.activations}
    return release(sale=step.sale, lines=step.lines, at=step.at, kept=again)


# --- What is written -------------------------------------------------------------------------------


def _number(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"


def _body(step: _Step, value: int, values: Mapping[int, int], released: Released) -> dict[str, Any]:
    sale = step.sale
    return {
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
            for number, part in values.items()
        ],
        "refund": {"value": money.text(value), "amount": money.text(value), "withheld": money.text(0)},
        "reversed": reversed_json(released),
        "restored": [],
        "taken_back": [],
        "owed": [],
        "not_undone": [*released.not_undone, *delivery_of(sale)],
    }


def reversed_json(released: Released) -> list[dict[str, str]]:
    """Return the discount that each campaign gave and that was taken back now."""
    return [
        {"campaign": campaign, "discount": money.text(discount)} for campaign, discount in released.discounts
    ]


def delivery_of(sale: Sale) -> list[dict[str, Any]]:
    """Return the delivery that was paid for, once everything came back: it took place, and stays paid."""
    paid = sale.delivery_fee - sale.delivery_discount
    if sale.state != SaleState.RETURNED or not paid:
        return []
    return [{"kind": "delivery", "amount": str(paid)}]


_COME_BACK = """
UPDATE retail_saleline l SET returned = w.returned
FROM unnest(%s::bigint[], %s::numeric[]) AS w(id, returned) WHERE l.id = w.id
"""


def _store(
    step: _Step,
    value: int,
    values: Mapping[int, int],
    fingerprint: str,
    body: dict[str, Any],
    by: Mapping[str, int],
) -> None:
    changed = [(step.rows[number], number) for number in values]
    with connection.cursor() as cursor:
        cursor.execute(
            _COME_BACK, [[row.pk for row, _n in changed], [step.after[number] for _row, number in changed]]
        )
    made = SaleReturn.objects.create(
        sale=step.sale,
        reference=step.document.reference,
        value=money.to_decimal(value),
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
            value=money.to_decimal(values[number]),
        )
        for row, number in changed
    )
    step.sale.save(update_fields=["state", "refunded"])
