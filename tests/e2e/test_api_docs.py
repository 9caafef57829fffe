"""The API's page of documentation, without anything from the internet."""

from tests.e2e.conftest import OpenPage, Site


def test_documentation_opens_offline_and_lists_the_operations(open_page: OpenPage, site: Site) -> None:
    page = open_page("/api/docs/")

    page.wait_for_selector(".opblock", state="attached")

    paths = page.locator(".opblock-summary-path").all_inner_texts()
    assert any("baskets" in path for path in paths)


def test_an_operation_shows_its_example(open_page: OpenPage) -> None:
    page = open_page("/api/docs/")

    page.locator(".opblock", has_text="/api/v1/baskets/evaluate/").locator("button").first.click()

    page.wait_for_selector(".opblock-body .highlight-code, .opblock-body textarea, .opblock-body .example")
