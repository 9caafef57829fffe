"""Gift cards, e-purses, vouchers and credit notes as payment (docs/algorithms/redemption.md, section 5)."""

from functools import partial

from loyalty.counter import Counter
from loyalty.redeemed import MAX, Redeemed, Refused, StoredValueRequest
from loyalty.value import StoredValue

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
    refusal = partial(Refused, kind=found.kind, path=path, code=found.code)
    if not counter.left:
        counter.refuse(refusal(reason="nothing_due"))
        return
    whole = found.kind in USED_WHOLE
    wanted = found.balance if asked.amount == MAX else asked.amount
    amount = min(found.balance if whole else wanted, found.balance, counter.left)
    money = partial(refusal, unit="money")
    if wanted > found.balance:
        counter.refuse(money(reason="insufficient_balance", required=wanted, actual=found.balance))
    elif wanted > amount and asked.amount != MAX and not whole:
        counter.refuse(money(reason="above_due", required=wanted, actual=amount))
    elif wanted < amount:
        counter.refuse(money(reason="used_whole", required=found.balance, actual=wanted))
    lost = found.balance - amount if whole else 0
    counter.give(
        Redeemed(
            kind=found.kind,
            amount=amount,
            balance_after=found.balance - amount - lost,
            code=found.code,
            forfeited=lost,
        )
    )
