"""Laws of choosing among campaigns: what is chosen is what its criterion says, against every alternative."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.engine.associations import decode_association
from campaigns.engine.basket import Basket
from campaigns.engine.campaign import Campaign
from campaigns.engine.document import decode_campaign
from campaigns.engine.evaluate import evaluate
from campaigns.engine.evaluation import Evaluation
from campaigns.engine.plan import compile_plan
from tests.campaigns.engine import generators as make
from tests.campaigns.engine.test_single_campaign_laws import basket_of, whole_lines

quick = settings(max_examples=300, suppress_health_check=list(HealthCheck))


@st.composite
def rivals(draw: Any, **fields: Any) -> list[Campaign]:
    return [
        decode_campaign(
            {
                "code": f"C{number}",
                "name": "x",
                "priority": draw(st.integers(0, 2)),
                "benefits": draw(st.lists(make.discounts, min_size=1, max_size=2)),
                **fields,
            }
        )
        for number in range(draw(st.integers(2, 4)))
    ]


def answer(chosen: list[Campaign], basket: Basket, criterion: str = "") -> Evaluation:
    codes = [campaign.code for campaign in chosen]
    group = decode_association({"code": "A", "criterion": criterion or "all", "campaigns": codes})
    plan = compile_plan(chosen, associations=[group] if criterion else [])
    return evaluate(plan, basket, None, moment=make.MOMENT, store=make.STORE)


@quick
@given(whole_lines, rivals(exclusive=True))
def test_the_exclusive_campaign_is_the_best_of_them(rows: Any, chosen: list[Campaign]) -> None:
    basket = basket_of(rows)

    given_together = answer(chosen, basket)

    assert len(given_together.activations) <= 1
    alone = [answer([campaign], basket).totals.discount for campaign in chosen]
    assert given_together.totals.discount == max(alone)


@quick
@given(whole_lines, rivals(), st.sampled_from(["highest", "lowest"]))
def test_an_association_grants_the_highest_or_the_lowest(
    rows: Any, chosen: list[Campaign], criterion: str
) -> None:
    basket = basket_of(rows)

    discount = answer(chosen, basket, criterion).totals.discount

    # Members that give nothing are dropped before one is chosen.
    alone = [value for campaign in chosen if (value := answer([campaign], basket).totals.discount)]
    assert discount == (max if criterion == "highest" else min)(alone, default=0)
