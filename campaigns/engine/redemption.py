"""Step 8: what of the customer's value this sale uses, after everything else is known.

It comes after the evaluation and changes nothing of it but what is left to pay: points, cashback and stamps are earned
on what is due before redemption.
"""

from datetime import datetime

from msgspec import structs

from campaigns.engine.basket import Basket
from campaigns.engine.evaluation import Evaluation
from loyalty.redemption import RedeemRequest, Redemption, redeem
from loyalty.value import Balances, SaleLine


def redeem_value(
    evaluation: Evaluation, request: RedeemRequest, balances: Balances, *, at: datetime
) -> Evaluation:
    """Return the evaluation with what the request redeems of the balances; `at` is the moment of the sale."""
    redemption = redeem(
        request,
        balances,
        lines=sale_lines(evaluation),
        delivery_fee=evaluation.delivery.net,
        at=at,
    )
    return with_redemption(evaluation, redemption)


def with_redemption(evaluation: Evaluation, redemption: Redemption) -> Evaluation:
    """Return the evaluation with a redemption taken off what is due, and off the delivery fee."""
    totals, delivery = evaluation.totals, evaluation.delivery
    less, delivered = redemption.total, redemption.delivery
    return structs.replace(
        evaluation,
        redemption=redemption,
        totals=structs.replace(totals, redeemed=less, net=totals.net - less),
        delivery=structs.replace(
            delivery, discount=delivery.discount + delivered, net=delivery.net - delivered
        ),
    )


def sale_lines(evaluation: Evaluation) -> list[SaleLine]:
    """Return the lines with what is due for each: after markdown, exchange and discounts. Their sum is the sale's."""
    return [
        SaleLine(
            line=line.line,
            sku=line.sku,
            thousandths=int(line.quantity * 1000),
            due=line.net - line.exchange_share,
        )
        for line in evaluation.lines
    ]


def open_credits(balances: Balances, at: datetime) -> frozenset[str]:
    """Return the campaigns of which a credit is still pending or available (`Shopper.open_credits`)."""
    return frozenset(
        lot.campaign
        for lot in balances.cashback
        if lot.campaign and lot.amount > 0 and (lot.expires_at is None or at < lot.expires_at)
    )


def is_bought(basket: Basket, evaluation: Evaluation, category: str) -> bool:
    """Say whether the sale has a product of a category (empty: any) that something is paid for.

    What a reward gives for nothing earns no stamp.
    """
    given: dict[int, int] = {}
    if evaluation.redemption is not None:
        for used in evaluation.redemption.redeemed:
            if used.line is not None:
                given[used.line] = given.get(used.line, 0) + used.amount
    results = {line.line: line for line in evaluation.lines}
    return any(
        (not category or category in line.categories) and results[line.line].net - given.get(line.line, 0) > 0
        for line in basket.lines
    )
