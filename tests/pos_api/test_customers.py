from datetime import date, timedelta

import pytest
from django.utils import timezone

from customers.models import Consent, Customer
from customers.selectors import days_to_birthday
from pos_api.views.customers import EXAMPLE
from retail.models import Company
from tests.builders import (
    NOON,
    build_consent,
    build_customer,
    build_customer_grouping,
    build_sale,
    build_store,
)
from tests.pos_api.manager import Manager
from tests.pos_api.till import issue_code, publish

pytestmark = pytest.mark.django_db

CPF = "39053344705"


@pytest.fixture
def manager(db) -> Manager:
    return Manager.sign_in(is_superuser=True)


def codes(response):
    return [(error["path"], error["code"]) for error in response.json()["errors"]]


class TestManagers:
    def test_the_example_of_the_document_is_accepted(self, manager):
        build_store(code="0001")
        build_customer_grouping(code="vip")

        created = manager.send("POST", "customers/", EXAMPLE)

        assert created.status_code == 201
        body = created.json()
        assert (body["document"], body["phone"], body["home_store"]) == (CPF, "+5511987654321", "0001")
        assert body["groupings"] == ["vip"]
        consent = Consent.objects.get()
        assert (consent.source, consent.recorded_by) == ("import", manager.user)
        assert manager.send("POST", "customers/", EXAMPLE).status_code == 200

    def test_a_list_answers_one_result_per_row(self, manager):
        answer = manager.send("POST", "customers/", [{"code": "1"}, {"code": "2", "document": "1"}])

        assert [row["status"] for row in answer.json()["results"]] == ["created", "error"]

    def test_replaces_changes_and_removes(self, manager):
        customer = build_customer(name="Ana", email="ana@example.com")

        assert (
            manager.send("PATCH", f"customers/{customer.pk}/", {"name": "Bia"}).json()["email"]
            == "ana@example.com"
        )
        assert manager.send("PUT", f"customers/{customer.pk}/", {"name": "Cida"}).json()["email"] == ""
        assert manager.send("DELETE", f"customers/{customer.pk}/").status_code == 204
        assert not Customer.objects.exists()

    def test_a_customer_with_consents_is_not_removed(self, manager):
        customer = build_consent().customer

        assert manager.send("DELETE", f"customers/{customer.pk}/").json()["code"] == "in_use"

    @pytest.mark.parametrize("query", ["document=390.533.447-05", "q=ana+souza", "code=K7", "grouping=vip"])
    def test_filters(self, manager, query):
        customer = build_customer(name="Ana Souza", document=CPF, code="K7")
        build_customer_grouping(code="vip", customers=[customer])
        build_customer(name="Bia")

        results = manager.send("GET", f"customers/?{query}").json()["results"]

        assert [found["id"] for found in results] == [customer.pk]

    @pytest.mark.parametrize("pk", ["0", "99999999999999999999"])
    def test_an_unknown_customer_is_not_found(self, manager, pk):
        assert manager.send("GET", f"customers/{pk}/").status_code == 404


class TestCounter:
    def test_creates_a_customer_of_the_store_and_answers_the_card(self, till):
        Company.objects.update(required_customer_fields=["name", "email"])

        answer = till.send("POST", "customers/", {"document": CPF, "name": "Ana"})

        assert answer.status_code == 201
        card = answer.json()
        assert (card["document"], card["missing"]) == ("***.533.447-**", ["email"])
        assert card["home_store"] == till.terminal.store.code

    def test_sending_it_again_makes_no_second_customer(self, till):
        document = {"phone": "11 98765-4321", "name": "Ana"}

        statuses = [till.send("POST", "customers/", document).status_code for _time in range(2)]

        assert statuses == [201, 200]
        assert Customer.objects.count() == 1

    def test_shows_nothing_of_a_customer_who_was_known_but_what_was_sent(self, till):
        build_customer(document=CPF, name="Ana", phone="+5511987654321", email="ana@example.com", remark="x")

        answer = till.send("POST", "customers/", {"document": CPF, "email": "ana@example.com"})

        card = answer.json()
        assert answer.status_code == 200
        assert (card["name"], card["phone"], card["remark"]) == ("", "", "")
        assert card["email"] == "ana@example.com"

    def test_completing_a_customer_shows_only_what_was_typed(self, till):
        customer = build_customer(name="Ana", phone="+5511987654321", card="77")
        till.send("GET", "customers/lookup/?q=77")

        answer = till.send("PATCH", f"customers/{customer.pk}/", {"email": "ANA@example.com"})

        assert answer.json() == {"id": customer.pk, "email": "ana@example.com"}

    @pytest.mark.parametrize("field", ["level", "remark", "groupings", "is_active"])
    def test_refuses_what_is_the_chains_business(self, till, field):
        assert codes(till.send("POST", "customers/", {"document": CPF, field: "x"})) == [
            (field, "unknown_field")
        ]

    def test_a_list_is_for_managers(self, till):
        assert codes(till.send("POST", "customers/", [{"document": CPF}])) == [("", "type")]

    def test_records_a_consent_with_its_store(self, till):
        customer = build_customer(card="77")
        till.send("GET", "customers/lookup/?q=77")

        answer = till.send(
            "POST", f"customers/{customer.pk}/consents/", {"purpose": "promotions", "granted": True}
        )

        assert answer.status_code == 201
        consent = Consent.objects.get()
        assert (consent.source, consent.store) == ("till", till.terminal.store)


