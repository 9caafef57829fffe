"""Random campaigns and baskets for the engine's laws: small, and dense in what makes evaluations differ."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from campaigns.engine.basket import (
    Basket,
    CampaignUsage,
    ExchangedItem,
    Line,
    Payment,
    Program,
    PromoCode,
    Shopper,
    Store,
)

MOMENT = datetime.fromisoformat("2026-11-22T10:00:00-03:00")
STORE = Store(code="0001", groupings=frozenset({"sul"}), timezone=ZoneInfo("America/Sao_Paulo"))
PROGRAMS = (Program(code="pontos", points=Decimal(1), per_amount=1000),)
SKUS = ("A", "B", "C", "D")
CATEGORIES = ((), ("coats", "clothes"), ("socks", "clothes"))

cents = st.one_of(st.integers(0, 30_000), st.sampled_from([0, 1, 99, 100, 333, 999, 1000, 3333, 10_000]))
amounts = st.integers(1, 9_000).map(lambda value: f"{value // 100}.{value % 100:02d}")
percents = st.sampled_from(["5", "10", "12.5", "33.3333", "50", "99.99", "100"])
quantities = st.one_of(
    st.integers(1, 6).map(Decimal), st.sampled_from([Decimal("0.350"), Decimal("1.999"), Decimal("2.500")])
)
selectors = st.sampled_from(
    [
        {"by": "all"},
        {"by": "sku", "values": ["A"]},
        {"by": "sku", "values": ["A", "B"]},
        {"by": "category", "values": ["clothes"]},
        {"by": "category", "values": ["socks"], "exclude": True},
        {"by": "all", "price_min": "10.00", "price_max": "200.00"},
    ]
)
grants = st.sampled_from(["all", "highest", "lowest"])


def _fixed(kind: str, optional: dict[str, Any] | None = None, **required: Any) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({"kind": st.just(kind), **required}, optional=optional or {})


@st.composite
def multibuys(draw: Any) -> dict[str, Any]:
    take = draw(st.integers(1, 4))
    return {
        "kind": "multibuy",
        "take": take,
        "discounted": draw(st.integers(1, take)),
        **draw(
            st.one_of(
                st.fixed_dictionaries({"percent": percents}), st.fixed_dictionaries({"amount": amounts})
            )
        ),
        "pick": draw(st.sampled_from(["lowest", "highest", "basket_order", "grouped"])),
        "repeat": draw(st.booleans()),
        "partial": draw(st.booleans()),
        "consumes": draw(st.booleans()),
    }


sides = st.fixed_dictionaries({"selector": selectors, "quantity": st.integers(1, 3)})
tiers = st.lists(
    st.fixed_dictionaries({"from": st.integers(1, 9), "percent": percents}),
    min_size=1,
    max_size=3,
    unique_by=lambda tier: tier["from"],
)
discounts = st.one_of(
    _fixed("order_percent", {"max_amount": amounts, "target": selectors}, percent=percents),
    _fixed("order_amount", {"every_amount": amounts, "target": selectors}, amount=amounts),
    _fixed(
        "item_percent",
        {
            "max_amount": amounts,
            "max_units": st.integers(1, 4),
            "max_units_per_line": st.integers(1, 3),
            "target": selectors,
        },
        percent=percents,
        grant=grants,
    ),
    _fixed(
        "item_amount",
        {"max_units": st.integers(1, 4), "target": selectors},
        amount=amounts,
        per=st.sampled_from(["unit", "line"]),
        grant=grants,
    ),
    _fixed("item_final_price", {"target": selectors}, price=amounts, grant=grants),
    multibuys(),
    _fixed("buy_get", buy=sides, get=sides, percent=percents, consumes=st.booleans(), repeat=st.booleans()),
    _fixed("bundle_price", take=st.integers(1, 4), price=amounts, repeat=st.booleans()),
    _fixed(
        "progressive",
        tiers=tiers,
        on=st.sampled_from(["order", "items"]),
        by=st.sampled_from(["quantity", "amount"]),
    ),
)
benefits = st.one_of(
    discounts,
    discounts,
    discounts,
    _fixed("gift", products=st.just([{"sku": "BOTTON"}, {"sku": "A"}]), repeat=st.booleans()),
    _fixed("cashback", percent=percents),
    _fixed("points", program=st.just("pontos"), multiplier=st.sampled_from(["2", "3"])),
    _fixed("age_percent"),
    _fixed("freight_percent", percent=percents),
    _fixed("voucher", percent=percents),
)
leaves = st.one_of(
    st.builds(
        lambda selector, match: {"kind": "product", "match": match, **selector},
        selectors,
        st.sampled_from(["any", "all"]),
    ),
    st.sampled_from(
        [
            {"kind": "payment", "methods": ["pix"]},
            {"kind": "promo_code"},
            {"kind": "promo_code", "pool": "vips"},
            {"kind": "customer", "attribute": "age", "operator": "gte", "value": 18},
            {"kind": "first_purchase"},
            {"kind": "birthday", "unit": "month"},
        ]
    ),
)
trees = st.one_of(
    st.none(),
    st.none(),
    st.none(),
    st.none(),
    leaves,
    st.fixed_dictionaries({"all": st.lists(leaves, min_size=1, max_size=2)}),
    st.fixed_dictionaries({"any": st.lists(leaves, min_size=1, max_size=2)}),
)
rarely = st.sampled_from([False, False, False, True])


@st.composite
def campaigns(draw: Any, code: str) -> dict[str, Any]:
    document = {
        "code": code,
        "name": code,
        "conditions": draw(trees),
        "benefits": draw(st.lists(benefits, min_size=1, max_size=2)),
        "priority": draw(st.integers(0, 2)),
        "exchange": draw(st.sampled_from(["net", "gross", "original", "block"])),
        "exclusive": draw(rarely),
    }
    options = {
        "minimum_amount": amounts,
        "minimum_quantity": st.integers(1, 5),
        "skip_discounted": st.just(True),
        "threshold_basis": st.just("running"),
        "stop_further": st.sampled_from(["basket", "lines"]),
        "combinable_order_discount": st.just(False),
        "stores": st.sampled_from([["0001"], ["0002"], ["grouping:sul"]]),
        "operations": st.just(["employee_sale"]),
        "optional": st.just(True),
        "limits": st.just([{"scope": "customer", "counts": "item", "max": 3, "per": "month"}]),
        "budget": amounts,
    }
    for name in draw(
        st.lists(st.sampled_from(sorted(options)), max_size=draw(st.sampled_from([0, 1, 1, 2])), unique=True)
    ):
        document[name] = draw(options[name])
    return document


@st.composite
def lines(draw: Any, number: int) -> Line:
    price = draw(cents)
    return Line(
        line=number,
        sku=draw(st.sampled_from(SKUS)),
        categories=draw(st.sampled_from(CATEGORIES)),
        quantity=draw(quantities),
        unit_price=price,
        original_price=price + draw(st.sampled_from([0, 0, 500])) if draw(st.booleans()) else None,
        floor_price=draw(st.integers(0, 2_000)) if draw(rarely) else None,
        discountable=not draw(rarely),
    )


@st.composite
def baskets(draw: Any) -> Basket:
    return Basket(
        lines=tuple(draw(lines(number)) for number in range(1, draw(st.integers(1, 5)) + 1)),
        exchange=(ExchangedItem(quantity=Decimal(1), unit_price=draw(cents)),) if draw(rarely) else (),
        delivery_fee=draw(st.sampled_from([0, 1500])),
        promo_codes=(PromoCode(code="X", campaign="C1"), PromoCode(code="V", pool="vips"))
        if draw(rarely)
        else (),
        payments=(Payment(method="pix", amount=1000),) if draw(st.booleans()) else (),
        accepted=frozenset({"C1", "C2"}) if draw(st.booleans()) else frozenset(),
    )


shoppers = st.sampled_from(
    [
        None,
        Shopper(),
        Shopper(age=30, first_purchase=True),
        Shopper(birth_date=MOMENT.date().replace(year=1990), previous_purchases=2),
    ]
)
usages = st.sampled_from(
    [{}, {"C1": CampaignUsage(customer=2, budget_spent=500), "C2": CampaignUsage(customer=3)}]
)
answers = {
    "percent_base": ["running", "original", "original_within_campaign"],
    "rounding": ["half_up", "half_even", "down"],
    "rounding_point": ["line", "unit", "unit_price", "total", "carry"],
    "allocation": ["by_value", "per_unit"],
    "odd_cent": ["largest_remainder", "first_lines", "last_line", "rounded_then_first"],
    "level_order": ["priority", "item_first"],
    "exclusive_tie": ["best", "first"],
    "over_budget": ["refuse", "partial"],
    "selection": ["rules", "best_for_customer"],
}
policies = st.one_of(
    st.just({}),
    st.sampled_from([{"line_cap": "30"}, {"sale_cap": "20"}, {"line_cap": "50", "sale_cap": "33.3333"}]),
    st.sampled_from(sorted(answers)).flatmap(
        lambda question: st.sampled_from(answers[question]).map(lambda answer: {question: answer})
    ),
)
associations = st.one_of(
    st.just([]),
    st.builds(
        lambda criterion, compete: [
            {"code": "A", "criterion": criterion, "compete_on": compete, "campaigns": ["C1", "C2"]}
        ],
        st.sampled_from(["highest", "lowest", "first", "all"]),
        st.sampled_from(["basket", "line"]),
    ),
)
markdowns = st.one_of(
    st.just([]),
    st.just([{"code": "M", "items": [{"value": "A", "percent": "20"}, {"value": "B", "price": "9.99"}]}]),
)
