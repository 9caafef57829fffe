"""Pages of terminals' keys and of sales."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from loyalty.models import AccountKind, StoredValue, StoredValueType
from loyalty.selectors.stored_values import usual_type
from loyalty.services.stored_values import code_again
from pos_api.models import TerminalKey
from pos_api.services.credentials import hash_secret, issue_terminal_key
from retail.models import SaleState
from tests import builders


@pytest.fixture
def client(db) -> Client:
    """The browser of a manager who may do everything, in English."""
    client = Client()
    client.force_login(User.objects.create_superuser("marina"))
    client.cookies["django_language"] = "en"
    return client


class TestKeys:
    def test_are_shown_once_and_stored_as_a_hash(self, client):
        terminal = builders.build_terminal()

        answer = client.post(f"/terminals/{terminal.pk}/keys/", {"name": "Caixa 1"})

        credential = answer.context["credential"]
        key_id, _dot, secret = credential.removeprefix("fiel_live_").partition(".")
        key = TerminalKey.objects.get(key_id=key_id)
        assert credential in answer.content.decode()
        assert answer["Cache-Control"] == "no-store"
        assert key.secret_hash == hash_secret(secret)
        assert key.created_by.username == "marina"
        assert secret not in client.get(f"/terminals/{terminal.pk}/").content.decode()

    def test_end_after_their_last_day(self, client):
        terminal = builders.build_terminal()
        last_day = timezone.localdate() + timedelta(days=3)

        client.post(f"/terminals/{terminal.pk}/keys/", {"last_day": last_day.isoformat()})

        expires_at = timezone.localtime(TerminalKey.objects.get().expires_at)
        assert (expires_at.date(), expires_at.hour) == (last_day + timedelta(days=1), 0)

    def test_refuse_a_day_that_is_over(self, client):
        terminal = builders.build_terminal()

        answer = client.post(f"/terminals/{terminal.pk}/keys/", {"last_day": "2020-01-01"})

        assert answer.status_code == 422
        assert "data-dialog-reopen" in answer.content.decode()
        assert not TerminalKey.objects.exists()

    def test_are_rotated_with_both_valid_for_a_while(self, client):
        key, _credential = issue_terminal_key(terminal=builders.build_terminal(), at=timezone.now())

        answer = client.post(f"/terminals/keys/{key.pk}/rotate/", {"grace": "24"})

        key.refresh_from_db()
        assert answer.context["credential"].startswith("fiel_live_")
        assert timedelta(hours=23) < key.expires_at - timezone.now() < timedelta(hours=25)
        assert TerminalKey.objects.count() == 2

    def test_are_not_rotated_for_a_time_that_nobody_offered(self, client):
        key, _credential = issue_terminal_key(terminal=builders.build_terminal(), at=timezone.now())

        client.post(f"/terminals/keys/{key.pk}/rotate/", {"grace": "999999"})

        assert TerminalKey.objects.count() == 1

    def test_are_revoked_at_once(self, client):
        key, _credential = issue_terminal_key(terminal=builders.build_terminal(), at=timezone.now())

        client.post(f"/terminals/keys/{key.pk}/revoke/")

        key.refresh_from_db()
        assert key.revoked_at is not None

    @pytest.mark.parametrize(
        "page",
        ["/terminals/{terminal}/keys/", "/terminals/keys/{key}/rotate/", "/terminals/keys/{key}/revoke/"],
    )
    def test_are_no_business_of_who_may_only_look(self, db, page):
        key, _credential = issue_terminal_key(terminal=builders.build_terminal(), at=timezone.now())
        reader = Client()
        reader.force_login(
            builders.build_user(permissions=["retail.view_terminal", "pos_api.view_terminalkey"])
        )

        answer = reader.post(page.format(terminal=key.terminal_id, key=key.pk), {"grace": "0"})

        assert answer.status_code == 403
        key.refresh_from_db()
        assert (key.revoked_at, TerminalKey.objects.count()) == (None, 1)


class TestSales:
    def test_are_found_by_ticket_fiscal_key_and_identifier(self, client):
        sale = builders.build_sale(ticket="4711", fiscal_key="3" * 44)
        builders.build_sale(ticket="0815")

        for words in ("4711", "3" * 44, str(sale.uuid)):
            text = client.get("/sales/", {"q": words}).content.decode()
            assert "4711" in text
            assert "0815" not in text

    def test_are_narrowed_by_store_day_state_and_discount(self, client):
        sale = builders.build_sale(ticket="4711")
        builders.build_sale(ticket="0815", business_date="2026-01-01")
        builders.build_sale(
            ticket="0816", state=SaleState.CANCELLED, cancelled_at=builders.NOON, terminal=sale.terminal
        )

        query = f"store={sale.store.pk}&since=2026-11-20&until=2026-11-20&state=committed&discounted=no"
        text = client.get(f"/sales/?{query}").content.decode()

        assert "4711" in text
        assert "0815" not in text
        assert "0816" not in text

    def test_show_when_they_happened_by_the_clock_of_their_store(self, client):
        store = builders.build_store(time_zone="America/Manaus")
        sale = builders.build_sale(terminal=builders.build_terminal(store=store), occurred_at=builders.NOON)

        assert "20 Nov 2026, 11:00" in client.get(f"/sales/{sale.pk}/").content.decode()

    def test_show_how_whoever_bought_can_be_written_to(self, client):
        customer = builders.build_customer(email="ana@example.com", phone="+5511987654321")
        known = builders.build_sale(customer=customer)
        anonymous = builders.build_sale(request={"captured": {"email": "nova@example.com"}})
        nobody = builders.build_sale()

        def page(sale):
            return client.get(f"/sales/{sale.pk}/").content.decode()

        assert "ana@example.com" in page(known)
        assert "(11) 98765-4321" in page(known)
        assert "<dd>nova@example.com</dd>" in page(anonymous)
        assert "<dt>E-mail</dt>" not in page(nobody)
        client.force_login(builders.build_user(permissions=["retail.view_sale"]))
        assert "ana@example.com" not in page(known)
        assert "nova@example.com" not in page(anonymous)

    def test_show_why_campaigns_did_not_come_in(self, client):
        response = {
            "not_activated": [
                {
                    "campaign": "ACIMA200",
                    "reason": "minimum_amount",
                    "text": "R$ 20,00 more",
                    "missing": "20.00",
                }
            ]
        }
        sale = builders.build_sale(response=response)

        assert "R$ 20,00 more" in client.get(f"/sales/{sale.pk}/").content.decode()

    def test_survive_a_stored_answer_of_any_shape(self, client):
        for response in (None, [], {"not_activated": [1, {"missing": ""}]}):
            sale = builders.build_sale(response=response)

            assert client.get(f"/sales/{sale.pk}/").status_code == 200

    def test_write_amounts_as_the_reader_does(self, client):
        line = {"quantity": Decimal(2), "unit_price": Decimal("1249.90")}
        sale = builders.build_sale(lines=[line])

        assert "R$\N{NO-BREAK SPACE}2,499.80" in client.get(f"/sales/{sale.pk}/").content.decode()
        client.cookies["django_language"] = "pt-br"
        assert "R$\N{NO-BREAK SPACE}2.499,80" in client.get(f"/sales/{sale.pk}/").content.decode()

    def test_are_cancelled_once_and_say_by_whom(self, client):
        sale = builders.build_sale()

        client.post(f"/sales/{sale.pk}/cancel/")
        client.post(f"/sales/{sale.pk}/cancel/")

        sale.refresh_from_db()
        assert (sale.state, sale.flags) == (SaleState.CANCELLED, ["cancelled_by_manager"])

    def test_stand_when_they_were_returned(self, client):
        sale = builders.build_sale(state=SaleState.RETURNED)

        answer = client.post(f"/sales/{sale.pk}/cancel/", follow=True)

        sale.refresh_from_db()
        assert sale.state == SaleState.RETURNED
        assert "A sale that was returned cannot be cancelled." in answer.content.decode()

    def test_are_cancelled_only_with_permission(self, db):
        sale = builders.build_sale()
        reader = Client()
        reader.force_login(builders.build_user(permissions=["retail.view_sale"]))

        assert reader.post(f"/sales/{sale.pk}/cancel/").status_code == 403
        assert "cancel-sale" not in reader.get(f"/sales/{sale.pk}/").content.decode()


class TestReturns:
    def sold(self):
        line = {"quantity": Decimal(3), "unit_price": Decimal("10.00"), "refundable": Decimal("30.00")}
        return builders.build_sale(lines=[line])

    def test_are_recorded_once_by_a_manager_and_shown(self, client):
        sale = self.sold()
        form = client.get(f"/sales/{sale.pk}/return/").context["form"]
        entered = {"reference": form["reference"].value(), "line_1": "2"}

        first = client.post(f"/sales/{sale.pk}/return/", entered, follow=True)
        client.post(f"/sales/{sale.pk}/return/", entered)

        sale.refresh_from_db()
        assert (sale.state, sale.lines.get().returned) == (SaleState.PARTIALLY_RETURNED, 2)
        page = first.content.decode()
        assert "To give back: R$\N{NO-BREAK SPACE}20.00." in page
        assert "2 came back" in page
        assert sale.returns.get().actor.username == "marina"

    def test_can_give_a_credit_note_whose_code_only_this_answer_shows(self, client):
        sale = self.sold()
        entered = {"reference": "M-1", "line_1": "2", "refund_as": "credit_note"}

        shown = client.post(f"/sales/{sale.pk}/return/", entered)

        note = StoredValue.objects.get()
        code = code_again(note)
        assert shown["Cache-Control"] == "no-store"
        assert code in shown.content.decode()
        assert "R$\N{NO-BREAK SPACE}20.00" in shown.content.decode()
        assert (note.actor.username, note.sale_id) == ("marina", sale.pk)
        page = client.get(f"/sales/{sale.pk}/").content.decode()
        assert code not in page
        assert f"····{code[-4:]}" in page

    def test_say_why_no_credit_note_is_given(self, client):
        usual_type(AccountKind.CREDIT_NOTE)
        StoredValueType.objects.update(is_active=False)
        sale = self.sold()

        answer = client.post(
            f"/sales/{sale.pk}/return/", {"reference": "M-1", "line_1": "1", "refund_as": "credit_note"}
        )

        assert answer.status_code == 422
        assert "No credit notes are given." in answer.content.decode()

    def test_say_what_cannot_be(self, client):
        sale = self.sold()

        nothing = client.post(f"/sales/{sale.pk}/return/", {"reference": "M-1", "line_1": ""})
        too_many = client.post(f"/sales/{sale.pk}/return/", {"reference": "M-1", "line_1": "4"})

        assert (nothing.status_code, too_many.status_code) == (422, 422)
        assert "Say of at least one line how much comes back." in nothing.content.decode()
        assert not sale.returns.exists()

    def test_are_not_offered_for_a_cancelled_sale(self, client):
        sale = builders.build_sale(state=SaleState.CANCELLED, cancelled_at=builders.NOON)

        answer = client.get(f"/sales/{sale.pk}/return/", follow=True)

        assert answer.redirect_chain
        assert "Take units back" not in answer.content.decode()
