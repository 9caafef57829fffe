"""Before much of a customer's value is used, the customer shows who it is: a code that is sent, or a PIN."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from customers.models import Customer, CustomerPin
from customers.services.pins import set_pin, try_pin
from loyalty.models import AccountKind
from messaging.channels import CHANNELS
from messaging.models import Message, MessageState, Verification
from messaging.services.delivery import deliver_due
from pos_api.models import LookupGuard
from retail.models import Company, Sale
from tests.builders import build_account, build_credit, build_customer, build_vip_card
from tests.messaging.conftest import RecordingChannel
from tests.pos_api.manager import Manager
from tests.pos_api.test_stored_values import issue, presenting
from tests.pos_api.till import Till, basket, sale
from tests.world import assert_world

pytestmark = pytest.mark.django_db
CPF = "39053344705"
MARIA = {"document": CPF}


@pytest.fixture(autouse=True)
def phones(monkeypatch: pytest.MonkeyPatch) -> dict[str, RecordingChannel]:
    """What arrives on every channel; nothing wakes a worker."""
    found = {name: RecordingChannel() for name in ("sms", "email", "whatsapp")}
    for name, channel in found.items():
        monkeypatch.setitem(CHANNELS, name, channel)
    monkeypatch.setattr("pos_api.views.verifications.wake_senders", lambda: None)
    return found


@pytest.fixture
def maria(till: Till) -> Customer:
    """A customer at the counter with 120.00 of cashback; above 50.00 the company asks who it is."""
    Company.objects.update(proof_above=Decimal(50))
    customer = build_customer(document=CPF, phone="+5511987654321", email="maria@example.com")
    build_credit(build_account(customer=customer), 120_00, available_from=timezone.now() - timedelta(days=1))
    till.send("GET", f"customers/lookup/?q={CPF}")
    return customer


def using(amount: str = "60.00", **fields: Any) -> dict[str, Any]:
    total = f"{100 - Decimal(amount):.2f}"
    return sale(total=total, customer=MARIA, redeem={"cashback": amount}, **fields)


def send_code(till: Till, customer: Customer, channel: str = "sms") -> Any:
    return till.send("POST", f"customers/{customer.pk}/verifications/", {"channel": channel})


def code_on(phone: RecordingChannel) -> str:
    """Let the sender work and read the code that arrived last."""
    deliver_due(clock=timezone.now)
    found = re.search(r"\b(\d{6})\b", phone.sent[-1].text)
    assert found is not None
    return found[1]


def why(answer: Any) -> tuple[int, str, str]:
    body = answer.json()
    return answer.status_code, body["code"], body["proof"]["reason"]


class TestAsking:
    def test_evaluating_says_so_beforehand(self, till: Till, maria: Customer) -> None:
        more = till.evaluate(basket(customer=MARIA, redeem={"cashback": "50.01"})).json()
        just = till.evaluate(basket(customer=MARIA, redeem={"cashback": "50.00"})).json()

        assert (more["proof_required"], more["proof_method"]) == (True, "otp")
        assert "proof_required" not in just

    def test_a_sale_without_it_is_refused_and_says_what_to_do(self, till: Till, maria: Customer) -> None:
        answer = till.sell(using())

        assert why(answer) == (409, "proof_required", "missing")
        assert answer.json()["detail"] == "Send the customer a code, and send the sale again with it."
        assert not Sale.objects.exists()
        assert till.sell(using("50.00")).status_code == 201

    def test_it_is_off_unless_the_company_says_an_amount(self, till: Till, maria: Customer) -> None:
        Company.objects.update(proof_above=None)

        assert till.sell(using()).status_code == 201

    def test_of_cards_only_those_that_are_a_customers(self, till: Till, maria: Customer) -> None:
        bearer, hers = issue(amount=60_00), issue(AccountKind.E_PURSE, amount=60_00, customer_id=maria.pk)

        nobodys = till.evaluate(basket(redeem=presenting(bearer))).json()
        personal = till.sell(sale(total="40.00", redeem=presenting(hers)))

        assert "proof_required" not in nobodys
        assert why(personal) == (409, "proof_required", "missing")

    def test_what_was_sold_offline_is_flagged(self, till: Till, maria: Customer) -> None:
        answer = till.sell(using(offline=True))

        assert answer.status_code == 201
        assert "without_proof" in answer.json()["flags"]


class TestCode:
    def test_it_goes_to_the_customer_and_opens_one_sale(
        self, till: Till, maria: Customer, phones: dict[str, RecordingChannel]
    ) -> None:
        sent = send_code(till, maria)
        code = code_on(phones["sms"])
        proof = {"verification": sent.json()["verification"], "code": code}
        document = using(proof=proof)

        answer = till.sell(document)
        other = till.sell(using("20.00", proof=proof))
        Company.objects.update(proof_above=Decimal(10))
        again = till.sell(using("20.00", proof=proof))

        assert (sent.status_code, sent.json()["sent_to"]) == (201, "····4321")
        assert phones["sms"].sent[0].to == "+5511987654321"
        assert answer.status_code == 201, answer.json()
        assert "proof_required" not in answer.json()
        # A proof that a sale did not need is left alone, and so is one that was used.
        assert other.status_code == 201
        assert why(again) == (409, "proof_required", "wrong")
        # The sale is the same whatever proof it is repeated with.
        assert till.sell(document | {"proof": None}).content == answer.content
        assert_world()

    def test_it_stands_nowhere(
        self, till: Till, maria: Customer, phones: dict[str, RecordingChannel]
    ) -> None:
        sent = send_code(till, maria, "email")
        code = code_on(phones["email"])
        till.sell(using(proof={"verification": sent.json()["verification"], "code": code}))

        message, recorded = Message.objects.get(), Sale.objects.get()
        assert message.state == MessageState.SENT
        assert code in phones["email"].sent[0].html
        assert phones["email"].sent[0].unsubscribe_url == ""
        assert code not in f"{message.subject}{message.text}{message.html}"
        assert "proof" not in recorded.request
        assert code not in f"{recorded.request}{recorded.response}{recorded.shares}"

    def test_five_wrong_ones_void_it(
        self, till: Till, maria: Customer, phones: dict[str, RecordingChannel]
    ) -> None:
        sent = send_code(till, maria).json()["verification"]
        code = code_on(phones["sms"])
        wrong = [f"{(int(code) + number) % 1_000_000:06d}" for number in range(1, 6)]

        guesses = [till.sell(using(proof={"verification": sent, "code": guess})) for guess in wrong]
        right = till.sell(using(proof={"verification": sent, "code": code}))

        assert {why(answer)[2] for answer in [*guesses, right]} == {"wrong"}
        assert Verification.objects.get().tries == 5
        assert len(LookupGuard.objects.get().tried) == 6

    def test_it_is_too_old_after_ten_minutes(
        self, till: Till, maria: Customer, phones: dict[str, RecordingChannel]
    ) -> None:
        sent = send_code(till, maria).json()["verification"]
        proof = {"verification": sent, "code": code_on(phones["sms"])}

        with time_machine.travel(timezone.now() + timedelta(minutes=10, seconds=1)):
            assert why(till.sell(using(proof=proof)))[2] == "wrong"

    def test_it_is_of_one_customer(
        self, till: Till, maria: Customer, phones: dict[str, RecordingChannel]
    ) -> None:
        other = build_customer(document="52998224725", phone="+5511912345678")
        till.send("GET", "customers/lookup/?q=52998224725")
        sent = send_code(till, other).json()["verification"]

        answer = till.sell(using(proof={"verification": sent, "code": code_on(phones["sms"])}))

        assert why(answer)[2] == "other_customer"

    def test_a_refused_sale_leaves_it(
        self, till: Till, maria: Customer, phones: dict[str, RecordingChannel]
    ) -> None:
        sent = send_code(till, maria).json()["verification"]
        proof = {"verification": sent, "code": code_on(phones["sms"])}

        refused = till.sell(using(proof=proof) | {"total": "1.00"})

        assert refused.json()["code"] == "totals_mismatch"
        assert till.sell(using(proof=proof)).status_code == 201

    def test_what_cannot_be_sent_is_said(self, till: Till, maria: Customer) -> None:
        Customer.objects.update(phone="")

        refused = send_code(till, maria)
        unknown = till.send("POST", "customers/999999/verifications/", {"channel": "sms"})
        answers = [send_code(till, maria, "email").status_code for _ in "1234"]
        Company.objects.update(proof_method="pin")
        by_pin = send_code(till, maria, "email")

        assert (refused.status_code, refused.json()["code"]) == (422, "no_address")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "customer_not_looked_up")
        assert answers == [201, 201, 201, 429]
        assert (by_pin.status_code, by_pin.json()["code"]) == (409, "proof_by_pin")

    @pytest.mark.parametrize(
        ("proof", "path"),
        [
            ({}, "proof"),
            ({"code": "123456"}, "proof"),
            ({"verification": "x"}, "proof"),
            ({"verification": "x", "code": "123456", "pin": "1234"}, "proof"),
            ({"pin": "12"}, "proof.pin"),
            ({"verification": "x", "code": "12345"}, "proof.code"),
        ],
    )
    def test_what_is_wrong_is_named(self, till: Till, proof: Any, path: str) -> None:
        answer = till.sell(sale(proof=proof))

        assert answer.status_code == 422, answer.json()
        assert path in [error["path"] for error in answer.json()["errors"]]


class TestPin:
    @pytest.fixture
    def by_pin(self, maria: Customer) -> Customer:
        Company.objects.update(proof_method="pin")
        return maria

    def put(self, till: Till, customer: Customer, **document: str) -> Any:
        return till.send("PUT", f"customers/{customer.pk}/pin/", document)

    def test_the_customer_sets_it_at_the_till_and_pays_with_it(self, till: Till, by_pin: Customer) -> None:
        none = till.sell(using(proof={"pin": "2580"}))
        made = self.put(till, by_pin, pin="2580")

        wrong, right = (till.sell(using(proof={"pin": pin})) for pin in ("2581", "2580"))

        assert why(none)[2] == "no_pin"
        assert made.status_code == 204
        assert why(wrong) == (409, "proof_required", "wrong")
        assert right.status_code == 201, right.json()
        assert "2580" not in CustomerPin.objects.get().password

    def test_it_is_asked_of_whom_a_vip_card_tells(self, till: Till, by_pin: Customer) -> None:
        card = build_vip_card(customer=by_pin, percent=Decimal(10))
        self.put(till, by_pin, pin="2580")
        document = using() | {"promo_codes": [card.code], "total": "30.00"}
        del document["customer"]

        answers = [till.sell(document | {"proof": {"pin": pin}}) for pin in ("2581", "2580")]

        assert why(answers[0])[2] == "wrong"
        assert answers[1].status_code == 201, answers[1].json()

    def test_another_one_needs_the_present_one(self, till: Till, by_pin: Customer) -> None:
        self.put(till, by_pin, pin="2580")

        stolen, guessed = (
            self.put(till, by_pin, pin="1357"),
            self.put(till, by_pin, pin="1357", current="1234"),
        )
        changed = self.put(till, by_pin, pin="1357", current="2580")

        assert [(one.status_code, one.json()["reason"]) for one in (stolen, guessed)] == [
            (409, "missing"),
            (409, "wrong"),
        ]
        assert changed.status_code == 204
        assert try_pin(customer_id=by_pin.pk, pin="1357", at=timezone.now()) == "right"

    def test_five_wrong_ones_lock_it_for_a_quarter_of_an_hour(self, till: Till, by_pin: Customer) -> None:
        set_pin(customer_id=by_pin.pk, pin="2580", at=timezone.now())
        now = timezone.now()

        tried = [try_pin(customer_id=by_pin.pk, pin=f"100{digit}", at=now) for digit in range(5)]

        assert tried == ["wrong"] * 5
        assert try_pin(customer_id=by_pin.pk, pin="2580", at=now + timedelta(minutes=14)) == "locked"
        assert try_pin(customer_id=by_pin.pk, pin="2580", at=now + timedelta(minutes=15)) == "right"
        assert try_pin(customer_id=by_pin.pk, pin="2580", at=now + timedelta(minutes=15)) == "right"

    def test_a_manager_sets_that_of_the_record_that_stands(self, by_pin: Customer) -> None:
        manager = Manager.sign_in(is_superuser=True)
        merged = build_customer(document=None, is_active=False, merged_into=by_pin)

        answers = [
            manager.send("PUT", f"customers/{one.pk}/pin/", {"pin": "2580"}) for one in (merged, by_pin)
        ]

        assert [answer.status_code for answer in answers] == [409, 204]
        assert answers[0].json()["into"] == by_pin.pk
        assert CustomerPin.objects.get().customer == by_pin

    @pytest.mark.parametrize("pin", ["1111", "12a4"])
    def test_what_is_none_is_refused(self, till: Till, by_pin: Customer, pin: str) -> None:
        answer = self.put(till, by_pin, pin=pin)

        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "pin")

    def test_a_code_does_not_do_where_a_pin_is_asked_for(self, till: Till, by_pin: Customer) -> None:
        Company.objects.update(proof_method="otp")
        sent = send_code(till, by_pin).json()["verification"]
        Company.objects.update(proof_method="pin")

        answer = till.sell(using(proof={"verification": sent, "code": "000000"}))

        assert answer.status_code == 409
        assert answer.json()["proof"]["method"] == "pin"
