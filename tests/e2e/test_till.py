"""Selling at the till: what a cashier does, on a desk and on a phone."""

import re

import pytest
from playwright.sync_api import expect

from campaigns.models import Activation
from retail.models import Sale
from tests.e2e.cashier import expect_total, pair, pay, sell
from tests.e2e.conftest import PHONE, OpenPage, Site, Watch, stumbling_blocks
from tests.e2e.shop import Shop, build_shop

SALES = "/api/v1/sales/"


@pytest.fixture
def shop(site: Site) -> Shop:
    return build_shop()


class TestOnADesk:
    def test_sells_by_keyboard_alone(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/till/")
        pair(page, shop)

        # A scanner types wherever the focus is, and ends with Enter.
        page.keyboard.type("2*7891000200101")
        page.keyboard.press("Enter")
        expect_total(page, "108.00")
        page.keyboard.press("F4")
        page.keyboard.type("390.533.447-05")
        page.keyboard.press("Enter")
        expect(page.locator(".customer-card")).to_contain_text("Maria Aparecida")
        page.keyboard.press("Alt+2")
        expect(page.locator(".method[aria-pressed=true]")).to_have_text("Pix")
        expect_total(page, "108.00")
        page.keyboard.press("F9")

        expect(page.locator(".receipt")).to_contain_text("108.00")
        sale = Sale.objects.get()
        assert (str(sale.net), str(sale.discount), sale.customer) == ("108.00", "12.00", shop.customer)
        assert sale.ticket == "0001"
        assert set(Activation.objects.values_list("campaign__code", flat=True)) >= {"CAMISETAS10"}
        page.keyboard.press("Enter")
        expect(page.locator("#search-input")).to_be_focused()

    def test_says_why_a_campaign_does_not_apply_and_how_far_it_is(
        self, open_page: OpenPage, shop: Shop
    ) -> None:
        page = open_page("/till/", language="pt-BR")
        pair(page, shop)

        sell(page, "CAM-P", "CAM-P", "CAM-P")

        first = page.locator(".refusal").first
        expect(first).to_contain_text("R$ 20 acima de R$ 200")
        expect(first).to_contain_text("20,00")
        assert first.locator("p").first.inner_text().strip()

    def test_applies_codes_and_says_which_cannot_be_used(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/till/")
        pair(page, shop)
        sell(page, "CAM-P")
        expect_total(page, "54.00")

        for code in ("bemvindo", "NADA123"):
            page.fill("#code-input", code)
            page.keyboard.press("Enter")

        expect_total(page, "49.00")
        expect(page.locator(".codes li", has_text="BEMVINDO")).to_contain_text("applied")
        expect(page.locator(".codes li", has_text="NADA123")).to_contain_text("cannot be used")
        page.get_by_label("Remove the code BEMVINDO").click()
        expect_total(page, "54.00")

    def test_takes_weighed_goods_items_by_hand_and_items_given_back(
        self, open_page: OpenPage, shop: Shop
    ) -> None:
        page = open_page("/till/", language="pt-BR")
        pair(page, shop)

        sell(page, "0,355*QUEIJO")
        page.keyboard.press("F3")
        page.fill("#item-sku", "AVULSO")
        page.fill("#item-price", "10,00")
        page.keyboard.press("Enter")
        expect_total(page, "27,71")
        page.locator("[data-action='exchange.open']").click()
        page.fill("#item-sku", "VELHO")
        page.fill("#item-price", "7,71")
        page.keyboard.press("Enter")

        expect_total(page, "20,00")

    def test_names_what_is_wrong_at_the_field(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/till/")
        pair(page, shop)
        sell(page, "CAM-P")
        expect_total(page, "54.00")

        page.fill("#line-1-quantity", "um")

        expect(page.locator("#line-1-quantity")).to_have_attribute("aria-invalid", "true")
        expect(page.locator("#line-1-quantity-error")).to_contain_text("quantity")
        page.fill("#line-1-quantity", "2")
        expect(page.locator("#line-1-quantity-error")).to_have_count(0)
        expect_total(page, "108.00")

    def test_the_api_names_the_field_too(self, open_page: OpenPage, shop: Shop, watch: Watch) -> None:
        watch.expected.add("/api/v1/baskets/evaluate/")
        page = open_page("/till/")
        pair(page, shop)
        sell(page, "CAM-P")

        page.fill("#line-1-quantity", "100000")

        expect(page.locator("#line-1-quantity-error")).to_be_visible()

    def test_a_reload_loses_nothing(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/till/")
        pair(page, shop)
        sell(page, "CAM-P", "CAF-500")
        page.fill("#code-input", "BEMVINDO")
        page.keyboard.press("Enter")
        expect_total(page, "67.90")

        page.reload()

        expect_total(page, "67.90")
        expect(page.locator(".lines > li")).to_have_count(2)

    def test_accepts_an_optional_campaign(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/till/")
        pair(page, shop)
        sell(page, "CAF-500")

        page.get_by_role("button", name="Accept").click()

        expect_total(page, "17.90")
        page.get_by_role("button", name="Take back").click()
        expect_total(page, "18.90")

    def test_gives_change_for_cash(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/till/")
        pair(page, shop)
        sell(page, "CAF-500")
        pay(page, "Cash")

        page.fill("#payment-1-amount", "20")

        expect(page.locator(".left.change")).to_contain_text("1.10")
        expect_total(page, "18.90")
        page.locator(".charge:visible").click()
        expect(page.locator(".receipt")).to_be_visible()
        assert [str(payment.amount) for payment in Sale.objects.get().payments.all()] == ["18.90"]

    def test_registers_a_customer_who_is_unknown(self, open_page: OpenPage, shop: Shop, watch: Watch) -> None:
        watch.expected.add("/api/v1/customers/lookup/")
        page = open_page("/till/")
        pair(page, shop)

        page.fill("#customer-input", "529.982.247-25")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Register").click()
        page.fill("#customer-name", "José da Silva")
        page.keyboard.press("Enter")

        expect(page.locator(".customer-card")).to_contain_text("José da Silva")

    def test_reads_barcodes_with_the_camera(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/sign-in/")
        page.add_init_script(
            """
            navigator.mediaDevices.getUserMedia = async () => {
                const canvas = document.createElement("canvas");
                canvas.getContext("2d").fillRect(0, 0, 1, 1);
                return canvas.captureStream(10);
            };
            window.BarcodeDetector = class {
                async detect() { return [{ rawValue: "7891000100103" }]; }
            };
            """
        )
        page.goto("/till/")
        pair(page, shop)

        page.get_by_role("button", name="Scan with the camera").click()

        expect_total(page, "18.90")
        expect(page.locator("#till-dialog")).to_be_hidden()

    def test_charges_the_delivery_apart(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/till/")
        pair(page, shop)
        sell(page, "CAF-500")

        page.fill("#delivery-fee", "7.50")

        expect(page.locator(".totals")).to_contain_text("7.50")
        expect_total(page, "18.90")

    def test_a_receipt_prints_alone(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/till/")
        pair(page, shop)
        sell(page, "CAF-500")
        pay(page)
        expect_total(page, "18.90")
        page.locator(".charge:visible").click()
        expect(page.locator(".receipt")).to_be_visible()

        page.emulate_media(media="print")

        expect(page.locator(".receipt")).to_be_visible()
        expect(page.locator(".till-bar")).to_be_hidden()
        expect(page.locator(".dialog-actions")).to_be_hidden()

    def test_shows_the_last_call_as_it_went_over_the_wire(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/till/")
        pair(page, shop)
        sell(page, "CAF-500")
        expect_total(page, "18.90")

        page.keyboard.press("F8")

        drawer = page.locator("#till-drawer")
        expect(drawer).to_contain_text("/api/v1/baskets/evaluate/")
        expect(drawer).to_contain_text('"sku": "CAF-500"')
        expect(drawer).not_to_contain_text(shop.key)


class TestOnAPhone:
    def test_the_whole_way_of_a_sale(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/till/", viewport=PHONE, language="pt-BR", has_touch=True, is_mobile=True)
        blocks = stumbling_blocks(page)
        pair(page, shop)
        tabs = page.locator("#till-tabs nav button")

        # A product by its name, a second unit by the stepper.
        page.fill("#search-input", "camiseta branca m")
        page.locator("[role=option]", has_text="Camiseta básica branca M").tap()
        page.locator(".stepper button").last.tap()
        expect_total(page, "108,00")
        blocks += stumbling_blocks(page)

        # What the campaigns say: the gift to choose, and what is missing for the next one.
        tabs.nth(1).tap()
        page.locator(".gifts .chip", has_text="Caneca").tap()
        expect(page.locator(".gifts .chip[aria-pressed=true]")).to_contain_text("Caneca")
        expect(page.locator(".refusal").first).to_contain_text("80,00")
        blocks += stumbling_blocks(page)

        # The customer, a code, the payment.
        tabs.nth(2).tap()
        page.fill("#customer-input", "39053344705")
        page.keyboard.press("Enter")
        expect(page.locator(".remark")).to_contain_text("Aceita troca só com nota")
        expect(page.locator(".customer-card")).to_contain_text(re.compile("vip", re.I))
        page.fill("#code-input", "BEMVINDO")
        page.keyboard.press("Enter")
        expect_total(page, "103,00")
        page.locator(".method").nth(1).tap()
        blocks += stumbling_blocks(page)
        expect_total(page, "103,00")
        page.locator(".charge:visible").tap()

        # Receipt, reprint, cancellation.
        receipt = page.locator(".receipt")
        expect(receipt).to_contain_text("103,00")
        expect(receipt).to_contain_text("Caneca")
        blocks += stumbling_blocks(page)
        page.locator(".dialog-actions .button-primary").tap()
        page.locator(".till-bar summary").tap()
        page.locator(".menu-panel [data-action='sales.open']").tap()
        page.locator("[data-action='sales.reprint']").tap()
        expect(receipt).to_contain_text("103,00")
        page.locator(".dialog-actions [data-action='sales.askCancel']").tap()
        page.locator(".dialog-actions .button-danger").tap()
        expect(page.locator(".undone")).to_contain_text("103,00")
        page.locator(".dialog-actions .button-primary").tap()
        expect(page.locator(".sales li")).to_have_count(1)
        expect(page.locator(".sales li .badge-danger")).to_be_visible()

        sale = Sale.objects.get()
        assert (sale.state, str(sale.net)) == ("cancelled", "103.00")
        assert blocks == []

    def test_nothing_is_off_the_side_of_the_screen(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/till/", viewport=PHONE, color_scheme="dark", is_mobile=True)
        pair(page, shop)
        sell(page, "CAM-P", "CAF-500", "0,355*QUEIJO")
        expect(page.locator(".lines > li")).to_have_count(3)

        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        assert stumbling_blocks(page) == []


def test_the_language_switch_changes_the_till(open_page: OpenPage, shop: Shop) -> None:
    page = open_page("/till/", language="pt-BR")
    pair(page, shop)
    sell(page, "CAF-500")
    expect_total(page, "R$ 18,90".replace(" ", "\u00a0"))

    page.locator("button[name=language][value=en]:visible").click()

    expect_total(page, "R$18.90")
    assert page.locator("html").get_attribute("lang") == "en"
    expect(page.locator(".lines > li")).to_have_count(1)
