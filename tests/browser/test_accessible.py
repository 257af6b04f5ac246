"""axe-core finds nothing on any page, in either language, in the dark and in the light."""

from typing import Literal

import pytest
from playwright.sync_api import expect

from lastwish.local import stage
from tests.support.axe import violations
from tests.support.laptop import Stack
from tests.support.mission_page import alarm, complete_trace, dead_letters, failed, mission_control, sign_in
from tests.support.on_stage import CHOICES, SHOW, a_stage, receipt
from tests.support.operator_client import Open, OperatorClient
from tests.support.sizes import LAPTOP, PHONE, PROJECTOR
from web.language import LANGUAGES

type Theme = Literal["dark", "light"]

THEMES: list[Theme] = ["dark", "light"]
SOON = 60_000


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("theme", THEMES)
def test_no_page_of_the_audience(
    screen: Open, operator: OperatorClient, lang: str, theme: Literal["dark", "light"]
) -> None:
    boarded = operator.send("Water my olive tree", "Ana")
    held = operator.send("Come to www.my-band.example")
    page = screen(PHONE, lang, color_scheme=theme, reduced_motion="reduce")
    for path in ("", f"wishes/{boarded}", f"wishes/{held}", "wishes/5d3c0bd6-7ef4-4c5e-9a0b-0000000000ff"):
        page.goto(path)
        assert violations(page) == [], path
    page.goto("")
    page.locator("#send").click()
    expect(page.locator("#message-error")).not_to_be_empty()
    assert violations(page) == [], "with errors"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_not_the_wall(screen: Open, operator: OperatorClient, lang: str) -> None:
    page = screen(PROJECTOR, lang, reduced_motion="reduce")
    page.goto("wall")
    operator.send("For axe to read")
    expect(page.locator("#stage")).to_contain_text("For axe to read", timeout=SOON)
    page.wait_for_timeout(1000)  # until it has faded in
    assert violations(page) == []


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("theme", THEMES)
def test_nor_the_console(screen: Open, operator: OperatorClient, lang: str, theme: Theme) -> None:
    page = screen(LAPTOP, lang, color_scheme=theme, reduced_motion="reduce")
    page.goto("sign-in")
    assert violations(page) == []
    for _ in range(2):
        operator.send("Come to www.my-band.example")
    sign_in(page, operator)
    expect(page.locator("#held .wish").first).to_be_visible(timeout=SOON)
    page.locator("#groups summary").click()
    assert violations(page) == []


@pytest.mark.parametrize("theme", THEMES)
def test_nor_a_runbook(screen: Open, theme: Theme) -> None:
    page = screen(LAPTOP, color_scheme=theme)
    page.goto("docs/runbooks/README.md")
    assert violations(page) == []


@pytest.mark.parametrize(("size", "lang"), [(PHONE, "ja"), (PROJECTOR, "en")], ids=["phone", "projector"])
@pytest.mark.parametrize("theme", THEMES)
def test_nor_mission_control(
    screen: Open, operator: OperatorClient, theme: Theme, size: dict[str, int], lang: str
) -> None:
    trace = complete_trace(operator)
    refused = failed(trace["trace_id"], trace["wish_id"], "StoreUnavailable", at=trace["started"])
    news = {"alarms": [alarm("store-refuses")], "traces": [refused]}
    page = screen(size, lang, color_scheme=theme, reduced_motion="reduce")
    page.route("**/stage/letters", lambda route: route.fulfill(json=dead_letters()))
    mission_control(page, operator, lambda known: known.update(news))
    page.locator(".letters-panel button").first.click(timeout=SOON)
    expect(page.locator(".letters li")).to_have_count(1)
    page.locator(".tile button").first.click()
    page.locator(".group").click()
    for part in (".trace", ".parts .quiet >> nth=0", ".parts .quiet >> nth=1"):
        page.locator(part).click()
    page.locator(".logs-panel button").click()
    page.locator(".alarms summary").click()
    for opened in (".waterfall", ".groups .log li", ".events ol li", ".logs-panel .logs"):
        expect(page.locator(opened).first).to_be_visible(timeout=SOON)
    assert violations(page) == []


@pytest.mark.parametrize("theme", THEMES)
def test_nor_a_receipt_that_tells_its_journey(screen: Open, operator: OperatorClient, theme: Theme) -> None:
    page = screen(PHONE, color_scheme=theme)
    page.goto(f"wishes/{complete_trace(operator)['wish_id']}")
    page.locator("#trace summary").click()
    expect(page.locator(".waterfall")).to_be_visible(timeout=SOON)
    assert violations(page) == []


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("theme", THEMES)
def test_nor_a_vote_of_the_hall(screen: Open, operator: OperatorClient, stack: Stack, lang: str, theme: Theme) -> None:
    phone, wall = screen(PHONE, lang, color_scheme=theme), screen(PROJECTOR, lang)
    with a_stage(stack) as home:
        stage.open_vote(home, CHOICES, 600)
        receipt(phone, operator)
        wall.goto("wall")
        phone.locator("#hall button").first.click(timeout=SOON)
        expect(phone.locator("#hall [aria-pressed=true]")).to_be_visible(timeout=SOON)
        expect(wall.locator("#hall li").first).to_be_visible(timeout=SOON)
        assert (violations(phone), violations(wall)) == ([], [])
        stage.announce(home, "worker-crash-loop", "The worker crashes", 600)
        expect(phone.locator("#hall a")).to_be_visible(timeout=SOON)
        expect(wall.locator("#hall[data-state=broken]")).to_be_visible(timeout=SOON)
        assert (violations(phone), violations(wall)) == ([], [])


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("theme", THEMES)
def test_nor_the_presenters_page(screen: Open, operator: OperatorClient, stack: Stack, lang: str, theme: Theme) -> None:
    page = screen(LAPTOP, lang, color_scheme=theme, reduced_motion="reduce")
    with a_stage(stack) as home:
        stage.put(home, show=SHOW)
        page.goto("presenter")
        sign_in(page, operator)
        expect(page.locator("#view-presenter .cue")).to_be_visible(timeout=SOON)
        assert violations(page) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_twice_the_size_on_a_small_screen_loses_nothing(screen: Open, lang: str) -> None:
    page = screen({"width": 320, "height": 480}, lang)  # 640 px at 200 %
    page.goto("")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for each in page.locator("textarea, .choice, #name, #send, .small-print").all():
        each.scroll_into_view_if_needed()
        expect(each).to_be_in_viewport()
