from datetime import date, timedelta

import pytest
from django.db import connection

from customers.models import Consent, Customer
from customers.services.consent_texts import write_consent_text
from customers.services.customers import save_at_counter, update_customer, upsert_customers
from tests.builders import (
    NOON,
    build_consent,
    build_cpf,
    build_customer,
    build_customer_grouping,
    build_segment,
    build_store,
)

pytestmark = pytest.mark.django_db

CPF = "39053344705"


def save(*rows, **options):
    return upsert_customers(rows=rows, at=NOON, source="import", **options)


def errors_of(result):
    return [(error.path, error.code) for error in result.errors]


class TestUpsertCustomers:
    def test_normalises_what_identifies_a_customer(self):
        (result,) = save(
            {
                "document": "390.533.447-05",
                "email": " Ana@Example.COM ",
                "phone": "(11) 98765-4321",
                "name": "Ana",
            }
        )

        assert result.status == "created"
        customer = Customer.objects.get(document=CPF)
        assert (customer.email, customer.phone) == ("ana@example.com", "+5511987654321")

    def test_says_created_unchanged_and_updated(self):
        row = {"document": "12.abc.345/01de-35", "name": "Empresa"}

        assert [save(row | extra)[0].status for extra in ({}, {}, {"level": 2})] == [
            "created",
            "unchanged",
            "updated",
        ]

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ({"document": "111.111.111-11"}, [("document", "document")]),
            ({"document": "3905334470"}, [("document", "document")]),
            ({"phone": "98765-4321"}, [("phone", "phone")]),
            ({"phone": "call me"}, [("phone", "phone")]),
            ({"email": "ana@"}, [("email", "email")]),
            ({"birth_date": "1990-02-30"}, [("birth_date", "date")]),
            ({"birth_date": "22/11/1990"}, [("birth_date", "date")]),
            ({"birth_date": "0001-01-01"}, [("birth_date", "range")]),
            ({"sex": "x"}, [("sex", "choice")]),
            ({"level": -1}, [("level", "range")]),
            ({"level": 2**63}, [("level", "range")]),
            ({"level": "2"}, [("level", "type")]),
            ({"home_store": "X"}, [("home_store", "unknown_store")]),
            ({"groupings": ["X"]}, [("groupings[0]", "unknown_grouping")]),
            ({"groupings": "vip"}, [("groupings", "type")]),
            ({"consents": [{"purpose": "spam", "granted": True}]}, [("consents", "choice")]),
            ({"consents": [{"purpose": "loyalty"}]}, [("consents", "required")]),
            ({"id": 1}, [("id", "unknown_field")]),
        ],
    )
    def test_names_wrong_fields(self, values, expected):
        assert errors_of(save({"code": "1"} | values)[0]) == expected

    def test_needs_something_that_says_who_it_is(self):
        assert errors_of(save({"name": "Ana"})[0]) == [("", "identity_required")]

    def test_finds_by_code_before_document(self):
        customer = build_customer(code="7", document=build_cpf())

        (result,) = save({"code": "7", "document": CPF})

        assert (result.status, result.instance) == ("updated", customer)
        assert Customer.objects.get().document == CPF

    def test_gives_a_code_to_the_customer_that_has_the_document(self):
        customer = build_customer(document=CPF)

        (result,) = save({"code": "7", "document": CPF})

        assert result.instance == customer
        assert Customer.objects.get().code == "7"

    def test_refuses_the_document_of_a_customer_with_another_code(self):
        build_customer(code="8", document=CPF)

        assert errors_of(save({"code": "7", "document": CPF})[0]) == [("document", "taken")]

    def test_refuses_the_card_of_somebody_else(self):
        build_customer(card="C1")
        customer = build_customer(code="7")

        assert errors_of(save({"code": "7", "card": "C1"})[0]) == [("card", "taken")]
        customer.refresh_from_db()
        assert customer.card is None

    def test_without_identity_the_same_phone_and_name_are_the_same_customer(self):
        row = {"phone": "11987654321", "name": "Ana"}

        results = [save(row)[0], save(row)[0], save(row | {"name": "Bia"})[0]]

        assert [result.status for result in results] == ["created", "unchanged", "created"]

    def test_reports_customers_that_are_twice_in_one_list(self):
        build_customer(code="7", document=CPF)

        results = save({"code": "7"}, {"document": CPF}, {"code": "9"}, {"code": "9"})

        assert [result.status for result in results] == ["unchanged", "error", "created", "error"]
        assert [errors_of(results[1]), errors_of(results[3])] == [
            [("", "duplicate")],
            [("code", "duplicate")],
        ]

    def test_sets_groupings_and_home_store(self):
        vip, old = build_customer_grouping(code="vip"), build_customer_grouping(code="old")
        store = build_store(code="0001")
        customer = build_customer(code="7")
        customer.groupings.add(old)

        (result,) = save({"code": "7", "groupings": ["vip"], "home_store": "0001"})

        assert result.status == "updated"
        customer.refresh_from_db()
        assert (list(customer.groupings.all()), customer.home_store) == ([vip], store)

    def test_records_consents_once_however_often_a_list_is_sent(self):
        row = {"code": "7", "consents": [{"purpose": "marketing", "channel": "sms", "granted": True}]}

        statuses = [save(row)[0].status, save(row)[0].status]

        assert statuses == ["created", "unchanged"]
        assert Consent.objects.get().source == "import"

    def test_takes_ten_thousand_rows_with_a_constant_number_of_statements(
        self, django_assert_max_num_queries
    ):
        build_customer_grouping(code="vip")
        rows = [
            {
                "document": build_cpf(200_000_000 + number),
                "name": f"Cliente {number}",
                "phone": "(11) 98765-4321",
                "groupings": ["vip"],
                "consents": [{"purpose": "promotions", "granted": True}],
            }
            for number in range(10_000)
        ]

        with django_assert_max_num_queries(10):
            created = save(*rows)
        with django_assert_max_num_queries(10):
            again = save(*rows)

        assert {result.status for result in created} == {"created"}
        assert {result.status for result in again} == {"unchanged"}
        assert Consent.objects.count() == 10_000


