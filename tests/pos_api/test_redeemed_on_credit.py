"""What an offline sale redeemed beyond the balance is owed; what comes back of the sale undoes that, whoever paid it meanwhile."""

from typing import Any

import pytest
from django.utils import timezone

from loyalty.models import Account, AdjustmentRequest, Entry, LotSource
from loyalty.selectors.verification import problems
from loyalty.services.adjustment_decisions import approve
from pos_api.models import SaleException
from retail.models import Company
from tests.builders import build_user
from tests.pos_api.manager import Manager
from tests.pos_api.test_returned_value import BUYER, program
from tests.pos_api.till import Till, line, sale

pytestmark = pytest.mark.django_db


@pytest.fixture
def sold(till: Till) -> str:
    """Three pieces of 100.00 for which 90 points, worth 9.00, were redeemed that the customer did not have."""
    program(clawback="debt")
    document = sale(line(quantity="3"), customer=BUYER, total="291.00", redeem={"points": {"pontos": 90}})
    answer = till.sell(document | {"offline": True}).json()
    assert account() == (300, 90)
    assert not problems()
    return answer["sale"]


def account() -> tuple[int, int]:
    """Return what the customer holds and owes."""
    found = Account.objects.get()
    return int(found.balance), int(found.owed)


def settle(resolution: str) -> None:
    manager = Manager.sign_in(is_superuser=True)
    found = SaleException.objects.get(kind="value_short")
    body = {"resolution": resolution, "note": "Conferido"}
    assert manager.send("POST", f"sale-exceptions/{found.pk}/settle/", body).status_code == 200


def points(answer: Any) -> list[Any]:
    return [row["points"] for row in answer.json()["restored"]]


class TestUndoing:
    def test_a_cancellation_ends_the_debt(self, till: Till, sold: str) -> None:
        answer = till.cancel(sold)

        assert answer.json()["refund"]["amount"] == "291.00"
        assert answer.json()["restored"] == [
            {"kind": "points", "amount": "9.00", "program": "pontos", "points": 90}
        ]
        assert account() == (0, 0)
        assert till.cancel(sold).json()["restored"] == answer.json()["restored"]
        assert problems() == []

    @pytest.mark.parametrize("split", [["3"], ["1", "2"], ["2", "1"], ["1", "1", "1"]])
    def test_returns_end_it_in_proportion(self, till: Till, sold: str, split: list[str]) -> None:
        given = [sum(points(till.give_back(sold, {1: quantity}))) for quantity in split]

        assert given == [30 * int(quantity) for quantity in split]
        assert account() == (0, 0)
        assert problems() == []

    def test_a_cancellation_closes_what_returns_left(self, till: Till, sold: str) -> None:
        till.give_back(sold, {1: "1"})
        assert account() == (200, 60)

        assert points(till.cancel(sold)) == [60]

        assert account() == (0, 0)

    def test_quoting_undoes_nothing(self, till: Till, sold: str) -> None:
        assert points(till.quote_return(sold, {1: "3"})) == [90]

        assert account() == (300, 90)

    def test_whoever_has_paid_it_holds_it_again(self, till: Till, sold: str) -> None:
        till.sell(sale(customer=BUYER))
        assert account() == (310, 0)

        till.cancel(sold)

        # 100 of the second sale, of which the debt took 90 that are back.
        assert account() == (100, 0)
        assert Entry.objects.filter(lot__source=LotSource.RETURN).count() == 1
        assert problems() == []


class TestSettled:
    @pytest.mark.parametrize("resolution", ["waived", "accepted"])
    def test_what_the_company_bore_comes_back_to_nobody(self, till: Till, sold: str, resolution: str) -> None:
        settle(resolution)
        assert account() == (300, 0)

        assert till.cancel(sold).json()["restored"] == []

        assert account() == (0, 0)

    def test_above_the_limit_the_debt_stands_until_somebody_else_agrees(self, sold: str) -> None:
        Company.objects.update(adjustment_limit=0)

        settle("waived")

        assert account() == (300, 90)
        approve(AdjustmentRequest.objects.get().pk, actor_id=build_user().pk, at=timezone.now())
        assert account() == (300, 0)
        assert problems() == []

    def test_what_was_returned_before_stays_so(self, till: Till, sold: str) -> None:
        till.give_back(sold, {1: "1"})
        settle("waived")

        till.give_back(sold, {1: "2"})

        assert account() == (0, 0)
        assert problems() == []

    def test_what_the_customer_paid_comes_back(self, till: Till, sold: str) -> None:
        settle("collected")
        assert account() == (300, 0)

        assert points(till.cancel(sold)) == [90]

        assert account() == (90, 0)
