"""Evaluate a basket: price, exchange, eligibility, selection, application, rounding, result."""

from collections.abc import Mapping
from datetime import datetime

from campaigns.engine.basket import Basket, CampaignUsage, CatalogueItem, Program, Shopper, Store
from campaigns.engine.evaluation import Evaluation
from campaigns.engine.fields import DocumentError
from campaigns.engine.plan import Plan


class BasketError(DocumentError):
    """The basket asks for what a campaign does not offer (a gift off the list). `errors` as in DocumentError."""


def evaluate(
    plan: Plan,
    basket: Basket,
    shopper: Shopper | None,
    *,
    moment: datetime,
    store: Store,
    usage: Mapping[str, CampaignUsage] | None = None,
    products: Mapping[str, CatalogueItem] | None = None,
    programs: tuple[Program, ...] = (),
    every_campaign: bool = False,
) -> Evaluation:
    """Return what every candidate campaign gives this basket, or why it gives nothing.

    Pure: equal arguments give an equal Evaluation, to the byte once rendered. `shopper` None is anonymous. `moment` is
    aware. `usage` says by campaign code what limits and budgets have been used, `products` by SKU what gifts are called
    and cost, `programs` the points programs of the company. With `every_campaign` the answer also lists the campaigns
    that the index rules out (the simulator does). Raises BasketError for a gift choice that no campaign offers.
    """
    raise NotImplementedError
