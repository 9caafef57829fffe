"""The pages of stored values: the list, one of them, and what a manager does to it."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from loyalty.models import StoredValue, StoredValueEvent
from loyalty.selectors.stored_values import find_by_code
from loyalty.services.stored_values import code_again
from tests.builders import build_card, build_customer, build_stored_value_type, build_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager() -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(User.objects.create_superuser("marina"))
    return client


def page_of(stored: StoredValue) -> str:
    return f"/stored-values/{stored.pk}/"


def act(client: Client, stored: StoredValue, action: str, **values: Any) -> str:
    sent = {"reason": "Porque sim"} | values
    answer = client.post(f"{page_of(stored)}{action}/", sent, follow=True)
    return answer.content.decode()


def shown_code(page: str) -> str:
    found = re.search(r"<code data-copy-source[^>]*>([^<]+)</code>", page)
    return found[1] if found else ""


class TestList:
    def test_finds_by_the_full_code_and_shows_it_nowhere(self, manager):
        stored = build_card()
        code = code_again(stored)

        for typed in (code, code.lower().replace("-", " ")):
            answer = manager.post("/stored-values/find/", {"code": typed})
            assert answer["Location"] == page_of(stored)
        listed = manager.get("/stored-values/").content.decode()

        assert code not in listed
        assert f"····{code[-4:]}" in listed

    def test_finds_a_replaced_card_by_its_old_code(self, manager):
        stored = build_card()
        old = code_again(stored)
        act(manager, stored, "replace")

        assert manager.post("/stored-values/find/", {"code": old})["Location"] == page_of(stored)

    @pytest.mark.parametrize("code", ["", "AAAA-AAAA-AAAA-AAAA", "NAO-EXISTE", "x" * 90])
    def test_says_that_there_is_none(self, manager, code):
        page = manager.post("/stored-values/find/", {"code": code}, follow=True).content.decode()

        assert "No stored value has this code" in page
        assert not code or code not in page

    def test_filters_by_last_four_customer_and_state(self, manager):
        customer = build_customer(name="Helena Prado")
        hers = build_card(customer_id=customer.pk, code="CARTAO-7788")
        build_card(expires_at=timezone.now() - timedelta(days=1))

        for query in ("q=7788", "q=Helena", "q=Lena", f"customer={customer.pk}", "state=usable"):
            page = manager.get(f"/stored-values/?{query}").content.decode()
            assert page.count('class="row-link"') == 1, query
            assert f'href="{page_of(hers)}"' in page

    def test_kinds_and_types_are_two_things(self, manager):
        build_card(type=build_stored_value_type(name="Aurora", kind="e_purse"))
        portuguese = Client(headers={"accept-language": "pt-br"})
        portuguese.force_login(User.objects.get(username="marina"))

        for client in (manager, portuguese):
            answer = client.get("/stored-values/")
            labels = [str(field.label) for field in answer.context["filters"].visible_fields()]
            headings = client.get("/stored-values/?export=csv").streaming_content
            headings = b"".join(headings).decode("utf-8-sig").splitlines()[0].split(";")

            assert len(set(labels)) == len(labels), labels
            assert len(set(headings)) == len(headings), headings

    def test_is_short_on_a_phone(self, manager):
        for _number in range(26):
            build_card()

        page = manager.get("/stored-values/").content.decode()
        [row, *_others] = page.split("<tbody>")[1].split("</tr>")

        assert page.count('class="row-link"') == 25
        shown = re.findall(r'<td data-label="([^"]*)" class="(?![^"]*(?:wide-only|blank))', row)
        assert shown == ["Available", "State"]

    def test_a_file_writes_amounts_with_two_places_and_percentages_apart(self, manager):
        voucher = build_stored_value_type(kind="voucher")
        build_card(35_00)
        build_card(expires_at=timezone.now() - timedelta(days=1))
        for used in (False, True):
            card = build_card(0, type=voucher, percent=Decimal("7.5"))
            if used:
                StoredValue.objects.filter(pk=card.pk).update(blocked_at=timezone.now(), blocked_reason="x")

        file = b"".join(manager.get("/stored-values/?export=csv").streaming_content).decode("utf-8-sig")
        [headings, *rows] = [line.split(";") for line in file.splitlines()]

        available, percent = headings.index("Available"), headings.index("Percentage")
        assert sorted((row[available], row[percent]) for row in rows) == [
            ("0.00", ""),
            ("0.00", "7.50"),
            ("0.00", "7.50"),
            ("35.00", ""),
        ]


class TestDetail:
    def test_tells_what_it_holds_and_all_that_happened(self, manager):
        customer = build_customer(name="Helena Prado")
        stored = build_card(50_00, customer_id=customer.pk)
        act(manager, stored, "adjust", direction="take", amount="20.00", operation=str(uuid4()))

        page = act(manager, stored, "block", reason="Perdido")

        assert "R$\xa030.00" in page
        assert "−R$\xa020.00" in page
        assert "+R$\xa050.00" in page
        assert "Porque sim" in page
        assert "Perdido" in page
        assert "marina" in page
        assert f'href="/customers/{customer.pk}/statement/"' in page

    def test_offers_only_what_the_reader_may_do(self):
        stored = build_card()
        client = Client()
        client.force_login(build_user(permissions=["loyalty.view_storedvalue"]))

        page = client.get(page_of(stored)).content.decode()

        for action in ("block", "replace", "assign", "adjust", "void"):
            assert f"{page_of(stored)}{action}/" not in page
            assert client.post(f"{page_of(stored)}{action}/", {"reason": "x"}).status_code == 403


class TestActions:
    def test_block_unblock_void(self, manager):
        stored = build_card()

        assert "It is blocked." in act(manager, stored, "block")
        assert "It can be used again." in act(manager, stored, "unblock")
        assert "It was taken back and ended." in act(manager, stored, "void")
        assert "ended" in act(manager, stored, "unblock")
        assert StoredValueEvent.objects.count() == 3

    def test_voiding_says_what_became_of_what_is_missing(self, manager):
        reduced, expired = build_card(), build_card(expires_at=timezone.now() - timedelta(days=1))
        act(manager, reduced, "adjust", direction="take", amount="20.00", operation=str(uuid4()))

        pages = [act(manager, one, "void") for one in (reduced, expired)]

        assert "Value was taken from it by hand or with a return" in pages[0]
        assert "Something of it has expired." in pages[1]
        assert not any("used already" in page for page in pages)

    def test_a_reason_is_needed_and_what_was_typed_is_kept(self, manager):
        stored = build_card()

        page = act(
            manager, stored, "adjust", amount="7.77", direction="add", reason="", operation=str(uuid4())
        )

        assert "This field is required" in page
        assert 'value="7.77"' in page
        stored.account.refresh_from_db()
        assert stored.account.balance == 50

    def test_replacing_shows_the_new_code_once(self, manager):
        stored = build_card()

        answer = manager.post(f"{page_of(stored)}replace/", {"reason": "Perdido"})

        code = shown_code(answer.content.decode())
        assert find_by_code(code) == stored
        assert answer["Cache-Control"] == "no-store"
        assert code not in manager.get(page_of(stored)).content.decode()

    def test_a_code_that_is_taken_is_refused_at_its_field(self, manager):
        stored = build_card()
        build_card(code="CARTAO-1")

        page = act(manager, stored, "replace", code="cartao-1")

        assert "This code cannot be given out" in page
        assert code_again(stored)

    def test_assigns_to_a_customer_and_back(self, manager):
        stored, customer = build_card(), build_customer(name="Helena Prado")

        given = act(manager, stored, "assign", customer=f"#{customer.pk}")
        released = act(manager, stored, "assign", customer="")

        assert f'href="/customers/{customer.pk}/statement/"' in given
        assert "whoever has its code" in released

    def test_adjusts_once_and_within_its_limits(self, manager):
        stored = build_card(type=build_stored_value_type(kind="e_purse", ceiling=Decimal(60)))
        sent = {"direction": "add", "amount": "10.00", "operation": str(uuid4())}

        act(manager, stored, "adjust", **sent)
        act(manager, stored, "adjust", **sent)
        above = act(manager, stored, "adjust", **sent | {"amount": "0.01", "operation": str(uuid4())})
        below = act(manager, stored, "adjust", direction="take", amount="60.01", operation=str(uuid4()))

        stored.account.refresh_from_db()
        assert stored.account.balance == 60
        assert "more than its type allows" in above
        assert "not enough value" in below


class TestGiving:
    def sent(self, **values: Any) -> dict[str, Any]:
        kind = values.pop("type", None) or build_stored_value_type(kind="voucher")
        return {
            "customer": f"#{build_customer().pk}",
            "type": kind.code,
            "amount": "25.00",
            "reason": "Atraso",
            "operation": str(uuid4()),
        } | values

    def test_shows_the_code_on_the_page_that_answers(self, manager):
        sent = self.sent()

        pages = [manager.post("/stored-values/give/", sent).content.decode() for _time in range(2)]

        stored = StoredValue.objects.get()
        assert find_by_code(shown_code(pages[0])) == stored
        assert shown_code(pages[0]) == shown_code(pages[1])
        assert f"#{stored.customer_id}" == sent["customer"]

    def test_offers_types_with_their_kinds(self, manager):
        build_stored_value_type(name="Aurora", kind="e_purse")
        build_stored_value_type(name="Fidelidade", kind="voucher")

        page = manager.get("/stored-values/give/").content.decode()

        assert "Aurora (E-purse)</option>" in page
        assert "Fidelidade (Voucher)</option>" in page

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"customer": "ninguém"}, "Choose one customer from the list"),
            ({"amount": ""}, "Say what it is worth"),
            ({"percent": "10"}, "Only a voucher is worth a percentage"),
            ({"expires_on": "2020-01-01"}, "This day is over"),
            ({"stores": "NONE"}, "There is no such store"),
        ],
    )
    def test_says_what_is_wrong(self, manager, values, message):
        answer = manager.post("/stored-values/give/", self.sent(**values))

        assert answer.status_code == 422
        assert message in answer.content.decode()
        assert not StoredValue.objects.exists()


class TestChoosingACustomer:
    def test_a_bare_number_is_that_of_a_card_or_the_chains_own_and_nobodys_key(self, manager):
        stored, other = build_card(), build_customer()
        holder = build_customer(card=str(other.pk))

        act(manager, stored, "assign", customer=str(other.pk))
        stored.refresh_from_db()
        assert stored.customer == holder

        unknown = act(manager, stored, "assign", customer=str(holder.pk))
        assert "Choose one customer from the list" in unknown

    def test_the_form_comes_with_whose_it_is_and_offers_others_alike(self, manager):
        customer = build_customer(name="Helena Prado")
        stored = build_card(customer_id=customer.pk)

        form = manager.get(f"{page_of(stored)}assign/").context["form"]
        offered = manager.get("/loyalty/stored-value-types/choices/?kind=customer&q=helena").content.decode()

        assert form["customer"].value() == f"#{customer.pk}"
        assert f'data-value="#{customer.pk}"' in offered


class TestStatementOfACustomer:
    def test_a_lost_card_is_found_again_from_its_customer(self, manager):
        customer = build_customer()
        purse = build_card(35_00, customer_id=customer.pk)
        build_card(expires_at=timezone.now() - timedelta(days=1), customer_id=customer.pk)

        page = manager.get(f"/customers/{customer.pk}/statement/").content.decode()

        assert page.count('href="/stored-values/') == 3  # the navigation, the card, and all of the customer's
        assert f'href="{page_of(purse)}"' in page
        assert "R$\xa035.00" in page
