"""What customers hold, by the API: balances, statements, adjustments."""

from datetime import timedelta

import pytest
from django.utils import timezone

from loyalty.models import Account, Entry
from tests.builders import (
    NOON,
    build_account,
    build_credit,
    build_customer,
    build_debt,
    build_program,
    build_sale,
    build_stamp_plan,
)
from tests.pos_api.manager import Manager, codes

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager() -> Manager:
    return Manager.sign_in(is_superuser=True)


def cashback(**fields):
    return {"adjustment": "SAC-1", "kind": "cashback", "amount": "10.00", "reason": "Atraso"} | fields


class TestAccounts:
    def test_say_what_is_available_pending_expiring_and_owed(self, manager):
        account = build_account()
        now = timezone.now()
        build_credit(account, 10_00, expires_at=now + timedelta(days=5))
        build_credit(account, 7_50, available_from=now + timedelta(days=2))
        build_credit(account, 3_00, awaits_review=True)
        build_debt(account, 1_25)
        points = build_account(customer=account.customer, program=build_program(code="pontos"))
        build_credit(points, 16_50)

        body = manager.send("GET", f"customers/{account.customer_id}/accounts/").json()

        first, second = body["accounts"]
        assert (first["kind"], first["available"], first["pending"]) == ("cashback", "10.00", "10.50")
        assert (first["expiring"], first["awaiting_review"], first["owed"]) == ("10.00", "3.00", "1.25")
        assert first["pending_from"][:10] == (now + timedelta(days=2)).date().isoformat()
        assert (second["program"], second["available"]) == ("pontos", "16.50")
        assert body["debts"][0]["left"] == "1.25"


class TestEntries:
    def test_are_a_statement_in_pages(self, manager):
        account = build_account()
        sale = build_sale(customer=account.customer)
        for number in range(3):
            build_credit(account, 10_00, cause=f"sale:{sale.pk}:{number}", sale_id=sale.pk, campaign="CB")

        first = manager.send("GET", f"customers/{account.customer_id}/entries/?limit=2").json()
        rest = manager.send("GET", first["next"].partition("/api/v1/")[2]).json()

        assert [row["balance"] for row in first["results"] + rest["results"]] == ["30.00", "20.00", "10.00"]
        assert first["results"][0]["ticket"] == sale.ticket
        assert first["results"][0]["campaign"] == "CB"

    def test_are_filtered(self, manager):
        account = build_account()
        build_credit(account)
        address = f"customers/{account.customer_id}/entries/"

        assert manager.send("GET", f"{address}?what=redeem").json()["results"] == []
        assert manager.send("GET", f"{address}?what=nonsense").status_code == 400
        assert manager.send("GET", f"{address}?account=x").status_code == 400
        assert manager.send("GET", f"{address}?until={NOON.isoformat()}").json()["results"] == []
        assert manager.send("GET", "customers/999999/entries/").status_code == 404


