"""What operators do on this machine: the presenter's page, and drills from mission control."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from lastwish.local import stage
from lastwish.local.processes import ProcessId
from lastwish.local.state import Home
from tests.support.laptop import Stack, wait_until
from tests.support.mission_page import SOON, mission_control, sign_in
from tests.support.on_stage import SHOW, without_a_stage
from tests.support.operator_client import Open, OperatorClient
from tests.support.running_drill import SAYS, running_drill
from tests.support.sizes import LAPTOP
from tests.support.texts import every_text

EN = every_text("en")
WORDS, MISSION, TITLES = EN["presenter"], EN["mission"], EN["stage"]["drills"]
RUNNING = {
    "running": True,
    "name": "slow-parser",
    "says": "loading",
    "seconds": 3.2,
    "broken": True,
    "seconds_left": 42.0,
}


@pytest.fixture
def drill(stack: Stack) -> Iterator[ProcessId]:
    with running_drill(Home(stack.home), "slow-parser") as process:
        yield process


def presenter(page: Page, operator: OperatorClient) -> Page:
    page.goto("presenter")
    sign_in(page, operator)
    return page


def test_the_presenter_sees_the_cue_and_what_comes_next(screen: Open, operator: OperatorClient, home: Home) -> None:
    page = presenter(screen(LAPTOP), operator)
    view = page.locator("#view-presenter")
    expect(view.get_by_role("heading", level=2)).to_have_text(WORDS["none"], timeout=SOON)
    stage.put(home, show=SHOW)
    expect(view.get_by_role("heading", level=2)).to_have_text("Something breaks", timeout=SOON)
    for words in (
        "The incident · Cue 3 of 9",
        "Watch the receipts",
        "Pods fills up",
        "putting things",
        "Next: The hunt",
    ):
        expect(view).to_contain_text(words)
    expect(view.locator(".clocks")).to_have_text(
        re.compile(rf"1:\d\d {WORDS['left']}.*10:\d\d {WORDS['left_of_show']}")
    )
    expect(view.locator("li[data-seen]")).to_have_text(f"the alarm worker-crashes {WORDS['seen']}")
    stage.clear(home)
    expect(view.get_by_role("heading", level=2)).to_have_text(WORDS["none"], timeout=SOON)


def test_the_buttons_give_the_show_its_orders(screen: Open, operator: OperatorClient, home: Home) -> None:
    stage.put(home, show={**SHOW, "paused": True})
    page = presenter(screen(LAPTOP), operator)
    view = page.locator("#view-presenter")
    expect(view.get_by_role("status")).to_have_text(WORDS["paused"], timeout=SOON)
    for order in stage.ORDERS:
        with page.expect_response(f"**/stage/show/{order}") as given:
            view.get_by_role("button", name=WORDS["orders"][order], exact=True).click()
        assert given.value.status == 202
    assert stage.take_orders(home) == list(stage.ORDERS)


def test_an_order_that_did_not_arrive_is_told(screen: Open, operator: OperatorClient, home: Home) -> None:
    stage.put(home, show=SHOW)
    page = presenter(screen(LAPTOP), operator)
    view = page.locator("#view-presenter")
    page.route("**/stage/show/*", lambda route: route.abort())
    view.get_by_role("button", name=WORDS["orders"]["panic"]).click(timeout=SOON)
    expect(view.get_by_role("status")).to_have_text(WORDS["trouble"])
    page.route("**/stage/show", lambda route: route.abort())
    expect(view.get_by_role("status")).to_have_text(WORDS["stale"], timeout=SOON)


def test_the_words_of_a_cue_stay_text(screen: Open, operator: OperatorClient, home: Home) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    cue = {"title": hostile, "say": hostile, "look": {hostile: hostile}, "see": [{"what": hostile, "seen": False}]}
    stage.put(home, show={**SHOW, "cue": cue, "next": hostile})
    page = presenter(screen(LAPTOP), operator)
    expect(page.locator("#cue-title")).to_have_text(hostile, timeout=SOON)
    expect(page.locator("#view-presenter img")).to_have_count(0)


# --- drills ---


def test_a_drill_that_runs_is_seen_and_ended(screen: Open, operator: OperatorClient, drill: ProcessId) -> None:
    page = mission_control(screen(LAPTOP), operator)
    panel = page.locator(".drills")
    expect(panel.get_by_role("status")).to_contain_text(TITLES["slow-parser"], timeout=SOON)
    expect(panel).to_contain_text(SAYS)
    expect(panel).to_contain_text(MISSION["drill_nothing"])
    start = panel.get_by_role("button", name=MISSION["drill_start"])
    expect(start).to_have_attribute("aria-disabled", "true")
    panel.get_by_role("button", name=MISSION["drill_end"]).click()
    expect(panel.get_by_role("status")).to_contain_text("ended", timeout=SOON)
    expect(start).to_have_attribute("aria-disabled", "false")
    assert not drill.alive()


def test_a_drill_is_started_by_its_name_and_the_time_left_counts_down(screen: Open, operator: OperatorClient) -> None:
    started: list[str] = []

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            started.append(route.request.url.rpartition("/")[2])
        state: dict[str, Any] = RUNNING if started else dict.fromkeys(RUNNING) | {"running": False, "broken": False}
        route.fulfill(body=json.dumps(state), content_type="application/json")

    page = screen(LAPTOP)
    page.route("**/stage/drills", answer)
    page.route("**/stage/drills/*", answer)
    mission_control(page, operator)
    panel = page.locator(".drills")
    panel.get_by_label(MISSION["drill"]).select_option("slow-parser")
    panel.get_by_role("button", name=MISSION["drill_start"]).click()
    expect(panel).to_contain_text(MISSION["drill_broken"].format(age="42 s"), timeout=SOON)
    assert started == ["slow-parser"]


def test_where_there_is_no_stage_there_are_no_drills_and_no_presenter(screen: Open, operator: OperatorClient) -> None:
    page, asked = screen(LAPTOP), list[str]()
    without_a_stage(page, asked)
    mission_control(page, operator)
    assert wait_until(lambda: page.evaluate("1") and len(asked) == 2)  # the console, and mission control
    page.wait_for_timeout(5_000)
    assert len(asked) == 2
    expect(page.locator(".drills")).to_be_hidden()
    expect(page.locator("#to-presenter")).to_be_hidden()