class TestConsents:
    def test_lists_every_answer_and_what_stands(self, manager):
        customer = build_customer()
        path = f"customers/{customer.pk}/consents/"
        manager.send("POST", path, {"purpose": "marketing", "channel": "sms", "granted": True})
        manager.send("POST", path, {"purpose": "marketing", "granted": False})

        assert [row["granted"] for row in manager.send("GET", path).json()["results"]] == [False, True]
        assert manager.send("GET", f"{path}standing/").json()["results"] == [
            {"purpose": "marketing", "channel": "", "granted": False},
            {"purpose": "marketing", "channel": "sms", "granted": True},
        ]

    def test_names_what_is_wrong(self, manager):
        answer = manager.send("POST", f"customers/{build_customer().pk}/consents/", {"purpose": "spam"})

        assert (answer.status_code, codes(answer)) == (422, [("purpose", "choice"), ("granted", "required")])

    def test_takes_the_text_as_it_was_shown(self, manager):
        given = {"purpose": "marketing", "granted": True, "text": "Sim.\r\n\r\nQuero."}

        answer = manager.send("POST", f"customers/{build_customer().pk}/consents/", given)

        assert (answer.status_code, answer.json()["text"]) == (201, "Sim.\n\nQuero.")

    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
    def test_nothing_changes_or_removes_an_answer(self, manager, method):
        path = f"customers/{build_consent().customer.pk}/consents/"

        assert manager.send(method, path, {}).status_code == 405


class TestLookup:
    @pytest.mark.parametrize(
        "text", ["390.533.447-05", CPF, "C-1", "(11) 98765-4321", "%2B5511987654321", "ANA@example.com"]
    )
    def test_finds_by_what_identifies_the_customer(self, till, text):
        customer = build_customer(document=CPF, card="C-1", phone="+5511987654321", email="ana@example.com")

        answer = till.send("GET", f"customers/lookup/?q={text}")

        assert (answer.status_code, answer.json()["id"]) == (200, customer.pk)

    @pytest.mark.parametrize("text", ["Ana", "ana@", "3905334", "987654321", "C-"])
    def test_never_searches(self, till, text):
        build_customer(name="Ana", document=CPF, card="C-1", phone="+5511987654321", email="ana@example.com")

        answer = till.send("GET", f"customers/lookup/?q={text}")

        assert (answer.status_code, answer.json()["code"]) == (404, "customer_unknown")

    def test_a_number_that_a_family_shares_is_ambiguous(self, till):
        build_customer(phone="+5511987654321")
        build_customer(phone="+5511987654321")

        answer = till.send("GET", "customers/lookup/?q=11987654321")

        assert (answer.status_code, answer.json()["code"]) == (409, "customer_ambiguous")

    def test_a_customer_that_was_switched_off_is_unknown(self, till):
        build_customer(document=CPF, is_active=False)

        assert till.send("GET", f"customers/lookup/?q={CPF}").status_code == 404

    def test_shows_the_whole_card(self, till):
        Company.objects.update(required_customer_fields=["name", "email", "phone"])
        today = timezone.now().astimezone(till.terminal.store.zone).date()
        customer = build_customer(
            document=CPF,
            remark="Alérgica",
            level=2,
            birth_date=today.replace(year=1992, day=min(today.day, 28)),
        )
        build_customer_grouping(code="vip", customers=[customer])
        build_consent(customer=customer)
        sale = build_sale(customer=customer)
        build_sale(customer=customer, state="cancelled", cancelled_at=NOON)
        publish("DEZ")
        code = issue_code("VOLTE", campaign="DEZ")
        code.customer = customer
        code.save()

        card = till.send("GET", f"customers/lookup/?q={CPF}").json()

        assert card["document"] == "***.533.447-**"
        assert (card["remark"], card["level"], card["groupings"]) == ("Alérgica", 2, ["vip"])
        assert card["consents"] == [{"purpose": "promotions", "channel": "", "granted": True}]
        assert [(bought["sale"], bought["net"]) for bought in card["last_purchases"]] == [
            (str(sale.uuid), "50.00")
        ]
        assert [code["code"] for code in card["promo_codes"]] == ["VOLTE"]
        assert card["missing"] == ["email", "phone"]
        assert card["birthday_in_days"] is not None

    def test_guessing_locks_the_terminal(self, till):
        statuses = [
            till.send("GET", f"customers/lookup/?q={number}").status_code for number in range(100, 115)
        ]

        assert statuses[0] == 404
        assert statuses[-1] == 429

    def test_is_for_terminals(self, manager):
        assert manager.send("GET", f"customers/lookup/?q={CPF}").status_code == 401

    @pytest.mark.parametrize("query", ["", "q=", f"q={'9' * 300}"])
    def test_refuses_wrong_parameters(self, till, query):
        assert till.send("GET", f"customers/lookup/?{query}").status_code == 400


class TestDaysToBirthday:
    @pytest.mark.parametrize(
        ("birth_date", "today", "expected"),
        [
            (date(1990, 11, 22), date(2026, 11, 22), 0),
            (date(1990, 11, 22), date(2026, 11, 23), 364),
            (date(1990, 1, 1), date(2026, 12, 31), 1),
            (date(2000, 2, 29), date(2026, 2, 27), 1),
            (date(2000, 2, 29), date(2028, 2, 28), 1),
        ],
    )
    def test_counts_to_the_next_one(self, birth_date, today, expected):
        assert days_to_birthday(birth_date, today) == expected

    def test_is_never_more_than_a_year_away(self):
        day = date(2026, 1, 1)

        assert all(
            0 <= days_to_birthday(date(1990, 6, 15), day + timedelta(days=n)) < 366 for n in range(800)
        )
