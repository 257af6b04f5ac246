"""The map: the chain of the running stack, and where it hurts."""

from typing import Any, Literal

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.support.axe import violations
from tests.support.mission_page import SOON, Change, alarm, complete_trace, mission_control, sign_in
from tests.support.operator_client import Open, OperatorClient
from tests.support.sizes import LAPTOP, PHONE, PROJECTOR
from tests.support.texts import every_text
from web.language import LANGUAGES

WORDS = every_text("en")["mission"]
SAYS = WORDS["map"]
CHAIN = ["phone", "API", "frontend", "Inbox", "parser", "Pods", "worker", "EventStore", "projector", "ReadModel"]
LETTERS = {"InboxDlq", "PodsDlq", "ProjectorDlq"}
HOSTILE = "<img src=x onerror=alert(1)>"


def the_map(page: Page, operator: OperatorClient, change: Change = lambda known: None) -> Page:
    def calm(known: dict[str, Any]) -> None:
        known["alarms"] = []  # what other tests did to this stack may ring for minutes
        change(known)

    mission_control(page, operator, calm, view="map")
    expect(page.locator(".chain .node")).to_have_count(len(CHAIN) + len(LETTERS))
    return page


def node(page: Page, name: str) -> Locator:
    return page.locator(f'.chain [data-name="{name}"]')


def hop_of(known: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in known["hops"] if each["name"] == name)


def hurt(known: dict[str, Any]) -> None:
    """The worker's store refuses, one parser failed, Pods is old, and two letters are dead."""
    known["alarms"] = [alarm("store-refuses", hop="EventStore"), alarm("sold-out", state="OK", hop="worker")]
    known["series"] = {name: [0] * 30 for name in known["series"]}
    for each in known["hops"]:
        each.update(seen=40, failed=3 if each["name"] == "parser" else 0, p50_ms=30, p95_ms=180)
    for each in known["queues"]:
        each.update(dead=2 if each["name"] == "Inbox" else 0, oldest_s=95 if each["name"] == "Pods" else None)


def test_the_chain_of_the_running_stack_is_there_with_its_times(screen: Open, operator: OperatorClient) -> None:
    complete_trace(operator)
    page = the_map(screen(LAPTOP), operator)
    for name in ("API", "frontend", "Inbox", "parser", "Pods", "worker", "EventStore", "projector"):
        expect(node(page, name)).to_contain_text("p95", timeout=SOON)
    names = page.locator(".chain .node").evaluate_all("nodes => nodes.map(node => node.dataset.name)")
    assert [name for name in names if name not in LETTERS] == CHAIN
    expect(page.locator("#view-mission .tiles")).to_be_hidden()


def test_a_hop_with_an_alarm_is_red_and_one_that_failed_is_marked(screen: Open, operator: OperatorClient) -> None:
    page = the_map(screen(LAPTOP), operator, hurt)
    states = dict.fromkeys(CHAIN, "fine") | {"EventStore": "alarm", "parser": "hurts", "Pods": "hurts"}
    for name, state in states.items():
        expect(node(page, name)).to_have_attribute("data-state", state)
    expect(node(page, "InboxDlq")).to_have_attribute("data-state", "hurts")
    expect(node(page, "EventStore")).to_contain_text("▲ EventStore")
    expect(node(page, "parser")).to_contain_text("traces: 3 of 40 failed")
    expect(node(page, "EventStore")).to_have_accessible_name(
        f"EventStore, 0 a minute, p50 30 ms · p95 180 ms, {SAYS['states']['alarm']}, store-refuses"
    )


def test_a_hop_slower_than_its_objective_is_marked(screen: Open, operator: OperatorClient) -> None:
    page = the_map(screen(LAPTOP), operator, lambda known: hop_of(known, "frontend").update(p95_ms=501, p50_ms=500))
    expect(node(page, "frontend")).to_have_attribute("data-state", "hurts")
    expect(node(page, "frontend")).to_contain_text("slower than 500 ms")


def test_a_click_opens_the_hop_with_its_alarm_and_its_traces(screen: Open, operator: OperatorClient) -> None:
    trace = complete_trace(operator)
    failed = {key: trace[key] for key in ("trace_id", "wish_id", "started")} | {"duration_ms": 1234, "fault": True}

    def change(known: dict[str, Any]) -> None:
        hurt(known)
        hop_of(known, "EventStore").update(traces=[failed])

    page = the_map(screen(LAPTOP), operator, change)
    node(page, "EventStore").click()
    expect(node(page, "EventStore")).to_have_attribute("aria-expanded", "true")
    opened = page.get_by_role("region", name="EventStore")
    for words in ("store-refuses", "Receipts stay on their way.", "store-refuses.md"):
        expect(opened.locator(".hop-alarms")).to_contain_text(words)
    opened.get_by_role("button").filter(has_text=trace["wish_id"]).click()
    expect(opened.locator(".waterfall li")).to_have_count(len(trace["segments"]), timeout=SOON)
    node(page, "EventStore").click()
    expect(opened).to_be_hidden()


