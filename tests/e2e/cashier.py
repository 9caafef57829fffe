"""What a cashier does at the till, in the words of the tests."""

from playwright.sync_api import Page, expect

from tests.e2e.shop import Shop


def pair(page: Page, shop: Shop) -> None:
    page.fill("#pairing-key", shop.key)
    page.keyboard.press("Enter")
    expect(page.locator("#till-terminal")).to_contain_text("Fiel Pinheiros")


def sell(page: Page, *texts: str) -> None:
    for text in texts:
        page.fill("#search-input", text)
        page.keyboard.press("Enter")
        expect(page.locator("#search-input")).to_have_value("")


def expect_total(page: Page, amount: str) -> None:
    expect(page.locator(".charge:visible").first).to_contain_text(amount)
    expect(page.locator(".charge:visible").first).to_have_attribute("aria-busy", "false")


def pay(page: Page, method: str = "Pix") -> None:
    page.locator(".method", has_text=method).click()


def name_customer(page: Page, text: str) -> None:
    page.fill("#customer-input", text)
    page.keyboard.press("Enter")
    expect(page.locator(".customer-card")).to_be_visible()
