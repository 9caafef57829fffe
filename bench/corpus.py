"""Campaigns and baskets to measure with: deterministic, and the same candidates however many campaigns exist."""

from __future__ import annotations

import random
from typing import Any

CANDIDATE_PRODUCTS = 20


def sku(number: int) -> str:
    return f"SKU-{number:06d}"


def concerned(count: int = 15) -> list[dict[str, Any]]:
    """Return campaigns that concern the basket of `basket()`: a mix of what chains run.

    All of them name one of the basket's first five products, so a shorter basket has the same candidates.
    """
    benefits: list[dict[str, Any]] = [
        {"kind": "item_percent", "percent": "10.00"},
        {"kind": "item_amount", "amount": "1.00", "per": "unit"},
        {"kind": "item_final_price", "price": "19.90"},
        {"kind": "multibuy", "take": 3, "discounted": 1, "percent": "100.00"},
        {"kind": "order_percent", "percent": "5.00"},
    ]
    return [
        {
            "code": f"near-{number}",
            "name": f"Near {number}",
            "priority": number % 3,
            "conditions": {
                "all": [{"kind": "product", "by": "sku", "values": [sku(number)], "match": "any"}]
            },
            "minimum_amount": "5000.00" if number % 3 == 0 else None,
            "benefits": [benefits[number % len(benefits)]],
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
    """Return `count` documents, at most 15 of which concern the basket."""
    near = concerned(min(count, 15))
    return near + unconcerned(count - len(near))


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