def test_an_alarm_of_a_hop_speaks_the_pages_language_and_leads_to_its_runbook(
    screen: Open, operator: OperatorClient
) -> None:
    on = [alarm("store-refuses", hop="EventStore", runbook="./docs/runbooks/store-refuses.md")]
    page = the_map(screen(LAPTOP, "ja"), operator, lambda known: known.update(alarms=on))
    node(page, "EventStore").click()
    opened = page.locator(".hop-alarms li")
    expect(opened).to_contain_text(every_text("ja")["mission"]["symptoms"]["store-refuses"])
    expect(opened).not_to_contain_text("Receipts stay on their way.")
    expect(opened.get_by_role("link")).to_have_attribute("href", "./docs/runbooks/store-refuses.md")


def test_a_click_before_the_first_answer_opens_the_hop_with_it(screen: Open, operator: OperatorClient) -> None:
    page = screen(LAPTOP)
    held: list[Route] = []
    answers = False

    def hold(route: Route) -> None:
        if answers:
            route.continue_()
        else:
            held.append(route)

    page.route("**/ops/mission", hold)
    page.goto("sign-in#map")
    sign_in(page, operator)
    node(page, "worker").click(timeout=SOON)
    expect(page.locator(".hop")).to_be_hidden()
    answers = True
    for route in held:
        route.continue_()
    expect(page.get_by_role("region", name="worker")).to_be_visible(timeout=SOON)


def test_an_opened_hop_has_the_log_of_its_function(screen: Open, operator: OperatorClient) -> None:
    complete_trace(operator)
    page = the_map(screen(LAPTOP), operator)
    node(page, "Pods").click()
    page.get_by_role("button", name=SAYS["logs"]).click()
    expect(page.locator(".hop .log li").first).to_contain_text("worker", timeout=SOON)


def test_the_keyboard_opens_a_hop_and_keeps_its_place(screen: Open, operator: OperatorClient) -> None:
    page = the_map(screen(LAPTOP), operator)
    node(page, "API").focus()
    page.keyboard.press("Tab")
    expect(node(page, "frontend")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="frontend")).to_be_visible()
    page.set_viewport_size(PHONE)  # drawn anew
    expect(node(page, "frontend")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator(".hop")).to_be_hidden()


def test_without_the_traces_the_queues_are_still_there(screen: Open, operator: OperatorClient) -> None:
    change: Change = lambda known: known.update(hops=None, missing=["hops"])  # noqa: E731
    page = the_map(screen(LAPTOP), operator, change)
    expect(page.locator(".map .unavailable")).to_have_text(WORDS["missing"])
    expect(node(page, "worker")).to_have_attribute("data-state", "unknown")
    expect(node(page, "Inbox")).to_contain_text("0 wait, 0 in work", timeout=SOON)  # what other tests sent may be there
    expect(node(page, "Inbox")).to_have_attribute("data-state", "fine", timeout=SOON)


def test_the_three_views_lead_to_each_other(screen: Open, operator: OperatorClient) -> None:
    page = the_map(screen(LAPTOP), operator)
    views = page.get_by_role("navigation", name=every_text("en")["console"]["views"])
    expect(views.locator("[aria-current=true]")).to_have_text(every_text("en")["console"]["map"])
    views.get_by_role("link", name=every_text("en")["console"]["mission_control"]).click()
    expect(page.locator("#view-mission .tiles")).to_be_visible()
    expect(page.locator(".map")).to_be_hidden()
    views.get_by_role("link", name=every_text("en")["console"]["map"]).click()
    page.reload()
    expect(page.locator(".chain")).to_be_visible(timeout=SOON)


def test_text_stays_text(screen: Open, operator: OperatorClient) -> None:
    def hostile(known: dict[str, Any]) -> None:
        known["alarms"] = [alarm(HOSTILE, hop="worker", description=HOSTILE, runbook=HOSTILE)]
        trace = {"trace_id": HOSTILE, "wish_id": None, "started": "2045-06-01T12:00:00.000Z"}
        hop_of(known, "worker").update(traces=[trace | {"duration_ms": 1, "fault": True}])

    page = the_map(screen(LAPTOP), operator, hostile)
    node(page, "worker").click()
    expect(page.locator(".hop-alarms")).to_contain_text(HOSTILE)
    expect(page.locator(".hop .trace code")).to_have_text(HOSTILE)
    expect(page.locator("#view-mission img")).to_have_count(0)


@pytest.mark.parametrize("size", [PHONE, LAPTOP, PROJECTOR], ids=["phone", "laptop", "projector"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_text_stays_inside_its_node(
    screen: Open, operator: OperatorClient, lang: str, size: dict[str, int]
) -> None:
    page = the_map(screen(size, lang), operator, hurt)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(".chain .node").evaluate_all(
        """nodes => nodes.filter(node => {
            const box = node.querySelector("rect").getBoundingClientRect();
            return [...node.querySelectorAll("text")].some(text => {
              const { left, right, top, bottom } = text.getBoundingClientRect();
              return text.textContent && (left < box.left || right > box.right || top < box.top || bottom > box.bottom);
            });
          }).map(node => node.textContent)"""
    ) == []  # fmt: skip


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing(screen: Open, operator: OperatorClient, lang: str, theme: Literal["dark", "light"]) -> None:
    page = the_map(screen(LAPTOP, lang, color_scheme=theme), operator, hurt)
    node(page, "EventStore").click()
    assert violations(page) == []
