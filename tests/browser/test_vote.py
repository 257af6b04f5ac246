"""The hall votes what breaks: on the receipts of its wishes and on the wall."""

from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import Error, Route, expect

from lastwish.local import stage
from lastwish.local.state import Home
from tests.support.laptop import wait_until
from tests.support.on_stage import CHOICES, receipt, without_a_stage
from tests.support.operator_client import Open, OperatorClient
from tests.support.sizes import PHONE, PROJECTOR
from tests.support.texts import every_text
from web.language import LANGUAGES

SOON = 60_000
EN = every_text("en")["stage"]
DRILL = ("worker-crash-loop", "The worker crashes", 600)


def counts(home: Home) -> dict[str, int]:
    return dict((stage.seen(home) or {})["vote"]["counts"])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_phone_votes_and_changes_its_mind_and_the_wall_counts(
    screen: Open, operator: OperatorClient, home: Home, lang: str
) -> None:
    said = every_text(lang)["stage"]
    stage.open_vote(home, CHOICES, 600)
    wall, page = screen(PROJECTOR, lang), receipt(screen(PHONE, lang), operator)
    wall.goto("wall")
    hall = page.locator("#hall")
    expect(hall.get_by_role("heading")).to_contain_text(said["ask"], timeout=SOON)
    of_the_sheet = [words[lang] for words in CHOICES.values() if isinstance(words, dict)]
    names = [said["drills"]["worker-crash-loop"], *of_the_sheet]
    expect(hall.get_by_role("button")).to_have_text(names)
    for choice in ("store-throttles", "something-new"):
        button = hall.locator(f"button[value={choice}]")
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
    expect(hall.get_by_role("status")).to_have_text(said["voted"])
    expect(hall.locator("[aria-pressed=true]")).to_have_count(1)
    assert counts(home) == {"worker-crash-loop": 0, "store-throttles": 0, "something-new": 1}

    expect(wall.locator("#hall li")).to_have_text([f"{names[0]} 0", f"{names[1]} 0", f"{names[2]} 1"], timeout=SOON)
    expect(wall.locator("#hall .clock")).not_to_be_empty()
    page.reload()
    expect(hall.locator("button[value=something-new]")).to_have_attribute("aria-pressed", "true", timeout=SOON)


def test_the_end_of_a_vote_shows_the_winner_and_what_is_broken(
    screen: Open, operator: OperatorClient, home: Home
) -> None:
    stage.open_vote(home, CHOICES, 1)
    wall, page = screen(PROJECTOR), receipt(screen(PHONE), operator)
    wall.goto("wall")
    winner = EN["drills"]["worker-crash-loop"]
    for each in (wall, page):
        expect(each.locator("#hall h2")).to_contain_text(EN["winner"], timeout=SOON)
        expect(each.locator("#hall .what")).to_have_text(winner)
    stage.announce(home, *DRILL)
    for each in (wall, page):
        expect(each.locator("#hall h2")).to_contain_text(EN["broken"], timeout=SOON)
    expect(page.locator("#hall").get_by_role("link", name=EN["send"])).to_be_visible()
    expect(page.locator("#hall").get_by_role("status")).to_have_text(EN["story"]["before"])
    stage.mended(home)
    for each in (wall, page):
        expect(each.locator("#hall h2")).to_contain_text(EN["mended"], timeout=SOON)
    stage.clear(home)
    for each in (wall, page):
        expect(each.locator("#hall")).to_be_hidden(timeout=SOON)


def test_a_vote_that_ends_under_the_finger_says_so(screen: Open, operator: OperatorClient, home: Home) -> None:
    stage.open_vote(home, CHOICES, 600)
    page = receipt(screen(PHONE), operator)
    button = page.locator("#hall button").first
    expect(button).to_be_visible(timeout=SOON)
    page.route("**/stage", lambda route: route.abort())  # the page does not hear of the end
    stage.open_vote(home, CHOICES, 600)
    button.click()
    expect(page.locator("#hall").get_by_role("status")).to_have_text(EN["over"])
    page.route("**/stage/vote", lambda route: route.abort())
    button.click()
    expect(page.locator("#hall").get_by_role("status")).to_have_text(EN["silent"])


def test_the_vote_of_a_wish_is_of_the_phone_that_sent_it(screen: Open, operator: OperatorClient, home: Home) -> None:
    stage.open_vote(home, CHOICES, 600)
    page = screen(PHONE)
    page.goto(f"wishes/{operator.send('Sent from another phone')}")
    page.locator("#hall button").first.click(timeout=SOON)
    expect(page.locator("#hall").get_by_role("status")).to_have_text(EN["not_yours"])
    expect(page.locator("#hall button")).to_have_count(0)
    assert sum(counts(home).values()) == 0


