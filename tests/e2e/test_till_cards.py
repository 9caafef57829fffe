"""Gift cards, e-purses and credit notes at the till: sold, checked, used, lost with a warning only, given back as a note."""

from decimal import Decimal

import pytest
import segno
from playwright.sync_api import Page, expect
from segno import encoder

from loyalty.models import StoredValue
from loyalty.selectors.stored_values import find_by_code
from retail.code_symbols import barcode_svg
from retail.models import Sale, SaleReturn
from tests.builders import build_vip_card
from tests.e2e.cashier import expect_total, name_customer, pair, pay, sell
from tests.e2e.conftest import PHONE, OpenPage, Site, Watch, stumbling_blocks
from tests.e2e.shop import Shop, build_shop

EVALUATE = "/api/v1/baskets/evaluate/"


@pytest.fixture
def shop(site: Site) -> Shop:
    return build_shop(campaigns=False)


def choose(page: Page, action: str) -> None:
    page.keyboard.press("Alt+0")
    page.locator(".others").get_by_role("button", name=action).click()


def sell_card(page: Page, action: str, amount: str, *, code: str = "") -> str:
    """Sell one and return its code, as it stands on the paper."""
    choose(page, action)
    page.fill("#value-amount", amount)
    if code:
        page.fill("#value-code", code)
    page.locator("#till-dialog form .button-primary").click()
    shown = page.locator(".value-paper code")
    expect(shown).to_be_visible()
    sold = shown.inner_text()
    page.locator(".dialog-actions .button-primary").click()
    return sold


def present(page: Page, code: str) -> None:
    page.fill("#stored-input", code)
    page.keyboard.press("Enter")
    expect(page.locator("#stored-input")).to_have_value("")


def charge(page: Page) -> None:
    page.locator(".charge:visible").first.click()


def held(code: str) -> Decimal:
    found = find_by_code(code)
    assert found is not None
    found.account.refresh_from_db()
    return found.account.balance


def test_a_gift_card_is_sold_used_and_comes_back_as_a_credit_note_that_pays(
    open_page: OpenPage, shop: Shop
) -> None:
    page = open_page("/till/")
    pair(page, shop)
    card = sell_card(page, "Sell a gift card", "50")
    assert held(card) == 50

    sell(page, "CAM-P", "CAF-500")
    present(page, card.lower().replace("-", ""))
    expect_total(page, "28.90")
    expect(page.locator(".redeem-used")).to_contain_text("R$50.00 used")
    assert stumbling_blocks(page) == []
    pay(page)
    expect_total(page, "28.90")
    charge(page)
    receipt = page.locator(".receipt")
    expect(receipt).to_contain_text(f"Gift card ····{card[-4:]}")
    expect(receipt).not_to_contain_text(card)
    assert held(card) == 0
    page.keyboard.press("Enter")

    page.keyboard.press("F7")
    page.locator("[data-action='return.open']").first.click()
    page.locator("[data-action='return.all']").click()
    page.get_by_role("button", name="Credit note").click()
    paper = page.locator(".value-paper")
    expect(paper).to_contain_text("R$28.90")
    expect(paper.locator("svg.barcode")).to_be_visible()
    expect(paper.locator("svg.qr")).to_be_visible()
    note = paper.locator("code").inner_text()
    assert stumbling_blocks(page) == []
    back = SaleReturn.objects.get()
    assert (str(back.amount), str(back.credited)) == ("0.00", "28.90")
    assert (held(card), held(note)) == (50, Decimal("28.90"))
    page.locator(".dialog-actions .button-primary").click()

    sell(page, "CAF-500")
    present(page, note)
    expect_total(page, "0.00")
    expect(page.locator(".redeem-used")).to_contain_text("R$18.90 used, R$10.00 left")
    charge(page)
    expect(page.locator(".receipt")).to_contain_text(f"Credit note ····{note[-4:]}: R$10.00")
    assert held(note) == 10


