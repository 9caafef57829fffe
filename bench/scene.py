"""What the endpoint benchmarks measure on: a store, products, customers, campaigns, a million codes."""

from __future__ import annotations

import json
from typing import Any

from bench import corpus

CODES_A_CALL = 100_000


def prepare(codes: int) -> dict[str, str]:
    """Fill the database once; return a terminal's key and the known customer's code."""
    from django.utils import timezone

    from campaigns.models import PromoCode, PromoCodePool
    from campaigns.services import promo_codes
    from customers.models import Customer
    from pos_api.services import credentials
    from retail.models import Category, Product, Store, Terminal

    store, _ = Store.objects.get_or_create(code="0001", defaults={"name": "Bench"})
    terminal, _ = Terminal.objects.get_or_create(store=store, code="1")
    category, _ = Category.objects.get_or_create(code="all", defaults={"name": "All", "path": ["all"]})
    if not Product.objects.exists():
        Product.objects.bulk_create(
            Product(sku=corpus.sku(n), name=f"Product {n}", price="20.00", category=category)
            for n in range(2_000)
        )
        Customer.objects.bulk_create(Customer(code=f"c-{n}", name=f"Customer {n}") for n in range(2_000))
    pool = PromoCodePool.objects.filter(code="bench").first()
    if pool is None:
        pool = promo_codes.create_pool(code="bench", name="Bench", campaign=None)
    missing = codes - PromoCode.objects.filter(pool=pool).count()
    while missing > 0:
        promo_codes.generate_codes(pool=pool, count=min(missing, CODES_A_CALL), terms=promo_codes.Terms())
        missing -= CODES_A_CALL
    _, key = credentials.issue_terminal_key(terminal=terminal, name="bench", at=timezone.now())
    return {"key": key, "customer": "c-7"}


def publish_up_to(count: int) -> None:
    """Publish corpus campaigns until there are `count`, one by one, as a manager's program would."""
    from django.utils import timezone

    from campaigns.models import Campaign
    from campaigns.services import campaigns as services

    have = set(Campaign.objects.values_list("code", flat=True))
    for document in corpus.campaigns(count):
        if document["code"] not in have:
            at = timezone.now()
            services.create_campaign(
                document=document | {"starts_at": "2020-01-01T00:00:00Z"}, user=None, at=at
            )
            services.publish_campaign(code=document["code"], user=None, at=at)


def bodies(customer: str) -> dict[str, bytes]:
    """Return the request bodies: anonymous, known customer, and with a promotional code."""
    basket: dict[str, Any] = corpus.basket(20)
    del basket["occurred_at"]
    known = basket | {"customer": {"code": customer}}
    return {
        "anonymous": json.dumps(basket).encode(),
        "known customer": json.dumps(known).encode(),
    }
