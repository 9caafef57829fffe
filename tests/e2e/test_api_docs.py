"""The API's page of documentation, without anything from the internet."""

from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenPage


def open_chapter(page: Page, name: str) -> None:
    page.locator(".opblock-tag", has_text=name).click()
    expect(page.locator(".opblock").first).to_be_visible()


def test_documentation_opens_offline_and_shows_an_operation_with_its_examples(open_page: OpenPage) -> None:
    page = open_page("/api/docs/")

    open_chapter(page, "Point of sale")
    operation = page.locator(".opblock", has_text="/api/v1/baskets/evaluate/")
    operation.locator("button").first.click()

    expect(operation).to_contain_text("Examples")
    expect(operation.locator(".highlight-code, textarea, .example").first).to_be_visible()