class TestLosing:
    def test_nothing_of_a_gift_card_is_lost_before_the_cashier_agreed(
        self, open_page: OpenPage, shop: Shop
    ) -> None:
        page = open_page("/till/", language="pt-BR", viewport=PHONE)
        pair(page, shop)
        page.locator(".menu summary").click()
        page.locator(".menu-panel [data-action='others.open']").click()
        page.locator(".others [data-kind='gift_card']").click()
        page.fill("#value-amount", "50,00")
        page.keyboard.press("Enter")
        card = page.locator(".value-paper code").inner_text()
        page.locator(".dialog-actions .button-primary").click()
        sell(page, "CAF-500")
        page.locator("#till-tabs nav button").nth(2).click()
        present(page, card)
        expect_total(page, "0,00")
        expect(page.locator(".stored-lost")).to_contain_text("31,10")
        assert stumbling_blocks(page) == []

        charge(page)
        expect(page.locator("#till-dialog")).to_contain_text("31,10")
        assert stumbling_blocks(page) == []
        page.locator(".dialog-actions [data-action='dialog.close']").click()
        assert not Sale.objects.exists()
        charge(page)
        page.locator("[data-action='sale.agree']").click()

        expect(page.locator(".receipt")).to_be_visible()
        assert held(card) == 0


