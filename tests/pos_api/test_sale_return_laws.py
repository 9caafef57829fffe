"""Whatever the order and the split of returns, the same units end at the same amounts."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.models import CampaignCounter, PromoCode
from loyalty.models import Account, Lot, PointsProgram
from tests.pos_api.till import Till, basket, issue_code, line, publish, sale

CPF = "39053344705"


def worth(answer: Any) -> str:
    return str(answer.json()["refund"]["amount"])


def outcome() -> dict[str, Any]:
    """Return what sales leave behind: uses of limits and codes, value, and what is left of the sale."""
    return {
        "counters": sorted(CampaignCounter.objects.values_list("campaign__code", "counts", "used")),
        "codes": sorted(PromoCode.objects.values_list("code", "used")),
        "lots": sorted(Lot.objects.filter(remaining__gt=0).values_list("remaining", "sale_id")),
        "accounts": sorted(Account.objects.values_list("kind", "balance", "owed")),
    }


@pytest.fixture
def sold(till: Till) -> dict[str, Any]:
    """A sale with everything in it: a deal, a code, limits, a budget, points and cashback earned and spent."""
    PointsProgram.objects.create(
        code="pontos", name="Pontos", points=1, per_amount=1, point_value=Decimal("0.07"), redeem_step=1
    )
    publish("CB", benefits=[{"kind": "cashback", "percent": "3.33", "valid_days": 30}])
    buyer = {"document": CPF}
    till.sell(sale(total="100.00", customer=buyer))
    publish(
        "LEVE3",
        benefits=[{"kind": "multibuy", "take": 3, "discounted": 1, "percent": "100"}],
        conditions={"kind": "product", "by": "sku", "values": ["MEIA"]},
        limits=[
            {"scope": "customer", "counts": "item", "max": 50},
            {"scope": "total", "counts": "sale", "max": 9},
        ],
        budget="500.00",
    )
    publish(
        benefits=[{"kind": "order_percent", "percent": "7.00"}],
        conditions={"kind": "promo_code"},
        budget="500.00",
    )
    issue_code()
    bought = [
        line(1, sku="MEIA", quantity="4", unit_price="14.01"),
        line(2, quantity="3", unit_price="33.33"),
        line(3, sku="QUEIJO", quantity="1.500", unit_price="19.99"),
    ]
    document = basket(
        *bought,
        customer=buyer,
        promo_codes=["BEMVINDO"],
        redeem={"points": {"pontos": "99"}, "cashback": "2.00"},
    )
    total = till.evaluate(document).json()["totals"]["net"]
    before = outcome()
    answer = till.sell(sale(total=total, **document)).json()
    return answer | {"before": before}


Step = tuple[int, str]
UNITS: list[Step] = [(1, "1")] * 4 + [(2, "1")] * 3 + [(3, "0.500")] * 3


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(UNITS), cuts=st.sets(st.integers(1, len(UNITS) - 1)))
def test_any_order_and_split_of_returns_ends_in_the_same_state(
    till: Till, sold: dict[str, Any], order: list[Step], cuts: set[int]
) -> None:
    parts = [order[low:high] for low, high in pairwise([0, *sorted(cuts), len(order)])]
    savepoint = transaction.savepoint()

    refunded, values = Decimal(0), Decimal(0)
    for part in parts:
        quantities: dict[int, Decimal] = {}
        for number, quantity in part:
            quantities[number] = quantities.get(number, Decimal(0)) + Decimal(quantity)
        answer = till.give_back(sold["sale"], {number: str(q) for number, q in quantities.items()}).json()
        refunded += Decimal(answer["refund"]["amount"])
        values += Decimal(answer["refund"]["value"])
        assert Decimal(answer["refund"]["amount"]) >= 0

    # As if it had never been sold, and every cent came back: as money, or as the value that it was paid with.
    assert (answer["state"], refunded) == ("returned", Decimal(sold["totals"]["net"]))
    assert values == refunded + Decimal(sold["totals"]["redeemed"])
    assert without_nothing(outcome()) == without_nothing(sold["before"])
    transaction.savepoint_rollback(savepoint)


def test_a_cancellation_ends_where_a_full_return_ends(till: Till, sold: dict[str, Any]) -> None:
    answer = till.cancel(sold["sale"]).json()

    assert answer["refund"]["amount"] == sold["totals"]["net"]
    assert without_nothing(outcome()) == without_nothing(sold["before"])


def without_nothing(left: dict[str, Any]) -> dict[str, Any]:
    """Return the same without counters of which nothing is used: an unused counter is no counter."""
    return left | {"counters": [row for row in left["counters"] if row[2]]}


def test_c13_returning_many_units_keeps_the_rate(till: Till) -> None:
    publish(benefits=[{"kind": "item_percent", "percent": "40.00"}], minimum_quantity="20")
    sold = till.sell(sale(line(quantity="20", unit_price="10.00"), total="120.00")).json()

    assert worth(till.give_back(sold["sale"], {1: "18"})) == "108.00"
    assert worth(till.give_back(sold["sale"], {1: "2"})) == "12.00"


def test_c16_an_exchange_is_a_return_and_a_new_sale_with_its_campaigns(till: Till) -> None:
    publish()
    first = till.sell(sale(total="90.00")).json()

    back = till.give_back(first["sale"], {1: "1"})
    second = till.sell(sale(line(quantity="2"), total="180.00")).json()

    assert worth(back) == "90.00"
    assert second["activations"][0]["discount"] == "20.00"
