"""What units of a sale that come back are worth: a function of what came back so far, less what was given back before."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from campaigns.engine.evaluation import Evaluation
from campaigns.engine.refunds import worth
from campaigns.services.release import Lines
from pos_api.returned_units import ReturnDocument
from pos_api.services.kept_sale import evaluate_kept
from pos_api.services.returned_value import Progress, carried, restored_before, restored_cents
from retail import money
from retail.models import Sale, SaleLine


class ReturnStep(Struct, kw_only=True):
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


class PricedReturn(Struct, kw_only=True):
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


def price_return(step: ReturnStep) -> PricedReturn:
    """Return what the units are worth: what was paid for them with value comes back as value, the rest as money."""
    sale = step.sale
    basis = (sale.shares or {}).get("basis")
    if basis is not None:
        return _priced_again(step, basis)
    paid_with_value = carried(sale)
    cash, values = 0, {}
    for number in step.changed:
        row = step.rows[number]
        in_value = paid_with_value.get(number, [])
        own = max(0, money.from_decimal(row.refundable) - sum(in_value))
        part = _between(own, row, step)
        cash += part
        # Each by itself, as each is given back: the parts of their sum may be a cent more.
        values[number] = part + sum(_between(amount, row, step) for amount in in_value)
    return PricedReturn(values=values, cash=cash)


def _between(total: int, row: SaleLine, step: ReturnStep) -> int:
    """Return the part of an amount of a line that belongs to the units of this step."""
    before, after = step.before[row.line], step.after[row.line]
    return money.share_after_returns(total, row.quantity, after) - money.share_after_returns(
        total, row.quantity, before
    )


def _priced_again(step: ReturnStep, basis: Any) -> PricedReturn:
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
    return PricedReturn(
        values=values, cash=max(0, total - (due - restored_before(sale))), part=part, kept=kept
    )
