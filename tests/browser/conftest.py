"""Visitors for the journeys, each with a browser of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

JUDGED_WITHIN_MS = 120_000
PASSWORD = "touchstone-demo"


@pytest.fixture(scope="session")
def site(live_stack: str) -> str:
    """The address of the running stack, without the last slash."""
    return live_stack.rstrip("/")


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, site: str) -> Iterator[Visit]:
    """Opens a page of a new visitor. The visit fails on a script error or on anything the policy blocks."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(language: str = "en", theme: str = "light", width: int = 1360, height: int = 860) -> Page:
        context = browser.new_context(
            base_url=site,
            viewport={"width": width, "height": height},
            locale="zh-CN" if language == "zh" else "en-GB",
        )
        context.add_cookies([{"name": "theme", "value": theme, "url": site}])
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text) if "Content Security Policy" in message.text else None
            ),
        )
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def accessible() -> Callable[[Page], None]:
    """Fails with the violations that axe finds on the page as it is now."""

    def check(page: Page) -> None:
        found = Axe().run(page).response["violations"]
        assert [(rule["id"], [node["html"][:200] for node in rule["nodes"]]) for rule in found] == [], (
            page.url
        )

    return check


def log_in(page: Page, name: str) -> None:
    page.goto("/accounts/login/")
    page.locator("[name=login]").fill(name)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main button.primary").click()
    expect(page).to_have_url(re.compile("/problems/$"))


def sign_up(page: Page, name: str) -> None:
    page.goto("/accounts/signup/")
    page.locator("[name=username]").fill(name)
    page.locator("[name=password1]").fill("a long enough passphrase")
    page.locator("[name=password2]").fill("a long enough passphrase")
    page.locator("main button.primary").click()
    expect(page).to_have_url(re.compile("/problems/$"))


def write_code(page: Page, source: str) -> None:
    """Replaces the editor's text by a paste: typed, it would be indented and completed once more."""
    editor = page.locator(".cm-content")
    editor.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("Delete")
    editor.evaluate(
        """(content, text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", text);
            const options = { clipboardData, bubbles: true, cancelable: true };
            content.dispatchEvent(new ClipboardEvent("paste", options));
        }""",
        source,
    )


def send(page: Page) -> None:
    page.locator("button[data-action=submit]").click()


def expect_verdict(page: Page, verdict: str) -> None:
    """Waits until judging is over, without ever reloading the page."""
    panel = page.locator("#results .verdict-panel")
    expect(panel).not_to_have_attribute("data-events", re.compile("."), timeout=JUDGED_WITHIN_MS)
    expect(panel).to_have_attribute("data-verdict", verdict)