class TestEPurses:
    def test_one_with_its_own_code_is_the_customers_and_is_loaded_again(
        self, open_page: OpenPage, shop: Shop, watch: Watch
    ) -> None:
        watch.expected.add("/api/v1/stored-values/7891000123457/load/")
        page = open_page("/till/")
        pair(page, shop)
        name_customer(page, "390.533.447-05")
        assert sell_card(page, "Sell an e-purse", "80", code="7891000123457") == "7891000123457"
        assert StoredValue.objects.get().customer == shop.customer

        choose(page, "Load an e-purse")
        page.keyboard.type("7891000123457")
        page.keyboard.press("Enter")
        page.fill("#value-amount", "70.01")
        page.keyboard.press("Enter")
        expect(page.locator("#value-amount-error")).to_be_visible()
        page.fill("#value-amount", "70")
        page.keyboard.press("Enter")
        expect(page.locator("#till-dialog")).to_contain_text("R$150.00")
        page.locator(".dialog-actions .button-primary").click()

        page.get_by_label("Remove the customer").click()
        name_customer(page, "390.533.447-05")
        expect(page.locator(".customer-card")).to_contain_text("E-purse ····3457")
        expect(page.locator(".customer-card")).to_contain_text("R$150.00")
        choose(page, "Check a code")
        page.keyboard.type("7891000123457")
        page.keyboard.press("Enter")
        expect(page.locator(".value-holds")).to_contain_text("Maria Aparecida")
        page.get_by_role("button", name="Use in this sale").click()
        sell(page, "CAM-P")
        expect_total(page, "0.00")
        page.fill("#stored-0", "12,50")
        expect_total(page, "47.50")

    def test_one_sold_by_mistake_is_taken_back(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/till/")
        pair(page, shop)
        code = sell_card(page, "Sell an e-purse", "80")

        choose(page, "Take back a card")
        page.keyboard.type(code)
        page.keyboard.press("Enter")
        page.fill("#value-reason", "Valor errado")
        page.keyboard.press("Enter")

        expect(page.locator("#dialog-title")).to_have_text("It is taken back")
        expect(page.locator("#till-dialog")).to_contain_text("R$80.00")
        assert held(code) == 0


class TestVipCards:
    def test_one_says_whose_it_is_and_counts_in_the_sale(
        self, open_page: OpenPage, shop: Shop, watch: Watch
    ) -> None:
        watch.expected.add("/api/v1/vip-cards/check/")
        build_vip_card(customer=shop.customer, code="#VIP#MARIA")
        page = open_page("/till/")
        pair(page, shop)
        choose(page, "Check a code")
        page.keyboard.type("#VIP#NINGUEM")
        page.keyboard.press("Enter")
        expect(page.locator("#till-dialog .alert-danger")).to_be_visible()

        page.fill("#value-code", "#vip#maria")
        page.keyboard.press("Enter")
        expect(page.locator(".value-holds")).to_contain_text("Maria Aparecida")
        expect(page.locator(".value-holds")).to_contain_text("10%")
        assert stumbling_blocks(page) == []
        page.get_by_role("button", name="Use in this sale").click()
        sell(page, "CAM-P")
        expect_total(page, "54.00")

        # Scanned among the cards it is the same card.
        present(page, "#VIP#MARIA")
        expect(page.locator(".codes li")).to_have_count(1)
        expect_total(page, "54.00")


class TestPaper:
    def test_the_last_code_is_printed_again(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/till/")
        pair(page, shop)
        card = sell_card(page, "Sell a gift card", "50")
        page.reload()

        choose(page, "Print the last code again")

        expect(page.locator(".value-paper code")).to_have_text(card)
        expect(page.locator(".value-paper")).to_contain_text("R$50.00")
        expect(page.get_by_role("button", name="Print")).to_be_focused()
        assert StoredValue.objects.count() == 1

    def test_no_code_stays_on_the_screen(self, open_page: OpenPage, shop: Shop) -> None:
        page = open_page("/till/")
        pair(page, shop)
        card = sell_card(page, "Sell a gift card", "50")

        page.keyboard.press("F8")

        drawer = page.locator("#till-drawer")
        expect(drawer).to_contain_text(f"····{card[-4:]}")
        expect(drawer).not_to_contain_text(card)


class TestTrouble:
    def test_a_lost_answer_is_asked_for_again_and_sells_one(
        self, open_page: OpenPage, shop: Shop, watch: Watch
    ) -> None:
        path = "/api/v1/stored-values/"
        watch.expected.add(path)
        page = open_page("/till/")
        pair(page, shop)
        page.route(f"**{path}", lambda route: (route.fetch(), route.abort("connectionreset")), times=1)
        choose(page, "Sell a gift card")
        page.fill("#value-amount", "50")
        page.keyboard.press("Enter")
        expect(page.locator(".till-alerts")).to_contain_text("No answer for the card that was sold")

        page.reload()
        page.get_by_role("button", name="Send again").click()

        expect(page.locator(".value-paper")).to_contain_text("R$50.00")
        assert StoredValue.objects.count() == 1

    def test_without_connection_no_code_is_taken(self, open_page: OpenPage, shop: Shop, watch: Watch) -> None:
        watch.expected.add(EVALUATE)
        page = open_page("/till/")
        pair(page, shop)
        card = sell_card(page, "Sell a gift card", "10")
        sell(page, "CAM-P")
        expect_total(page, "60.00")
        page.context.set_offline(True)

        present(page, card)

        expect(page.locator("#till-checkout .alert-danger")).to_contain_text("cannot be checked")
        pay(page)
        charge(page)
        expect(page.locator("#till-toast")).to_contain_text("cannot be checked")
        assert not Sale.objects.exists()
        page.locator("[data-action='stored.remove']").click()
        expect(page.locator("#till-checkout .alert-danger")).to_have_count(0)
        page.context.set_offline(False)
        expect_total(page, "60.00")


@pytest.mark.parametrize("code", ["7GK2-M0ZD-4T9A-XW3C", "CARTAO.1_A", "7891000123457", "1" * 64, "a" * 64])
def test_qr_codes_of_the_till_are_those_of_the_back_office(
    open_page: OpenPage, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where the text fills its last byte segno adds an empty one, which no reader minds and the standard does not know.
    monkeypatch.setattr(
        encoder, "write_padding_bits", lambda buffer, _version, length: buffer.extend([0] * (-length % 8))
    )

    drawn = open_page("/till/").evaluate(
        "async (code) => (await import('/static/till/qr.js')).modulesOf(code).map((row) => row.map(Number))",
        code,
    )

    same = segno.make(code, error="m", micro=False, boost_error=False)
    assert drawn == [list(row) for row in same.matrix]


@pytest.mark.parametrize("code", ["7GK2-M0ZD-4T9A-XW3C", "CARTAO.1_A"])
def test_barcodes_of_the_till_are_those_of_the_back_office(open_page: OpenPage, code: str) -> None:
    drawn = open_page("/till/").evaluate(
        "async (code) => (await import('/static/till/barcode.js')).barcode(code).outerHTML", code
    )

    assert barcode_svg(code).split('d="')[1].split('"')[0] in drawn
