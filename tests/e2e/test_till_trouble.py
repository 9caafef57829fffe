"""The till when answers are lost, prices change or the pairing ends."""

import re

import pytest
from playwright.sync_api import Route, expect

from retail.models import Sale
from tests.e2e.cashier import expect_total, pair, pay, sell
from tests.e2e.conftest import OpenPage, Site, Watch, sign_in
from tests.e2e.shop import Shop, build_shop

SALES = "/api/v1/sales/"


@pytest.fixture
def shop(site: Site) -> Shop:
    return build_shop()


class TestWhenTheAnswerIsLost:
    def test_sending_again_records_one_sale(self, open_page: OpenPage, shop: Shop, watch: Watch) -> None:
        watch.expected.add(SALES)
        page = open_page("/till/")
        pair(page, shop)
        sell(page, "CAF-500")
        pay(page)
        expect_total(page, "18.90")

        def lose_the_answer(route: Route) -> None:
            route.fetch()
            route.abort("connectionreset")

        page.route(f"**{SALES}", lose_the_answer, times=1)
        page.locator(".charge:visible").click()
        expect(page.locator(".till-alerts")).to_contain_text("0001")
        page.reload()
        page.get_by_role("button", name="Send again").click()

        expect(page.locator(".dialog-body")).to_contain_text("recorded already")
        assert Sale.objects.count() == 1

    def test_giving_up_leaves_nothing_charged(self, open_page: OpenPage, shop: Shop, watch: Watch) -> None:
        watch.expected.add(SALES)
        page = open_page("/till/")
        pair(page, shop)
        sell(page, "CAF-500")
        pay(page)
        expect_total(page, "18.90")

        page.route(f"**{SALES}", lambda route: route.abort("connectionreset"), times=1)
        page.locator(".charge:visible").click()
        page.get_by_role("button", name="Cancel this sale").click()

        expect(page.locator(".till-alerts .alert-warning")).to_have_count(0)
        expect(page.locator(".lines > li")).to_have_count(1)
        assert [sale.state for sale in Sale.objects.all()] == ["cancelled"]

    def test_another_browser_with_the_same_ticket_is_no_obstacle(
        self, open_page: OpenPage, shop: Shop, watch: Watch
    ) -> None:
        watch.expected.add(SALES)
        for product in ("CAF-500", "CAM-P"):
            page = open_page("/till/")
            pair(page, shop)
            sell(page, product)
            pay(page)
            expect(page.locator(".charge:visible")).to_have_attribute("aria-busy", "false")
            page.locator(".charge:visible").click()
            expect(page.locator(".receipt")).to_be_visible()

        assert Sale.objects.filter(state="committed").count() == 2


class TestWhenSomethingChangedMeanwhile:
    def test_shows_the_new_total_and_charges_it_when_confirmed(
        self, open_page: OpenPage, shop: Shop, watch: Watch
    ) -> None:
        watch.expected.add(SALES)
        page = open_page("/till/")
        pair(page, shop)
        sell(page, "CAM-P")
        page.fill("#code-input", "BEMVINDO")
        page.keyboard.press("Enter")
        pay(page)
        expect_total(page, "49.00")

        from campaigns.services.promo_codes import set_code_active

        set_code_active(code="BEMVINDO", active=False)
        page.locator(".charge:visible").click()

        dialog = page.locator("#till-dialog")
        expect(dialog).to_contain_text("54.00")
        dialog.get_by_role("button", name=re.compile("54.00")).click()
        expect(page.locator(".receipt")).to_contain_text("54.00")
        assert str(Sale.objects.get().net) == "54.00"


class TestPairing:
    def test_a_manager_pairs_with_one_click(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/sign-in/?next=/till/")
        sign_in(page, "gerente")

        page.goto("/till/")
        page.get_by_role("button", name="Pair as Caixa 1 of Fiel Pinheiros").click()

        expect(page.locator("#till-terminal")).to_contain_text("Fiel Pinheiros")
        sell(page, "CAF-500")
        expect_total(page, "18.90")

    def test_a_revoked_key_asks_for_another(self, open_page: OpenPage, shop: Shop, watch: Watch) -> None:
        watch.expected |= {"/api/v1/terminal/", "/api/v1/baskets/evaluate/"}
        page = open_page("/till/")
        pair(page, shop)
        sell(page, "CAF-500")
        expect_total(page, "18.90")

        # A real one stays valid for up to half a minute after it was revoked.
        page.evaluate(
            """() => {
                const device = JSON.parse(localStorage.getItem("fiel.till.device"));
                device.pairings[0].key = "fiel_live_gone.gone";
                localStorage.setItem("fiel.till.device", JSON.stringify(device));
            }"""
        )
        page.reload()

        expect(page.locator(".till-alerts")).to_contain_text("expired or revoked")
        page.locator(".till-alerts").get_by_role("button", name="Pair this browser").click()
        expect(page.locator("#pairing-key")).to_be_visible()
        expect(page.locator(".lines > li")).to_have_count(1)

    def test_a_wrong_key_is_refused(self, open_page: OpenPage, shop: Shop, watch: Watch) -> None:
        watch.expected.add("/api/v1/terminal/")
        page = open_page("/till/")

        page.fill("#pairing-key", "fiel_live_nope.nope")
        page.keyboard.press("Enter")

        expect(page.locator("#pairing-key-error")).to_contain_text("not valid")
