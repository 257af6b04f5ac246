"""Held wishes in groups: many at once, with what could not be done."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.mission_page import sign_in
from tests.support.operator_client import Open, OperatorClient
from tests.support.sizes import LAPTOP
from web.language import LANGUAGES, texts

SOON = 60_000


def console(page: Page, operator: OperatorClient) -> Page:
    page.goto("sign-in")
    sign_in(page, operator)
    expect(page.locator("#console")).to_be_visible(timeout=SOON)
    return page


def group(page: Page, text: str) -> Locator:
    """The row of an equal text, with the groups opened."""
    expect(page.locator("#groups summary")).to_be_visible(timeout=SOON)
    if page.locator("#groups").get_attribute("open") is None:
        page.locator("#groups summary").click()
    row = page.locator("#groups-rows li").filter(has_text=text)
    expect(row).to_be_visible(timeout=SOON)
    return row


def press(button: Locator, sure: str) -> None:
    """Press a button, and again once it asks."""
    button.click()
    expect(button).to_have_text(sure)
    button.page.wait_for_timeout(500)  # a double click is not a confirmation
    button.click()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_equal_wishes_are_hidden_all_at_once(screen: Open, operator: OperatorClient, lang: str) -> None:
    words = texts(lang)["console"]["groups"]
    text, other = f"All of us to www.same-{lang}.example", f"Not me: www.other-{lang}.example"
    alone = operator.send(other)
    for wish_id in [operator.submit(text) for _ in range(5)]:
        operator.wait_until_stored(wish_id)
    page = console(screen(LAPTOP, lang), operator)
    row = group(page, text)
    expect(row.locator("[data-action=hide]")).to_have_text(words["acts"]["hide"].format(count=5), timeout=SOON)
    press(row.locator("[data-action=hide]"), words["sure"]["hide"].format(count=5))
    expect(row.locator(".result")).to_have_text(words["done"].format(done=5), timeout=SOON)
    expect(page.locator("#held .wish[data-visibility=hidden]").filter(has_text=text)).to_have_count(5)
    expect(page.locator(f"#held [data-id='{alone}']")).to_have_attribute("data-visibility", "held")


def test_what_could_not_be_done_is_told_and_can_be_tried_again(screen: Open, operator: OperatorClient) -> None:
    words = texts("en")["console"]["groups"]
    text = "Three of us to www.partly.example"
    operator.send("One with another text: www.alone.example")
    ids = [operator.submit(text) for _ in range(3)]
    for wish_id in ids:
        operator.wait_until_stored(wish_id)
    page = console(screen(LAPTOP), operator)
    row = group(page, text)
    release = row.locator("[data-action=release]")
    expect(release).to_have_text(words["acts"]["release"].format(count=3), timeout=SOON)
    refused = re.compile(f"ops/wishes/{ids[1]}/release")
    page.route(refused, lambda route: route.fulfill(status=404, json={}))
    press(release, words["sure"]["release"].format(count=3))
    expect(row.locator(".result")).to_have_text(words["partly"].format(done=2, left=1), timeout=SOON)
    expect(page.locator(f"#held [data-id='{ids[1]}'] .failure")).to_be_visible()
    page.unroute(refused)
    press(release, words["sure"]["release"].format(count=1))
    expect(row.locator(".result")).to_have_text(words["done"].format(done=1), timeout=SOON)
    expect(page.locator(f"#held [data-id='{ids[1]}']")).not_to_have_attribute("data-visibility", "held")


def test_wishes_of_one_reason_are_a_group_too(screen: Open, operator: OperatorClient) -> None:
    for number in range(2):
        operator.send(f"Different, but both to www.reason-{number}.example")
    page = console(screen(LAPTOP), operator)
    row = group(page, texts("en")["console"]["reasons"]["link"])
    expect(row.locator("[data-action=hide]")).to_have_text(re.compile(r"Hide \d+"))


def test_one_press_alone_does_nothing(screen: Open, operator: OperatorClient) -> None:
    text = "Twice to www.once-pressed.example"
    operator.send("Beside them www.beside.example")
    ids = [operator.send(text) for _ in range(2)]
    page = console(screen(LAPTOP), operator)
    button = group(page, text).locator("[data-action=hide]")
    button.dblclick()
    expect(button).to_have_class(re.compile("confirming"))
    expect(button).not_to_have_class(re.compile("confirming"), timeout=10_000)
    assert [operator.http.get(f"wishes/{wish_id}").json()["visibility"] for wish_id in ids] == ["held", "held"]
