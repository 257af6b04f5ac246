import re
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from tests.support.operator_client import Open, OperatorClient
from tests.support.sizes import PROJECTOR
from web.language import LANGUAGES, texts

SOON = 60_000  # milliseconds that anything may take on a slow machine
EN = texts("en")["wall"]


def shown(page: Page, text: str) -> None:
    expect(page.locator("#stage")).to_contain_text(text, timeout=SOON)


@pytest.fixture
def wall(projector: Page) -> Page:
    projector.goto("wall")
    expect(projector.locator("#mars-boarded")).to_have_text(re.compile(r"\d"), timeout=SOON)
    return projector


def test_a_wish_comes_to_the_wall_by_itself(wall: Page, operator: OperatorClient) -> None:
    operator.send("Nobody had to let me in")
    shown(wall, "Nobody had to let me in")


def test_a_held_wish_comes_once_it_is_released(wall: Page, operator: OperatorClient) -> None:
    wish_id = operator.send("Come to www.my-band.example")
    operator.send("The one after it")
    shown(wall, "The one after it")
    assert "my-band" not in wall.locator("#stage").inner_text()
    operator.release(wish_id)
    shown(wall, "Come to www.my-band.example")


def test_a_hidden_wish_is_gone(wall: Page, operator: OperatorClient) -> None:
    wish_id = operator.send("Take this one down")
    shown(wall, "Take this one down")
    operator.hide(wish_id)
    expect(wall.locator("body")).not_to_contain_text("Take this one down", timeout=SOON)


def test_panic_leaves_no_typed_word_and_the_wall_comes_back(wall: Page, operator: OperatorClient) -> None:
    operator.send("Gone in a moment")
    shown(wall, "Gone in a moment")
    operator.panic(on=True)
    try:
        expect(wall.locator("#placeholder")).to_contain_text(EN["blank"], timeout=SOON)
        assert "Gone in a moment" not in (wall.locator("body").text_content() or "")
        expect(wall.locator("#join")).to_be_visible()
    finally:
        operator.panic(on=False)
    shown(wall, "Gone in a moment")


def test_a_lost_connection_is_told_and_mends_itself(wall: Page, operator: OperatorClient) -> None:
    wall.context.set_offline(True)
    expect(wall.locator("#stale")).to_be_visible(timeout=SOON)
    expect(wall.locator("#stale")).to_contain_text(EN["reconnecting"])
    operator.send("Sent while the wall was away")
    wall.context.set_offline(False)
    shown(wall, "Sent while the wall was away")
    expect(wall.locator("#stale")).to_be_hidden(timeout=SOON)


# As on a machine that is too busy to begin an animation at once: a card for Jupiter never quite arrives.
LATE = """
const animate = Element.prototype.animate;
Element.prototype.animate = function (frames, options) {
  const animation = animate.call(this, frames, options);
  if (this.matches(".card.jupiter") && options.delay) { animation.pause(); animation.currentTime = 1400; }
  return animation;
};
"""
AT_REST = """() => document.getAnimations().every(
  (each) => !each.effect.target.matches(".card") || each.playState !== "running")"""
TOPS_AND_BOTTOMS = """() => [...document.querySelectorAll(".card")]
  .filter((card) => getComputedStyle(card).opacity > .3)
  .map((card) => card.querySelector("blockquote").getBoundingClientRect()).map(({top, bottom}) => [top, bottom]).sort(
    (one, other) => one[0] - other[0])"""


def test_no_two_wishes_overlap_where_an_animation_began_late(projector: Page, operator: OperatorClient) -> None:
    projector.add_init_script(LATE)
    projector.goto("wall")
    operator.send("First, and late", to="jupiter")
    shown(projector, "First, and late")
    operator.send("Second, and in time")
    shown(projector, "Second, and in time")
    projector.wait_for_function(AT_REST, timeout=SOON)
    boxes = projector.evaluate(TOPS_AND_BOTTOMS)
    assert len(boxes) > 1
    assert all(upper[1] <= lower[0] for upper, lower in pairwise(boxes))


def test_an_unchanged_wall_costs_a_304(wall: Page) -> None:
    with wall.expect_response(lambda answer: "wishes?" in answer.url and answer.status == 304, timeout=SOON) as found:
        pass
    assert found.value.request.headers["if-none-match"]


def test_it_counts_what_boards_and_the_seats_that_are_left(wall: Page, operator: OperatorClient) -> None:
    ships = operator.http.get("manifest").json()["destinations"]
    operator.send("Count me", to="jupiter")
    expected = f"{ships['jupiter']['boarded'] + 1:,}"
    expect(wall.locator("#jupiter-boarded")).to_have_text(expected, timeout=SOON)
    expect(wall.locator("#jupiter-seats")).to_contain_text(f"{ships['jupiter']['seats_left'] - 1:,}")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    "size", [PROJECTOR, {"width": 1280, "height": 720}, {"width": 1024, "height": 768}], ids=["1080p", "720p", "4:3"]
)
def test_everything_fits_on_the_screen(screen: Open, lang: str, size: dict[str, int]) -> None:
    page = screen(size, lang)
    page.goto("wall")
    expect(page.locator("#mars-boarded")).to_have_text(re.compile(r"\d"), timeout=SOON)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    for part in ("#mars-boarded", "#jupiter-boarded", "#mars-seats", "#jupiter-seats", "#join", "#rate"):
        box = page.locator(part).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size["width"]
        assert box["y"] + box["height"] <= size["height"]
