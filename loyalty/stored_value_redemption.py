"""Gift cards, e-purses, vouchers and credit notes as payment (docs/algorithms/redemption.md, section 5)."""

from functools import partial

from loyalty.counter import Counter, first_expiring
from loyalty.redeemed import MAX, Redeemed, Refused, StoredValueRequest
from loyalty.value import HUNDRED, StoredValue
from retail import money

USED_WHOLE = frozenset({"gift_card"})


def redeem_stored_value(
    counter: Counter, asked: StoredValueRequest, found: StoredValue | None, path: str
) -> None:
    """Pay with what a code holds; `found` is None when it cannot be used. Of a gift card what exceeds is lost."""
    if asked.amount == 0:
        return
    if found is None:
        counter.refuse(Refused(kind="stored_value", path=path, reason="not_usable", code=asked.code))
        return
    if not _is_admitted(counter, found, path):
        return
    if found.percent is not None:
        _use_rate(counter, found, path)
        return
    payable = counter.payable(found)
    whole = found.kind in USED_WHOLE
    wanted = found.balance if asked.amount == MAX else asked.amount
    amount = min(found.balance if whole else wanted, found.balance, payable)
    refusal = partial(Refused, kind=found.kind, path=path, code=found.code, unit="money")
    if wanted > found.balance:
        counter.refuse(refusal(reason="insufficient_balance", required=wanted, actual=found.balance))
    elif wanted > amount and asked.amount != MAX and not whole:
        counter.refuse(refusal(reason="above_due", required=wanted, actual=amount))
    elif wanted < amount:
        counter.refuse(refusal(reason="used_whole", required=found.balance, actual=wanted))
    lost = found.balance - amount if whole else 0
    counter.give(
        Redeemed(
            kind=found.kind,
            amount=amount,
            balance_after=found.balance - amount - lost,
            code=found.code,
            forfeited=lost,
            takes=first_expiring(found.lots, 0, amount),
            forfeits=first_expiring(found.lots, amount, lost),
            lines=counter.pin(found, amount),
            holder=found.holder,
        )
    )


def _is_admitted(counter: Counter, found: StoredValue, path: str) -> bool:
    """Say whether the sale is one that the value may pay; what it is not is refused."""
    refusal = partial(Refused, kind=found.kind, path=path, code=found.code)
    if found.minimum_purchase is not None and counter.due < found.minimum_purchase:
        counter.refuse(
            refusal(
                reason="minimum_purchase", required=found.minimum_purchase, actual=counter.due, unit="money"
            )
        )
    elif not counter.left:
        counter.refuse(refusal(reason="nothing_due"))
    elif not counter.payable(found):
        counter.refuse(refusal(reason="not_for_products"))
    else:
        return True
    return False


def _use_rate(counter: Counter, found: StoredValue, path: str) -> None:
    """Take a voucher's percentage off the lines that it may pay; its one use is gone, whatever was asked."""
    due = sum([line.due for line in counter.lines if found.pays(line)])
    amount = min(money.percent_of(due, found.percent or 0), counter.payable(found))
    if not amount:
        # A part of a few cents that rounds to nothing does not cost the voucher.
        counter.refuse(Refused(kind=found.kind, path=path, reason="nothing_due", code=found.code))
        return
    counter.give(
        Redeemed(
            kind=found.kind,
            amount=amount,
            balance_after=0,
            units=HUNDRED,
            unit="uses",
            code=found.code,
            takes=first_expiring(found.lots, 0, HUNDRED),
            lines=counter.pin(found, amount),
            holder=found.holder,
            is_whole=True,
        )
    )
