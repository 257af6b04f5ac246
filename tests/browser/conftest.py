"""A real Chromium. Without one the browser tests skip and say so; `.ci/run` installs it."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from lastwish.local.state import Home
from tests.support.chromium import FLAGS, quick_chromium
from tests.support.laptop import Stack
from tests.support.on_stage import a_stage
from tests.support.operator_client import Open, OperatorClient
from tests.support.sizes import PHONE, PROJECTOR

LOCALES = {"en": "en-GB", "ja": "ja-JP"}
# What tests do on purpose: refusals, a receipt that is not stored yet, no token, no network.
EXPECTED = ("401", "403", "404", "422", "429", "502", "503", "ERR_INTERNET_DISCONNECTED", "ERR_FAILED")


# Not for the session: Playwright keeps an event loop running in this thread for as long as it lives.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = quick_chromium()
    if path is None:
        pytest.skip("no Chromium on this machine: install Debian's chromium-headless-shell to run the browser tests")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def screen(browser: Browser, stack: Stack) -> Iterator[Open]:
    """Opens pages. What a browser complains of (script errors, blocked content, dialogs) fails the test at its end."""
    contexts, complaints = [], []

    def open_(size: dict[str, int] = PHONE, lang: str = "en", **options: Any) -> Page:
        context = browser.new_context(base_url=stack.url, viewport=size, locale=LOCALES[lang], **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(f"a script opened a dialog: {dialog.message}"))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert [each for each in complaints if not any(word in each for word in EXPECTED)] == []


@pytest.fixture
def phone(screen: Open) -> Page:
    """A page on a phone."""
    return screen(PHONE)


@pytest.fixture
def phone_without_script(screen: Open) -> Page:
    """The same with JavaScript switched off."""
    return screen(PHONE, java_script_enabled=False)


@pytest.fixture
def projector(screen: Open) -> Page:
    """A page on the big screen."""
    return screen(PROJECTOR)


@pytest.fixture(scope="session")
def operator(stack: Stack) -> Iterator[OperatorClient]:
    with httpx.Client(base_url=stack.url, timeout=60, trust_env=False) as http:
        yield OperatorClient(stack, http)


@pytest.fixture
def home(stack: Stack) -> Iterator[Home]:
    """Where a show of the shared stack puts what is on the stage."""
    with a_stage(stack) as home:
        yield home
