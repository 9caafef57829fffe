"""Selling without connection: prices, what waits, and how it is sent when the connection is back."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.cashier import pair, pay, sell
from tests.e2e.conftest import PHONE, OpenPage, Site, Watch, stumbling_blocks
from tests.e2e.shop import Shop, build_shop

API = "**/api/v1/**"


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

    def test_on_a_phone(self, page: Page) -> None:
        page.set_viewport_size(PHONE)
        page.context.set_offline(True)
        sell(page, "CAF-500")

        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        assert stumbling_blocks(page) == []
