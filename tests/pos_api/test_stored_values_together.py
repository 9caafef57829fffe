"""A sale paid by everything at once, taken back in any way: every balance is what it was, to the lot and the cent."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from customers.models import Customer
from loyalty.models import Account, AccountKind, Lot, PointsProgram
from loyalty.selectors.stored_values import find_by_code, usual_type
from loyalty.services.stored_value_loads import load
from loyalty.services.stored_value_states import replace_code
from loyalty.services.stored_values import Making, make
from tests.builders import build_account, build_credit
from tests.pos_api.till import Till, basket, line, publish, sale
from tests.world import assert_world

pytestmark = pytest.mark.django_db
MARIA = "39053344705"
# 3 x 40.00, 2 x 37.33 and one of five cents: shares that do not divide.
LINES = (
    line(1, quantity="3", unit_price="40.00"),
    line(2, sku="CALCA", quantity="2", unit_price="37.33"),
    line(3, sku="BALA", unit_price="0.05"),
)
Return = dict[int, str]
SPLITS: dict[str, list[Return]] = {
    "nothing": [],
    "one unit": [{1: "1"}],
    "units of two lines, one after the other": [{2: "1"}, {1: "2"}],
    "units of two lines at once": [{1: "2", 2: "1"}],
    "the five cents": [{3: "1"}],
    "all but the last unit": [{3: "1"}, {1: "1"}, {2: "2"}, {1: "1"}],
}
EVERYTHING: dict[str, list[Return]] = {
    "at once": [{1: "3", 2: "2", 3: "1"}],
    "line by line": [{2: "2"}, {3: "1"}, {1: "3"}],
    "unit by unit": [{1: "1"}, {2: "1"}, {1: "1"}, {3: "1"}, {2: "1"}, {1: "1"}],
}


class Wallet:
    """What Maria brings: points, two credits of cashback, an e-purse loaded twice, a gift card, a voucher in percent."""

    def __init__(self, *, card: int) -> None:
        now = timezone.now() - timedelta(hours=1)
        maria = Customer.objects.create(name="Maria", document=MARIA)
        program = PointsProgram.objects.create(
            code="pontos", name="Pontos", points=1, per_amount=1, point_value="0.10", redeem_step=1
        )
        publish("VOLTE", benefits=[{"kind": "cashback", "percent": "10.00", "valid_days": 30}])
        build_credit(build_account(customer=maria, program=program), 300_00, available_from=now)
        cashback = build_account(customer=maria)
        for days, amount in ((10, 11_11), (5, 13_89)):
            build_credit(cashback, amount, available_from=now, expires_at=now + timedelta(days=days))
        self.card = self._made(AccountKind.GIFT_CARD, amount=card)
        self.purse = self._made(AccountKind.E_PURSE, amount=20_00, customer_id=maria.pk)
        self.voucher = self._made(AccountKind.VOUCHER, percent=Decimal("7.5"))
        stored = find_by_code(self.purse)
        assert stored is not None
        load(stored, amount=34_99, origin="test", operation="L1", at=now)

    def _made(self, kind: AccountKind, **values: Any) -> str:
        making = Making(type=usual_type(kind), origin="test", operation=kind, **values)
        [made] = make([making], at=timezone.now() - timedelta(hours=2))
        return made.code

    def redeem(self, *codes: str) -> dict[str, Any]:
        return {
            "points": {"pontos": "max"},
            "cashback": "max",
            "stored_values": [{"code": code} for code in codes],
        }


def held() -> dict[str, Any]:
    """Return what every lot holds, and what every account holds and owes, of those with anything."""
    accounts = Account.objects.values_list("pk", "kind", "balance", "owed")
    return {
        "lots": dict(Lot.objects.exclude(remaining=0).values_list("pk", "remaining")),
        "accounts": {pk: rest for pk, *rest in accounts if any(rest[1:])},
    }


def sell(till: Till, redeem: dict[str, Any]) -> dict[str, Any]:
    """Sell for what is left to pay, as a till does: evaluate, then record."""
    asked: dict[str, Any] = {"customer": {"document": MARIA}, "redeem": redeem}
    net = till.evaluate(basket(*LINES, **asked)).json()["totals"]["net"]
    answer = till.sell(sale(*LINES, total=net, **asked))
    assert answer.status_code == 201, answer.json()
    return answer.json() | {"charged": net}


def money_of(answers: list[Any]) -> Decimal:
    refunds = [answer.json()["refund"] for answer in answers]
    return sum(
        (Decimal(refund["amount"]) + Decimal(refund["withheld"]) for refund in refunds), start=Decimal(0)
    )


# What pays, in the order in which it is presented, and what the gift card held.
PAYMENTS = {
    "card and purse": (40_00, ("card", "purse")),
    "purse, then a card of which some is lost": (200_00, ("purse", "card")),
    "with a voucher in percent": (40_00, ("voucher", "card", "purse")),
}


@pytest.fixture(params=PAYMENTS)
def paid(request: pytest.FixtureRequest, till: Till) -> tuple[dict[str, Any], dict[str, Any]]:
    """A sale that used everything, and what was held before it."""
    amount, names = PAYMENTS[request.param]
    wallet = Wallet(card=amount)
    before = held()
    sold = sell(till, wallet.redeem(*(getattr(wallet, name) for name in names)))
    kinds = {row["kind"] for row in sold["redeemed"]}
    assert kinds >= {"points", "cashback", "gift_card", "e_purse"}
    assert held() != before
    assert_world()
    return sold, before


@pytest.mark.parametrize("split", SPLITS)
def test_partly_returned_and_then_cancelled(till: Till, paid: Any, split: str) -> None:
    sold, before = paid

    answers = [till.give_back(sold["sale"], quantities) for quantities in SPLITS[split]]
    answers.append(till.cancel(sold["sale"]))

    assert [answer.status_code for answer in answers] == [201] * len(SPLITS[split]) + [200]
    assert held() == before
    assert money_of(answers) == Decimal(sold["charged"])
    assert till.cancel(sold["sale"]).status_code == 200
    assert held() == before
    assert_world()


@pytest.mark.parametrize("split", EVERYTHING)
def test_wholly_returned(till: Till, paid: Any, split: str) -> None:
    sold, before = paid

    answers = [till.give_back(sold["sale"], quantities) for quantities in EVERYTHING[split]]

    assert {answer.status_code for answer in answers} == {201}
    assert held() == before
    assert money_of(answers) == Decimal(sold["charged"])
    assert_world()


def test_what_comes_back_to_a_lost_card_is_at_its_new_code(till: Till) -> None:
    wallet = Wallet(card=40_00)
    before = held()
    sold = sell(till, wallet.redeem(wallet.card, wallet.purse))
    stored = find_by_code(wallet.purse)
    assert stored is not None

    till.give_back(sold["sale"], {1: "1"})
    new = replace_code(stored, reason="Perdido", at=timezone.now())
    till.cancel(sold["sale"])

    assert held() == before
    assert till.send("GET", f"stored-values/{new}/").json()["balance"] == "54.99"
    assert_world()


def test_bought_again_in_between_it_is_what_the_second_sale_left(till: Till) -> None:
    wallet = Wallet(card=40_00)
    before = held()
    first = sell(till, wallet.redeem(wallet.card, wallet.purse))
    assert till.give_back(first["sale"], {1: "2"}).status_code == 201
    second = sell(till, wallet.redeem(wallet.purse, wallet.card))

    # The later sale first, then the earlier; the other way round ends in the same.
    for uuid in (second["sale"], first["sale"]):
        assert till.cancel(uuid).status_code == 200

    assert held() == before
    assert_world()
