"""A real web server on a database of the test's own, and browsers that refuse to leave it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Request, expect, sync_playwright

from config.local.processes import start_child, stop_group

ROOT = Path(__file__).resolve().parents[2]
LAPTOP = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}
PASSWORD = "uma senha bem longa"
# Costs time only where a test fails; a machine that builds other things meanwhile is slow.
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)

# The browser must neither need a sandbox nor call home.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--metrics-recording-only",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


# --- The server ----------------------------------------------------------------------------------


@dataclass
class Site:
    """A running installation; `url` has no trailing slash."""

    url: str
    database_url: str


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_it_answers(process: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The web server stopped while starting, with {process.returncode}.")
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310 - our own server
                if answer.status == 200:
                    return
        except (OSError, urllib.error.URLError):
            time.sleep(0.05)
    raise RuntimeError(f"The web server did not answer on {address} within 60 seconds.")


@contextmanager
def served(database_url: str, **environment: str) -> Iterator[Site]:
    """Run the web server that `make run` starts, on a database, with further variables of the environment."""
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    # Tied to this process: a killed test run leaves no web server behind.
    process = start_child(
        [
            *(sys.executable, "-m", "granian", "config.wsgi:application", "--interface", "wsgi", "--no-ws"),
            *("--http", "1", "--host", "127.0.0.1", "--port", str(port)),
            *("--workers", "1", "--blocking-threads", "2", "--log-level", "warning"),
        ],
        cwd=ROOT,
        environment=os.environ
        | {"DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": database_url, "PUBLIC_URL": address}
        | environment,
        death_signal=signal.SIGTERM,
    )
    try:
        _wait_until_it_answers(process, f"{address}/healthz")
        yield Site(url=address, database_url=database_url)
    finally:
        stop_group(process, signal.SIGTERM, patience_seconds=10)


@pytest.fixture
def site(committed_db: str) -> Iterator[Site]:
    """The web server on a committed database of this test."""
    with served(committed_db) as site:
        yield site


# --- Browsers ------------------------------------------------------------------------------------


def _chromium() -> str:
    for name in (os.environ.get("FIEL_CHROMIUM"), "chromium", "chromium-browser", "google-chrome"):
        program = shutil.which(name) if name else None
        if program:
            return program
    raise RuntimeError("The browser tests need Chromium: apt-get install chromium, or set FIEL_CHROMIUM.")


@pytest.fixture(scope="session")
def _playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        # Playwright drives the browser from an event loop, and Django takes any loop for an async caller.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        yield playwright


@pytest.fixture(scope="session")
def browser(_playwright: Playwright) -> Iterator[Browser]:
    browser = _playwright.chromium.launch(executable_path=_chromium(), args=CHROMIUM_ARGUMENTS)
    yield browser
    browser.close()


@dataclass
class Watch:
    """What pages did that no page may do; `failures` is empty when all is well."""

    origin: str
    failures: list[str] = field(default_factory=list)
    # Refusals that a test provokes on purpose: the browser reports each as an error of its own.
    expected: set[str] = field(default_factory=set)

    def observe(self, page: Page) -> None:
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.failures.append(f"{page.url}: uncaught {error}"))
        page.on("request", self._on_request)

    def _on_console(self, message: Any) -> None:
        address = urlsplit(message.location.get("url", "")).path
        if message.type in ("error", "warning") and address not in self.expected:
            self.failures.append(f"{message.location.get('url')}: {message.type}: {message.text}")

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((self.origin, "data:", "blob:")):
            self.failures.append(f"request to another server: {request.url}")


@pytest.fixture
def watch(site: Site) -> Iterator[Watch]:
    """Fails the test when a page logged an error, broke its security policy or called another server."""
    watch = Watch(site.url)
    yield watch
    assert watch.failures == []


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(site: Site, browser: Browser, watch: Watch) -> Iterator[OpenPage]:
    """Open a page in a browser of its own: `open_page("/till/", viewport=PHONE, language="pt-BR")`."""
    contexts: list[BrowserContext] = []

    def open_page(
        path: str, *, viewport: dict[str, int] = LAPTOP, language: str = "en-GB", **options: Any
    ) -> Page:
        context = browser.new_context(
            base_url=site.url, viewport=viewport, locale=language, timezone_id="America/Sao_Paulo", **options
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        watch.observe(page)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()


def sign_in(page: Page, username: str) -> None:
    """Sign in on the sign-in page, as the person whom a test built."""
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", PASSWORD)
    page.locator("main button[type=submit], main button:not([type])").first.click()
    page.wait_for_url(lambda url: "/sign-in/" not in url)


def stumbling_blocks(page: Page) -> list[str]:
    """Return what on the page is hard for a keyboard, a screen reader or weak eyes (accessibility.js)."""
    problems: list[str] = page.evaluate((Path(__file__).parent / "accessibility.js").read_text())
    return [f"{urlsplit(page.url).path}: {problem}" for problem in problems]


@pytest.fixture
def demo(site: Site) -> Site:
    """The site with the sample chain that `make run` shows; everybody's password is PASSWORD."""
    from django.utils import timezone

    from pos_api.demo.build import Demo

    list(Demo(at=timezone.now(), password=PASSWORD).build())
    return site