# --- what became of a wish ---


def test_a_wish_that_was_caught_in_it_tells_how_often_it_was_received(
    screen: Open, operator: OperatorClient, home: Home
) -> None:
    stage.announce(home, *DRILL)
    page = receipt(screen(PHONE), operator)
    said = page.locator("#hall").get_by_role("status")
    once, often = (EN["story"][each].partition("{")[0] for each in ("once", "often"))
    expect(said).to_contain_text(once, timeout=SOON)

    def three_times(route: Route) -> None:
        with suppress(Error):  # the page may close while it asks
            answer = route.fetch()
            trace: dict[str, Any] = answer.json()
            for segment in trace["segments"]:
                segment["receive_count"] = segment["receive_count"] and 3
            route.fulfill(response=answer, json=trace)

    page.route("**/trace", three_times)
    page.reload()
    expect(said).to_contain_text(f"{often}3 times", timeout=SOON)


def test_a_wish_on_its_way_through_it_is_safe(screen: Open, operator: OperatorClient, home: Home) -> None:
    stage.announce(home, *DRILL)
    page = screen(PHONE)
    page.goto("wishes/5d3c0bd6-7ef4-4c5e-9a0b-0000000000ff#sent")
    expect(page.locator("#hall").get_by_role("status")).to_have_text(EN["story"]["travelling"], timeout=SOON)
    page.goto("wishes/5d3c0bd6-7ef4-4c5e-9a0b-0000000000ee")  # which nobody may have sent
    expect(page.locator("#hall h2")).to_contain_text(EN["broken"], timeout=SOON)
    expect(page.locator("#hall").get_by_role("status")).to_be_empty()


def test_a_wish_that_was_sent_after_it_has_no_story(screen: Open, operator: OperatorClient, home: Home) -> None:
    stage.announce(home, *DRILL)
    stage.mended(home)
    page = screen(PHONE)
    with page.expect_response("**/stage") as asked:
        receipt(page, operator)
    assert asked.value.status == 200
    with page.expect_response("**/stage"):
        pass
    expect(page.locator("#hall")).to_be_hidden()


# --- without a show, and on AWS ---


def test_a_receipt_that_was_open_before_the_show_hears_of_it(
    screen: Open, operator: OperatorClient, home: Home
) -> None:
    page = screen(PHONE)
    with page.expect_response("**/stage") as asked:
        receipt(page, operator)
    assert asked.value.status == 404
    expect(page.locator("#hall")).to_be_hidden()
    stage.open_vote(home, CHOICES, 600)
    expect(page.locator("#hall button")).to_have_count(3, timeout=SOON)


@pytest.mark.parametrize("path", ["wall", "wishes/{}"])
def test_without_a_show_a_page_loads_nothing_of_it(
    screen: Open, operator: OperatorClient, home: Home, path: str
) -> None:
    page, loaded = screen(PHONE), list[str]()
    page.on("request", lambda request: loaded.append(request.url.rpartition("/")[2].partition(".")[0]))
    with page.expect_response("**/stage"):
        page.goto(path.format(operator.send("Nothing to vote for")))
    page.wait_for_load_state("load")
    assert not {"vote", "wall-vote", "wall-finale", "elements", "show-en"} & set(loaded)
    stage.open_vote(home, CHOICES, 600)
    expect(page.locator("#hall h2")).to_contain_text(EN["ask"], timeout=SOON)
    assert {"elements", "show-en"} <= set(loaded)


@pytest.mark.parametrize("path", ["wall", "wishes/{}"])
def test_where_there_is_no_stage_a_page_asks_once(screen: Open, operator: OperatorClient, path: str) -> None:
    page, asked, loaded = screen(PHONE), list[str](), list[str]()
    without_a_stage(page, asked)
    page.on("request", lambda request: loaded.append(request.url))
    page.clock.install()
    page.goto(path.format(operator.send("Nothing to vote for")))
    assert wait_until(lambda: page.evaluate("1") and any(url.endswith("/stage") for url in asked))
    for _ in range(10):
        page.clock.run_for(10_000)
    assert len(asked) == len(set(asked))
    assert not any("/vote." in url for url in loaded)
    expect(page.locator("#hall")).to_be_hidden()
