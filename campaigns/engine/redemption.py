"""What of the customer's value this sale uses, once every discount is known.

No campaign's discount depends on it, and points, cashback and stamps are earned on what is due before redemption. Only what
a payment without an amount pays is what is left then.
"""

from datetime import datetime

from msgspec import Struct, structs

from campaigns.engine.application import Application
from campaigns.engine.basket import Basket
from campaigns.engine.evaluation import Evaluation
from campaigns.engine.scene import Scene
from loyalty.redemption import RedeemRequest, Redemption, redeem
from loyalty.value import Balances, SaleLine


class Redeeming(Struct, frozen=True, kw_only=True):
    """What a sale is asked to redeem, and what there is to redeem."""

    request: RedeemRequest
    balances: Balances


def redeem_value(scene: Scene, application: Application, redeeming: Redeeming) -> Redemption:
    """Return what an applied basket redeems. Lines carry what is due: after markdown, exchange and discounts."""
    lines = [
        SaleLine(
            line=scene.line_numbers[position],
            sku=scene.skus[position],
            thousandths=int(scene.quantities[position] * 1000),
            due=scene.abated[position] - application.taken[position],
            categories=scene.lines[position].categories,
            groupings=scene.lines[position].groupings,
        )
        for position in scene.positions
    ]
    return redeem(
        redeeming.request,
        redeeming.balances,
        lines=lines,
        delivery_fee=scene.basket.delivery_fee - application.freight,
        at=scene.around.moment,
    )


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


def open_credits(balances: Balances, at: datetime) -> frozenset[str]:
    """Return the campaigns of which a credit is still pending or available (`Shopper.open_credits`)."""
    return frozenset(
        lot.campaign
        for lot in balances.cashback
        if lot.campaign and lot.amount + lot.held > 0 and (lot.expires_at is None or at < lot.expires_at)
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
