"""Laws of one campaign alone: splitting lines, scaling prices, raising caps and thresholds."""

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.engine.basket import Basket, Line
from campaigns.engine.document import decode_campaign
from campaigns.engine.evaluate import evaluate
from campaigns.engine.plan import compile_plan
from campaigns.engine.policy import build_policy
from tests.campaigns.engine import generators as make

quick = settings(max_examples=300, suppress_health_check=list(HealthCheck))
whole_lines = st.lists(
    st.tuples(st.sampled_from(make.SKUS), st.integers(1, 6), make.cents), min_size=1, max_size=4
)


def basket_of(rows: list[tuple[str, int, int]]) -> Basket:
    return Basket(
        lines=tuple(
            Line(line=number, sku=sku, quantity=Decimal(quantity), unit_price=price)
            for number, (sku, quantity, price) in enumerate(rows, 1)
        )
    )


def discount(rows: list[tuple[str, int, int]], *documents: dict[str, Any], **options: Any) -> int:
    if not rows:
        return 0
    plan = compile_plan(
        [decode_campaign({"code": f"C{n}", "name": "x", **document}) for n, document in enumerate(documents)],
        policy=build_policy(**options),
    )
    answer = evaluate(plan, basket_of(rows), None, moment=make.MOMENT, store=make.STORE)
    return answer.totals.discount


def split(rows: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    return [(sku, 1, price) for sku, quantity, price in rows for _ in range(quantity)]


per_unit_benefits = st.one_of(
    st.fixed_dictionaries({"kind": st.just("order_percent"), "percent": make.percents}),
    st.fixed_dictionaries({"kind": st.just("order_amount"), "amount": make.amounts}),
    st.fixed_dictionaries({"kind": st.just("item_percent"), "percent": make.percents, "grant": make.grants}),
    st.fixed_dictionaries({"kind": st.just("item_amount"), "amount": make.amounts}),
    st.fixed_dictionaries({"kind": st.just("item_final_price"), "price": make.amounts, "grant": make.grants}),
    st.fixed_dictionaries(
        {"kind": st.just("bundle_price"), "take": st.integers(1, 4), "price": make.amounts}
    ),
    make.multibuys(),
)


@quick
@given(whole_lines, per_unit_benefits)
def test_splitting_a_line_changes_the_discount_by_rounding_only(rows: Any, benefit: dict[str, Any]) -> None:
    whole = discount(rows, {"benefits": [benefit]})
    parts = discount(split(rows), {"benefits": [benefit]})

    # The difference is less than a cent for each of the lines that result.
    assert abs(whole - parts) < len(split(rows))


@quick
@given(whole_lines, st.integers(1, 4), st.data())
def test_splitting_the_purchase_never_pays_when_grouped(rows: Any, take: int, data: Any) -> None:
    units = split(rows)
    benefit = {
        "kind": "multibuy",
        "take": take,
        "discounted": data.draw(st.integers(1, take)),
        "percent": 100,
        "pick": "grouped",
    }
    mine = [data.draw(st.booleans()) for _ in units]
    first = [unit for unit, taken in zip(units, mine, strict=True) if taken]
    second = [unit for unit, taken in zip(units, mine, strict=True) if not taken]

    together = discount(units, {"benefits": [benefit]})

    assert discount(first, {"benefits": [benefit]}) + discount(second, {"benefits": [benefit]}) <= together


@quick
@given(whole_lines, st.integers(2, 5), st.data())
def test_free_units_of_take_n_pay_m(rows: Any, take: int, data: Any) -> None:
    free = data.draw(st.integers(1, take))
    benefit = {"kind": "multibuy", "take": take, "discounted": free, "percent": 100}
    prices = sorted(price for _, quantity, price in rows for _ in range(quantity))

    expected = sum(prices[: len(prices) // take * free])

    assert discount(rows, {"benefits": [benefit]}) == expected


@quick
@given(whole_lines, make.percents, st.integers(2, 9))
def test_percentages_scale_with_prices(rows: Any, percent: str, factor: int) -> None:
    benefit = {"kind": "item_percent", "percent": percent}
    scaled = [(sku, quantity, price * factor) for sku, quantity, price in rows]

    difference = discount(scaled, {"benefits": [benefit]}) - factor * discount(rows, {"benefits": [benefit]})

    assert abs(difference) <= len(rows) * factor


@quick
@given(whole_lines, make.percents, st.sampled_from(["order_percent", "item_percent"]), st.integers(0, 20_000))
def test_raising_a_cap_never_lowers_the_discount(rows: Any, percent: str, kind: str, cap: int) -> None:
    lower, higher = (
        {"kind": kind, "percent": percent, "max_amount": amount / 100} for amount in (cap, cap + 500)
    )

    assert discount(rows, {"benefits": [lower]}) <= discount(rows, {"benefits": [higher]})


@quick
@given(whole_lines, st.integers(0, 50_000), make.percents)
def test_raising_a_minimum_never_adds_a_discount(rows: Any, minimum: int, percent: str) -> None:
    benefits = [{"kind": "order_percent", "percent": percent}]

    lower = discount(rows, {"benefits": benefits, "minimum_amount": minimum / 100})
    higher = discount(rows, {"benefits": benefits, "minimum_amount": (minimum + 1000) / 100})

    assert higher <= lower


@quick
@given(st.integers(1, 12), make.cents)
def test_progressive_discounts_grow_with_the_quantity(quantity: int, price: int) -> None:
    tiers = [{"from": 2, "percent": 5}, {"from": 5, "percent": 10}, {"from": 9, "percent": 20}]
    benefit = {"kind": "progressive", "tiers": tiers}

    now = discount([("A", quantity, price)], {"benefits": [benefit]})

    assert now <= discount([("A", quantity + 1, price)], {"benefits": [benefit]})


@quick
@given(whole_lines)
def test_a_hundred_percent_off_is_nothing_to_pay(rows: Any) -> None:
    total = sum(quantity * price for _, quantity, price in rows)

    for kind in ("order_percent", "item_percent"):
        assert discount(rows, {"benefits": [{"kind": kind, "percent": 100}]}) == total


@quick
@given(whole_lines, make.cents, make.grants)
def test_a_final_price_never_raises_a_price(rows: Any, price: int, grant: str) -> None:
    benefit = {"kind": "item_final_price", "price": price / 100, "grant": grant}
    savings = [max(0, unit - price) for _, _, unit in rows]

    off = discount(rows, {"benefits": [benefit]})

    if grant == "all":
        assert off == sum(saving * quantity for saving, (_, quantity, _) in zip(savings, rows, strict=True))
    else:
        assert off == max(0, (max if grant == "highest" else min)(unit for _, _, unit in rows) - price)
