"""A real Chromium. Without one the browser tests skip and say so; `.ci/run` installs it."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.laptop import Stack

# No window, no sandbox (CI runs as root), and nothing that calls home.
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
PHONE = {"width": 390, "height": 844}


# Not for the session: Playwright keeps an event loop running in this thread for as long as it lives.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine: install Debian's chromium to run the browser tests")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def phone(browser: Browser, stack: Stack) -> Iterator[Page]:
    """A page on a phone. Whatever the browser complains of (script errors, blocked content) fails the test."""
    context = browser.new_context(base_url=stack.url, viewport=PHONE)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(f"a script opened a dialog: {dialog.message}"))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    # A receipt that is not stored yet is a 404, and Chromium says so.
    assert [each for each in complaints if "404" not in each] == []


@pytest.fixture
def phone_without_script(browser: Browser, stack: Stack) -> Iterator[Page]:
    """The same with JavaScript switched off."""
    context = browser.new_context(base_url=stack.url, viewport=PHONE, java_script_enabled=False)
    yield context.new_page()
    context.close()
