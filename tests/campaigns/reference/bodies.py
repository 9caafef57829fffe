"""Random simulation bodies: small baskets and few campaigns, dense in what makes evaluations differ."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

SKUS = ["A", "B", "C", "D"]
CATEGORIES = ["coats", "socks", ""]
AT = "2026-11-22T10:00:00-03:00"  # a Sunday

prices = st.integers(0, 30_000).map(lambda cents: f"{cents // 100}.{cents % 100:02d}") | st.sampled_from(
    ["0.01", "0.99", "9.99", "10.00", "30.00", "33.33", "100.00"]
)
amounts = st.integers(1, 9_000).map(lambda cents: f"{cents // 100}.{cents % 100:02d}")
percents = st.sampled_from(["5.00", "10.00", "12.5", "33.3333", "50.00", "99.99", "100.00"])


@st.composite
def lines(draw: Any) -> list[dict[str, Any]]:
    rows = []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        row: dict[str, Any] = {
            "line": number,
            "sku": draw(st.sampled_from(SKUS)),
            "quantity": str(draw(st.integers(1, 7))),
            "unit_price": draw(prices),
            "category": draw(st.sampled_from(CATEGORIES)),
        }
        if draw(st.booleans()):
            row["original_price"] = draw(prices)
        rows.append({name: value for name, value in row.items() if value != ""})
    return rows


selectors = st.one_of(
    st.fixed_dictionaries(
        {"by": st.just("sku"), "values": st.lists(st.sampled_from(SKUS), min_size=1, max_size=3, unique=True)}
    ),
    st.fixed_dictionaries({"by": st.just("category"), "values": st.just(["coats"])}),
)

product_leaf = st.builds(
    lambda selector, match: {"kind": "product", "match": match} | selector,
    selectors,
    st.sampled_from(["any", "all"]),
)
other_leaf = st.sampled_from(
    [
        {"kind": "payment", "methods": ["pix"], "match": "any"},
        {"kind": "payment", "methods": ["pix", "cash"], "match": "all"},
        {"kind": "promo_code"},
        {"kind": "first_purchase"},
        {"kind": "customer", "attribute": "groupings", "operator": "in", "value": ["vip"]},
        {"kind": "customer", "attribute": "age", "operator": "gte", "value": 30},
        {"kind": "customer", "attribute": "age", "operator": "between", "value": [18, 40]},
        {"kind": "birthday", "unit": "month", "which": "current"},
        {"kind": "birthday", "unit": "week", "which": "next", "tolerance_days": 3},
        {"kind": "birthday", "unit": "day", "which": "previous"},
    ]
)
tree = st.one_of(
    st.none(),
    st.builds(lambda leaf: {"all": [leaf]}, product_leaf | other_leaf),
    st.builds(lambda a, b: {"all": [a, b]}, product_leaf, other_leaf | product_leaf),
    st.builds(lambda a, b: {"any": [a, b]}, product_leaf, other_leaf | product_leaf),
)

grants = st.sampled_from(["all", "highest", "lowest"])
benefits = st.one_of(
    st.builds(lambda p: {"kind": "order_percent", "percent": p}, percents),
    st.builds(lambda p, m: {"kind": "order_percent", "percent": p, "max_amount": m}, percents, amounts),
    st.builds(lambda p, t: {"kind": "order_percent", "percent": p, "target": t}, percents, selectors),
    st.builds(lambda a: {"kind": "order_amount", "amount": a}, amounts),
    st.builds(lambda a: {"kind": "order_amount", "amount": a, "every_amount": "50.00"}, amounts),
    st.builds(lambda p, g: {"kind": "item_percent", "percent": p, "grant": g}, percents, grants),
    st.builds(lambda p, t: {"kind": "item_percent", "percent": p, "target": t}, percents, selectors),
    st.builds(
        lambda a, per, g: {"kind": "item_amount", "amount": a, "per": per, "grant": g},
        amounts,
        st.sampled_from(["unit", "line"]),
        grants,
    ),
    st.builds(lambda p, g: {"kind": "item_final_price", "price": p, "grant": g}, prices, grants),
    st.builds(
        lambda take, extra, percent, pick, repeat: {
            "kind": "multibuy",
            "take": take,
            "discounted": max(1, take - extra),
            "percent": percent,
            "pick": pick,
            "repeat": repeat,
        },
        st.integers(2, 4),
        st.integers(1, 3),
        percents,
        st.sampled_from(["lowest", "highest", "grouped"]),
        st.booleans(),
    ),
)


@st.composite
def campaign(draw: Any, code: str) -> dict[str, Any]:
    document: dict[str, Any] = {
        "code": code,
        "name": code,
        "conditions": draw(tree),
        "benefits": draw(st.lists(benefits, min_size=0 if draw(st.booleans()) else 1, max_size=2)),
        "priority": draw(st.integers(0, 2)),
        "exchange": draw(st.sampled_from(["block", "net", "gross", "original"])),
        "exclusive": draw(st.sampled_from([False, False, False, True])),
    }
    if draw(st.booleans()):
        document["minimum_amount"] = draw(st.sampled_from(["10.00", "100.00", "200.00"]))
    if draw(st.sampled_from([False, False, True])):
        document["maximum_amount"] = draw(st.sampled_from(["200.00", "500.00"]))
    if draw(st.sampled_from([False, False, True])):
        document["minimum_quantity"] = str(draw(st.integers(1, 6)))
    if draw(st.sampled_from([False, False, False, True])):
        document["schedule"] = draw(
            st.sampled_from(
                [
                    {"weekdays": [7], "from": "09:00", "until": "10:00"},
                    {"weekdays": [6], "from": "22:00", "until": "10:30"},
                    {"from": "10:00", "until": "18:00"},
                    {"weekdays": [1, 2, 3]},
                ]
            )
        )
    if draw(st.sampled_from([False, False, False, True])):
        document["limits"] = [
            {
                "scope": draw(st.sampled_from(["total", "customer"])),
                "counts": "sale",
                "max": 2,
                "per": "month",
            }
        ]
    return document


shoppers = st.one_of(
    st.none(),
    st.just({}),
    st.fixed_dictionaries(
        {},
        optional={
            "age": st.sampled_from([17, 18, 30, 40, 41]),
            "birth_date": st.sampled_from(
                ["1990-11-22", "1988-02-29", "1990-11-21", "1990-12-01", "1990-11-29"]
            ),
            "groupings": st.sampled_from([["vip"], []]),
            "first_purchase": st.booleans(),
        },
    ),
)


@st.composite
def bodies(draw: Any) -> dict[str, Any]:
    codes = ["C1", "C2", "C3", "C4"][: draw(st.integers(1, 4))]
    basket: dict[str, Any] = {"lines": draw(lines())}
    if draw(st.sampled_from([False, True])):
        basket["exchange"] = [{"sku": "X", "quantity": "1", "unit_price": draw(prices)}]
    if draw(st.booleans()):
        basket["payments"] = [
            {"method": method, "amount": "1.00"}
            for method in draw(st.sampled_from([["pix"], ["pix", "cash"], ["credit"]]))
        ]
    if draw(st.booleans()):
        basket["promo_codes"] = [" natal "]
    return {
        "campaigns": [draw(campaign(code)) for code in codes],
        "promo_codes": [{"code": "NATAL", "campaign": "C1"}],
        "basket": basket,
        "shopper": draw(shoppers),
        "usage": {
            "C1": {
                "total": draw(st.integers(0, 3)),
                "customer": draw(st.integers(0, 3)),
                "customer_cancelled": draw(st.integers(0, 1)),
            }
        },
        "at": AT,
    }
