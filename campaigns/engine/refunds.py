"""What returning units gives back, from the answer of the sale (docs/algorithms/returns.md)."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct, structs

from campaigns.engine.basket import Basket
from campaigns.engine.evaluation import Evaluation
from campaigns.engine.policy import CalculationPolicy
from campaigns.engine.redemption_body import points_number
from loyalty.redeemed import Redeemed
from loyalty.returns import spent_shares, units_after_returns
from retail import money

_NOTHING = Decimal()


def refundable(evaluation: Evaluation) -> dict[int, int]:
    """Return by line number what its units are worth in a return: gross - markdown - its share of each deal.

    The evaluation must carry its deals.
    """
    amounts = {line.line: line.gross - line.markdown for line in evaluation.lines}
    for activation in evaluation.activations:
        for share in activation.deal:
            amounts[share.line] -= share.amount
    return amounts


def worth(evaluation: Evaluation) -> int:
    """Return what the goods of a sale cost, however they were paid: money, exchanged goods or stored value."""
    totals = evaluation.totals
    return totals.gross - totals.markdown - totals.discount


def kept_basket(basket: Basket, returned: Mapping[int, Decimal]) -> Basket | None:
    """Return the basket without the units that came back, None when nothing is left.

    Gifts were taken home then: what is kept chooses none.
    """
    kept = tuple(
        [
            structs.replace(line, quantity=line.quantity - returned.get(line.line, _NOTHING))
            for line in basket.lines
            if line.quantity > returned.get(line.line, _NOTHING)
        ]
    )
    return structs.replace(basket, lines=kept, gifts=()) if kept else None


class Restored(Struct, frozen=True, kw_only=True):
    """Value that a return gives back as value: what the sale had redeemed, in proportion."""

    used: Redeemed
    amount: int
    units: int = 0


class TakenBack(Struct, frozen=True, kw_only=True):
    """Value that a return takes back: what the sale had earned, in proportion. Hundredths."""

    kind: str
    code: str
    amount: int


class Refund(Struct, frozen=True, kw_only=True):
    """What a return gives back: `amount` is money, beside what returns as value."""

    amount: int
    restored: tuple[Restored, ...] = ()
    taken_back: tuple[TakenBack, ...] = ()


def refund_of(
    evaluation: Evaluation,
    returned: Mapping[int, Decimal],
    policy: CalculationPolicy,
    evaluate_again: Callable[[Basket], Evaluation],
    basket: Basket,
) -> Refund:
    """Return what returning these quantities by line number gives back.

    `prorated`: of what each line carries of each redeemed value, of what is left of its worth (in money) and of what it
    earned, the part of the quantity returned, each rounded down. `recalculate`: what is kept is priced again (`evaluate_again`, without redemption),
    and the difference is given back, never less than nothing.
    """
    if policy.refund == "recalculate":
        return _recalculated(evaluation, returned, evaluate_again, basket)
    amounts = refundable(evaluation)
    quantities = {line.line: line.quantity for line in basket.lines}
    redeemed = _redeemed(evaluation)
    restored = []
    in_value: dict[int, int] = {}
    for used, shares in zip(redeemed, spent_shares(redeemed, amounts), strict=True):
        for number, share in shares.items():
            in_value[number] = in_value.get(number, 0) + share.amount
        back = [(shares[n], quantities[n], quantity) for n, quantity in returned.items() if n in shares]
        restored.append(
            Restored(
                used=used,
                amount=sum(money.share_after_returns(share.amount, sold, q) for share, sold, q in back),
                units=sum(units_after_returns(share.units, sold, q) for share, sold, q in back),
            )
        )
    cash = sum(
        money.share_after_returns(amounts[n] - in_value.get(n, 0), quantities[n], quantity)
        for n, quantity in returned.items()
    )
    taken_back = []
    for earned in evaluation.earned_shares:
        after = units_after_returns if earned.kind == "points" else money.share_after_returns
        amount = sum(after(part, quantities[n], returned[n]) for n, part in earned.lines if n in returned)
        taken_back.append(TakenBack(kind=earned.kind, code=earned.code, amount=amount))
    return _refund(cash, restored, taken_back)


def _recalculated(
    evaluation: Evaluation,
    returned: Mapping[int, Decimal],
    evaluate_again: Callable[[Basket], Evaluation],
    basket: Basket,
) -> Refund:
    due = worth(evaluation)
    kept = kept_basket(basket, returned)
    again = None if kept is None else evaluate_again(kept)
    value = due if again is None else max(0, due - worth(again))
    restored = [
        Restored(
            used=used,
            amount=used.amount * value // due,
            units=(used.units or 0) * value // due,
        )
        for used in _redeemed(evaluation)
        if used.amount and used.target == "sale"
    ]
    left = {} if again is None else _earned(again)
    taken_back = [
        TakenBack(kind=kind, code=code, amount=max(0, amount - left.get((kind, code), 0)))
        for (kind, code), amount in _earned(evaluation).items()
    ]
    return _refund(value - sum(back.amount for back in restored), restored, taken_back)


def _refund(cash: int, restored: list[Restored], taken_back: list[TakenBack]) -> Refund:
    return Refund(
        amount=cash,
        restored=tuple(back for back in restored if back.amount or back.units),
        taken_back=tuple(taken for taken in taken_back if taken.amount),
    )


def _redeemed(evaluation: Evaluation) -> tuple[Redeemed, ...]:
    return () if evaluation.redemption is None else evaluation.redemption.redeemed


def _earned(evaluation: Evaluation) -> dict[tuple[str, str], int]:
    """Return what was earned by kind and code, in hundredths."""
    found: dict[tuple[str, str], int] = {}
    for share in evaluation.earned_shares:
        key = share.kind, share.code
        found[key] = found.get(key, 0) + sum(amount for _line, amount in share.lines)
    return found


def render_refund(refund: Refund) -> dict[str, Any]:
    """Return a refund as the answers of the POS API write it."""
    return {
        "amount": money.text(refund.amount),
        "restored": [_restored_body(back) for back in refund.restored],
        "taken_back": [
            {"kind": "points", "program": taken.code, "points": points_number(taken.amount)}
            if taken.kind == "points"
            else {"kind": "cashback", "campaign": taken.code, "amount": money.text(taken.amount)}
            for taken in refund.taken_back
        ],
    }


def _restored_body(back: Restored) -> dict[str, Any]:
    body: dict[str, Any] = {"kind": back.used.kind, "amount": money.text(back.amount)}
    if back.used.units is not None:
        body |= {"program": back.used.program, back.used.unit: points_number(back.units)}
    if back.used.code:
        body["code"] = back.used.code
    return body
