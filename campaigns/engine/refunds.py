"""What returning units would give back, from the answer of the sale."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from msgspec import structs

from campaigns.engine.basket import Basket
from campaigns.engine.evaluation import Evaluation
from campaigns.engine.policy import CalculationPolicy
from retail import money


def refundable(evaluation: Evaluation) -> dict[int, int]:
    """Return by line number what its units are worth in a return: gross - markdown - its share of each deal.

    The evaluation must carry its deals.
    """
    amounts = {line.line: line.gross - line.markdown for line in evaluation.lines}
    for activation in evaluation.activations:
        for share in activation.deal:
            amounts[share.line] -= share.amount
    return amounts


def refund_amount(
    evaluation: Evaluation,
    returned: Mapping[int, Decimal],
    policy: CalculationPolicy,
    evaluate_again: Callable[[Basket], Evaluation],
    basket: Basket,
) -> int:
    """Return the cents that returning these quantities by line number gives back.

    `prorated`: of a line's refundable value, floor(value x returned / quantity); `recalculate`: what is kept is priced
    again, and the difference is given back, never less than nothing.
    """
    if policy.refund == "recalculate":
        kept = tuple(
            structs.replace(line, quantity=line.quantity - returned.get(line.line, Decimal()))
            for line in basket.lines
            if line.quantity > returned.get(line.line, Decimal())
        )
        if not kept:
            return evaluation.totals.net
        again = evaluate_again(structs.replace(basket, lines=kept))
        return max(0, evaluation.totals.net - again.totals.net)
    amounts = refundable(evaluation)
    quantities = {line.line: line.quantity for line in basket.lines}
    return sum(
        money.share_after_returns(amounts[n], quantities[n], quantity) for n, quantity in returned.items()
    )
