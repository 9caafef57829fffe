"""The shop that the fault runs sell in, and what its tills may send."""

import random
from datetime import timedelta
from itertools import count
from typing import Any

from django.utils import timezone

CUSTOMERS = 50
PRICES = {"MEIA": 700, "CALCA": 1300, "LIVRO": 3300, "CAMISA": 5000}
_tickets = count(1)


def fill(*, limit: int, customers: int = CUSTOMERS) -> tuple[str, list[str]]:
    """Fill an empty database; return a terminal's key and the customers' documents."""
    from campaigns.models import PromoCode
    from loyalty.models import PointsProgram, StampPlan
    from tests.builders import build_customer
    from tests.pos_api.till import Till, issue_code, publish

    till = Till.open(totals_mode="accept")
    PointsProgram.objects.create(
        code="pontos", name="Pontos", points=1, per_amount=1, point_value="0.10", redeem_step=1,
        clawback="debt", valid_days=30,
    )  # fmt: skip
    StampPlan.objects.create(code="selos", name="Selos", orders=3, reward="delivery", reward_percent=50)
    for number, sku in enumerate(PRICES):
        publish(
            f"LIMITE{number}",
            benefits=[{"kind": "item_percent", "percent": "10.00"}],
            conditions={"kind": "product", "by": "sku", "values": [sku]},
            limits=[{"scope": "total", "counts": "sale", "max": limit},
                    {"scope": "customer", "counts": "sale", "max": 2, "per": "day"}],
            priority=number,
        )  # fmt: skip
    publish("VERBA", benefits=[{"kind": "order_amount", "amount": "3.00"}], budget="300.00", priority=5,
            conditions={"kind": "promo_code"})  # fmt: skip
    publish("VOLTE", benefits=[{"kind": "cashback", "percent": "10.00", "valid_days": 30}], priority=6)
    for number in range(10):
        issue_code(f"CODIGO{number}", campaign="VERBA", max_uses=20)
    PromoCode.objects.update(max_uses_per_customer=3)
    return till.credential, [build_customer().document or "" for _ in range(customers)]


def sale(customers: list[str], **fields: Any) -> dict[str, Any]:
    """Return a sale of a few lines in any order, of one customer, who may redeem."""
    skus = random.sample(sorted(PRICES), random.randint(1, 3))
    lines = [(sku, random.randint(1, 3)) for sku in skus]
    total = sum(PRICES[sku] * quantity for sku, quantity in lines)
    document: dict[str, Any] = {
        "ticket": f"F{next(_tickets):07d}",
        "occurred_at": (timezone.now() - timedelta(seconds=1)).isoformat(),
        "customer": {"document": random.choice(customers)},
        "lines": [
            {"line": number, "sku": sku, "quantity": str(q), "unit_price": f"{PRICES[sku] / 100:.2f}"}
            for number, (sku, q) in enumerate(lines, start=1)
        ],
        # The shop records whatever total the till charged.
        "total": f"{total / 100:.2f}",
    }
    if random.random() < 0.3:
        document["promo_codes"] = random.sample([f"CODIGO{n}" for n in range(10)], 2)
    if random.random() < 0.4:
        document["redeem"] = {"points": {"pontos": "max"}, "cashback": "max"}
    return document | fields


def plain_sale(customer: str | None = None, **fields: Any) -> dict[str, Any]:
    """Return a sale of one shirt, for ten percent less where the first limit allows it."""
    document: dict[str, Any] = {
        "ticket": f"F{next(_tickets):07d}",
        "occurred_at": timezone.now().isoformat(),
        "lines": [{"line": 1, "sku": "CAMISA", "quantity": "1", "unit_price": "50.00"}],
        "total": "50.00",
    }
    return document | ({"customer": {"document": customer}} if customer else {}) | fields


def fill_limited(*, limit: int | None, each: int | None, customers: int) -> tuple[str, list[str]]:
    """Fill an empty database with one campaign; it gives `limit` times, and `each` times to one customer."""
    from tests.builders import build_customer
    from tests.pos_api.till import Till, publish

    till = Till.open(totals_mode="accept")
    limits = [
        {"scope": scope, "counts": "sale", "max": most}
        for scope, most in (("total", limit), ("customer", each))
        if most is not None
    ]
    publish("LIMITE", limits=limits)
    return till.credential, [build_customer().document or "" for _ in range(customers)]
