"""The main job, end to end: a manager publishes a campaign, a till sells with it, the manager sees that it worked."""

from playwright.sync_api import Page, expect

from campaigns.models import Campaign
from retail.models import Sale
from tests.e2e.conftest import OpenPage, Site, sign_in
from tests.e2e.shop import build_shop


def publish_fifteen_percent(page: Page) -> None:
    page.goto("/campaigns/")
    page.get_by_role("link", name="New campaign").first.click()
    page.get_by_role("link", name="Percent off").click()
    page.get_by_label("Name").fill("Semana da camiseta")
    page.locator("[name=percent]").fill("15")
    page.locator("[name=by]").select_option("category")
    # What can be chosen is looked up as it is typed; a list may be pasted too.
    page.locator("textarea[name=values]").evaluate("(field) => { field.value = 'camisetas'; }")
    page.get_by_role("button", name="Save and review").click()
    expect(page.locator("main")).to_contain_text("15")
    page.get_by_role("button", name="Publish").click()
    expect(page.locator("main h1")).to_have_text("Semana da camiseta")


def scan_a_shirt(page: Page) -> None:
    page.goto("/till/")
    page.get_by_role("button", name="Pair as Caixa 1 of Fiel Pinheiros").click()
    expect(page.locator("#till-terminal")).to_contain_text("Fiel Pinheiros")
    page.fill("#search-input", "7891000200101")
    page.keyboard.press("Enter")


def sell_a_shirt(page: Page) -> None:
    scan_a_shirt(page)
    expect(page.locator(".charge:visible")).to_have_text("Charge R$51.00")
    expect(page.locator(".promotions.applied")).to_contain_text("Semana da camiseta")
    page.locator(".method", has_text="Pix").click()
    expect(page.locator(".charge:visible")).to_have_attribute("aria-busy", "false")
    page.locator(".charge:visible").click()
    expect(page.locator(".receipt")).to_contain_text("R$51.00")


def test_a_campaign_made_by_clicks_discounts_a_sale_and_is_seen_to_have_done_so(
    site: Site, open_page: OpenPage
) -> None:
    shop = build_shop(campaigns=False)
    page = open_page("/sign-in/", language="en-GB")
    sign_in(page, shop.manager.get_username())

    publish_fifteen_percent(page)
    sell_a_shirt(page)

    sale = Sale.objects.get()
    assert (str(sale.gross), str(sale.discount), str(sale.net)) == ("60.00", "9.00", "51.00")
    page.goto(f"/campaign/{Campaign.objects.get().code}/activations/")
    expect(page.locator("main table")).to_contain_text("9.00")
    page.goto("/sales/")
    page.locator("main tbody a").first.click()
    expect(page.locator("main")).to_contain_text("Semana da camiseta")
    expect(page.locator("main")).to_contain_text("51.00")


def test_a_paused_campaign_gives_nothing_any_more(site: Site, open_page: OpenPage) -> None:
    shop = build_shop(campaigns=False)
    page = open_page("/sign-in/", language="en-GB")
    sign_in(page, shop.manager.get_username())
    publish_fifteen_percent(page)

    page.get_by_role("button", name="Pause").first.click()
    expect(page.locator("main")).to_contain_text("Paused")
    scan_a_shirt(page)

    expect(page.locator(".charge:visible")).to_have_text("Charge R$60.00")
