"""Presets, each on figures that the product itself publishes (docs/algorithms/policies.md names the sources)."""

from decimal import Decimal
from pathlib import Path

import pytest

from campaigns.engine.basket import Basket, Line
from campaigns.engine.document import decode_campaign
from campaigns.engine.evaluate import evaluate
from campaigns.engine.plan import compile_plan
from campaigns.engine.policy import PRESETS, QUESTIONS, PolicyError, build_policy
from retail import money
from tests.campaigns.engine import generators as make

PAGE = Path(__file__).parents[3] / "docs" / "algorithms" / "policies.md"

PUBLISHED = [
    ("sylius", [4000, 2000, 2000], 300, [150, 75, 75]),
    ("sylius", [4300, 1400, 2300], 300, [162, 52, 86]),
    ("sylius", [4300, 1400, 2300], 299, [161, 52, 86]),
    ("solidus", [5000, 5000, 5000], 1500, [500, 500, 500]),
    ("solidus", [5000, 5000, 5000], 1000, [333, 333, 334]),
    ("solidus", [15_000, 5000, 10_000], 1500, [750, 250, 500]),
    ("vendure", [123], 100, [100]),
    ("vendure", [4300, 1400, 2300], 299, [161, 52, 86]),
    ("vendure", [1000, 1000, 1000], 299, [100, 100, 99]),
    ("vendure", [10, 20, 10, 30, 50, 20, 10, 40], 93, [5, 10, 5, 15, 24, 10, 5, 19]),
    ("vendure", [10, 20, 10, 30, 50, 20, 10, 40], 95, [5, 10, 5, 15, 25, 10, 5, 20]),
]


@pytest.mark.parametrize(("preset", "prices", "amount", "expected"), PUBLISHED)
def test_money_off_a_sale_is_spread_as_published(
    preset: str, prices: list[int], amount: int, expected: list[int]
) -> None:
    benefit = {"kind": "order_amount", "amount": money.text(amount)}
    campaign = decode_campaign({"code": "C", "name": "x", "benefits": [benefit]})
    lines = tuple(Line(line=n, quantity=Decimal(1), unit_price=price) for n, price in enumerate(prices, 1))

    plan = compile_plan([campaign], policy=build_policy(preset))
    answer = evaluate(plan, Basket(lines=lines), None, moment=make.MOMENT, store=make.STORE)

    assert [line.discount for line in answer.lines] == expected


def test_every_preset_is_tested_and_on_the_page() -> None:
    assert set(PRESETS) == {"fiel", *(preset for preset, *_ in PUBLISHED)}
    page = PAGE.read_text()
    assert all(f"| `{preset}` |" in page for preset in PRESETS)


def test_every_answer_is_on_the_page() -> None:
    page = PAGE.read_text()

    for question, answers in QUESTIONS.items():
        assert f"| `{question}` |" in page
        assert all(f"`{answer}`" in page for answer in answers)


@pytest.mark.parametrize(
    ("preset", "answers", "field"),
    [("acme", {}, "preset"), ("fiel", {"colour": "red"}, "colour"), ("fiel", {"rounding": "up"}, "rounding")],
)
def test_unknown_presets_and_answers_are_refused(preset: str, answers: dict[str, str], field: str) -> None:
    with pytest.raises(PolicyError) as caught:
        build_policy(preset, **answers)

    assert caught.value.field == field
