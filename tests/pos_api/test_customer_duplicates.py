"""The company's likely duplicates: which records make a pair, which of the two would stay, and the page that lists them."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from customers import duplicates
from customers.duplicates import likely_pairs
from customers.models import Customer
from tests.builders import build_customer, build_customer_merge, build_user

pytestmark = pytest.mark.django_db
PHONE, EMAIL, BORN = "+5511987654321", "ana@example.com", date(1990, 5, 17)


def record(name: str = "", **values: Any) -> Customer:
    """A record of which nothing is known but what is said."""
    return build_customer(name=name, **{"document": None, "birth_date": None} | values)


def pairs() -> list[tuple[int, int, tuple[str, ...]]]:
    return [(pair.kept, pair.other, pair.alike) for pair in likely_pairs()]


class TestPairs:
    @pytest.mark.parametrize(
        ("shared", "alike"),
        [
            ({"phone": PHONE}, ("phone",)),
            ({"email": EMAIL}, ("email",)),
            ({"name": "Ana Souza", "birth_date": BORN}, ("name",)),
            ({"name": "Ana", "birth_date": BORN, "phone": PHONE, "email": EMAIL}, ("email", "name", "phone")),
        ],
    )
    def test_are_records_with_the_same(self, shared: dict[str, Any], alike: tuple[str, ...]) -> None:
        first, second = record(**shared), record(**shared)

        assert pairs() == [(first.pk, second.pk, alike)]

    def test_find_names_however_they_are_written(self) -> None:
        first, second = record("José Araújo", birth_date=BORN), record("JOSE ARAUJO", birth_date=BORN)

        assert pairs() == [(first.pk, second.pk, ("name",))]

    def test_are_not_made_by_a_name_or_a_birth_date_alone_or_by_what_is_empty(self) -> None:
        record("Ana Souza", birth_date=BORN)
        record("Ana Souza", birth_date=date(1990, 5, 18))
        record("Ana Souza")
        record("Ana Souza")
        record("Bia Lima", birth_date=BORN)
        record(birth_date=BORN)
        record(birth_date=BORN)

        assert pairs() == []

    def test_keep_the_record_with_a_document_or_else_the_older(self) -> None:
        older, known = record(phone=PHONE), record(phone=PHONE, document="39053344705")
        first, second, third = (record(email=EMAIL) for _ in "123")

        assert pairs() == [
            (known.pk, older.pk, ("phone",)),
            (first.pk, second.pk, ("email",)),
            (first.pk, third.pk, ("email",)),
        ]

    def test_are_never_of_two_documents(self) -> None:
        mother = record(phone=PHONE, document="39053344705")
        record(phone=PHONE, document="11144477735")
        child = record(phone=PHONE)

        assert pairs() == [(mother.pk, child.pk, ("phone",))]

    def test_are_no_records_that_were_merged(self) -> None:
        kept, absorbed = record(phone=PHONE, document="39053344705"), record(phone=PHONE)

        build_customer_merge(kept=kept, absorbed=absorbed)

        assert pairs() == []

    def test_put_the_most_alike_first(self) -> None:
        record(email=EMAIL)
        record(email=EMAIL)
        first, second = (record(phone=PHONE, name="Ana", birth_date=BORN) for _ in "12")

        assert pairs()[0] == (first.pk, second.pk, ("name", "phone"))

    def test_are_bounded_whatever_everybody_shares(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(duplicates, "MOST", 3)
        monkeypatch.setattr(duplicates, "MOST_SHARED", 2)
        Customer.objects.bulk_create(Customer(phone=PHONE) for _ in range(9))
        for number in range(9):
            Customer.objects.bulk_create(Customer(email=f"{number}@example.com") for _ in "12")

        with CaptureQueriesContext(connection) as queries:
            found = pairs()

        assert len(queries) == 1
        assert len([pair for pair in found if pair[2] == ("phone",)]) in (2, 3)
        assert len([pair for pair in found if pair[2] == ("email",)]) == 2
        monkeypatch.setattr(duplicates, "MOST_PAIRS", 1)
        assert len(pairs()) == 1

    def test_leave_room_beside_families_in_which_everybody_is_known(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(duplicates, "MOST_SHARED", 1)
        for document in ("39053344705", "11144477735"):
            record(phone="+5511900000000", document=document)
        first, second = record(phone=PHONE), record(phone=PHONE)

        assert pairs() == [(first.pk, second.pk, ("phone",))]


@pytest.fixture
def manager() -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(build_user(permissions=["customers.merge_customer", "customers.view_customer"]))
    return client


class TestPage:
    def test_leads_from_the_list_of_customers_to_the_merge(self, manager: Client) -> None:
        known = record("Ana Souza", phone=PHONE, document="39053344705")
        other = record("A. Souza", phone=PHONE, card="90000001")

        customers = manager.get("/customers/").content.decode()
        page = manager.get("/customers/duplicates/").content.decode()
        merge = manager.get(f"/customers/{known.pk}/merge/{other.pk}/")

        assert 'href="/customers/duplicates/"' in customers
        assert f'href="/customers/{known.pk}/merge/{other.pk}/"' in page
        assert "same phone" in page
        assert "390.533.447-05" not in page
        assert merge.status_code == 200

    def test_says_all_that_two_records_have_alike(self, manager: Client) -> None:
        for name in ("José Araújo", "Jose Araujo"):
            record(name, birth_date=BORN)

        page = manager.get("/customers/duplicates/").content.decode()

        assert "same birth date, same name" in page

    def test_has_pages(self, manager: Client) -> None:
        for number in range(26):
            for _ in "12":
                record(f"Cliente {number:02}", phone=f"+55119876543{number:02}")

        first = manager.get("/customers/duplicates/").content.decode()
        second = manager.get(
            "/customers/duplicates/", {"page": "2", "q": "x", "order": "-kept"}
        ).content.decode()

        assert "Cliente 00" in first
        assert "Cliente 25" not in first
        assert "Cliente 25" in second

    def test_can_be_taken_along(self, manager: Client) -> None:
        for name in ("Ana Souza", "A. Souza"):
            record(name, phone=PHONE)

        answer = manager.get("/customers/duplicates/", {"export": "csv"})
        sheet = manager.get("/customers/duplicates/", {"export": "xlsx"})

        text = b"".join(answer).decode()
        assert "Ana Souza;A. Souza;same phone" in text
        assert b"".join(sheet).startswith(b"PK")
        sheet.close()

    def test_is_not_for_whoever_may_not_merge(self) -> None:
        client = Client(headers={"Accept-Language": "en"})
        client.force_login(build_user(permissions=["customers.view_customer"]))

        assert client.get("/customers/duplicates/").status_code == 403
        assert "/customers/duplicates/" not in client.get("/customers/").content.decode()