class TestComputedGroupings:
    """A segment decides who is in its grouping."""

    def test_take_nobody_by_hand_and_keep_who_is_in_them(self):
        computed = build_customer_grouping(segment=build_segment(), customers=[build_customer(code="in")])
        by_hand = build_customer_grouping()
        both = [computed.code, by_hand.code]

        kept, [new], [other] = (
            save({"code": "in", "groupings": both}),
            save({"code": "new", "groupings": both}),
            save({"code": "other", "groupings": [by_hand.code]}),
        )

        assert [errors_of(result) for result in (*kept, new, other)] == [
            [],
            [("groupings[0]", "computed_grouping")],
            [],
        ]
        assert set(Customer.objects.get(code="in").groupings.all()) == {computed, by_hand}
        assert not Customer.objects.filter(code="new").exists()


class TestUpdateCustomer:
    def test_changes_the_document_of_a_known_customer(self):
        customer = build_customer(name="Ana")

        result = update_customer(customer=customer, values={"document": CPF}, at=NOON, source="web")

        assert result.status == "updated"
        customer.refresh_from_db()
        assert (customer.document, customer.name) == (CPF, "Ana")

    def test_refuses_the_document_of_another_customer(self):
        build_customer(document=CPF)

        result = update_customer(customer=build_customer(), values={"document": CPF}, at=NOON, source="web")

        assert errors_of(result) == [("document", "taken")]


class TestSaveAtCounter:
    def test_a_new_customer_belongs_to_the_store(self):
        store = build_store()

        result = save_at_counter(values={"document": CPF, "name": "Ana"}, store=store, at=NOON)

        assert (result.status, result.instance.home_store) == ("created", store)

    def test_completes_a_known_customer_and_empties_nothing(self):
        build_customer(document=CPF, name="Ana", email="ana@example.com", home_store=build_store())

        result = save_at_counter(
            values={"document": CPF, "email": "", "phone": "11987654321"}, store=build_store(), at=NOON
        )

        assert result.status == "updated"
        customer = Customer.objects.get()
        assert (customer.email, customer.phone) == ("ana@example.com", "+5511987654321")

    @pytest.mark.parametrize("name", ["level", "remark", "code", "groupings", "is_active", "home_store"])
    def test_refuses_what_is_the_chains_business(self, name):
        result = save_at_counter(values={"document": CPF, name: "x"}, store=build_store(), at=NOON)

        assert errors_of(result) == [(name, "unknown_field")]

    def test_records_consents_with_the_store(self):
        store = build_store()

        save_at_counter(
            values={
                "document": CPF,
                "consents": [{"purpose": "loyalty", "granted": True, "operator": "Rui"}],
            },
            store=store,
            at=NOON,
        )

        consent = Consent.objects.get()
        assert (consent.source, consent.store, consent.operator) == ("till", store, "Rui")


class TestBornOn:
    def test_finds_birthdays_whatever_the_year(self):
        ana = build_customer(birth_date=date(1990, 11, 22))
        build_customer(birth_date=date(1990, 11, 23))

        assert list(Customer.objects.born_on([date(2026, 11, 22)])) == [ana]

    @pytest.mark.parametrize(("year", "found"), [(2026, True), (2028, False)])
    def test_celebrates_29_february_on_the_28th_in_common_years(self, year, found):
        build_customer(birth_date=date(2000, 2, 29))

        assert Customer.objects.born_on([date(year, 2, 28)]).exists() is found


class TestSearch:
    @pytest.mark.parametrize(
        "text", ["390.533.447-05", "11 98765-4321", "ANA@example.com", "joao souza", "C1", "K7"]
    )
    def test_finds_by_whatever_identifies_a_customer(self, text):
        customer = build_customer(
            name="João de Souza",
            document=CPF,
            phone="+5511987654321",
            email="ana@example.com",
            card="C1",
            code="K7",
        )
        build_customer(name="Maria")

        assert list(Customer.objects.search(text)) == [customer]

    @pytest.mark.parametrize(
        "text", ["Helena Prado", "390.533.447-05", "11 98765-4321", "ana@example.com", "K7"]
    )
    def test_reads_no_more_than_it_finds(self, text):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")

        assert "Seq Scan" not in Customer.objects.search(text).explain()


def test_a_later_consent_row_in_a_list_never_lies_in_the_future():
    build_consent(given_at=NOON - timedelta(days=1))
    future = (NOON + timedelta(days=3)).isoformat()

    save({"code": "7", "consents": [{"purpose": "loyalty", "granted": True, "given_at": future}]})

    assert Consent.objects.get(purpose="loyalty").given_at == NOON


class TestTextsOfConsent:
    def test_another_text_under_the_name_of_our_version_is_an_error_of_its_row(self):
        written = write_consent_text(
            purpose="marketing", channel="", language="pt-br", text="Aceito.", by=None, at=NOON
        )
        yes = {"purpose": "marketing", "granted": True, "text_version": written.version}

        right, wrong = save(
            {"document": CPF, "name": "Ana", "consents": [yes]},
            {"document": "52998224725", "name": "Bia", "consents": [yes, yes | {"text": "Other"}]},
        )

        assert right.status == "created"
        assert errors_of(wrong) == [("consents[1].text", "differs")]
        assert Consent.objects.get().text == "Aceito."
