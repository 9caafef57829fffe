"""The till asks who it is before a sale uses much of a customer's value."""

import re
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from customers.services.pins import set_pin
from messaging.channels import CHANNELS
from messaging.models import Message
from messaging.services.delivery import deliver_due
from retail.models import Company, Sale
from tests.builders import build_account, build_credit
from tests.e2e.cashier import expect_total, name_customer, pair, sell
from tests.e2e.conftest import OpenPage, Site, Watch
from tests.e2e.shop import Shop, build_shop
from tests.messaging.conftest import RecordingChannel


@pytest.fixture
def shop(site: Site, watch: Watch) -> Shop:
    """A shop whose customer has 30.00 of cashback and a PIN, which is asked for above 10.00 unless a test says otherwise."""
    watch.expected.add("/api/v1/sales/")
    shop = build_shop(campaigns=False)
    Company.objects.update(proof_above=Decimal(10), proof_method="pin")
    build_credit(build_account(customer=shop.customer), 30_00, available_from=timezone.now())
    set_pin(customer_id=shop.customer.pk, pin="2580", at=timezone.now())
    return shop


def test_the_customer_enters_the_pin_and_the_sale_is_recorded(open_page: OpenPage, shop: Shop) -> None:
    page = open_page("/till/")
    pair(page, shop)
    sell(page, "CAF-500")
    name_customer(page, "390.533.447-05")
    page.get_by_role("button", name="As much cashback as is allowed").click()
    expect_total(page, "0.00")

    page.keyboard.press("F9")
    page.fill("#proof-text", "1111")
    page.keyboard.press("Enter")
    expect(page.locator("#proof-text-error")).to_contain_text("wrong")
    page.fill("#proof-text", "2580")
    page.keyboard.press("Enter")

    expect(page.locator(".receipt")).to_contain_text("Cashback used")
    assert Sale.objects.get().redeemed == Decimal("18.90")
    assert "2580" not in page.evaluate("JSON.stringify(localStorage)")


def test_the_basket_comes_back_when_there_is_no_proof(open_page: OpenPage, shop: Shop) -> None:
    page = open_page("/till/")
    pair(page, shop)
    sell(page, "CAF-500")
    name_customer(page, "390.533.447-05")
    page.get_by_role("button", name="As much cashback as is allowed").click()
    expect_total(page, "0.00")
    page.keyboard.press("F9")

    # Whoever closes it is not rid of it: it is no sale without an answer, to be sent without proof later.
    expect(page.locator("#proof-text")).to_be_visible()
    page.keyboard.press("Escape")
    alert = page.locator(".till-alerts")
    expect(alert).to_contain_text("waits for the customer to show who it is")
    expect(alert.get_by_role("button", name="Paid: send it later")).to_have_count(0)
    alert.get_by_role("button", name="Ask again").click()
    expect(page.locator("#proof-text")).to_be_visible()

    page.locator(".dialog-actions").get_by_role("button", name="Back to the basket").click()

    expect(page.locator("#till-dialog")).to_be_hidden()
    expect(alert).to_be_empty()
    expect_total(page, "0.00")
    assert not Sale.objects.exists()


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> RecordingChannel:
    """What arrives by e-mail. The test is the worker that sends: the server only queues."""
    arrived = RecordingChannel()
    monkeypatch.setitem(CHANNELS, "email", arrived)
    return arrived


def code_in(mailbox: RecordingChannel) -> str:
    deliver_due(clock=timezone.now)
    found = re.search(r"\b(\d{6})\b", mailbox.sent[-1].text)
    assert found is not None
    return found[1]


def test_the_customer_tells_the_code_that_came_and_the_sale_is_recorded(
    open_page: OpenPage, shop: Shop, watch: Watch, mailbox: RecordingChannel
) -> None:
    Company.objects.update(proof_method="otp")
    # No provider of text messages is set up here.
    watch.expected.add(f"/api/v1/customers/{shop.customer.pk}/verifications/")
    page = open_page("/till/")
    pair(page, shop)
    sell(page, "CAF-500")
    name_customer(page, "390.533.447-05")
    page.get_by_role("button", name="As much cashback as is allowed").click()
    expect_total(page, "0.00")

    page.keyboard.press("F9")
    expect(page.locator("#till-dialog")).to_contain_text("Send the customer a code")
    expect(page.locator("#proof-text")).to_have_count(0)
    page.get_by_role("button", name="Send by SMS").click()
    expect(page.locator("#till-dialog [role=alert]")).to_contain_text("No provider")
    page.get_by_role("button", name="Send by e-mail").click()
    expect(page.locator("#till-dialog [role=status]")).to_contain_text("Sent to m")
    code = code_in(mailbox)
    page.fill("#proof-text", "000000" if code != "000000" else "000001")
    page.keyboard.press("Enter")
    expect(page.locator("#proof-text-error")).to_contain_text("wrong")
    page.fill("#proof-text", code)
    page.keyboard.press("Enter")

    expect(page.locator(".receipt")).to_contain_text("Cashback used")
    assert Sale.objects.get().redeemed == Decimal("18.90")
    assert mailbox.sent[-1].to == "maria@example.com"
    assert code not in page.evaluate("JSON.stringify(localStorage)")
    assert code not in Message.objects.get().text
