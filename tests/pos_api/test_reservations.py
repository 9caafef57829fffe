"""Codes and value that a till keeps for a basket: nobody else uses them until its sale, its end or its time is over."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import PromoCode, PromoCodeHold
from customers.models import Customer
from loyalty.models import AccountKind, Hold
from loyalty.services.adjustments import adjust
from loyalty.services.refusals import InsufficientValue
from pos_api.models import Reservation
from pos_api.services.credentials import issue_terminal_key
from pos_api.services.retention import purge
from retail.models import Company, Sale
from tests.builders import build_account, build_credit, build_customer, build_program, build_user
from tests.pos_api.test_stored_values import issue, left, presenting
from tests.pos_api.till import Till, basket, issue_code, line, publish, sale
from tests.world import assert_world

pytestmark = pytest.mark.django_db
CPF = "39053344705"
MARIA = {"document": CPF}


@pytest.fixture
def other(till: Till) -> Till:
    """Another till of the same store."""
    return Till.open(store=till.terminal.store)


@pytest.fixture
def maria(db: None) -> Customer:
    """A customer with 30.00 of cashback in two lots, and 120 points worth 0.10 each."""
    customer = build_customer(document=CPF)
    cashback = build_account(customer=customer)
    build_credit(cashback, 20_00, available_from=timezone.now() - timedelta(days=1))
    build_credit(
        cashback,
        10_00,
        available_from=timezone.now() - timedelta(days=1),
        expires_at=timezone.now() + timedelta(days=2),
    )
    program = build_program(code="pontos", points=1, per_amount=10, point_value="0.10", redeem_step=1)
    points = build_account(customer=customer, kind=AccountKind.POINTS, program=program)
    build_credit(points, 120_00, available_from=timezone.now() - timedelta(days=1))
    return customer


def reserve(till: Till, **document: Any) -> Any:
    return till.send("POST", "reservations/", document)


def kept(till: Till, **document: Any) -> str:
    answer = reserve(till, **document)
    assert answer.status_code == 201, answer.json()
    return answer.json()["reservation"]


def refused(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 409, answer.json()
    return [(row["path"], row["reason"]) for row in answer.json()["unavailable"]]


class TestReserving:
    def test_answers_with_what_the_basket_takes(self, till: Till, maria: Customer) -> None:
        publish()
        issue_code()
        card, purse = issue(), issue(AccountKind.E_PURSE, amount=40_00)

        answer = reserve(
            till,
            reference="CART-1",
            customer=MARIA,
            promo_codes=["bemvindo"],
            redeem={
                "cashback": "12.00",
                "points": {"pontos": 30},
                "stored_values": [{"code": card}, {"code": purse, "amount": "15.00"}],
            },
        )

        body = answer.json()
        assert answer.status_code == 201, body
        assert (body["state"], body["reference"], body["promo_codes"]) == ("open", "CART-1", ["BEMVINDO"])
        assert body["redeem"] == {
            "cashback": "12.00",
            "points": {"pontos": 30},
            "stored_values": [
                {"code": card, "kind": "gift_card", "amount": "50.00"},
                {"code": purse, "kind": "e_purse", "amount": "15.00"},
            ],
        }
        # What expires first is kept first.
        amounts = Hold.objects.filter(lot__account__kind="cashback").order_by("lot_id")
        assert list(amounts.values_list("amount", flat=True)) == [Decimal(2), Decimal(10)]
        assert card not in f"{Reservation.objects.get().content}"

    def test_lasts_as_long_as_is_said_or_as_the_company_says(self, till: Till) -> None:
        code = issue(AccountKind.E_PURSE)
        Company.objects.update(reservation_minutes=7)

        with time_machine.travel(now := timezone.now(), tick=False):
            usual = reserve(till, redeem=presenting(code, amount="1.00")).json()
            longest = reserve(till, redeem=presenting(code, amount="1.00"), minutes=1440).json()

        assert usual["expires_at"] == (now + timedelta(minutes=7)).isoformat()
        assert longest["expires_at"] == (now + timedelta(days=1)).isoformat()

    def test_sent_again_keeps_no_second_time(self, till: Till) -> None:
        code = issue()
        document: dict[str, Any] = {"reference": "R1", "redeem": presenting(code)}

        first, second = reserve(till, **document), reserve(till, **document)
        other = reserve(till, **document | {"minutes": 5})

        assert (second.status_code, second["Idempotency-Replayed"]) == (200, "true")
        assert second.json() == first.json()
        assert Hold.objects.count() == 1
        assert (other.status_code, other.json()["code"]) == (409, "reservation_conflict")

    def test_is_known_by_its_idempotency_key(self, till: Till) -> None:
        document = {"redeem": presenting(issue())}

        answers = [till.send("POST", "reservations/", document, Idempotency_Key="k1") for _ in "12"]

        assert [answer.status_code for answer in answers] == [201, 200]
        assert answers[0].json()["reservation"] == answers[1].json()["reservation"]

    def test_more_than_there_is_keeps_nothing_and_names_what(self, till: Till, maria: Customer) -> None:
        card = issue(AccountKind.E_PURSE)

        answer = reserve(
            till,
            reference="R1",
            customer=MARIA,
            promo_codes=["NADA"],
            redeem={"cashback": "30.01", "points": {"pontos": 121}}
            | presenting(card, "0000-0000-0000-0000", amount="50.01"),
        )

        assert (answer.json()["code"], refused(answer)) == (
            "not_available",
            [
                ("promo_codes[0]", "not_usable"),
                ("redeem.cashback", "insufficient_balance"),
                ("redeem.points.pontos", "insufficient_balance"),
                ("redeem.stored_values[0]", "insufficient_balance"),
                ("redeem.stored_values[1]", "not_usable"),
            ],
        )
        cashback = answer.json()["unavailable"][1]
        assert (cashback["required"], cashback["actual"]) == ("30.01", "30.00")
        assert not Hold.objects.exists()
        # The reference is free for what can be kept.
        assert reserve(till, reference="R1", redeem=presenting(card, amount="50.00")).status_code == 201

    def test_guessing_locks_the_terminal(self, till: Till) -> None:
        for number in range(10):
            reserve(till, promo_codes=[f"GUESS{number}"])

        answer = reserve(till, promo_codes=["GUESS"])

        assert (answer.status_code, answer.json()["code"]) == (429, "lookups_locked")

    @pytest.mark.parametrize(
        ("document", "path"),
        [
            ({}, "redeem"),
            ({"redeem": {}}, "redeem"),
            ({"redeem": {"cashback": "1.00"}}, "customer"),
            ({"promo_codes": ["X"], "customer": {}}, "customer"),
            ({"promo_codes": ["X"], "minutes": 0}, "minutes"),
            ({"promo_codes": ["X"], "minutes": 1441}, "minutes"),
            ({"redeem": {"rewards": []}}, "redeem.rewards"),
            (
                {"redeem": {"stored_values": [{"code": "A1B2"}, {"code": "a1b2"}]}},
                "redeem.stored_values[1].code",
            ),
            ({"customer": MARIA, "redeem": {"points": {"nenhum": 1}}}, "redeem.points.nenhum"),
        ],
    )
    def test_what_is_wrong_is_named(self, till: Till, document: Any, path: str) -> None:
        answer = till.send("POST", "reservations/", document)

        assert answer.status_code == 422, answer.json()
        assert path in [error["path"] for error in answer.json()["errors"]]

    def test_a_test_terminal_keeps_nothing(self, till: Till) -> None:
        code = issue()
        _key, credential = issue_terminal_key(terminal=till.terminal, at=timezone.now(), is_test=True)
        tester = Till(till.terminal, credential)

        answer = reserve(tester, redeem=presenting(code))

        assert (answer.status_code, answer.json()["flags"]) == (201, ["test"])
        assert not Hold.objects.exists()
        document = sale(total="50.00", redeem=presenting(code), reservation=answer.json()["reservation"])
        assert tester.sell(document).status_code == 201
        assert till.sell(sale(total="50.00", redeem=presenting(code))).status_code == 201


class TestKeeping:
    def test_a_code_of_one_use_is_nobody_elses(self, till: Till, other: Till) -> None:
        publish(conditions={"kind": "promo_code"})
        issue_code()
        mine = kept(till, promo_codes=["BEMVINDO"])
        document = basket(promo_codes=["BEMVINDO"])

        assert other.evaluate(document).json()["promo_codes"][0]["status"] == "not_usable"
        assert refused(reserve(other, promo_codes=["BEMVINDO"])) == [("promo_codes[0]", "not_usable")]
        stolen = other.sell(sale(total="90.00", promo_codes=["BEMVINDO"]))
        assert (stolen.status_code, stolen.json()["code"]) == (409, "benefit_unavailable")
        assert till.evaluate(document | {"reservation": mine}).json()["totals"]["net"] == "90.00"
        sold = till.sell(sale(total="90.00", promo_codes=["BEMVINDO"], reservation=mine))
        assert sold.status_code == 201, sold.json()
        assert PromoCode.objects.get().used == 1
        assert not PromoCodeHold.objects.exists()
        assert_world()

    def test_of_a_code_of_two_uses_one_is_left(self, till: Till, other: Till) -> None:
        publish(conditions={"kind": "promo_code"})
        issue_code(max_uses=2)
        kept(till, promo_codes=["BEMVINDO"])

        first = other.sell(sale(total="90.00", promo_codes=["BEMVINDO"]))
        second = other.sell(sale(total="90.00", promo_codes=["BEMVINDO"]))

        assert (first.status_code, second.status_code) == (201, 409)

    def test_a_use_by_one_customer_counts_among_the_customers(self, till: Till, other: Till) -> None:
        build_customer(document=CPF)
        build_customer(document="52998224725")
        publish(conditions={"kind": "promo_code"})
        issue_code(max_uses=None)
        PromoCode.objects.update(max_uses_per_customer=1)
        kept(till, promo_codes=["BEMVINDO"], customer=MARIA)

        same = other.evaluate(basket(promo_codes=["BEMVINDO"], customer=MARIA)).json()
        another = other.evaluate(
            basket(promo_codes=["BEMVINDO"], customer={"document": "52998224725"})
        ).json()

        assert same["promo_codes"][0]["status"] == "not_usable"
        assert another["promo_codes"][0]["status"] == "applied"

    def test_a_gift_card_cannot_be_used_loaded_off_or_taken_back(self, till: Till, other: Till) -> None:
        card = till.send("POST", "stored-values/", {"kind": "gift_card", "amount": "50.00"}).json()["code"]
        mine = kept(till, redeem=presenting(card))

        refusal = other.evaluate(basket(redeem=presenting(card))).json()["not_redeemed"]
        checked = other.send("GET", f"stored-values/{card}/").json()
        back = till.send("POST", f"stored-values/{card}/take-back/", {"reason": "Engano"})
        sold = till.sell(sale(total="50.00", redeem=presenting(card), reservation=mine))

        assert [row["reason"] for row in refusal] == ["not_usable"]
        assert (checked["balance"], checked["reserved"]) == ("0.00", "50.00")
        assert (back.status_code, back.json()["code"]) == (409, "reserved")
        assert sold.status_code == 201, sold.json()
        assert left(card) == 0
        assert_world()

    def test_of_an_e_purse_only_the_part(self, till: Till, other: Till) -> None:
        purse = issue(AccountKind.E_PURSE)
        mine = kept(till, redeem=presenting(purse, amount="40.00"))

        answer = other.sell(sale(total="90.00", redeem=presenting(purse)))
        sold = till.sell(sale(total="60.00", redeem=presenting(purse), reservation=mine))

        assert answer.json()["redeemed"][0]["amount"] == "10.00"
        assert sold.json()["redeemed"][0]["amount"] == "40.00"
        assert_world()

    def test_cashback_and_points_of_a_customer(self, till: Till, other: Till, maria: Customer) -> None:
        mine = kept(till, customer=MARIA, redeem={"cashback": "25.00", "points": {"pontos": 100}})
        everything = {"cashback": "max", "points": {"pontos": "max"}}

        theirs = other.evaluate(basket(customer=MARIA, redeem=everything)).json()
        ours = till.evaluate(basket(customer=MARIA, redeem=everything, reservation=mine)).json()
        stolen = other.sell(sale(total="70.00", customer=MARIA, redeem={"cashback": "30.00"}))
        sold = till.sell(sale(total="75.00", customer=MARIA, redeem={"cashback": "25.00"}, reservation=mine))

        assert {row["kind"]: row["amount"] for row in theirs["redeemed"]} == {
            "points": "2.00",
            "cashback": "5.00",
        }
        assert {row["kind"]: row["amount"] for row in ours["redeemed"]} == {
            "points": "12.00",
            "cashback": "30.00",
        }
        assert (stolen.status_code, stolen.json()["code"]) == (409, "benefit_unavailable")
        assert sold.status_code == 201, sold.json()
        # What the sale did not use is free again with it; it has earned ten points more.
        rest = other.evaluate(basket(customer=MARIA, redeem=everything)).json()["redeemed"]
        assert {row["kind"]: row["amount"] for row in rest} == {"points": "13.00", "cashback": "5.00"}
        assert not Hold.objects.exists()
        assert_world()

    def test_balances_show_it(self, till: Till, maria: Customer) -> None:
        kept(till, customer=MARIA, redeem={"cashback": "25.00", "points": {"pontos": 100}})

        found = till.send("GET", f"customers/lookup/?q={CPF}").json()

        held = {row["kind"]: (row["available"], row["reserved"]) for row in found["balances"]}
        assert held == {"cashback": ("5.00", "25.00"), "points": (20, 100)}

    def test_a_manager_takes_none_of_it(self, till: Till, maria: Customer) -> None:
        kept(till, customer=MARIA, redeem={"cashback": "25.00"})

        def take(amount: int) -> None:
            adjust(
                customer_id=maria.pk,
                key=("cashback", None),
                amount=-amount,
                reason="Engano",
                actor_id=build_user().pk,
                operation=str(uuid4()),
                at=timezone.now(),
            )

        with pytest.raises(InsufficientValue):
            take(5_01)
        take(5_00)

    def test_a_credit_that_is_kept_is_still_open(self, till: Till) -> None:
        """Of a campaign that gives one credit at a time, reserving the first does not earn a second."""
        publish(
            "CB", benefits=[{"kind": "cashback", "amount": "5.00", "valid_days": 30, "accumulate": False}]
        )
        till.sell(sale(total="100.00", customer=MARIA))
        kept(till, customer=MARIA, redeem={"cashback": "max"})

        answer = till.evaluate(basket(customer=MARIA)).json()

        assert answer["earned"]["cashback"] == []


class TestEnding:
    def test_given_up_it_is_free_at_once_and_again_changes_nothing(self, till: Till, other: Till) -> None:
        card = issue()
        mine = kept(till, redeem=presenting(card))

        answers = [till.send("DELETE", f"reservations/{mine}/") for _ in "12"]

        assert [(answer.status_code, answer.json()["state"]) for answer in answers] == [(200, "released")] * 2
        assert other.sell(sale(total="50.00", redeem=presenting(card))).status_code == 201
        assert till.send("GET", f"reservations/{mine}/").json()["state"] == "released"

    def test_of_another_store_it_is_unknown(self, till: Till) -> None:
        mine = kept(till, redeem=presenting(issue()))
        elsewhere = Till.open()

        for method in ("GET", "DELETE"):
            assert elsewhere.send(method, f"reservations/{mine}/").status_code == 404
            assert till.send(method, "reservations/none/").status_code == 404
        named = elsewhere.evaluate(basket(reservation=mine))
        assert (named.status_code, named.json()["errors"][0]["path"]) == (422, "reservation")

    def test_its_time_is_over_without_any_job(self, till: Till, other: Till) -> None:
        card = issue()
        mine = kept(till, redeem=presenting(card), minutes=5)

        with time_machine.travel(timezone.now() + timedelta(minutes=5, seconds=1)):
            assert till.send("GET", f"reservations/{mine}/").json()["state"] == "expired"
            assert other.send("GET", f"stored-values/{card}/").json()["balance"] == "50.00"
            assert other.sell(sale(total="50.00", redeem=presenting(card))).status_code == 201
            late = till.sell(sale(total="50.00", redeem=presenting(card), reservation=mine))
            assert (late.status_code, late.json()["code"]) == (409, "benefit_unavailable")

    def test_a_sale_with_an_expired_one_is_judged_as_without(self, till: Till) -> None:
        card = issue()
        mine = kept(till, redeem=presenting(card), minutes=5)

        with time_machine.travel(timezone.now() + timedelta(minutes=6)):
            sold = till.sell(sale(total="50.00", redeem=presenting(card), reservation=mine))

        assert sold.status_code == 201
        assert left(card) == 0

    def test_a_refused_sale_keeps_it(self, till: Till) -> None:
        card = issue()
        mine = kept(till, redeem=presenting(card))

        refusal = till.sell(sale(total="1.00", redeem=presenting(card), reservation=mine))

        assert refusal.json()["code"] == "totals_mismatch"
        assert Reservation.objects.get().state == "open"
        assert Hold.objects.count() == 1

    def test_a_sale_uses_it_once_and_says_so_when_repeated(self, till: Till) -> None:
        card = issue()
        mine = kept(till, redeem=presenting(card))
        document = sale(total="50.00", redeem=presenting(card), reservation=mine)

        first, second = till.sell(document), till.sell(document)

        assert (first.status_code, second.status_code) == (201, 200)
        assert second.content == first.content
        assert Reservation.objects.get().sale_id == Sale.objects.get().pk
        assert till.send("DELETE", f"reservations/{mine}/").json()["state"] == "used"

    def test_an_offline_sale_may_name_any(self, till: Till) -> None:
        answer = till.sell(sale(offline=True, reservation="whatever"))

        assert answer.status_code == 201

    def test_what_expired_is_tidied_and_old_ones_go(self, till: Till) -> None:
        publish()
        issue_code()
        kept(till, redeem=presenting(issue()), promo_codes=["BEMVINDO"], minutes=5)

        assert purge(at=timezone.now() + timedelta(minutes=30))["holds"] == 0
        assert purge(at=timezone.now() + timedelta(hours=2))["holds"] == 2
        assert purge(at=timezone.now() + timedelta(days=31))["reservations"] == 1


class TestStatements:
    def test_naming_one_costs_a_query_more_and_naming_none_nothing(self, till: Till) -> None:
        card = issue()
        mine = kept(till, redeem=presenting(card))
        document = basket(line(), redeem=presenting(card))
        till.evaluate(document)

        counts = []
        for fields in ({}, {"reservation": mine}):
            with CaptureQueriesContext(connection) as queries:
                assert till.evaluate(document | fields).status_code == 200
            counts.append(len([query for query in queries if "pos_api_lookupguard" not in query["sql"]]))

        assert counts == [1, 2]
