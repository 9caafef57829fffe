"""The pages on which a manager finds the second record of a person, merges it, and undoes that."""

from datetime import date

import pytest
from django.test import Client

from customers.duplicates import likely_duplicates
from customers.models import Customer
from loyalty.models import CustomerMerge
from loyalty.services.ledger import lock_accounts, spend
from pos_api.services.customer_merges import MOVING, SALES
from pos_api.views.pages.customer_merge import ROWS
from tests.builders import (
    NOON,
    build_account,
    build_credit,
    build_customer,
    build_customer_merge,
    build_sale,
    build_user,
    build_vip_card,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager() -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(build_user(permissions=["customers.merge_customer", "customers.view_customer"]))
    return client


@pytest.fixture
def pair() -> tuple[Customer, Customer]:
    """A customer, and a second record of the same person with cashback and a sale."""
    kept = build_customer(name="Ana Souza", phone="+5511987654321")
    absorbed = build_customer(name="ana souza", phone="+5511987654321", document=None, card="90000001")
    build_credit(build_account(customer=absorbed), 30_00)
    build_sale(customer=absorbed)
    return kept, absorbed


class TestDuplicates:
    def test_are_those_most_alike_first(self) -> None:
        ana = build_customer(
            name="Ana Souza", phone="+5511987654321", email="ana@example.com", birth_date=date(1990, 5, 17)
        )
        mail = build_customer(name="A. S.", email="ana@example.com", document=None, birth_date=None)
        all_alike = build_customer(
            name="ANA SOUZA", phone="+5511987654321", email="ana@example.com", document=None
        )
        accent = build_customer(name="Aná Souza", document=None, birth_date=None)
        build_customer(name="Ana Souza", phone="+5511987654321")
        build_customer(name="Outra", document=None)

        found = likely_duplicates(ana)

        # Another CPF is another person, whoever shares the phone.
        assert [one.customer for one in found] == [all_alike, mail, accent]
        assert found[0].alike == ("phone", "email", "birth_date", "name")

    def test_are_no_records_that_were_merged(self, pair: tuple[Customer, Customer]) -> None:
        kept, absorbed = pair
        assert [one.customer for one in likely_duplicates(kept)] == [absorbed]

        build_customer_merge(kept=kept, absorbed=absorbed)

        assert likely_duplicates(kept) == []


class TestPages:
    def test_lead_from_the_customer_to_the_merge_and_back(
        self, manager: Client, pair: tuple[Customer, Customer]
    ) -> None:
        kept, absorbed = pair
        address = f"/customers/{kept.pk}/merge/{absorbed.pk}/"
        assert address in manager.get(f"/customers/{kept.pk}/merge/").content.decode()
        assert address in manager.get(f"/customers/{kept.pk}/merge/?q=90000001").content.decode()
        preview = manager.get(address).content.decode()
        for said in (
            "30.00",
            "90000001",
            "taken from the other",
            f"/customers/{absorbed.pk}/merge/{kept.pk}/",
        ):
            assert said in preview
        assert manager.post(address, {"reason": " "}).status_code == 422
        assert not CustomerMerge.objects.exists()

        answer = manager.post(address, {"reason": "Same person"}, follow=True)

        merge = CustomerMerge.objects.get()
        assert answer.redirect_chain == [(f"/customers/merges/{merge.pk}/", 302)]
        assert "Goes back" in answer.content.decode()
        record = manager.get(f"/customers/{absorbed.pk}/").content.decode()
        assert f'href="/customers/{kept.pk}/"' in record
        assert "Merged into another record" in record
        assert manager.get(f"/customers/{absorbed.pk}/merge/").status_code == 200
        undone = manager.post(f"/customers/merges/{merge.pk}/", follow=True).content.decode()
        assert "They are two records again." in undone
        assert "Make them two records again" not in undone
        again = manager.post(f"/customers/merges/{merge.pk}/", follow=True).content.decode()
        assert "undone already" in again
        absorbed.refresh_from_db()
        assert absorbed.merged_into is None

    def test_say_what_was_used_meanwhile(self, manager: Client) -> None:
        merge = build_customer_merge()
        sale = build_sale(customer=merge.kept)
        account = lock_accounts(merge.kept_id)["cashback", None]
        lot = account.lots.get()
        spend([(lot.pk, 12_00)], cause="sale:9", sale_id=sale.pk, occurred_at=NOON, at=NOON)

        page = manager.get(f"/customers/merges/{merge.pk}/").content.decode()

        assert "Some of the value was used meanwhile" in page
        assert "18.00" in page

    def test_name_everything_that_moves(self, manager: Client) -> None:
        merge = build_customer_merge()
        assert set(ROWS) == {SALES.name, *(moving.name for moving in MOVING)}
        other = build_customer(document=None)
        card = build_vip_card(customer=other)

        preview = manager.get(f"/customers/{merge.kept_id}/merge/{other.pk}/")
        done = manager.post(
            f"/customers/{merge.kept_id}/merge/{other.pk}/", {"reason": "Same person"}, follow=True
        )

        assert "VIP cards" in preview.content.decode()
        assert "VIP cards" in done.content.decode()
        card.refresh_from_db()
        assert card.customer_id == merge.kept_id

    def test_say_why_two_cannot_be_merged(self, manager: Client) -> None:
        one, two = build_customer(), build_customer()
        address = f"/customers/{one.pk}/merge/{two.pk}/"

        page, refused = manager.get(address).content.decode(), manager.post(address, {"reason": "Same"})

        assert "different CPF or CNPJ" in page
        assert "Merge the records" not in page
        assert refused.status_code == 422
        assert manager.post(f"/customers/{one.pk}/merge/999999/", {"reason": "Same"}).status_code == 404

    def test_say_which_merge_to_undo_first(self, manager: Client) -> None:
        first = build_customer_merge()
        build_customer_merge(
            absorbed=Customer.objects.get(pk=first.kept_id), kept=build_customer(document=None)
        )

        page = manager.get(f"/customers/merges/{first.pk}/").content.decode()
        refused = manager.post(f"/customers/merges/{first.pk}/")

        assert "Undo that merge first" in page
        assert (refused.status_code, CustomerMerge.objects.filter(undone_at=None).count()) == (422, 2)

    def test_list_merges(self, manager: Client) -> None:
        merge = build_customer_merge()

        page = manager.get("/customers/merges/?q=Ana").content.decode()

        assert f"/customers/merges/{merge.pk}/" in page
        assert (
            f"/customers/merges/{merge.pk}/"
            not in manager.get("/customers/merges/?state=undone").content.decode()
        )
