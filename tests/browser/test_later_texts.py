"""Texts that a page loads when it needs them: where a file does not come, the page asks again."""

import pytest
from playwright.sync_api import Page, Route, expect

from lastwish.local import stage
from lastwish.local.state import Home
from tests.support.mission_page import sign_in
from tests.support.on_stage import CHOICES
from tests.support.operator_client import Open, OperatorClient
from tests.support.sizes import LAPTOP, PHONE
from tests.support.texts import every_text

SOON = 60_000
EN = every_text("en")


def lose_the_first(page: Page, file: str) -> list[str]:
    """Let the first request for a file fail. Return the requests for it, which come in later."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            route.abort()
        else:
            route.continue_()

    page.route(f"**/assets/{file}.*", answer)
    return asked


@pytest.mark.parametrize("path", ["wall", "wishes/{}"])
def test_a_vote_comes_though_its_texts_were_lost(screen: Open, operator: OperatorClient, home: Home, path: str) -> None:
    page = screen(PHONE)
    asked = lose_the_first(page, "show-en")
    stage.open_vote(home, CHOICES, 600)
    page.goto(path.format(operator.send("What shall we break?")))
    expect(page.locator("#hall h2")).to_contain_text(EN["stage"]["ask"], timeout=SOON)
    assert len(asked) == 2


def test_a_trace_comes_though_its_texts_were_lost(screen: Open, operator: OperatorClient) -> None:
    page = screen(PHONE)
    asked = lose_the_first(page, "travel-en")
    page.goto(f"wishes/{operator.send('Was it a good journey?')}")
    page.locator("#trace summary").click()
    expect(page.locator(".waterfall")).to_contain_text(EN["travel"]["hops"]["projector"], timeout=SOON)
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("view", "file", "shown"), [("mission", "mission-en", ".tiles"), ("presenter", "presenter-en", "#cue-title")]
)
def test_a_view_whose_texts_were_lost_says_so_and_comes_when_it_is_opened_again(
    screen: Open, operator: OperatorClient, home: Home, view: str, file: str, shown: str
) -> None:
    page = screen(LAPTOP)
    lose_the_first(page, file)
    page.goto(f"sign-in#{view}")
    sign_in(page, operator)
    expect(page.locator(f"#view-{view}")).to_have_text(EN["console"]["not_loaded"], timeout=SOON)
    page.locator("#views a[href='#moderation']").click()
    page.locator(f"#views a[href='#{view}']").click()
    expect(page.locator(f"#view-{view} {shown}")).to_be_visible(timeout=SOON)
    expect(page.locator(f"#view-{view}")).not_to_contain_text(EN["console"]["not_loaded"])
