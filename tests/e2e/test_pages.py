"""Every page of the back-office: complete, quiet, within its security policy, usable by everybody."""

from collections import deque
from urllib.parse import urldefrag, urlsplit

import pytest
from django.urls import Resolver404, resolve
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, Response

from tests.e2e.conftest import LAPTOP, PHONE, OpenPage, Site, sign_in, stumbling_blocks

# Django's own pages for support staff, and what is no page.
_NOT_OURS = ("/admin/", "/static/", "/api/", "/sign-out/")


def _links(page: Page) -> list[str]:
    addresses: list[str] = page.eval_on_selector_all("a[href]", "links => links.map((link) => link.href)")
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
    return [urldefrag(address)[0] for address in addresses if address.startswith(origin)]


def _page_name(address: str) -> str:
    """Return the same name for every address that one view answers; empty when it is none of our pages."""
    path = urlsplit(address).path
    if path.startswith(_NOT_OURS):
        return ""
    try:
        return resolve(path).view_name
    except Resolver404:
        return path


def _visit_all(page: Page, answers: dict[str, Response | None]) -> list[str]:
    """Follow links from the present page; return the problems of one page of each kind."""
    problems: list[str] = []
    seen = {_page_name(page.url)}
    waiting = deque(_links(page))
    problems += stumbling_blocks(page)
    while waiting:
        address = waiting.popleft()
        name = _page_name(address)
        if not name or name in seen or "export=" in address:
            continue
        seen.add(name)
        try:
            answers[name] = page.goto(address)
        except PlaywrightError as error:
            # A file, such as a template for imports, is no page.
            if "Download is starting" not in error.message:
                raise
            continue
        problems += stumbling_blocks(page)
        waiting.extend(_links(page))
    return problems


def _policy_is_strict(headers: dict[str, str]) -> bool:
    policy = headers.get("content-security-policy", "")
    return "default-src 'self'" in policy and "unsafe" not in policy


@pytest.mark.parametrize(
    ("viewport", "language", "scheme"),
    [(LAPTOP, "pt-BR", "light"), (LAPTOP, "en-GB", "dark"), (PHONE, "pt-BR", "light")],
    ids=["laptop", "dark", "phone"],
)
def test_every_page_opens_and_is_accessible(
    demo: Site, open_page: OpenPage, viewport: dict[str, int], language: str, scheme: str
) -> None:
    page = open_page("/sign-in/", viewport=viewport, language=language, color_scheme=scheme)
    problems = stumbling_blocks(page)
    sign_in(page, "admin")
    answers: dict[str, Response | None] = {}

    problems += _visit_all(page, answers)

    broken = {
        name: answer and answer.status for name, answer in answers.items() if not answer or not answer.ok
    }
    assert broken == {}
    assert problems == [], "\n".join(problems)
    assert len(answers) > 8


def test_the_language_switch_changes_the_page_and_stays(demo: Site, open_page: OpenPage) -> None:
    page = open_page("/sign-in/", language="pt-BR")
    assert page.locator("html").get_attribute("lang") == "pt-br"
    sign_in(page, "admin")

    page.locator("button[name=language][value=en]:visible").first.click()
    page.goto("/stores/")

    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("h1").inner_text() == "Stores"


def test_nobody_gets_in_without_signing_in(demo: Site, open_page: OpenPage) -> None:
    page = open_page("/stores/")

    assert "/sign-in/" in page.url


def test_the_administration_is_as_quiet(demo: Site, open_page: OpenPage) -> None:
    page = open_page("/sign-in/")
    sign_in(page, "admin")
    page.goto("/admin/")
    lists = [address for address in dict.fromkeys(_links(page)) if urlsplit(address).path.count("/") == 4]

    for address in lists:
        answer = page.goto(address)
        assert answer is not None
        assert answer.ok, address

    assert len(lists) > 10
