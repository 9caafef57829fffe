"""Value that was given a moment ago, in a sale whose till tells the time its own way."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from loyalty.models import AccountKind
from loyalty.selectors.stored_values import usual_type
from loyalty.services.adjustments import adjust
from loyalty.services.stored_values import Making, make
from tests import builders
from tests.pos_api.till import Till, sale
from tests.world import assert_world

pytestmark = pytest.mark.django_db
MARIA = {"document": "390.533.447-05"}
TOLD: dict[str, Callable[[datetime], datetime]] = {
    "the whole second": lambda now: now.replace(microsecond=0),
    "a clock nine minutes behind": lambda now: now - timedelta(minutes=9),
}


def presenting(*codes: str) -> dict[str, Any]:
    return {"stored_values": [{"code": code, "amount": "max"} for code in codes]}


@pytest.mark.parametrize("told", TOLD.values(), ids=list(TOLD))
class TestAtOnce:
    def test_cards_sold_and_loaded_pay_in_the_sale_beside_them(
        self, till: Till, told: Callable[[datetime], datetime]
    ) -> None:
        [card, purse] = [
            till.send("POST", "stored-values/", {"kind": kind, "amount": "30.00"}).json()["code"]
            for kind in ("gift_card", "e_purse")
        ]
        till.send("POST", f"stored-values/{purse}/load/", {"amount": "40.00"})

        answer = till.sell(
            sale(total="0.00", occurred_at=told(timezone.now()).isoformat(), redeem=presenting(card, purse))
        )

        assert answer.status_code == 201, answer.json()
        assert [row["amount"] for row in answer.json()["redeemed"]] == ["30.00", "70.00"]
        assert_world()

    def test_cashback_that_a_manager_gave(self, till: Till, told: Callable[[datetime], datetime]) -> None:
        customer = builders.build_customer(document="39053344705")
        adjust(
            customer_id=customer.pk,
            key=(AccountKind.CASHBACK, None),
            amount=20_00,
            operation="1",
            reason="Desculpas",
            actor_id=builders.build_user().pk,
            at=timezone.now(),
        )

        answer = till.sell(
            sale(
                total="80.00",
                customer=MARIA,
                occurred_at=told(timezone.now()).isoformat(),
                redeem={"cashback": "max"},
            )
        )

        assert answer.status_code == 201, answer.json()
        assert answer.json()["redeemed"][0]["amount"] == "20.00"


def test_what_starts_later_does_not_start_sooner(till: Till) -> None:
    now = timezone.now()
    voucher = Making(
        type=usual_type(AccountKind.VOUCHER),
        origin="test",
        operation="1",
        amount=100_00,
        available_from=now + timedelta(minutes=5),
    )
    [made] = make([voucher], at=now)

    answer = till.sell(sale(total="0.00", redeem=presenting(made.code)))

    assert answer.status_code == 409
