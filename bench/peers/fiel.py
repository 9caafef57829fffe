"""Fiel's engine on the peers' scenes, measured in a process of its own like each of them."""

from collections.abc import Callable
from typing import Any

from bench.engine import MOMENT, STORE, basket_of, plan_of
from bench.peers.measured import Discounts, Scene, serve
from campaigns.engine.evaluate import evaluate


def documents(scene: Scene) -> list[dict[str, Any]]:
    """Return the scene's campaigns as Fiel's documents."""
    return [
        {
            "code": campaign["code"],
            "name": campaign["code"],
            "conditions": {"kind": "product", "by": "sku", "values": [campaign["sku"]], "match": "any"},
            "benefits": [{"kind": "item_percent", "percent": campaign["percent"]}],
        }
        for campaign in scene["campaigns"]
    ]


def basket(scene: Scene) -> dict[str, Any]:
    """Return the scene's basket as an evaluate document."""
    return {
        "lines": [
            {
                "line": line["line"],
                "sku": line["sku"],
                "quantity": str(line["quantity"]),
                "unit_price": f"{line['cents'] // 100}.{line['cents'] % 100:02d}",
            }
            for line in scene["lines"]
        ]
    }


def prepare(scene: Scene) -> Callable[[], Discounts]:
    plan, lines = plan_of(documents(scene)), basket_of(basket(scene))

    def call() -> Discounts:
        evaluation = evaluate(plan, lines, None, moment=MOMENT, store=STORE)
        return {line.sku: line.discount for line in evaluation.lines if line.discount}

    return call


if __name__ == "__main__":
    serve("this revision", prepare)
