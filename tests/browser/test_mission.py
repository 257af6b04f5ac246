"""Mission control: on the real stack, and with answers that a laptop does not give every day."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.support.mission_page import SOON, Change, alarm, changed, complete_trace, mission_control, sign_in, slow
from tests.support.operator_client import Open, OperatorClient
from tests.support.sizes import LAPTOP, PHONE
from tests.support.texts import every_text

EN = every_text("en")
WORDS = EN["mission"]
HOPS = ["API", "frontend", "Inbox", "parser", "Pods", "worker", "EventStore", "projector"]
HOSTILE = "<img src=x onerror=alert(1)>"


# --- the real thing ---


def test_a_stack_at_rest_has_empty_queues_and_says_so(screen: Open, operator: OperatorClient) -> None:
    page = mission_control(screen(LAPTOP), operator)
    for tile in ("inbox", "pods", "dead"):
        expect(page.locator(f"[data-tile={tile}] .big b")).to_have_text("0", timeout=SOON)
    expect(page.locator(".budgets li")).to_have_count(6)
    assert page.locator(".alarms .all li").count() > 12
    expect(page.locator(".missing, .stale")).to_have_count(0)


def test_a_wish_is_counted(screen: Open, operator: OperatorClient) -> None:
    page = mission_control(screen(LAPTOP), operator)
    operator.send("Count me in")
    boarded = page.locator(".day tr").filter(has_text=WORDS["of_the_day"]["boarded"])
    expect(boarded.locator("td")).not_to_have_text(re.compile("^[–0]$"), timeout=SOON)
    expect(page.locator("[data-tile=wishes] svg")).to_have_attribute("aria-label", re.compile("accepted"))


def test_a_trace_opens_as_a_waterfall(screen: Open, operator: OperatorClient) -> None:
    trace = complete_trace(operator)
    change: Change = lambda known: known.update(traces=[slow(trace["trace_id"], trace["wish_id"])])  # noqa: E731
    page = mission_control(screen(LAPTOP), operator, change)
    page.locator(".group").click()
    page.locator(".trace").filter(has_text=trace["wish_id"]).click()
    rows = page.locator(".waterfall li")
    expect(rows).to_have_count(len(trace["segments"]), timeout=SOON)
    hops = rows.evaluate_all("rows => rows.map(row => row.dataset.hop)")
    assert [hop for hop in dict.fromkeys(hops) if hop] == HOPS


def test_a_receipt_tells_how_its_wish_travelled_to_who_asks(screen: Open, operator: OperatorClient) -> None:
    page = screen(PHONE)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/trace") else None)
    page.goto(f"wishes/{operator.send('Was it a good journey?')}")
    expect(page.locator("#trace")).to_be_visible()
    assert asked == []
    page.locator("#trace summary").click()
    rows = page.locator(".waterfall li")
    expect(rows.filter(has_text=EN["travel"]["hops"]["projector"])).to_be_visible(timeout=SOON)
    assert sorted(set(rows.evaluate_all("rows => rows.map(row => row.dataset.hop)"))) == sorted(HOPS)
    expect(page.locator("#trace-status")).to_be_empty()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_receipt_without_script_does_not_offer_it(phone_without_script: Page, operator: OperatorClient) -> None:
    phone_without_script.goto(f"wishes/{operator.send('Plain paper will do')}")
    expect(phone_without_script.locator("#trace")).to_be_hidden()


# --- its place beside moderation ---


def test_the_keyboard_gets_there_and_back_and_escape_is_still_panic(screen: Open, operator: OperatorClient) -> None:
    page = screen(LAPTOP)
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    page.goto("sign-in")
    sign_in(page, operator)
    views = page.get_by_role("navigation", name=EN["console"]["views"])
    views.get_by_role("link", name=EN["console"]["mission_control"]).focus()
    assert [each for each in loaded if "mission" in each or "waterfall" in each] == []
    page.keyboard.press("Enter")
    expect(page.locator("#view-mission .tiles")).to_be_visible(timeout=SOON)
    expect(page.locator("#view-moderation")).to_be_hidden()
    page.keyboard.press("Escape")
    try:
        expect(page.locator("#panic")).to_have_attribute("aria-pressed", "true")
    finally:
        page.wait_for_timeout(500)  # a second press at once is fright and does not count
        page.keyboard.press("Escape")
    expect(page.locator("#panic")).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#bar")).to_have_attribute("data-wall", "live", timeout=SOON)
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#view-moderation")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/console$"))


def test_loaded_again_it_is_still_there(screen: Open, operator: OperatorClient) -> None:
    page = mission_control(screen(LAPTOP), operator)
    page.reload()
    expect(page.locator("#view-mission .tiles")).to_be_visible(timeout=SOON)
    page.locator(".language a").click()
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    expect(page.locator("#view-mission .tiles")).to_be_visible(timeout=SOON)


# --- when it does not go well ---


def test_alarms_come_first_with_what_the_audience_sees(screen: Open, operator: OperatorClient) -> None:
    on = [alarm("store-refuses"), alarm("slo-boarding-page-long", signal=True), alarm("sold-out", state="OK")]
    page = mission_control(screen(LAPTOP), operator, lambda known: known.update(alarms=on))
    expect(page.locator(".alarms h2")).to_have_text(WORDS["one_on"])
    expect(page.locator(".alarms .on li")).to_have_count(1)
    for words in ("store-refuses", "Receipts stay on their way.", "store-refuses.md"):
        expect(page.locator(".alarms .on li")).to_contain_text(words)
    expect(page.locator("#view-mission > :first-child")).to_contain_text("store-refuses")


def test_a_runbook_opens_as_a_page(screen: Open, operator: OperatorClient) -> None:
    on = [alarm("store-refuses", runbook="./docs/runbooks/store-refuses.md")]
    page = mission_control(screen(LAPTOP), operator, lambda known: known.update(alarms=on))
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="store-refuses.md").click()
    expect(opened.value.get_by_role("heading", level=1)).to_have_text("DynamoDB refuses")
    opened.value.get_by_role("link", name="the first page").click()
    expect(opened.value.get_by_role("heading", name="Before you begin")).to_be_in_viewport()


def test_the_runbooks_of_this_stack_are_links(screen: Open, operator: OperatorClient) -> None:
    def all_on(known: dict[str, Any]) -> None:
        for each in known["alarms"]:
            each.update(state="ALARM", signal=False)

    page = mission_control(screen(LAPTOP), operator, all_on)
    links = page.locator(".alarms .on a").evaluate_all("links => links.map(link => link.href)")
    assert len(links) > 30
    for link in set(links):
        assert operator.http.get(link).status_code == 200, link


def test_an_alarm_says_what_the_audience_sees_in_japanese(screen: Open, operator: OperatorClient) -> None:
    page = screen(LAPTOP, "ja")
    page.route("**/ops/mission", lambda route: changed(route, lambda known: known.update(alarms=[alarm("sold-out")])))
    page.goto("sign-in#mission")
    sign_in(page, operator)
    symptom = every_text("ja")["mission"]["symptoms"]["sold-out"]
    expect(page.locator(".alarms .on .audience")).to_have_text(symptom, timeout=SOON)


def test_messages_that_wait_for_their_next_try_come_with_the_command_that_ends_it(
    screen: Open, operator: OperatorClient
) -> None:
    def waiting(known: dict[str, Any]) -> None:
        known["queues"][0].update(in_flight=3, oldest_s=90)
        known["queues"][1].update(in_flight=3, oldest_s=5)

    page = mission_control(screen(LAPTOP), operator, waiting)
    expect(page.locator("[data-tile=inbox] .verdict")).to_contain_text("lastwish retry")
    expect(page.locator("[data-tile=pods] .verdict")).to_be_hidden()


def test_budgets_say_in_words_what_is_left(screen: Open, operator: OperatorClient) -> None:
    def spend(known: dict[str, Any]) -> None:
        for slo, left in zip(known["slos"], (1.0, 0.42, -0.3), strict=False):
            slo.update(budget_left=left, bad=1)
        known["alarms"] = [alarm(f"slo-{known['slos'][1]['name']}-page")]

    page = mission_control(screen(LAPTOP), operator, spend)
    said = [f"{WORDS['full']}", f"42% left · {WORDS['burning']}", WORDS["spent"]]
    expect(page.locator(".budgets .status").nth(0)).to_have_text(said[0])
    expect(page.locator(".budgets .status").nth(1)).to_have_text(said[1])
    expect(page.locator(".budgets .status").nth(2)).to_have_text(said[2])


def test_what_cannot_be_read_is_named_and_the_rest_is_there(screen: Open, operator: OperatorClient) -> None:
    parts = ("series", "slos", "alarms", "traces", "totals")
    change: Change = lambda known: known.update(dict.fromkeys(parts), missing=list(parts))  # noqa: E731
    page = mission_control(screen(LAPTOP), operator, change)
    expect(page.locator(".alarms .unavailable")).to_have_text(WORDS["missing"])
    expect(page.locator(".alarms")).not_to_contain_text(WORDS["quiet"])
    expect(page.locator(".missing")).to_have_count(10)  # alarms, map, budgets, day, traces, and five tiles of six
    expect(page.locator("[data-tile=dead] .unavailable")).to_be_hidden()
    expect(page.locator("[data-tile=inbox] .big b")).to_have_text("0", timeout=SOON)


def test_no_answer_leaves_the_last_one_and_says_how_old_it_is(screen: Open, operator: OperatorClient) -> None:
    page = screen(LAPTOP)
    page.clock.install()
    mission_control(page, operator, lambda known: known["queues"][0].update(visible=1234))
    expect(page.locator("[data-tile=inbox] .big b")).to_have_text("1,234")
    page.unroute("**/ops/mission")
    page.route("**/ops/mission", lambda route: route.fulfill(status=503, json={}))
    page.clock.run_for(30_000)
    expect(page.locator("#mission-age")).to_contain_text("No answer")
    expect(page.locator("[data-tile=inbox] .big b")).to_have_text("1,234")


def test_numbers_come_as_a_table_too(screen: Open, operator: OperatorClient) -> None:
    change: Change = lambda known: known["series"].update(accepted=list(range(30)))  # noqa: E731
    page = mission_control(screen(LAPTOP), operator, change)
    tile = page.locator("[data-tile=wishes]")
    tile.get_by_role("button").click()
    expect(tile.locator("tbody tr")).to_have_count(30)
    expect(tile.locator("tbody tr").first.locator("td").first).to_have_text("29")


def test_text_stays_text(screen: Open, operator: OperatorClient) -> None:
    def hostile(known: dict[str, Any]) -> None:
        origin = dict.fromkeys(("hop", "error", "raised_at"), HOSTILE) | {"at": "2045-06-01T12:00:00.000Z"}
        known["traces"] = [slow("1-6a000000-000000000000000000000000", HOSTILE, origin=origin)]
        known["alarms"] = [alarm(HOSTILE, reason=HOSTILE, description=HOSTILE, runbook=HOSTILE)]
        known["slos"][0].update(name=HOSTILE, title=HOSTILE)

    page = mission_control(screen(LAPTOP), operator, hostile)
    page.locator(".group").click()
    expect(page.locator(".group code")).to_have_text(HOSTILE)
    expect(page.locator(".group b")).to_contain_text(HOSTILE)
    expect(page.locator(".trace code")).to_have_text(HOSTILE)
    expect(page.locator(".alarms .on h3")).to_contain_text(HOSTILE)
    expect(page.locator(".budgets b").first).to_have_text(HOSTILE)
    expect(page.locator("#view-mission img")).to_have_count(0)
    expect(page.locator(".alarms .on a")).to_have_count(0)
