"""`best_for_customer` against brute force: the optimum within the limit, the stated guarantees beyond it."""

from itertools import combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.engine import best
from campaigns.engine.associations import decode_association
from campaigns.engine.basket import Basket, Shopper
from campaigns.engine.campaign import Campaign
from campaigns.engine.document import decode_campaign
from campaigns.engine.evaluate import evaluate
from campaigns.engine.plan import compile_plan
from campaigns.engine.policy import build_policy
from tests.campaigns.engine import generators as make
from tests.campaigns.engine.test_single_campaign_laws import basket_of, whole_lines

TIED = {"C0", "C1"}
benefits = st.one_of(
    make.discounts,
    make.discounts,
    make.discounts,
    st.fixed_dictionaries({"kind": st.just("cashback"), "percent": make.percents}),
    st.fixed_dictionaries(
        {"kind": st.just("cashback"), "amount": make.amounts, "every_amount": make.amounts}
    ),
    st.fixed_dictionaries({"kind": st.just("freight_percent"), "percent": make.percents}),
)
thresholds = st.sampled_from(
    [{}, {}, {}, {"minimum_amount": "20.00"}, {"maximum_amount": "80.00"}, {"minimum_quantity": 3}]
)


@st.composite
def campaigns(draw: Any, most: int, exclusive: st.SearchStrategy[bool]) -> list[Campaign]:
    return [
        decode_campaign(
            {
                "code": f"C{number}",
                "name": "x",
                "priority": draw(st.integers(0, 2)),
                "exclusive": draw(exclusive),
                "benefits": draw(st.lists(benefits, min_size=1, max_size=2)),
                "stop_further": draw(st.sampled_from(["none", "none", "none", "basket", "lines"])),
                "skip_discounted": draw(make.rarely),
                "combinable_order_discount": not draw(make.rarely),
                "threshold_basis": draw(st.sampled_from(["original", "running"])),
                **draw(thresholds),
            }
        )
        for number in range(draw(st.integers(1, most)))
    ]


def gain(chosen: Any, basket: Basket, policy: str, tied: bool = False) -> int:
    """Return what the customer gains: money off, delivery, cashback."""
    group = {"code": "A", "criterion": "highest", "campaigns": sorted(TIED)}
    plan = compile_plan(
        chosen,
        associations=[decode_association(group)] if tied else [],
        policy=build_policy(selection=policy),
    )
    answer = evaluate(plan, basket, Shopper(), moment=make.MOMENT, store=make.STORE)
    return (
        answer.totals.discount + answer.delivery.discount + sum(one.amount for one in answer.earned.cashback)
    )


def allowed_sets(chosen: list[Campaign], tied: bool) -> list[tuple[Campaign, ...]]:
    """Return one exclusive campaign alone, and every set of the others with at most one of the association."""
    return [
        subset
        for size in range(1, len(chosen) + 1)
        for subset in combinations(chosen, size)
        if (size == 1 or not any(campaign.exclusive for campaign in subset))
        and not (tied and {campaign.code for campaign in subset} >= TIED)
    ]


def basket_with_delivery(rows: Any) -> Basket:
    return Basket(lines=basket_of(rows).lines, delivery_fee=1500)


def check(rows: Any, chosen: list[Campaign], tied: bool) -> None:
    basket = basket_with_delivery(rows)

    found = gain(chosen, basket, "best_for_customer", tied)

    assert found == max(gain(subset, basket, "rules") for subset in allowed_sets(chosen, tied))


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(whole_lines, campaigns(5, make.rarely), st.booleans())
def test_finds_the_best_of_all_sets(rows: Any, chosen: list[Campaign], tied: bool) -> None:
    check(rows, chosen, tied)


@pytest.mark.deep
@settings(max_examples=10_000, suppress_health_check=list(HealthCheck))
@given(whole_lines, campaigns(5, make.rarely), st.booleans())
def test_finds_the_best_of_all_sets_ten_thousand_times(rows: Any, chosen: list[Campaign], tied: bool) -> None:
    check(rows, chosen, tied)


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(whole_lines, campaigns(7, st.just(False)), st.booleans())
def test_beyond_its_limit_beats_singles_and_pairs_and_knows_how_much_it_may_lack(
    rows: Any, chosen: list[Campaign], tied: bool
) -> None:
    basket = basket_with_delivery(rows)
    bounds: list[int] = []

    class Recorded(best.BestSearch):
        def run(self) -> Any:
            bounds.append(self.bound)
            return super().run()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(best, "MOST_COMBINATIONS", 2)
        patch.setattr(best, "FEWEST_COMBINATIONS", 2)
        patch.setattr(best, "BestSearch", Recorded)
        found = gain(chosen, basket, "best_for_customer", tied)

    gains = {subset: gain(subset, basket, "rules") for subset in allowed_sets(chosen, tied)}
    assert all(found >= value for subset, value in gains.items() if len(subset) <= 2)
    assert found <= max(gains.values()) <= max([0, *bounds])


def test_answers_for_any_number_of_campaigns() -> None:
    """Sixty campaigns on a basket of two lines: more sets than anybody can evaluate."""
    chosen = [
        decode_campaign(
            {
                "code": f"C{number:02d}",
                "name": "x",
                "priority": number % 5,
                "stop_further": "basket" if number % 7 == 0 else "none",
                "benefits": [{"kind": "item_percent", "percent": str(number % 9 + 1)}],
            }
        )
        for number in range(60)
    ]
    basket = basket_with_delivery([("A", 3, 9_999), ("B", 1, 501)])

    found = gain(chosen, basket, "best_for_customer")

    assert found >= max(gain(pair, basket, "rules") for pair in combinations(chosen[:12], 2))
    assert found >= gain(chosen, basket, "rules")
