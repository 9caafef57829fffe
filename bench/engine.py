"""Target 1: the engine's time does not grow with the number of campaigns, and little with lines and candidates."""

from __future__ import annotations

import time
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from bench import corpus
from bench.measure import in_turn
from campaigns.engine.basket import Basket, Line, Store
from campaigns.engine.document import decode_campaign
from campaigns.engine.evaluate import evaluate
from campaigns.engine.plan import Plan, compile_plan
from retail.money import parse

MOMENT = datetime.fromisoformat("2026-11-22T10:00:00-03:00")
STORE = Store(code="0001", timezone=ZoneInfo("America/Sao_Paulo"))


def plan_of(documents: list[dict[str, Any]]) -> Plan:
    return compile_plan([decode_campaign(document) for document in documents])


def basket_of(document: dict[str, Any]) -> Basket:
    return Basket(
        lines=tuple(
            Line(
                line=row["line"],
                sku=row["sku"],
                quantity=Decimal(row["quantity"]),
                unit_price=parse(row["unit_price"]),
            )
            for row in document["lines"]
        )
    )


def measure() -> dict[str, Any]:
    """Return microseconds per evaluation and the ratios of target 1."""
    baskets = {lines: basket_of(corpus.basket(lines)) for lines in (5, 20, 100)}
    plans = {count: plan_of(corpus.campaigns(count)) for count in (10, 1_000, 10_000, 100_000)}
    none = plan_of(corpus.unconcerned(10_000))

    def run(plan: Plan, lines: int = 20) -> object:
        return evaluate(plan, baskets[lines], None, moment=MOMENT, store=STORE)

    # The same fifteen candidates whatever the number: ten campaigns hold only ten of them.
    small = plan_of(corpus.concerned())
    times = in_turn(
        {
            "15 campaigns": lambda: run(small),
            "1,000 campaigns": lambda: run(plans[1_000]),
            "10,000 campaigns": lambda: run(plans[10_000]),
            "100,000 campaigns": lambda: run(plans[100_000]),
            "no candidate": lambda: run(none),
            "5 lines": lambda: run(plans[10_000], 5),
            "100 lines": lambda: run(plans[10_000], 100),
        }
    )
    started = time.process_time()
    plan_of(corpus.campaigns(10_000))
    compiled = time.process_time() - started
    return {
        "microseconds": times,
        "ratios": {
            "10,000 campaigns / 15": times["10,000 campaigns"] / times["15 campaigns"],
            "100,000 campaigns / 15": times["100,000 campaigns"] / times["15 campaigns"],
            "100 lines / 5 lines": times["100 lines"] / times["5 lines"],
        },
        "microseconds a candidate": (times["10,000 campaigns"] - times["no candidate"]) / corpus.NEAR,
        "seconds to decode and compile 10,000 campaigns": compiled,
    }


if __name__ == "__main__":
    import json

    print(json.dumps(measure(), indent=2))
