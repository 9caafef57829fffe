"""The till asks who it is before a sale uses much of a customer's value."""

from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from customers.services.pins import set_pin
from retail.models import Company, Sale
from tests.builders import build_account, build_credit
from tests.e2e.cashier import expect_total, name_customer, pair, sell
from tests.e2e.conftest import OpenPage, Site, Watch
from tests.e2e.shop import Shop, build_shop


@pytest.fixture
def shop(site: Site, watch: Watch) -> Shop:
    """A shop whose customer has 30.00 of cashback and a PIN, which is asked for above 10.00."""
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
