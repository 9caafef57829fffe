"""What all engines are asked: 10 % off one product a campaign, on a basket of 20 lines, five of them concerned or none.

The kinds of rule are those that every product has; prices are such that 10 % is exact, so that no rounding differs and
the answers must be equal.
"""

from typing import Any

LINES = 20
CONCERNED = 5


def scene(count: int, concerned: int) -> dict[str, Any]:
    """Return `count` campaigns, `concerned` of which name a product of the basket, and the basket's lines."""
    return {
        "campaigns": [
            {
                "code": f"C-{concerned}-{number}",
                "sku": sku(number) if number < concerned else f"FAR-{number:06d}",
                "percent": "10",
            }
            for number in range(count)
        ],
        "lines": [
            {"line": number + 1, "sku": sku(number), "quantity": 1 + number % 4, "cents": 2090 + 100 * number}
            for number in range(LINES)
        ],
    }


def sku(number: int) -> str:
    return f"PEER-{number:06d}"


def answer(concerned: int) -> dict[str, int]:
    """Return the cents off by SKU, worked out without any engine."""
    lines = scene(0, 0)["lines"][:concerned]
    return {line["sku"]: line["cents"] * line["quantity"] // 10 for line in lines}