class TestAdjustments:
    def test_are_posted_once_by_their_own_id(self, manager):
        customer = build_customer()
        address = f"customers/{customer.pk}/adjustments/"

        first = manager.send("POST", address, cashback())
        again = manager.send("POST", address, cashback(amount="10"))
        other = manager.send("POST", address, cashback(amount="11.00"))

        assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
        assert again.json() == first.json()
        assert again["Idempotency-Replayed"] == "true"
        assert other.json()["code"] == "adjustment_conflict"
        assert Account.objects.get(customer=customer).balance == 10
        assert Entry.objects.get().actor == manager.user

    def test_the_same_id_for_another_account_is_a_conflict(self, manager):
        customer = build_customer()
        build_program(code="pontos")
        address = f"customers/{customer.pk}/adjustments/"
        manager.send("POST", address, cashback())

        other = manager.send("POST", address, cashback(kind="points", program="pontos"))

        assert other.status_code == 409

    def test_pay_what_is_owed_first_and_say_so_again(self, manager):
        account = build_account()
        build_debt(account, 4_00)
        address = f"customers/{account.customer_id}/adjustments/"

        first = manager.send("POST", address, cashback()).json()
        again = manager.send("POST", address, cashback()).json()

        assert first["settled"] == "4.00"
        assert again == first

    def test_take_from_what_expires_first(self, manager):
        account = build_account()
        build_credit(account, 10_00)
        address = f"customers/{account.customer_id}/adjustments/"

        taken = manager.send("POST", address, cashback(amount="-4.00"))
        more = manager.send("POST", address, cashback(adjustment="SAC-2", amount="-6.01"))

        assert taken.json()["amount"] == "-4.00"
        assert (more.status_code, more.json()["code"]) == (409, "insufficient_value")
        account.refresh_from_db()
        assert account.balance == 6

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"adjustment": None}, ("adjustment", "required")),
            ({"adjustment": "a b"}, ("adjustment", "format")),
            ({"adjustment": 5}, ("adjustment", "format")),
            ({"kind": "gold"}, ("kind", "choice")),
            ({"kind": []}, ("kind", "choice")),
            ({"kind": "points"}, ("program", "required")),
            ({"kind": "points", "program": "nenhum"}, ("program", "unknown_program")),
            ({"kind": "points", "program": "a\x00"}, ("program", "characters")),
            ({"kind": "points", "program": "\ud800"}, ("program", "characters")),
            ({"kind": "points", "program": ["pontos"]}, ("program", "type")),
            ({"program": "pontos"}, ("program", "not_allowed")),
            ({"kind": "stamps", "plan": "dez", "amount": "1.50"}, ("amount", "not_whole")),
            ({"amount": "0.00"}, ("amount", "out_of_range")),
            ({"amount": "1.005"}, ("amount", "amount")),
            ({"amount": "1000000000"}, ("amount", "out_of_range")),
            ({"amount": True}, ("amount", "amount")),
            ({"reason": "  "}, ("reason", "required")),
            ({"reason": "x" * 241}, ("reason", "too_long")),
            ({"reason": "\ud800"}, ("reason", "characters")),
            ({"reason": 7}, ("reason", "type")),
            ({"expires_at": "tomorrow"}, ("expires_at", "moment")),
            ({"expires_at": "2020-01-01T00:00:00Z"}, ("expires_at", "past")),
            # The year 10000 in UTC, which nobody could read back.
            ({"expires_at": "9999-12-31T23:59:59-03:00"}, ("expires_at", "moment")),
            ({"color": "red"}, ("color", "unknown_field")),
            ({"\ud800": "red"}, ("?", "unknown_field")),
        ],
    )
    def test_name_the_field_that_is_wrong(self, manager, fields, expected):
        customer = build_customer()
        build_stamp_plan(code="dez")

        answer = manager.send("POST", f"customers/{customer.pk}/adjustments/", cashback(**fields))

        assert answer.status_code == 422
        assert codes(answer) == [expected]
        assert not Entry.objects.exists()

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"amount": "1e20"}, "This is more than any amount can be."),
            ({"amount": "-1000000000000"}, "This is more than any amount can be."),
            ({"amount": "1.005"}, "This must be an amount with at most two decimals."),
            ({"expires_at": "9999-12-31T00:00:00Z"}, "This moment is too far from now."),
        ],
    )
    def test_say_what_is_wrong_with_a_number_or_a_moment(self, manager, fields, message):
        customer = build_customer()

        answer = manager.send("POST", f"customers/{customer.pk}/adjustments/", cashback(**fields))

        assert [error["message"] for error in answer.json()["errors"]] == [message]

    def test_name_every_field_that_is_wrong_at_once(self, manager):
        wrong = {
            "adjustment": "a b",
            "kind": "points",
            "program": "nenhum",
            "plan": "dez",
            "amount": "0.00",
            "reason": " ",
            "expires_at": "tomorrow",
            "color": "red",
        }

        answer = manager.send("POST", f"customers/{build_customer().pk}/adjustments/", wrong)

        assert answer.status_code == 422
        assert {path for path, _code in codes(answer)} == set(wrong) - {"kind"}


class TestWriteOff:
    def test_lets_a_customer_off_once(self, manager):
        account = build_account()
        debt = build_debt(account, 5_00)
        address = f"customers/{account.customer_id}/debts/{debt.pk}/write-off/"

        bare = manager.send("POST", address, {})
        first = manager.send("POST", address, {"reason": "Cortesia"})
        again = manager.send("POST", address, {"reason": "Cortesia"})

        assert codes(bare) == [("reason", "required")]
        assert first.json() == {"written_off": "5.00"}
        assert (again.status_code, again.json()["code"]) == (409, "already_settled")
