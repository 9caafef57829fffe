"""The 27 recorded campaigns as published campaigns: one for each of their coupons.

A recorded campaign mails a set of coupons to a list of households. Each coupon opens its own product list and is worth
its own amount, so each becomes one campaign of ours: the coupon's code, the households' grouping, the
product grouping, the window, and as benefit the amount that the data shows was given most often.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bench.replay.journey import TIME_ZONE, Journey, Redemption, SourceBasket
from bench.replay.rules import coupon_of, money

Offer = tuple[int, int]


def offer_code(offer: Offer) -> str:
    """Return the campaign's code, which is also, in upper case, its promotional code."""
    campaign, coupon = offer
    return f"cj{campaign:02d}-{coupon}"


def households_grouping(campaign: int) -> str:
    return f"cj{campaign:02d}-households"


@dataclass(frozen=True)
class Assignment:
    """Which basket each recorded redemption is presented in; ``None`` when the household bought nothing that day."""

    basket_of: dict[Redemption, int | None]
    codes_of: dict[int, list[str]]


def assign(journey: Journey) -> Assignment:
    """Give every redemption to a basket of its household and day.

    Preferred is a basket with a couponed line of the coupon's products, then any basket with one of the products,
    then the first basket of the day.
    """
    by_day: dict[tuple[int, date], list[SourceBasket]] = defaultdict(list)
    for basket in journey.baskets:
        by_day[basket.household, basket.local_date].append(basket)
    basket_of: dict[Redemption, int | None] = {}
    codes_of: dict[int, list[str]] = defaultdict(list)
    for redemption in journey.redemptions:
        offer = (redemption.campaign, redemption.coupon)
        products = set(journey.coupons.get(offer, ()))
        candidates = by_day.get((redemption.household, redemption.day), [])
        best = max(candidates, key=lambda basket: _fit(basket, products), default=None)
        basket_of[redemption] = best.basket if best else None
        if best:
            codes_of[best.basket].append(offer_code(offer).upper())
    return Assignment(basket_of, dict(codes_of))


def _fit(basket: SourceBasket, products: set[int]) -> int:
    matching = [line for line in basket.lines if line.product in products]
    return 2 if any(line.coupon for line in matching) else bool(matching)


def worth(journey: Journey, assignment: Assignment) -> dict[Offer, int]:
    """Return each offer's benefit in cents: the most frequent recorded amount.

    An offer that was never redeemed with a recorded amount takes its campaign's most frequent one, and failing that
    the most frequent of all.
    """
    baskets = {basket.basket: basket for basket in journey.baskets}
    seen: dict[Offer, Counter[int]] = defaultdict(Counter)
    by_campaign: dict[int, Counter[int]] = defaultdict(Counter)
    everywhere: Counter[int] = Counter()
    for redemption, number in assignment.basket_of.items():
        offer = (redemption.campaign, redemption.coupon)
        products = set(journey.coupons.get(offer, ()))
        for line in baskets[number].lines if number else ():
            if line.product in products and coupon_of(line):
                for counter in (seen[offer], by_campaign[redemption.campaign], everywhere):
                    counter[coupon_of(line)] += 1
    default = _most_frequent(everywhere) or 100
    return {
        offer: _most_frequent(seen[offer]) or _most_frequent(by_campaign[offer[0]]) or default
        for offer in journey.coupons
    }


def _most_frequent(counter: Counter[int]) -> int | None:
    return min(counter, key=lambda cents: (-counter[cents], cents), default=None)


def documents(journey: Journey, amounts: dict[Offer, int], *, moved: timedelta) -> list[dict[str, object]]:
    """Return one campaign document for each offer, its window moved by whole weeks."""
    windows = {campaign.campaign: campaign for campaign in journey.campaigns}
    return [
        {
            "code": offer_code(offer),
            "name": f"Campaign {offer[0]} (type {windows[offer[0]].kind[-1]}), coupon {offer[1]}",
            "category": f"cj{offer[0]:02d}",
            "starts_at": _midnight(windows[offer[0]].starts + moved),
            "ends_at": _midnight(windows[offer[0]].ends + timedelta(days=1) + moved),
            "conditions": {
                "all": [
                    {"kind": "promo_code"},
                    {
                        "kind": "customer",
                        "attribute": "groupings",
                        "operator": "in",
                        "value": [households_grouping(offer[0])],
                    },
                    {"kind": "product", "by": "grouping", "values": [offer_code(offer)], "match": "any"},
                ]
            },
            "benefits": [
                {"kind": "item_amount", "amount": money(amounts[offer]), "per": "unit", "grant": "highest"}
            ],
        }
        for offer in sorted(journey.coupons)
    ]


def _midnight(day: date) -> str:
    return datetime.combine(day, time(), TIME_ZONE).isoformat()
