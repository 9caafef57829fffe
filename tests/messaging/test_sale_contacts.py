"""Whom sales without a customer lead to: what tills really send is found again when somebody writes to the sales."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns.services import jobs
from customers.models import Consent, Customer
from messaging.models import Mailing, Message
from messaging.selectors.audience import count_reach
from messaging.selectors.sale_contacts import contacts_of
from messaging.services.mailing_course import confirm_mailing
from messaging.services.mailings import TextDraft
from retail.models import Sale
from tests.builders import build_customer, build_sale
from tests.messaging.builders import build_automation, build_company, build_mailing
from tests.pos_api.till import Till, line, sale

pytestmark = pytest.mark.django_db
EMAIL = {"email": TextDraft(subject="Oi", text="Obrigado pela compra {{ sale.ticket }}!")}


@pytest.fixture(autouse=True)
def _nobody_is_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pos_api.views.receipts.wake_senders", lambda: None)


def offer_receipts() -> None:
    build_automation(
        occasion="receipt",
        channels=["email", "sms"],
        settings={"email": "offer", "sms": "offer", "whatsapp": "never"},
        enabled_at=timezone.now() - timedelta(days=1),
    )


def sell(till: Till, **fields: Any) -> Sale:
    answer = till.sell(sale(line(), **fields))
    assert answer.status_code == 201, answer.content
    return Sale.objects.get(uuid=answer.json()["sale"])


def write_to(*sales: Sale) -> Mailing:
    """Write to the customers of sales, and gather them."""
    at = timezone.now()
    mailing = build_mailing(texts=EMAIL, sale_ids=[found.pk for found in sales], at=at)
    confirm_mailing(mailing=mailing, by=None, at=at)
    jobs.run_due_jobs(clock=lambda: at)
    return mailing


class TestAddressOfASale:
    def test_that_was_typed_at_the_till_becomes_a_customer(self):
        build_company()
        sold = sell(Till.open(), captured={"email": "Nova@Example.com", "name": "Nova Souza"})
        assert sold.customer is None

        mailing = write_to(sold)

        customer = Customer.objects.get(email="nova@example.com")
        assert (customer.name, customer.home_store) == ("Nova Souza", sold.store)
        assert mailing.messages.get().customer == customer
        assert not Consent.objects.exists()

    @pytest.mark.parametrize(
        ("channel", "told", "kept"),
        [
            ("email", "Nova@Example.com", {"email": "nova@example.com"}),
            ("sms", "(11) 98765-4321", {"phone": "+5511987654321"}),
        ],
    )
    def test_that_was_told_for_a_receipt_becomes_a_customer(self, recorders, channel, told, kept):
        offer_receipts()
        till = Till.open()
        sold = sell(till)
        asked = till.send("POST", f"sales/{sold.uuid}/receipt/", {"channel": channel, "address": told})
        assert asked.status_code == 201, asked.content
        assert not Customer.objects.exists()

        mailing = write_to(sold)

        customer = Customer.objects.get(**kept)
        assert Message.objects.get(mailing=mailing).customer == customer

    def test_is_that_of_a_known_customer(self):
        build_company()
        known = build_customer(email="ana@example.com")
        sold = sell(Till.open(), captured={"email": "ana@example.com"})

        mailing = write_to(sold)

        assert mailing.messages.get().customer == known
        assert Customer.objects.count() == 1

    def test_prefers_who_was_named_and_leaves_out_what_cannot_be_read(self):
        named = build_sale(
            request={
                "customer": {"phone": "11 98765-4321"},
                "captured": {"phone": "11 91111-2222", "email": "x@"},
            }
        )
        nameless = build_sale(request={"captured": {"name": "Ana"}})

        assert contacts_of([named, nameless]) == {named.pk: {"phone": "+5511987654321"}, nameless.pk: {}}


class TestCount:
    def test_leaves_out_sales_that_tell_nobody(self, django_assert_max_num_queries):
        told = [build_sale(request={"captured": {"email": "ana@example.com"}}) for _ in range(2)]
        other = build_sale(request={"captured": {"phone": "11 98765-4321"}})
        silent = [build_sale() for _ in range(3)]
        mailing = build_mailing(texts=EMAIL, sale_ids=[found.pk for found in [*told, other, *silent]])

        with django_assert_max_num_queries(9):
            reach = count_reach(mailing, at=timezone.now())

        # The same address twice is one person.
        assert (reach.people, reach.reachable) == (2, 0)
