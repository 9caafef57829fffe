"""What the endpoint benchmarks measure on: a store, products, customers, campaigns, a million codes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bench import corpus

CODES_A_CALL = 10_000
PRODUCTS = 2_000
STARTED = "2020-01-01T00:00:00Z"
BATCH = 2_000


@dataclass(frozen=True)
class Scene:
    """A terminal's key, the code of a customer that the store knows, and how many promotional codes exist."""

    key: str
    customer: str
    codes: int


def prepare(codes: int) -> Scene:
    """Fill the database once; return who may call and who buys."""
    from django.utils import timezone

    from customers.models import Customer
    from pos_api.services import credentials
    from retail.models import Category, Product, Store, Terminal

    store, _ = Store.objects.get_or_create(code="0001", defaults={"name": "Bench"})
    terminal, _ = Terminal.objects.get_or_create(store=store, code="1")
    category, _ = Category.objects.get_or_create(code="all", defaults={"name": "All", "path": ["all"]})
    if not Product.objects.exists():
        Product.objects.bulk_create(
            Product(sku=corpus.sku(n), name=f"Product {n}", price="20.00", category=category)
            for n in range(PRODUCTS)
        )
        Customer.objects.bulk_create(Customer(code=f"c-{n}", name=f"Customer {n}") for n in range(PRODUCTS))
    made = _make_codes(codes)
    _, key = credentials.issue_terminal_key(terminal=terminal, name="bench", at=timezone.now())
    return Scene(key=key, customer="c-7", codes=made)


def _make_codes(wanted: int) -> int:
    from django.utils import timezone

    from campaigns.models import PromoCode, PromoCodePool
    from campaigns.services import promo_code_pools, promo_codes

    pool = PromoCodePool.objects.filter(code="bench").first()
    if pool is None:
        settings = promo_code_pools.PoolSettings(name="Bench")
        pool = promo_code_pools.create_pool(code="bench", settings=settings, user=None, at=timezone.now())
    have = PromoCode.objects.filter(pool=pool).count()
    while have < wanted:
        count = min(wanted - have, CODES_A_CALL)
        print(f"  making promotional codes: {have:,} of {wanted:,} ...", flush=True)
        promo_codes.generate_codes(pool=pool, count=count, terms=promo_codes.Terms(), at=timezone.now())
        have += count
    return have


def publish_exactly(documents: Iterable[dict[str, Any]]) -> None:
    """Make exactly these campaigns live: the others are paused.

    Writes what the service for publishing writes, thousands at a time; what that one costs is target 6.
    """
    from django.db import transaction
    from django.utils import timezone

    from campaigns.models import Campaign, CampaignStatus

    at = timezone.now()
    wanted = {document["code"]: document for document in documents}
    with transaction.atomic():
        known = set(Campaign.objects.values_list("code", flat=True))
        _create([document for code, document in wanted.items() if code not in known], at)
        live = dict(
            Campaign.objects.filter(status=CampaignStatus.PUBLISHED).values_list("code", "live_revision")
        )
        kept = dict(Campaign.objects.filter(code__in=list(wanted)).values_list("code", "live_revision"))
        stopped = [code for code in live if code not in wanted]
        started = [code for code in wanted if code not in live]
        Campaign.objects.filter(code__in=stopped).update(status=CampaignStatus.PAUSED)
        Campaign.objects.filter(code__in=started).update(status=CampaignStatus.PUBLISHED)
        _log(
            [(code, None, "paused") for code in stopped]
            + [(code, kept[code], "published") for code in started],
            at,
        )


def _create(documents: list[dict[str, Any]], at: Any) -> None:
    from django.db.models import F, OuterRef, Subquery

    from campaigns.engine.document import decode_campaign, encode_campaign
    from campaigns.models import Campaign, CampaignRevision, CampaignStatus

    campaigns = []
    for document in documents:
        read = decode_campaign(document | {"starts_at": STARTED})
        canonical = encode_campaign(read)
        campaigns.append(
            Campaign(
                code=read.code,
                name=read.name,
                priority=read.priority,
                starts_at=read.starts_at,
                benefit_kinds=sorted({benefit["kind"] for benefit in canonical["benefits"]}),
                document=canonical,
                created_at=at,
                updated_at=at,
            )
        )
    Campaign.objects.bulk_create(campaigns, batch_size=BATCH)
    CampaignRevision.objects.bulk_create(
        [CampaignRevision(campaign=c, number=1, document=c.document, published_at=at) for c in campaigns],
        batch_size=BATCH,
    )
    newest = CampaignRevision.objects.filter(campaign=OuterRef("pk")).order_by("-number").values("pk")[:1]
    Campaign.objects.filter(live_revision__isnull=True).update(live_revision=Subquery(newest))
    Campaign.objects.filter(status=CampaignStatus.DRAFT).update(
        status=CampaignStatus.PAUSED, version=F("version") + 1
    )


def _log(steps: list[tuple[str, int | None, str]], at: Any) -> None:
    from campaigns.models import PlanChange, PlanHead, PlanKind

    head = PlanHead.objects.select_for_update().get(pk=1)
    PlanChange.objects.bulk_create(
        [
            PlanChange(
                version=head.version + number,
                kind=PlanKind.CAMPAIGN,
                code=code,
                campaign_revision_id=revision,
                action=action,
                changed_at=at,
            )
            for number, (code, revision, action) in enumerate(steps, start=1)
        ],
        batch_size=BATCH,
    )
    head.version += len(steps)
    head.save(update_fields=["version"])


def bodies(customer: str, lines: int = 20) -> dict[str, bytes]:
    """Return the request bodies: anonymous and known customer."""
    basket: dict[str, Any] = corpus.basket(lines)
    del basket["occurred_at"]
    known = basket | {"customer": {"code": customer}}
    return {
        "anonymous": json.dumps(basket).encode(),
        "known customer": json.dumps(known).encode(),
    }
