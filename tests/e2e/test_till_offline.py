"""Selling without connection: prices, what waits, and how it is sent when the connection is back."""

import pytest
from playwright.sync_api import Page, Route, expect

from retail.models import Sale
from tests.e2e.cashier import expect_total, pair, pay, sell
from tests.e2e.conftest import PHONE, OpenPage, Site, Watch, stumbling_blocks
from tests.e2e.shop import Shop, build_shop


@pytest.fixture
def shop(site: Site) -> Shop:
    return build_shop()


@pytest.fixture
def page(open_page: OpenPage, shop: Shop, watch: Watch) -> Page:
    """A paired till that knows a shirt and coffee; calls that find no connection are expected."""
    watch.expected |= {
        f"/api/v1/{path}/"
        for path in (
            "baskets/evaluate",
            "products/lookup",
            "customers/lookup",
            "sales",
            "sales/batch",
            "terminal",
        )
    }
    # The worker answers for pages that it opened; this one was there before it, and may miss a picture.
    watch.expected.add("/static/icons.svg")
    page = open_page("/till/")
    pair(page, shop)
    sell(page, "CAM-P", "CAF-500")
    page.locator("[data-action='basket.clear']").click()
    return page


def charge(page: Page) -> None:
    pay(page)
    expect(page.locator(".charge:visible")).to_have_attribute("aria-busy", "false")
    page.keyboard.press("F9")
    expect(page.locator(".receipt")).to_be_visible()


class TestWithoutConnection:
    def test_sells_and_sends_once_when_it_is_back(self, page: Page, shop: Shop) -> None:
        page.context.set_offline(True)
        sell(page, "CAF-500")
        expect(page.locator(".till-alerts")).to_contain_text("without promotions")
        expect_total(page, "18.90")
        assert stumbling_blocks(page) == []
        charge(page)
        expect(page.locator("#till-dialog")).to_contain_text("Sale kept in this browser")
        page.keyboard.press("Enter")
        sell(page, "7891000200100")
        charge(page)
        page.keyboard.press("Enter")
        expect(page.locator(".waiting")).to_contain_text("2 sales waiting")
        assert not Sale.objects.exists()

        page.context.set_offline(False)

        expect(page.locator(".waiting")).to_have_count(0)
        sales = Sale.objects.order_by("pk")
        assert [str(sale.charged) for sale in sales] == ["18.90", "60.00"]
        # The shirt would have had ten percent off: what was charged is kept, and a manager learns of it.
        expect(page.locator(".till-alerts")).to_contain_text("A manager will look at it")
        assert ["offline" in sale.flags for sale in sales] == [True, True]

    def test_a_price_that_was_agreed_holds(self, page: Page) -> None:
        sell(page, "CAM-P")
        expect_total(page, "54.00")

        page.context.set_offline(True)
        pay(page)

        expect(page.locator(".till-alerts")).to_contain_text("still holds")
        expect_total(page, "54.00")
        charge(page)
        page.context.set_offline(False)
        expect(page.locator(".waiting")).to_have_count(0)
        assert (str(Sale.objects.get().charged), str(Sale.objects.get().discount)) == ("54.00", "6.00")

    def test_a_reload_opens_the_till_and_keeps_what_waits(self, page: Page) -> None:
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        page.context.set_offline(True)
        sell(page, "CAF-500")
        charge(page)
        page.keyboard.press("Enter")
        sell(page, "CAM-P")

        page.reload()

        expect(page.locator(".waiting")).to_contain_text("1 sale waiting")
        expect(page.locator(".lines > li")).to_have_count(1)
        kept = page.evaluate(
            """async () => (await (await caches.open("fiel-till")).keys()).map((request) => new URL(request.url).pathname)"""
        )
        assert "/till/" in kept
        assert not [path for path in kept if path.startswith("/api/")]
        page.context.set_offline(False)
        expect(page.locator(".waiting")).to_have_count(0)
        assert Sale.objects.count() == 1

    def test_an_answer_that_is_lost_records_the_sale_once(self, page: Page) -> None:
        sell(page, "CAF-500")
        expect_total(page, "18.90")
        pay(page)
        expect_total(page, "18.90")

        def lose_the_answer(route: Route) -> None:
            route.fetch()
            route.abort("connectionreset")

        page.route("**/api/v1/sales/", lose_the_answer, times=1)
        page.keyboard.press("F9")
        page.get_by_role("button", name="Paid: send it later").click()

        expect(page.locator(".receipt")).to_be_visible()
        page.keyboard.press("Enter")
        page.locator(".waiting").click()
        page.get_by_role("button", name="Send now").click()
        expect(page.locator("#till-dialog")).to_contain_text("Everything is sent")
        assert Sale.objects.count() == 1

    def test_a_lost_answer_of_the_batch_is_no_second_sale(self, page: Page) -> None:
        page.context.set_offline(True)
        sell(page, "CAF-500")
        charge(page)
        page.keyboard.press("Enter")

        def lose_the_answer(route: Route) -> None:
            route.fetch()
            route.abort("connectionreset")

        page.route("**/api/v1/sales/batch/", lose_the_answer, times=1)
        page.context.set_offline(False)
        page.locator(".waiting").click()
        page.get_by_role("button", name="Send now").click()

        expect(page.locator("#till-dialog")).to_contain_text("Everything is sent")
        assert Sale.objects.count() == 1

    def test_on_a_phone(self, page: Page) -> None:
        page.set_viewport_size(PHONE)
        page.context.set_offline(True)
        sell(page, "CAF-500")

        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        assert stumbling_blocks(page) == []
