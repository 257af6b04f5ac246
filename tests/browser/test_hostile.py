"""What an audience types when it wants to see what happens: shown exactly, run never, and nothing falls apart."""

import json

import pytest
from playwright.sync_api import Page, Route, expect

from frontend.sanitise import normalise
from tests.support.operator_client import Open, OperatorClient
from tests.support.samples import HOSTILE, OVERRIDDEN
from tests.support.sizes import LAPTOP, PHONE, PROJECTOR

TEXTS = [*HOSTILE, *OVERRIDDEN]
_VIOLATIONS = """
window.__violations = [];
addEventListener("securitypolicyviolation", (event) => __violations.push(event.violatedDirective + event.blockedURI));
"""


def watched(page: Page) -> Page:
    """The page, which from now on remembers what its policy forbade."""
    page.add_init_script(_VIOLATIONS)
    return page


def assert_whole(page: Page, selector: str) -> None:
    """No violation of the policy was reported, nothing ran, and all of it lies within the screen's width."""
    assert page.evaluate("window.__violations") == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.scripts.length === document.querySelectorAll('head script').length")
    for box in page.locator(selector).evaluate_all("all => all.map(each => each.getBoundingClientRect().toJSON())"):
        assert box["left"] >= 0
        assert box["right"] <= page.evaluate("innerWidth")


@pytest.fixture(scope="module")
def sent(operator: OperatorClient) -> dict[str, str]:
    """Send every text as a wish and wait until all are stored; ids by text."""
    wishes = {text: operator.submit(text, text[:20]) for text in TEXTS}
    for wish_id in wishes.values():
        operator.wait_until_stored(wish_id)
    return wishes


def test_there_are_thirty_of_them() -> None:
    assert len(TEXTS) >= 30


def test_receipts_show_them_as_typed(screen: Open, sent: dict[str, str]) -> None:
    page = watched(screen(PHONE))
    for text, wish_id in sent.items():
        page.goto(f"wishes/{wish_id}")
        assert page.locator("#message").text_content() == normalise(text)
        assert page.locator("#passenger").text_content() == normalise(text[:20])
        assert page.locator("#message *, #passenger *").count() == 0
        assert_whole(page, "#message, #passenger, article")


def test_the_wall_shows_them_as_typed(screen: Open, sent: dict[str, str], operator: OperatorClient) -> None:
    page = watched(screen(PROJECTOR))
    feed: dict[str, object] = {"withdrawn": [], "cursor": "1-1", "blank": False}

    def only(route: Route) -> None:
        route.fulfill(content_type="application/json", body=json.dumps(feed))

    page.route("**/wishes?*", only)
    for text, wish_id in sent.items():
        wish = operator.http.get(f"wishes/{wish_id}").json()
        feed["wishes"] = [{name: wish[name] for name in ("wish_id", "destination", "name", "message")}]
        page.goto("wall")
        quote = page.locator("#stage blockquote").filter(visible=True).first
        expect(quote).to_have_js_property("textContent", normalise(text))
        assert page.locator("#stage blockquote *").count() == 0
        assert_whole(page, "#stage figure")


def test_the_console_shows_them_as_typed(screen: Open, sent: dict[str, str], operator: OperatorClient) -> None:
    page = watched(screen(LAPTOP))
    page.goto("sign-in")
    name, password = operator.account
    page.locator("#name").fill(name)
    page.locator("#password").fill(password)
    page.keyboard.press("Enter")
    expect(page.locator("#latest .wish").first).to_be_visible()
    shown = page.locator(".wish .text").evaluate_all("all => all.map(each => each.textContent)")
    assert set(map(normalise, TEXTS)) <= set(shown)
    assert page.locator(".wish .text *, .wish .sender *").count() == 0
    assert_whole(page, ".wish")
