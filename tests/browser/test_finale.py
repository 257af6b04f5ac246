"""The finale on the wall: a light for each seat, then what the audit says."""

import pytest
from playwright.sync_api import Page, expect

from lastwish.local import stage
from lastwish.local.state import Home
from tests.support.on_stage import without_a_stage
from tests.support.operator_client import Open
from tests.support.sizes import PROJECTOR
from tests.support.texts import every_text
from web.language import LANGUAGES

SOON = 60_000
GOOD = {
    "ok": True,
    "accepted": 312,
    "stored": 312,
    "in_flight": 0,
    "dead_lettered": 0,
    "seats": {"mars": 190, "jupiter": 119},
}
WORDS = every_text("en")["finale"]
# How many pixels of the picture are lit, on the left and on the right.
_LIT = """canvas => {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const lit = [0, 0];
  for (let i = 3; i < data.length; i += 4) if (data[i]) lit[Math.floor((2 * ((i >> 2) % width)) / width)] += 1;
  return lit;
}"""


def wall(screen: Open, lang: str = "en", motion: str = "reduce") -> Page:
    page = screen(PROJECTOR, lang, reduced_motion=motion)
    page.goto("wall")
    return page


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_was_lost(screen: Open, home: Home, lang: str) -> None:
    stage.put(home, finale=GOOD)
    finale = wall(screen, lang).locator("#finale")
    words = every_text(lang)["finale"]
    expect(finale.locator("h2")).to_have_text(words["ok"], timeout=SOON)
    expect(finale.locator("p")).to_have_text(words["stored"].replace("{n}", "312").replace("{all}", "312"))
    left, right = finale.locator("canvas").evaluate(_LIT)
    assert left > 10_000
    assert right > 10_000


def test_seats_light_up_one_after_the_other(screen: Open, home: Home) -> None:
    stage.put(home, finale=GOOD)
    finale = wall(screen, motion="no-preference").locator("#finale")
    expect(finale.locator("p")).to_have_text(WORDS["seats"], timeout=SOON)
    expect(finale.locator("h2")).to_have_text(WORDS["ok"], timeout=SOON)


def test_what_is_on_its_way_is_not_called_safe(screen: Open, home: Home) -> None:
    page = wall(screen)
    stage.put(home, finale=GOOD | {"ok": False, "stored": 309, "in_flight": 2, "dead_lettered": 1})
    finale = page.locator("#finale")
    expect(finale.locator("h2")).to_have_text(WORDS["counting"], timeout=SOON)
    expect(finale.locator("p")).to_contain_text("309 of 312")
    expect(finale.locator("p")).to_contain_text("2 on their way · 1 put aside")
    stage.put(home, finale=GOOD | {"ok": False, "stored": 311})
    expect(finale.locator("h2")).to_have_text(WORDS["differs"], timeout=SOON)
    stage.put(home, finale=None)
    expect(finale).to_be_hidden(timeout=SOON)


def test_without_a_stage_the_wall_is_a_wall(screen: Open) -> None:
    page, asked = screen(PROJECTOR), list[str]()
    without_a_stage(page, asked)
    page.goto("wall")
    expect(page.locator("#mars-boarded")).not_to_have_text("–", timeout=SOON)
    assert asked
    expect(page.locator("#finale")).to_be_hidden()
