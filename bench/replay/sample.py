"""Cut a small sample out of the journey, with every oddity in it: ``python -m bench.replay.sample PATH``."""

from __future__ import annotations

import random
import sys
from dataclasses import replace
from pathlib import Path

from bench.replay.journey import Journey, SourceBasket, read_package, write_sample
from bench.replay.offers import assign
from bench.replay.rules import quantity_and_price

SEED = 20170101


def cut(journey: Journey) -> Journey:
    """Return about 130 baskets with what they need, always the same ones."""
    chosen = _choose(journey)
    households = {basket.household for basket in chosen}
    days = {(basket.household, basket.local_date) for basket in chosen}
    skus = {line.product for basket in chosen for line in basket.lines}
    redemptions = [r for r in journey.redemptions if (r.household, r.day) in days]
    offers = {(r.campaign, r.coupon) for r in redemptions}
    return Journey(
        products=[product for product in journey.products if product.product in skus],
        campaigns=[c for c in journey.campaigns if c.campaign in {campaign for campaign, _ in offers}],
        targets={
            campaign: [household for household in targets if household in households]
            for campaign, targets in journey.targets.items()
            if campaign in {number for number, _ in offers}
        },
        # A coupon keeps a product that nobody of the sample buys, so that its list is never empty.
        coupons={
            offer: [product for product in products if product in skus] or products[:1]
            for offer, products in journey.coupons.items()
            if offer in offers
        },
        redemptions=redemptions,
        baskets=chosen,
    )


def _choose(journey: Journey) -> list[SourceBasket]:
    draw = random.Random(SEED)
    known = {product.product for product in journey.products}
    codes = assign(journey).codes_of
    short = [basket for basket in journey.baskets if len(basket.lines) <= 12]
    kinds = (
        (40, lambda basket: basket.basket in codes),
        (12, lambda basket: any(quantity_and_price(line)[2] == "zero_quantity" for line in basket.lines)),
        (
            12,
            lambda basket: any(quantity_and_price(line)[2] == "no_whole_cent_price" for line in basket.lines),
        ),
        (8, lambda basket: any(line.product not in known for line in basket.lines)),
        (8, lambda basket: any(line.coupon > line.value for line in basket.lines)),
        (50, lambda basket: bool(basket.lines)),
    )
    chosen: dict[int, SourceBasket] = {}
    for count, wanted in kinds:
        for basket in draw.sample([basket for basket in short if wanted(basket)], count):
            chosen[basket.basket] = replace(basket)
    return sorted(chosen.values(), key=lambda basket: (basket.occurred_at, basket.basket))


if __name__ == "__main__":
    write_sample(cut(read_package()), Path(sys.argv[1]))
