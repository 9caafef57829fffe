"""Pages of customers: identity, consents, groupings, what lists show and hide."""

import csv
import io
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from customers.models import Consent, Customer
from tests import builders


@pytest.fixture
def client(db) -> Client:
    """The browser of a manager who may do everything, in English."""
    client = Client()
    client.force_login(User.objects.create_superuser("marina"))
    client.cookies["django_language"] = "en"
    return client


CUSTOMER = {"name": "Ana Souza", "language": "pt-br", "is_active": "on"}


class TestForm:
    def test_takes_documents_and_phones_as_people_write_them(self, client):
        document = builders.build_cpf(390_533_447)

        client.post(
            "/customers/new/",
            CUSTOMER | {"document": "390.533.447-05", "phone": "(11) 98765-4321", "email": "Ana@Example.com"},
        )

        customer = Customer.objects.get()
        assert (customer.document, customer.phone, customer.email) == (
            document,
            "+5511987654321",
            "ana@example.com",
        )

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("document", "390.533.447-06"),
            ("document", "111.111.111-11"),
            ("phone", "1234"),
            ("email", "ana@"),
            ("birth_date", "2026-02-30"),
            ("birth_date", "0001-01-01"),
            ("state", "XX"),
        ],
    )
    def test_refuses_what_cannot_be_and_keeps_the_rest(self, client, field, value):
        answer = client.post("/customers/new/", CUSTOMER | {field: value})

        assert answer.status_code == 422
        assert f'href="#id_{field}"' in answer.content.decode()
        assert 'value="Ana Souza"' in answer.content.decode()
        assert not Customer.objects.exists()

    @pytest.mark.parametrize("name", ["document", "code", "card"])
    def test_never_takes_a_new_customer_for_a_known_one(self, client, name):
        value = builders.build_cpf() if name == "document" else "A-1"
        builders.build_customer(**{"name": "Beatriz", name: value})

        answer = client.post("/customers/new/", CUSTOMER | {name: value})

        assert answer.status_code == 422
        assert "Another customer has this already." in answer.content.decode()
        assert Customer.objects.get().name == "Beatriz"

    def test_asks_for_anything_that_says_who_it_is(self, client):
        answer = client.post("/customers/new/", {"language": "pt-br"})

        assert answer.status_code == 422

    def test_changes_whatever_identifies_the_customer(self, client):
        customer = builders.build_customer(code="A-1", card="C-1")

        client.post(f"/customers/{customer.pk}/edit/", CUSTOMER | {"code": "A-2", "document": ""})

        customer.refresh_from_db()
        assert (customer.code, customer.card, customer.document) == ("A-2", None, None)

    def test_sets_the_groupings(self, client):
        old, new = builders.build_customer_grouping(), builders.build_customer_grouping()
        customer = builders.build_customer()
        customer.groupings.add(old)

        client.post(f"/customers/{customer.pk}/edit/", CUSTOMER | {"code": "A-1", "groupings": [new.pk]})

        assert list(customer.groupings.all()) == [new]


class TestList:
    def test_masks_documents_and_the_page_of_one_shows_them(self, client):
        customer = builders.build_customer(document=builders.build_cpf(390_533_447))

        assert "390.533" not in client.get("/customers/").content.decode()
        assert "390.533.447-05" in client.get(f"/customers/{customer.pk}/").content.decode()

    def test_finds_by_document_phone_and_name_without_accents(self, client):
        builders.build_customer(
            name="João Conceição", document=builders.build_cpf(390_533_447), phone="+5511987654321"
        )
        builders.build_customer(name="Beatriz")

        for words in ("joao conceicao", "390.533.447-05", "11 98765-4321"):
            text = client.get("/customers/", {"q": words}).content.decode()
            assert "João Conceição" in text, words
            assert "Beatriz" not in text, words

    def test_narrows_by_birthday_and_contact(self, client):
        builders.build_customer(name="Maio", birth_date="1990-05-17", email="maio@example.com")
        builders.build_customer(name="Junho", birth_date="1990-06-17")

        answer = client.get("/customers/?born_in=5&contact=email&export=csv")
        rows = list(
            csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")), delimiter=";")
        )

        assert [row[0] for row in rows[1:]] == ["Maio"]


class TestConsents:
    def test_are_recorded_with_who_recorded_them(self, client):
        customer = builders.build_customer()

        client.post(
            f"/customers/{customer.pk}/consents/",
            {
                "purpose": "marketing",
                "channel": "email",
                "granted": "yes",
                "text": "Aceito.",
                "text_version": "1",
            },
        )

        consent = Consent.objects.get(customer=customer)
        assert (consent.granted, consent.source, consent.recorded_by.username) == (
            True,
            "back_office",
            "marina",
        )

    def test_are_withdrawn_by_one_more_answer(self, client):
        customer = builders.build_customer()
        builders.build_consent(
            customer=customer, purpose="marketing", given_at=builders.NOON - timedelta(days=1)
        )

        answer = client.post(
            f"/customers/{customer.pk}/consents/", {"purpose": "marketing", "granted": "no"}, follow=True
        )

        assert Consent.objects.filter(customer=customer).count() == 2
        standing = dict(answer.context["standing"])["Marketing messages"]
        assert {granted for _channel, granted in standing} == {False}

    def test_need_a_permission_of_their_own(self, client):
        customer = builders.build_customer()
        reader = Client()
        reader.force_login(
            builders.build_user(permissions=["customers.view_customer", "customers.view_consent"])
        )

        answer = reader.post(
            f"/customers/{customer.pk}/consents/", {"purpose": "marketing", "granted": "yes"}
        )

        assert answer.status_code == 403
        assert not Consent.objects.exists()

    def test_name_what_is_missing(self, client):
        customer = builders.build_customer()

        answer = client.post(f"/customers/{customer.pk}/consents/", {"purpose": "marketing"})

        assert answer.status_code == 422


class TestGroupings:
    def test_take_a_pasted_list_of_documents(self, client):
        customer = builders.build_customer(document=builders.build_cpf(390_533_447))
        grouping = builders.build_customer_grouping()

        client.post(
            f"/groupings/customers/{grouping.pk}/members/",
            {"entries": "390.533.447-05", "name": "document", "add": "1"},
        )

        assert list(grouping.customers.all()) == [customer]
