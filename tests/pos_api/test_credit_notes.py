"""Returns for a credit note: what the note is worth, who has it, and that nothing is given twice."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty.models import Account, AccountKind, PointsProgram, StoredValue, StoredValueCode, StoredValueType
from loyalty.selectors.stored_values import find_by_code, usual_type
from loyalty.services.stored_value_states import replace_code
from loyalty.services.stored_values import Making, make
from pos_api.services.credentials import issue_terminal_key
from retail.models import Sale, SaleReturn
from tests.pos_api.till import Till, line, publish, sale
from tests.world import assert_world

pytestmark = pytest.mark.django_db
MARIA = {"document": "390.533.447-05"}
NOTE = {"refund_as": "credit_note"}


def sold(till: Till, *lines: dict[str, Any], total: str = "100.00", **fields: Any) -> str:
    answer = till.sell(sale(*lines, total=total, **fields))
    assert answer.status_code == 201, answer.json()
    return str(answer.json()["sale"])


def presenting(code: str, amount: str = "max") -> dict[str, Any]:
    return {"stored_values": [{"code": code, "amount": amount}]}


class TestTheNote:
    def test_takes_the_place_of_the_money_and_pays_in_parts(self, till: Till) -> None:
        bought = sold(till, line(quantity="3"), total="300.00", customer=MARIA)

        answer = till.give_back(bought, {1: "1"}, **NOTE)

        refund = answer.json()["refund"]
        code = refund["credit_note"]["code"]
        assert answer.status_code == 201
        assert (refund["value"], refund["amount"], refund["withheld"]) == ("100.00", "0.00", "0.00")
        assert refund["credit_note"] == {
            "code": code,
            "last4": code[-4:],
            "amount": "100.00",
            "expires_at": None,
        }
        made = StoredValue.objects.get()
        assert (made.type.kind, made.customer.document) == ("credit_note", "39053344705")
        paid = till.sell(sale(total="70.00", redeem=presenting(code, "30.00"))).json()
        assert [(row["kind"], row["balance_after"]) for row in paid["redeemed"]] == [("credit_note", "70.00")]
        assert till.send("GET", f"stored-values/{code}/").json()["balance"] == "70.00"
        assert_world()

    def test_belongs_to_whoever_has_it_when_the_sale_has_no_customer(self, till: Till) -> None:
        answer = till.give_back(sold(till), {1: "1"}, **NOTE)

        code = answer.json()["refund"]["credit_note"]["code"]
        assert StoredValue.objects.get().customer is None
        assert till.sell(sale(total="0.00", redeem=presenting(code))).status_code == 201

    def test_lives_as_long_as_its_type_says(self, till: Till) -> None:
        StoredValueType.objects.create(code="nc", name="Nota", kind="credit_note", valid_days=30)

        refund = till.give_back(sold(till), {1: "1"}, **NOTE).json()["refund"]

        assert refund["credit_note"]["expires_at"] > (timezone.now() + timedelta(days=29)).isoformat()
        assert StoredValue.objects.get().type.code == "nc"

    def test_is_shown_again_to_who_sends_the_return_again(self, till: Till) -> None:
        bought = sold(till)
        first = till.give_back(bought, {1: "1"}, name="R-1", **NOTE)

        second = till.give_back(bought, {1: "1"}, name="R-1", **NOTE)
        StoredValueCode.objects.update(nonce=None)
        late = till.give_back(bought, {1: "1"}, name="R-1", **NOTE)

        assert second.content == first.content
        last4 = first.json()["refund"]["credit_note"]["last4"]
        assert late.json()["refund"]["credit_note"]["code"] == f"····{last4}"
        assert StoredValue.objects.count() == 1

    def test_shows_nobody_the_code_that_took_the_place_of_a_lost_one(self, till: Till) -> None:
        bought = sold(till)
        code = till.give_back(bought, {1: "1"}, name="R-1", **NOTE).json()["refund"]["credit_note"]["code"]
        new = replace_code(find_by_code(code), reason="Perdida", at=timezone.now())

        again = till.give_back(bought, {1: "1"}, name="R-1", **NOTE)

        assert new not in again.content.decode()

    def test_has_no_code_in_what_is_stored_or_read_later(self, till: Till) -> None:
        bought = sold(till)
        code = till.give_back(bought, {1: "1"}, **NOTE).json()["refund"]["credit_note"]["code"]

        assert code not in str(SaleReturn.objects.get().response)
        read = till.send("GET", f"sales/{bought}/").json()
        assert read["returns"][0]["refund"]["credit_note"]["code"] == f"····{code[-4:]}"

    def test_is_part_of_what_the_return_says(self, till: Till) -> None:
        bought = sold(till)
        till.give_back(bought, {1: "1"}, name="R-1", **NOTE)

        answer = till.give_back(bought, {1: "1"}, name="R-1")

        assert (answer.status_code, answer.json()["code"]) == (409, "return_conflict")

    def test_a_quote_makes_none(self, till: Till) -> None:
        quoted = till.quote_return(sold(till), {1: "1"}, **NOTE).json()["refund"]

        assert quoted["amount"] == "0.00"
        assert quoted["credit_note"] == {
            "code": None,
            "last4": None,
            "amount": "100.00",
            "expires_at": None,
        }
        assert not StoredValue.objects.exists()
        assert not SaleReturn.objects.exists()

    def test_money_stays_what_is_given_when_nothing_is_said(self, till: Till) -> None:
        refund = till.give_back(sold(till), {1: "1"}).json()["refund"]

        assert refund == {"value": "100.00", "amount": "100.00", "withheld": "0.00"}

    def test_there_is_none_where_no_money_was_paid(self, till: Till) -> None:
        [card] = make(
            [Making(type=usual_type(AccountKind.GIFT_CARD), origin="test", operation="1", amount=100_00)],
            at=timezone.now() - timedelta(hours=1),
        )
        bought = sold(till, total="0.00", redeem=presenting(card.code))

        answer = till.give_back(bought, {1: "1"}, **NOTE).json()

        assert answer["refund"]["credit_note"] is None
        assert [row["amount"] for row in answer["restored"]] == ["100.00"]
        assert StoredValue.objects.count() == 1
        assert_world()

    def test_what_is_withheld_is_not_in_it(self, till: Till) -> None:
        PointsProgram.objects.create(
            code="pontos",
            name="Pontos",
            points=1,
            per_amount=1,
            point_value=Decimal("0.10"),
            redeem_step=1,
            clawback="charge_back",
        )
        bought = sold(till, customer=MARIA)
        PointsProgram.objects.update(points=None, per_amount=None)
        sold(till, total="94.00", customer=MARIA, redeem={"points": {"pontos": "60"}})

        refund = till.give_back(bought, {1: "1"}, **NOTE).json()["refund"]

        assert (refund["amount"], refund["withheld"]) == ("0.00", "6.00")
        assert refund["credit_note"]["amount"] == "94.00"
        assert_world()

    def test_a_test_sale_gives_none(self, till: Till) -> None:
        _key, credential = issue_terminal_key(terminal=till.terminal, at=timezone.now(), is_test=True)
        trial = Till(till.terminal, credential)
        bought = sold(trial)

        answer = trial.give_back(bought, {1: "1"}, **NOTE)

        assert answer.json()["refund"]["credit_note"]["amount"] == "100.00"
        assert not StoredValue.objects.exists()
        assert_world()

    @pytest.mark.parametrize(
        ("terms", "code"),
        [
            ({"ceiling": Decimal(99)}, "above_ceiling"),
            ({"is_personal": True}, "customer_required"),
        ],
    )
    def test_what_its_type_does_not_allow_is_refused_and_nothing_happens(
        self, till: Till, terms: dict[str, Any], code: str
    ) -> None:
        StoredValueType.objects.create(code="nc", name="Nota", kind="credit_note", **terms)
        bought = sold(till)

        answer = till.give_back(bought, {1: "1"}, **NOTE)

        assert answer.status_code == 422
        assert [(error["path"], error["code"]) for error in answer.json()["errors"]] == [("refund_as", code)]
        assert Sale.objects.get().state == "committed"
        assert not StoredValue.objects.exists()

    @pytest.mark.parametrize("own", [False, True])
    def test_a_chain_that_gives_no_notes_refuses_them(self, till: Till, own: bool) -> None:
        if own:
            StoredValueType.objects.create(code="nota", name="Nota", kind=AccountKind.CREDIT_NOTE)
        usual_type(AccountKind.CREDIT_NOTE)
        StoredValueType.objects.update(is_active=False)

        answer = till.give_back(sold(till), {1: "1"}, **NOTE)

        assert [error["path"] for error in answer.json()["errors"]] == ["refund_as"]

    def test_other_words_are_refused(self, till: Till) -> None:
        answer = till.give_back(sold(till), {1: "1"}, refund_as="voucher")

        assert [error["path"] for error in answer.json()["errors"]] == ["refund_as"]


SPLIT = st.lists(st.sampled_from(["money", "credit_note"]), max_size=5)


@pytest.fixture
def discounted(till: Till) -> Till:
    publish(benefits=[{"kind": "order_percent", "percent": "7.00"}])
    return till


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=SPLIT, price=st.sampled_from(["33.33", "100.01", "0.99"]))
def test_returns_notes_and_a_cancellation_never_give_more_than_was_paid(
    discounted: Till, parts: list[str], price: str
) -> None:
    till = discounted
    savepoint = transaction.savepoint()
    [card] = make(
        [Making(type=usual_type(AccountKind.GIFT_CARD), origin="test", operation="1", amount=20_00)],
        at=timezone.now() - timedelta(hours=1),
    )
    document = {"lines": [line(quantity="6", unit_price=price)], "redeem": presenting(card.code)}
    net = till.evaluate(document).json()["totals"]["net"]
    bought = till.sell(sale(total=net, **document)).json()["sale"]

    money, notes = Decimal(0), Decimal(0)
    for one in parts:
        refund = till.give_back(bought, {1: "1"}, refund_as=one).json()["refund"]
        money += Decimal(refund["amount"])
        notes += Decimal((refund.get("credit_note") or {"amount": 0})["amount"])
        assert one == "money" or refund["amount"] == "0.00"
    money += Decimal(till.cancel(bought).json()["refund"]["amount"])

    assert money + notes == Decimal(net)
    held = Account.objects.filter(kind=AccountKind.CREDIT_NOTE)
    assert sum(account.balance for account in held) == notes
    assert Account.objects.get(kind=AccountKind.GIFT_CARD).balance == 20
    assert_world()
    transaction.savepoint_rollback(savepoint)


def test_a_sale_that_came_back_whole_for_a_note_cannot_be_cancelled(till: Till) -> None:
    bought = sold(till)
    till.give_back(bought, {1: "1"}, **NOTE)

    assert till.cancel(bought).json()["code"] == "sale_returned"
