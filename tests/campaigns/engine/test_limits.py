"""What a commit must count: amounts, and windows in the store's time zone."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from campaigns.engine.basket import Basket, CampaignUsage, LimitUse, Line, PromoCode, Shopper, Store
from campaigns.engine.document import decode_campaign
from campaigns.engine.evaluate import evaluate
from campaigns.engine.evaluation import Evaluation
from campaigns.engine.plan import compile_plan

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def sell(document: dict[str, Any], at: str, zone: ZoneInfo = SAO_PAULO, **options: Any) -> Evaluation:
    campaign = decode_campaign(
        {"code": "C", "name": "x", "benefits": [{"kind": "item_percent", "percent": 10}], **document}
    )
    basket = Basket(
        lines=(Line(line=1, sku="A", quantity=Decimal(3), unit_price=1000),),
        promo_codes=(PromoCode(code="X", campaign="C"),),
    )
    return evaluate(
        compile_plan([campaign]),
        basket,
        Shopper(),
        moment=datetime.fromisoformat(at),
        store=Store(code="0012", timezone=zone),
        **options,
    )


@pytest.mark.parametrize(
    ("per", "start"),
    [
        ("campaign", None),
        ("day", "2026-11-22T03:00:00+00:00"),
        ("week", "2026-11-16T03:00:00+00:00"),
        ("month", "2026-11-01T03:00:00+00:00"),
        ("year", "2026-01-01T03:00:00+00:00"),
    ],
)
def test_windows_begin_at_local_midnight(per: str, start: str | None) -> None:
    answer = sell({"limits": [{"scope": "total", "max": 5, "per": per}]}, "2026-11-23T02:59:59+00:00")

    (use,) = answer.activations[0].consumption
    assert use.window_start == (None if start is None else datetime.fromisoformat(start))
    assert use.window_start is None or use.window_start.tzinfo is UTC
    assert (use.amount, use.max) == (1, 5)


def test_a_day_that_skips_midnight_begins_at_its_first_instant() -> None:
    # On 4 November 2018 clocks in Sao Paulo went from 23:59:59 to 01:00.
    answer = sell({"limits": [{"scope": "total", "max": 5, "per": "day"}]}, "2018-11-04T12:00:00-02:00")

    assert answer.activations[0].consumption[0].window_start == datetime(2018, 11, 4, 3, tzinfo=UTC)


def test_each_limit_is_counted_by_its_own_key() -> None:
    limits = [
        {"scope": scope, "counts": "item", "max": 9} for scope in ("total", "customer", "store", "code")
    ]

    answer = sell({"conditions": {"kind": "promo_code"}, "limits": limits}, "2026-11-22T10:00:00-03:00")

    uses = answer.activations[0].consumption
    assert [(use.scope, use.key, use.amount) for use in uses] == [
        ("total", "", 3),
        ("customer", "", 3),
        ("store", "0012", 3),
        ("code", "X", 3),
    ]


def test_usage_of_one_limit_is_told_from_another() -> None:
    limits = [{"scope": "total", "max": 2, "per": "day"}, {"scope": "total", "max": 9, "per": "month"}]
    usage = {
        "C": CampaignUsage(
            total=9, by_limit={("total", "sale", "day"): LimitUse(1), ("total", "sale", "month"): LimitUse(8)}
        )
    }

    assert sell({"limits": limits}, "2026-11-22T10:00:00-03:00", usage=usage).activations

    usage = {
        "C": CampaignUsage(
            by_limit={("total", "sale", "day"): LimitUse(2, 1), ("total", "sale", "month"): LimitUse(9)}
        )
    }
    (refusal,) = sell({"limits": limits}, "2026-11-22T10:00:00-03:00", usage=usage).not_activated
    assert refusal.verdicts[0].subject == "total/sale/month"


def test_budget_counts_the_discount() -> None:
    answer = sell({"budget": "100.00"}, "2026-11-22T10:00:00-03:00")

    assert (answer.activations[0].discount, answer.activations[0].budget) == (300, 10_000)


def test_nothing_is_counted_for_a_campaign_that_gives_nothing() -> None:
    document = {
        "limits": [{"scope": "customer", "max": 1}],
        "benefits": [{"kind": "item_final_price", "price": 500}],
    }

    answer = sell(document, "2026-11-22T10:00:00-03:00")

    assert answer.activations == ()
    assert answer.not_activated[0].verdicts[0].code == "no_effect"
