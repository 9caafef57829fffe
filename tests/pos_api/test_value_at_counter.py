"""What a till sees of a customer's value, and the survey that it may answer."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from loyalty.models import (
    AccountKind,
    CustomerTier,
    LevelGift,
    ProgramLevel,
    ProgramTier,
    StoredValue,
    SurveyAnswer,
)
from loyalty.selectors.stored_values import usual_type
from loyalty.services.stored_value_states import block, void
from loyalty.services.stored_values import Making, make
from tests.builders import (
    build_account,
    build_credit,
    build_customer,
    build_debt,
    build_product,
    build_program,
    build_sale,
    build_stamp_plan,
)
from tests.pos_api.manager import Manager

pytestmark = pytest.mark.django_db

CPF = "39053344705"


def look_up(till):
    return till.send("GET", f"customers/lookup/?q={CPF}").json()


class TestBalances:
    def test_say_what_is_available_pending_expiring_and_owed(self, till):
        customer = build_customer(document=CPF)
        now = timezone.now()
        account = build_account(customer=customer)
        build_credit(account, 30_00)
        build_credit(account, 10_00, expires_at=now + timedelta(days=3))
        build_credit(account, 99_00, expires_at=now - timedelta(days=3))
        build_credit(account, 5_00, available_from=now + timedelta(days=2))
        build_credit(account, 2_00, awaits_review=True)
        build_debt(account, 1_00)

        [cashback] = look_up(till)["balances"]

        assert cashback["kind"] == "cashback"
        assert (cashback["available"], cashback["expiring"]) == ("40.00", "10.00")
        assert (cashback["pending"], cashback["awaiting_review"]) == ("7.00", "2.00")
        assert cashback["owed"] == "1.00"
        assert cashback["next_expiry"][:16] == (now + timedelta(days=3)).isoformat()[:16]
        assert cashback["pending_from"][:16] == (now + timedelta(days=2)).isoformat()[:16]

    def test_read_as_in_the_list_of_accounts(self, till):
        account = build_account(customer=build_customer(document=CPF))
        build_credit(account, 30_00, expires_at=timezone.now() + timedelta(days=3))
        build_debt(account, 1_00)

        card = look_up(till)
        manager = Manager.sign_in(is_superuser=True)
        [listed] = manager.send("GET", f"customers/{account.customer_id}/accounts/").json()["accounts"]

        assert [{"id": account.pk, **balance} for balance in card["balances"]] == [listed]

    def test_say_which_gifts_are_within_reach_and_what_the_next_lacks(self, till):
        customer = build_customer(document=CPF)
        program = build_program(code="pontos", name="Clube", point_value=Decimal("0.50"))
        tier = ProgramTier.objects.create(
            program=program, number=1, code="prata", name="Prata", threshold=100
        )
        CustomerTier.objects.create(customer=customer, program=program, tier=tier, changed_at=timezone.now())
        for number, points in enumerate((10, 20, 30), start=1):
            level = ProgramLevel.objects.create(program=program, number=number, points=points)
            LevelGift.objects.create(
                level=level,
                product=build_product(sku=f"BRINDE-{number}"),
                picture_url="https://a.example/x.png",
            )
        build_credit(build_account(customer=customer, program=program), 15_00)

        card = look_up(till)

        [points] = card["balances"]
        assert [(gift["sku"], gift["within_reach"], gift["missing"]) for gift in card["gifts"]] == [
            ("BRINDE-1", True, 0),
            ("BRINDE-2", False, 5),
            ("BRINDE-3", False, 15),
        ]
        assert card["gifts"][0]["picture_url"] == "https://a.example/x.png"
        assert (points["available"], points["tier_name"]) == (15, "Prata")

    def test_show_programs_and_plans_that_a_customer_has_not_begun(self, till):
        build_customer(document=CPF)
        build_program(code="pontos", point_value=Decimal("0.50"))
        build_program(code="antigo", is_active=False)
        build_stamp_plan(code="dez", orders=3, reward_percent=Decimal(100))

        card = look_up(till)

        assert card["balances"] == []
        assert [(one["code"], one["point_value"]) for one in card["programs"]] == [("pontos", "0.50")]
        assert [(one["code"], one["orders"], one["percent"]) for one in card["plans"]] == [("dez", 3, "100")]

    def test_take_one_query_however_much_there_is(self, till):
        customer = build_customer(document=CPF)
        look_up(till)
        look_up(till)
        with CaptureQueriesContext(connection) as few:
            look_up(till)
        for number in range(3):
            account = build_account(customer=customer, program=build_program())
            build_credit(account)
            build_credit(account)
            ProgramLevel.objects.create(program=account.program, number=1, points=number + 1)

        with CaptureQueriesContext(connection) as many:
            look_up(till)

        assert len(many) == len(few)
        # One for what is the customer's alone, one for stored values.
        assert (
            sum('loyalty_account"' in query["sql"] or "loyalty_account " in query["sql"] for query in many)
            == 2
        )

    def test_are_not_told_of_somebody_who_was_not_looked_up(self, till):
        customer = build_customer(document=CPF)
        build_credit(build_account(customer=customer))

        card = till.send("POST", "customers/", {"document": CPF, "name": "Ana"}).json()

        assert (card["balances"], card["gifts"]) == ([], [])


class TestSurvey:
    def test_answers_once_and_releases_the_cashback(self, till):
        customer = build_customer(document=CPF)
        sale = build_sale(customer=customer, terminal=till.terminal)
        build_credit(
            build_account(customer=customer),
            20_00,
            sale_id=sale.pk,
            cause=f"sale:{sale.pk}",
            awaits_review=True,
        )
        document = {"sale": str(sale.uuid), "score": 9, "comment": "Ótimo"}

        first = till.send("POST", "surveys/purchase/answers/", document)
        again = till.send("POST", "surveys/purchase/answers/", document)
        other = till.send("POST", "surveys/purchase/answers/", document | {"score": 2})

        assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
        assert first.json()["released"] == "20.00"
        assert again["Idempotency-Replayed"] == "true"
        assert other.json()["code"] == "survey_answered"
        assert look_up(till)["balances"][0]["available"] == "20.00"

    def test_keeps_the_lines_of_a_comment(self, till):
        sale = build_sale(terminal=till.terminal)
        document = {"sale": str(sale.uuid), "score": 9, "comment": "Atendimento ótimo\r\nFila longa\n"}

        first = till.send("POST", "surveys/purchase/answers/", document)
        again = till.send("POST", "surveys/purchase/answers/", document)

        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json()["comment"] == "Atendimento ótimo\nFila longa"

    @pytest.mark.parametrize("comment", ["a\tb", "a\x00b", "a\n\x1bb", "a\u2028b", "\n" * 1001])
    def test_refuses_other_characters_that_nobody_sees(self, till, comment):
        sale = build_sale(terminal=till.terminal)
        document = {"sale": str(sale.uuid), "score": 9, "comment": comment}

        answer = till.send("POST", "surveys/purchase/answers/", document)

        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "comment")

    def test_is_of_the_tills_own_store(self, till):
        document = {"sale": str(build_sale().uuid), "score": 9}

        assert till.send("POST", "surveys/purchase/answers/", document).status_code == 404
        assert not SurveyAnswer.objects.exists()

    @pytest.mark.parametrize(
        ("path", "fields", "status"),
        [
            ("purchase", {"score": 11}, 422),
            ("purchase", {"score": -1}, 422),
            ("purchase", {"score": "9"}, 422),
            ("purchase", {"comment": "x" * 1001}, 422),
            ("purchase", {"color": "red"}, 422),
            ("purchase", {"sale": "x"}, 404),
            ("visit", {}, 404),
        ],
    )
    def test_says_what_is_wrong(self, till, path, fields, status):
        sale = build_sale(terminal=till.terminal)
        document = {"sale": str(sale.uuid), "score": 9} | fields

        assert till.send("POST", f"surveys/{path}/answers/", document).status_code == status


class TestStoredValues:
    def issue(self, customer, kind=AccountKind.GIFT_CARD, **values):
        making = Making(
            type=values.pop("type", None) or usual_type(kind),
            origin="test",
            operation=str(StoredValue.objects.count()),
            customer_id=customer.pk,
            **{"amount": 50_00, **values},
        )
        [made] = make([making], at=timezone.now() - timedelta(hours=1))
        return made

    def test_are_told_without_their_codes(self, till):
        customer = build_customer(document=CPF)
        soon = timezone.now() + timedelta(days=3)
        purse = self.issue(customer, AccountKind.E_PURSE)
        card = self.issue(customer, expires_at=soon)
        voucher = self.issue(customer, AccountKind.VOUCHER, amount=0, percent=Decimal(15))

        answer = till.send("GET", f"customers/lookup/?q={CPF}")

        told = answer.json()["stored_values"]
        assert [(one["kind"], one["balance"], one["percent"]) for one in told] == [
            ("gift_card", "50.00", None),
            ("e_purse", "50.00", None),
            ("voucher", "0.00", "15"),
        ]
        assert (told[0]["last4"], told[0]["expires_at"][:16]) == (card.code[-4:], soon.isoformat()[:16])
        assert (told[1]["name"], told[1]["reloadable"]) == ("E-purse", True)
        for made in (purse, card, voucher):
            assert made.code not in answer.content.decode()

    def test_that_are_empty_expired_blocked_or_somebody_elses_are_left_out(self, till):
        customer, other = build_customer(document=CPF), build_customer()
        self.issue(other)
        self.issue(customer, expires_at=timezone.now() - timedelta(minutes=1))
        block(self.issue(customer).stored, reason="Perdido", at=timezone.now())
        void(self.issue(customer).stored, reason="Engano", at=timezone.now())
        kept = self.issue(customer)

        told = look_up(till)["stored_values"]

        assert [one["last4"] for one in told] == [kept.code[-4:]]

    def test_are_read_with_as_many_queries_however_many(self, till):
        customer = build_customer(document=CPF)
        self.issue(customer)
        look_up(till)
        look_up(till)
        with CaptureQueriesContext(connection) as few:
            look_up(till)
        for _number in range(4):
            self.issue(customer)

        with CaptureQueriesContext(connection) as many:
            look_up(till)

        assert len(many) == len(few)
