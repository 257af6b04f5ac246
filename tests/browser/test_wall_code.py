"""How a phone finds its way from the wall to the form, and how many wishes are on their way."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.deployed_chain import DeployedChain
from tests.support.laptop import Stack
from tests.support.operator_client import Open, OperatorClient
from tests.support.sizes import PROJECTOR
from web.language import LANGUAGES, texts
from web.templating import SECURITY_HEADERS, render

SOON = 60_000
PHONES = "http://192.0.2.20:8045/"


def wall_for_phones(page: Page, lang: str = "en") -> Page:
    """Open the wall as it is where phones reach the form."""

    def answer(route: Route) -> None:
        html = render("wall.html", lang, public_url=PHONES)
        route.fulfill(body=html, headers={**SECURITY_HEADERS, "Content-Type": "text/html; charset=utf-8"})

    page.route("**/wall", answer)
    page.goto("wall")
    return page


def height_of_code(page: Page) -> float:
    box = page.locator("#join img").bounding_box()
    assert box is not None
    return box["height"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_wall_that_no_phone_can_follow_says_what_to_do_instead(screen: Open, lang: str) -> None:
    page = screen(PROJECTOR, lang)
    page.goto("wall")
    expect(page.locator("#join")).to_contain_text(texts(lang)["wall"]["laptop_only"])
    expect(page.locator("#join code")).to_have_text("lastwish up --lan")
    expect(page.locator("#join img")).to_have_count(0)
    page.keyboard.press("q")
    expect(page.locator("#code")).to_be_hidden()
    expect(page.locator("#join")).not_to_have_class(re.compile("full"))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_q_makes_the_code_fill_the_screen_and_small_again(screen: Open, lang: str) -> None:
    page = wall_for_phones(screen(PROJECTOR, lang), lang)
    button = page.get_by_role("button", name=texts(lang)["wall"]["code"])
    expect(button).to_have_attribute("aria-pressed", "false")
    assert page.locator("#join img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    assert height_of_code(page) < 250
    for enlarge, reduce in (
        (lambda: page.keyboard.press("q"), lambda: page.keyboard.press("q")),
        (lambda: page.keyboard.press("q"), lambda: page.keyboard.press("Escape")),
        (button.click, button.click),
        (page.locator("#join").click, page.locator("#join").click),
    ):
        enlarge()
        expect(button).to_have_attribute("aria-pressed", "true")
        assert height_of_code(page) > 0.8 * PROJECTOR["height"]
        expect(page.locator("#join")).to_contain_text(PHONES)
        expect(page.locator("#join span")).to_be_in_viewport(ratio=1)
        reduce()
        expect(button).to_have_attribute("aria-pressed", "false")
        assert height_of_code(page) < 250


@pytest.mark.parametrize("size", [PROJECTOR, {"width": 1280, "height": 720}, {"width": 1024, "height": 768}])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_way_to_the_form_fits_on_the_screen(screen: Open, size: dict[str, int], lang: str) -> None:
    page = wall_for_phones(screen(size, lang), lang)
    for part in ("#join img", "#join span"):
        expect(page.locator(part)).to_be_in_viewport(ratio=1)
    page.keyboard.press("q")
    for part in ("#join img", "#join span"):
        expect(page.locator(part)).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")


@pytest.fixture
def chain(stack: Stack) -> Iterator[DeployedChain]:
    with DeployedChain(stack) as chain:
        yield chain


@pytest.mark.parametrize("lang", LANGUAGES)
def test_wishes_on_their_way_are_counted_before_the_first_of_them_boards(
    screen: Open, chain: DeployedChain, operator: OperatorClient, lang: str
) -> None:
    page = screen(PROJECTOR, lang)
    chain.wait_until_idle()
    page.goto("wall")
    expect(page.locator("#mars-boarded")).to_have_text(re.compile(r"\d"), timeout=SOON)
    expect(page.locator("#on-their-way")).to_be_empty(timeout=SOON)
    with chain.paused("InboxUrl"):
        sent = [operator.submit(f"Wait for me, {number}") for number in range(3)]
        words = texts(lang)["wall"]["on_their_way"].format(n=3)
        expect(page.locator("#on-their-way")).to_have_text(words, timeout=SOON)
    for wish_id in sent:
        operator.wait_until_stored(wish_id)
    expect(page.locator("#on-their-way")).to_be_empty(timeout=SOON)
