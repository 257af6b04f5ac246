import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.laptop import Stack, operator_account
from tests.support.operator_client import Open, OperatorClient
from tests.support.sizes import LAPTOP, PROJECTOR
from web import problems
from web.language import texts

SOON = 60_000
EN = texts("en")["console"]


def sign_in(page: Page, name: str, password: str) -> None:
    page.locator("#name").fill(name)
    page.locator("#password").fill(password)
    page.get_by_role("button", name=EN["sign_in"]).click()


@pytest.fixture
def console(screen: Open, operator: OperatorClient) -> Page:
    page = screen(LAPTOP)
    page.goto("console")
    sign_in(page, *operator.account)
    expect(page.locator("#console")).to_be_visible(timeout=SOON)
    return page


def test_a_browser_without_a_token_is_taken_to_the_door(screen: Open) -> None:
    page = screen(LAPTOP)
    page.goto("console")
    expect(page).to_have_url(re.compile(r"sign-in$"), timeout=SOON)
    expect(page.get_by_role("button", name=EN["sign_in"])).to_be_visible(timeout=SOON)


def test_a_wrong_password_is_told(screen: Open) -> None:
    page = screen(LAPTOP)
    page.goto("sign-in")
    sign_in(page, "ana", "not the one")
    expect(page.locator("#sign-in-problem")).to_be_visible(timeout=SOON)
    expect(page.locator("#console")).to_be_hidden()


def test_a_locked_account_is_told(screen: Open) -> None:
    page = screen(LAPTOP)
    page.goto("sign-in")
    locked = problems.locked()
    page.route(
        "**/sign-in",
        lambda route: route.fulfill(status=locked.status, content_type="application/problem+json", body=locked.body()),
    )
    sign_in(page, "ana", "the right one")
    expect(page.locator("#sign-in-problem")).to_have_text(EN["why"]["locked"], timeout=SOON)
    expect(page.locator("#console")).to_be_hidden()


def test_who_is_no_operator_sees_nothing(screen: Open, stack: Stack) -> None:
    page = screen(LAPTOP)
    page.goto("sign-in")
    sign_in(page, *operator_account(stack, "bob", None))
    expect(page.locator("#sign-in-problem")).to_be_visible(timeout=SOON)
    expect(page.locator("#console")).to_be_hidden()


def test_a_held_wish_is_released_and_the_wall_shows_it(console: Page, screen: Open, operator: OperatorClient) -> None:
    wall = screen(PROJECTOR)
    wall.goto("wall")
    operator.send("Released by hand: www.my-choir.example")
    card = console.locator("#held .wish").filter(has_text="my-choir")
    expect(card).to_be_visible(timeout=SOON)
    card.get_by_role("button", name=EN["acts"]["release"]).click()
    expect(wall.locator("#stage")).to_contain_text("www.my-choir.example", timeout=SOON)


def test_escape_is_panic_and_escape_brings_the_wall_back(console: Page, screen: Open, operator: OperatorClient) -> None:
    wall = screen(PROJECTOR)
    wall.goto("wall")
    operator.send("Something to be blanked")
    expect(wall.locator("#stage")).to_contain_text("Something to be blanked", timeout=SOON)
    console.keyboard.press("Escape")
    try:
        expect(console.locator("#panic")).to_have_attribute("aria-pressed", "true")
        expect(wall.locator("#stage")).not_to_contain_text("Something to be blanked", timeout=SOON)
    finally:
        console.wait_for_timeout(500)  # a second press at once is fright, not a second thought, and does not count
        console.keyboard.press("Escape")
    expect(console.locator("#panic")).to_have_attribute("aria-pressed", "false")
    expect(wall.locator("#stage")).to_contain_text("Something to be blanked", timeout=SOON)
    assert operator.http.get("wishes").json()["blank"] is False


def test_a_token_that_no_longer_counts_leads_back_to_the_door(console: Page) -> None:
    console.evaluate("for (const key of Object.keys(sessionStorage)) sessionStorage.setItem(key, 'forged')")
    console.reload()
    expect(console.get_by_role("button", name=EN["sign_in"])).to_be_visible(timeout=SOON)
