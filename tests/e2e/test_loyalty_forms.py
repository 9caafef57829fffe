"""The forms of loyalty in a browser: rows that come and go in place, a search, steps, a summary that follows."""

from playwright.sync_api import expect

from tests.e2e.conftest import PHONE, OpenPage, Site, sign_in, stumbling_blocks


def test_a_level_and_its_gift_are_added_in_the_page(demo: Site, open_page: OpenPage) -> None:
    page = open_page("/sign-in/", viewport=PHONE)
    sign_in(page, "admin")
    page.goto("/loyalty/program/clube-aurora/edit/")

    page.click("button[value='add:level']")
    page.fill("input[name=level-4-points]", "50")
    page.click("input[name=level-4-add]")
    page.keyboard.type("bolsa")
    # The list of the empty search is there before the one of what is typed.
    expect(page.locator(".picker-choice").first).to_contain_text("Bolsa")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.click("button[value='add:gift-4']")
    expect(page.locator("input[name=level-4-gift-0-sku]")).to_have_value("BOLSA-BG-U")
    problems = stumbling_blocks(page)
    page.click(".builder-actions button[value=save]")
    page.wait_for_url("**/loyalty/program/clube-aurora/")

    assert problems == []
    expect(page.get_by_role("link", name="Bolsa transversal bege")).to_be_visible()


def test_a_stamp_plan_is_made_step_by_step_with_its_summary_at_the_end(
    demo: Site, open_page: OpenPage
) -> None:
    page = open_page("/sign-in/")
    sign_in(page, "admin")
    page.goto("/loyalty/stamp-plans/new/")

    page.fill("input[name=name]", "Dez cafés")
    page.fill("input[name=orders]", "10")
    page.click("[data-step-next]")
    page.click("[data-step-next]")
    page.check("input[name=reward][value=delivery]")
    page.click("[data-step-next]")
    page.click("[data-step-next]")
    expect(page.locator("[data-summary-copy]")).to_contain_text("100% off the delivery fee")
    page.click(".builder-actions .button-primary")

    page.wait_for_url("**/loyalty/stamp-plan/dez-cafes/")
    expect(page.locator("h1")).to_have_text("Dez cafés")
