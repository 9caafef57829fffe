"""Giving back and exchanging at the till: what is shown before, what is given, and what is sold instead."""

from decimal import Decimal

import pytest
from playwright.sync_api import Page, Route, expect

from loyalty.models import Account
from retail.models import Sale, SaleReturn
from tests.builders import build_program
from tests.e2e.cashier import expect_total, name_customer, pair, pay, sell
from tests.e2e.conftest import PHONE, OpenPage, Site, Watch, stumbling_blocks
from tests.e2e.shop import Shop, build_shop

RETURNS = "/api/v1/sales/"


@pytest.fixture
def shop(site: Site) -> Shop:
    shop = build_shop(campaigns=False)
    build_program(code="pontos", name="Pontos", points=Decimal(1), per_amount=Decimal(10))
    return shop


def buy(page: Page, *products: str, customer: str = "") -> None:
    """Sell with Pix, and go on to the next customer."""
    sell(page, *products)
    if customer:
        name_customer(page, customer)
    pay(page)
    expect(page.locator(".charge:visible")).to_have_attribute("aria-busy", "false")
    page.keyboard.press("F9")
    expect(page.locator(".receipt")).to_be_visible()
    page.keyboard.press("Enter")


def open_return(page: Page) -> None:
    page.keyboard.press("F7")
    page.locator(".sales").get_by_role("button", name="Return").first.click()


class TestReturns:
    def test_shows_what_goes_back_before_it_does(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/till/")
        pair(page, shop)
        buy(page, "2*CAM-P", "CAF-500", customer="390.533.447-05")

        open_return(page)
        page.get_by_role("button", name="One Camiseta básica branca P more comes back").click()

        expect(page.locator(".undone")).to_contain_text("60.00")
        expect(page.locator(".undone")).to_contain_text("Points (Pontos): 5")
        assert stumbling_blocks(page) == []
        assert not SaleReturn.objects.exists()
        page.get_by_role("button", name="Give back R$60.00").click()

        expect(page.locator("#till-dialog")).to_contain_text("Give the customer this money")
        sale = Sale.objects.get()
        assert (sale.state, sale.refunded) == ("partially_returned", Decimal("60.00"))
        # 13 points for 138.90: 11 of them for two shirts, so 5 and the half of one for the first that comes back.
        assert Account.objects.get().balance == Decimal(8)

    def test_no_more_comes_back_than_is_left(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/till/", language="pt-BR", viewport=PHONE)
        pair(page, shop)
        sell(page, "2*CAM-P")
        page.locator("#till-tabs nav button").nth(2).click()
        pay(page)
        expect_total(page, "120,00")
        page.locator(".charge:visible").click()
        page.locator(".dialog-actions .button-primary").click()

        page.keyboard.press("F7")
        page.locator("[data-action='return.open']").click()
        page.fill("#return-1-quantity", "3")
        expect(page.locator("#return-1-quantity-error")).to_be_visible()
        expect(page.locator("[data-action='return.confirm']")).to_be_disabled()
        page.locator("[data-action='return.all']").click()
        expect(page.locator(".undone")).to_contain_text("120,00")
        assert stumbling_blocks(page) == []
        page.locator("[data-action='return.confirm']").click()
        page.locator(".dialog-actions .button-primary").click()
        page.keyboard.press("F7")

        expect(page.locator(".sales li .badge")).to_be_visible()
        expect(page.locator("[data-action='return.open']")).to_have_count(0)
        assert Sale.objects.get().state == "returned"

    def test_a_lost_answer_is_asked_for_again_and_returns_once(
        self, open_page: OpenPage, shop: Shop, watch: Watch
    ) -> None:
        page = open_page("/till/")
        pair(page, shop)
        buy(page, "CAM-P")
        path = f"/api/v1/sales/{Sale.objects.get().uuid}/returns/"
        watch.expected.add(path)

        def lose_the_answer(route: Route) -> None:
            route.fetch()
            route.abort("connectionreset")

        page.route(f"**{path}", lose_the_answer, times=1)
        open_return(page)
        page.locator("[data-action='return.all']").click()
        page.get_by_role("button", name="Give back R$60.00").click()
        expect(page.locator(".till-alerts")).to_contain_text("No answer for the return")
        page.reload()
        page.get_by_role("button", name="Send again").click()

        expect(page.locator("#till-dialog")).to_contain_text("the return is recorded")
        assert SaleReturn.objects.count() == 1


class TestExchange:
    def test_what_comes_back_pays_for_what_is_taken_instead(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/till/")
        pair(page, shop)
        buy(page, "CAM-P")

        open_return(page)
        page.locator("[data-action='return.all']").click()
        page.get_by_role("button", name="Exchange").click()
        page.get_by_role("button", name="On to the new sale").click()
        sell(page, "CAM-M", "CAF-500")
        pay(page)

        expect(page.locator("#payment-1-amount")).to_have_value("60.00")
        expect(page.locator("#payment-2-amount")).to_have_attribute("placeholder", "18.90")
        expect_total(page, "78.90")
        page.keyboard.press("F9")
        expect(page.locator(".receipt")).to_contain_text("Exchange")
        old, new = Sale.objects.order_by("pk")
        assert (old.state, new.state, str(new.net)) == ("returned", "committed", "78.90")
        paid = {payment.method: str(payment.amount) for payment in new.payments.all()}
        assert paid == {"exchange": "60.00", "pix": "18.90"}

    def test_what_the_new_sale_does_not_need_is_given_in_money(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/till/")
        pair(page, shop)
        buy(page, "CAM-P")
        open_return(page)
        page.locator("[data-action='return.all']").click()
        page.get_by_role("button", name="Exchange").click()
        page.get_by_role("button", name="On to the new sale").click()

        sell(page, "CAF-500")

        expect(page.locator(".left.change")).to_contain_text("41.10")
        expect_total(page, "18.90")
        page.keyboard.press("F9")
        expect(page.locator(".receipt")).to_contain_text("Exchange")
        expect(page.locator("#till-dialog .left.change")).to_contain_text("41.10")
        assert Sale.objects.order_by("pk").last().payments.get().amount == Decimal("18.90")
