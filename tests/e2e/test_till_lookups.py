"""The till while the API checks no codes of its terminal: no stale total, and no code that seems to be taken."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from loyalty.models import AccountKind
from loyalty.selectors.stored_values import find_by_code, usual_type
from loyalty.services.stored_values import Making, make
from pos_api.models import LookupGuard
from retail.models import Sale, Terminal
from tests.e2e.cashier import expect_total, pair, pay, sell
from tests.e2e.conftest import PHONE, OpenPage, Site, Watch, stumbling_blocks
from tests.e2e.shop import Shop, build_shop

EVALUATE = "/api/v1/baskets/evaluate/"
SALES = "/api/v1/sales/"
# A slow machine may take some of the fifteen until it reads them.
MINUTES = re.compile("for 1[0-5] minutes this till can check none")


@pytest.fixture
def shop(site: Site) -> Shop:
    return build_shop()


@pytest.fixture
def card(shop: Shop) -> str:
    """The code of a gift card worth 50.00."""
    making = Making(type=usual_type(AccountKind.GIFT_CARD), origin="test", operation="1", amount=50_00)
    [made] = make([making], at=timezone.now() - timedelta(hours=1))
    return made.code


def lock() -> None:
    now = timezone.now()
    LookupGuard.objects.update_or_create(
        terminal=Terminal.objects.get(),
        defaults={"window_started_at": now, "locked_until": now + timedelta(minutes=15)},
    )


def unlock(page: Page) -> None:
    """Let the quarter of an hour be over, for the API and for the page."""
    LookupGuard.objects.all().delete()
    page.evaluate(
        """async () => {
            const { update } = await import("/static/till/state.js");
            update(({ history }) => { history.lock.until = Date.now(); });
        }"""
    )


def enter(page: Page, field: str, code: str) -> None:
    page.fill(field, code)
    page.keyboard.press("Enter")


def present_for_a_shirt(page: Page, shop: Shop, card: str) -> None:
    """Pair the till and lay a shirt of 54.00 and the card of 50.00 into the basket."""
    pair(page, shop)
    sell(page, "CAM-P")
    enter(page, "#stored-input", card)
    expect_total(page, "4.00")


class TestCodesOfTheSale:
    def test_are_set_aside_and_the_total_is_what_holds_without_them(
        self, open_page: OpenPage, shop: Shop, card: str, watch: Watch
    ) -> None:
        watch.expected.add(EVALUATE)
        page = open_page("/till/")
        pair(page, shop)
        sell(page, "CAF-500", "CAF-500", "CAF-500")
        enter(page, "#stored-input", card)
        enter(page, "#code-input", "BEMVINDO")
        expect_total(page, "1.70")
        pay(page)

        lock()
        sell(page, "CAF-500")

        expect_total(page, "75.60")
        alert = page.locator(".till-alerts .alert-warning")
        expect(alert).to_contain_text(MINUTES)
        expect(alert).to_contain_text(f"Gift card ····{card[-4:]}, BEMVINDO")
        expect(alert).to_contain_text("pay in another way or at another till, or wait")
        expect(alert).not_to_contain_text(card)
        expect(page.locator(".redeem li")).to_contain_text("not counted")
        expect(page.locator(".codes li")).to_contain_text("not counted")
        expect(page.locator(".payments input")).to_have_attribute("placeholder", "75.60")
        assert stumbling_blocks(page) == []

        page.reload()
        expect_total(page, "75.60")
        expect(alert).to_contain_text(MINUTES)
        page.locator(".charge:visible").click()
        expect(page.locator(".receipt")).to_be_visible()
        assert str(Sale.objects.get().net) == "75.60"
        found = find_by_code(card)
        assert found is not None
        assert found.account.balance == 50

    def test_count_again_when_the_cashier_says_so(
        self, open_page: OpenPage, shop: Shop, card: str, watch: Watch
    ) -> None:
        watch.expected.add(EVALUATE)
        page = open_page("/till/")
        present_for_a_shirt(page, shop, card)
        lock()
        sell(page, "CAM-P")
        expect(page.locator(".till-alerts")).to_contain_text(MINUTES)
        expect_total(page, "108.00")

        unlock(page)
        expect(page.locator(".till-alerts")).to_contain_text("can check codes again")
        expect_total(page, "108.00")
        page.get_by_role("button", name="Count again").click()

        expect_total(page, "58.00")
        expect(page.locator(".till-alerts .alert")).to_have_count(0)

    def test_are_taken_out_of_the_sale_at_once(
        self, open_page: OpenPage, shop: Shop, card: str, watch: Watch
    ) -> None:
        watch.expected.add(EVALUATE)
        page = open_page("/till/", language="pt-BR", viewport=PHONE)
        pair(page, shop)
        sell(page, "CAM-P")
        page.locator("#till-tabs nav button").nth(2).click()
        enter(page, "#stored-input", card)
        expect_total(page, "4,00")
        lock()
        enter(page, "#code-input", "BEMVINDO")

        expect_total(page, "54,00")
        expect(page.locator(".till-alerts")).to_contain_text(f"····{card[-4:]}")
        expect(page.locator("#code-input")).to_have_value("BEMVINDO")
        assert stumbling_blocks(page) == []
        page.locator("[data-action='aside.removeAll']").click()

        expect(page.locator(".till-alerts .alert")).to_have_count(0)
        expect(page.locator(".redeem li")).to_have_count(0)
        expect_total(page, "54,00")

    def test_are_set_aside_by_a_refused_sale_of_which_nothing_waits(
        self, open_page: OpenPage, shop: Shop, card: str, watch: Watch
    ) -> None:
        watch.expected |= {EVALUATE, SALES}
        page = open_page("/till/")
        present_for_a_shirt(page, shop, card)
        pay(page)
        expect_total(page, "4.00")

        lock()
        page.locator(".charge:visible").click()

        expect_total(page, "54.00")
        expect(page.locator(".till-alerts .alert")).to_have_count(1)
        expect(page.locator(".till-alerts")).to_contain_text(f"····{card[-4:]}")
        assert not Sale.objects.exists()
        page.locator(".charge:visible").click()
        expect(page.locator(".receipt")).to_contain_text("Ticket 0001")
        assert str(Sale.objects.get().net) == "54.00"


class TestCodesThatAreTyped:
    @pytest.mark.parametrize("field", ["#stored-input", "#code-input"])
    def test_stay_where_they_were_typed_and_are_not_listed(
        self, open_page: OpenPage, shop: Shop, watch: Watch, field: str
    ) -> None:
        watch.expected.add(EVALUATE)
        page = open_page("/till/")
        pair(page, shop)
        sell(page, "CAM-P")
        expect_total(page, "54.00")
        lock()

        # Of the first the API says that it is locked; of the second the till knows it.
        for code in ("inventado-1", "inventado-2"):
            enter(page, field, code)

            expect(page.locator(field)).to_have_attribute("aria-invalid", "true")
            expect(page.locator(field)).to_have_value(code)
            expect(page.locator(".till-panel .field-error")).to_contain_text(MINUTES)
            expect(page.locator(".redeem li, .codes li")).to_have_count(0)
            expect_total(page, "54.00")
        assert stumbling_blocks(page) == []

        page.fill(field, "")
        expect(page.locator(".till-panel .field-error")).to_have_count(0)


class TestRefusedBaskets:
    def test_show_no_total_and_cannot_be_charged(self, open_page: OpenPage, shop: Shop, watch: Watch) -> None:
        watch.expected.add(EVALUATE)
        page = open_page("/till/")
        pair(page, shop)
        sell(page, "CAM-P")
        pay(page)
        expect_total(page, "54.00")

        def busy(route: Route) -> None:
            route.fulfill(
                status=503,
                headers={"Retry-After": "1"},
                content_type="application/problem+json",
                body='{"status": 503, "code": "busy", "title": "Busy", "errors": []}',
            )

        page.route(f"**{EVALUATE}", busy)
        sell(page, "CAM-P")

        expect(page.locator(".till-alerts")).to_contain_text("Busy")
        expect(page.locator(".totals .net")).to_contain_text("—")
        expect(page.locator(".charge:visible")).to_be_disabled()
        expect(page.locator(".payments input")).to_have_attribute("placeholder", "the rest")
        page.unroute(f"**{EVALUATE}")
        expect_total(page, "108.00")
