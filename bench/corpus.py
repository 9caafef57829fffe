"""Campaigns and baskets to measure with: deterministic, and the same candidates however many campaigns exist."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

NEAR = 15
MIX = "10,000, realistic mix"


def sku(number: int) -> str:
    return f"SKU-{number:06d}"


# Why two of three campaigns that name a product of the basket do not activate: what a till hears all day.
_OBSTACLES: list[dict[str, Any]] = [
    {},
    {"conditions": [{"kind": "payment", "methods": ["pix"], "match": "any"}]},
    {"minimum_amount": "5000.00"},
    {},
    {"conditions": [{"kind": "promo_code"}]},
    {"conditions": [{"kind": "first_purchase"}]},
]
_BENEFITS: list[dict[str, Any]] = [
    {"kind": "item_percent", "percent": "10.00"},
    {"kind": "item_amount", "amount": "1.00", "per": "unit"},
    {"kind": "item_final_price", "price": "19.90"},
    {"kind": "multibuy", "take": 3, "discounted": 1, "percent": "100.00"},
    {"kind": "order_percent", "percent": "5.00"},
]

# Small enough that dozens of them may add up on one basket.
_SMALL_BENEFITS: list[dict[str, Any]] = [
    {"kind": "item_percent", "percent": "0.50"},
    {"kind": "item_amount", "amount": "0.02", "per": "unit"},
    {"kind": "multibuy", "take": 3, "discounted": 1, "percent": "3.00"},
    {"kind": "order_percent", "percent": "0.25"},
    {"kind": "order_amount", "amount": "0.50"},
]


def concerned(count: int = NEAR) -> list[dict[str, Any]]:
    """Return campaigns on products of `basket()`: one third activates, the others say why not.

    Those that wait for a code are no candidates before it is entered: 13 of 15 are.
    All of them name one of the basket's first five products, so a shorter basket has the same candidates.
    """
    return [
        {
            "code": f"near-{number}",
            "name": f"Near {number}",
            "priority": number % 3,
            "conditions": {
                "all": [
                    {"kind": "product", "by": "sku", "values": [sku(number % 5)], "match": "any"},
                    *_OBSTACLES[number % 6].get("conditions", ()),
                ]
            },
            "minimum_amount": _OBSTACLES[number % 6].get("minimum_amount"),
            "benefits": [_BENEFITS[number % len(_BENEFITS)]],
        }
        for number in range(count)
    ]


def unconcerned(count: int) -> list[dict[str, Any]]:
    """Return `count` campaigns on products that the basket does not hold."""
    draw = random.Random(7)
    return [
        {
            "code": f"far-{number}",
            "name": f"Far {number}",
            "priority": number % 5,
            "conditions": {
                "all": [
                    {
                        "kind": "product",
                        "by": "sku",
                        "values": [sku(draw.randrange(100_000, 999_999)) for _ in range(3)],
                        "match": "any",
                    }
                ]
            },
            "benefits": [{"kind": "item_percent", "percent": "10.00"}],
        }
        for number in range(count)
    ]


def campaigns(count: int) -> list[dict[str, Any]]:
    """Return `count` documents, at most `NEAR` of which concern the basket."""
    near = concerned(min(count, NEAR))
    return near + unconcerned(count - len(near))


def realistic(count: int) -> list[dict[str, Any]]:
    """Return campaigns of which the more concern the basket of `basket()` the more there are: 180 of 10,000.

    Half of the 180 name a product of the basket, the others hold for any basket. Two thirds activate; what stands in
    the way of the others is of every kind.
    """
    draw = random.Random(11)
    made = []
    for number in range(count):
        place = number % 10_000
        # Every twelfth waits for a code and is no candidate before it is entered.
        obstacle = _OBSTACLES[number % 6] if number % 12 < 6 else {}
        conditions: list[dict[str, Any]] = [*obstacle.get("conditions", ())]
        if place >= 98:
            values = [sku(draw.randrange(20))] if place < 196 else []
            values += [sku(draw.randrange(100_000, 999_999)) for _ in range(3 - len(values))]
            conditions.insert(0, {"kind": "product", "by": "sku", "values": values, "match": "any"})
        made.append(
            {
                "code": f"mix-{number}",
                "name": f"Mix {number}",
                "priority": number % 5,
                "conditions": {"all": conditions} if conditions else None,
                "minimum_amount": obstacle.get("minimum_amount"),
                "benefits": [_SMALL_BENEFITS[number % len(_SMALL_BENEFITS)]],
            }
        )
    return made


def basket(lines: int = 20) -> dict[str, Any]:
    """Return an evaluate document of `lines` lines."""
    return {
        "occurred_at": "2026-11-22T10:00:00-03:00",
        "lines": [
            {
                "line": number + 1,
                "sku": sku(number),
                "quantity": str(1 + number % 4),
                "unit_price": f"{20 + number}.90",
            }
            for number in range(lines)
        ],
    }


def steps() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield what endpoints are measured with: few and many campaigns of which the same concern the basket, and the mix."""
    yield "10", campaigns(10)
    yield "10,000", campaigns(10_000)
    yield MIX, realistic(10_000)
