"""Dead letters in mission control, on this machine: nobody looks by themselves, and a stranger's words stay text."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.support.laptop import Stack
from tests.support.mission_page import SOON, mission_control
from tests.support.mixed_letters import MixedLetters
from tests.support.on_stage import without_a_stage
from tests.support.operator_client import Open, OperatorClient
from tests.support.sizes import LAPTOP, PHONE
from tests.support.texts import every_text

WORDS = every_text("en")["mission"]
CLASSES = WORDS["letter_classes"]
PATIENCE = 60_000  # milliseconds: a command, and its audit
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def letters(stack: Stack) -> Iterator[MixedLetters]:
    assert stack.run("reset").returncode == 0
    urls = {name: stack.outputs[f"{name}Url"] for name in ("InboxDlq", "PodsDlq", "ProjectorDlq", "Parked")}
    yield MixedLetters(stack.aws("sqs"), urls, stack.home / "ledger.jsonl")
    assert stack.run("reset").returncode == 0


def looked_at(screen: Open, operator: OperatorClient, size: dict[str, int] = LAPTOP) -> Locator:
    page = mission_control(screen(size), operator)
    panel = page.locator(".letters-panel")
    expect(panel).to_be_visible(timeout=SOON)
    panel.get_by_role("button", name=WORDS["letters_look"]).click()
    expect(panel.get_by_role("status")).to_contain_text("Dead letters", timeout=PATIENCE)
    return panel


def test_all_are_worked_through_by_two_buttons(screen: Open, operator: OperatorClient, letters: MixedLetters) -> None:
    letters.transient("PodsDlq")
    letters.hopeless("InboxDlq")
    letters.put("InboxDlq", HOSTILE, reason=HOSTILE)
    panel = looked_at(screen, operator)
    rows, status = panel.locator("li"), panel.get_by_role("status")
    expect(rows).to_have_count(3)
    expect(rows.filter(has_text=CLASSES["hostile"])).to_contain_text(HOSTILE)
    expect(panel.locator("img")).to_have_count(0)

    panel.get_by_role("button", name=WORDS["letters_redrive"]).click()
    expect(status).to_have_text(WORDS["letters_moved"].format(done=1, left=2), timeout=PATIENCE)
    expect(rows.filter(has_text=CLASSES["transient"])).to_have_count(0)
    panel.get_by_role("button", name=WORDS["letters_park"]).click()
    expect(status).to_have_text(WORDS["letters_moved"].format(done=2, left=0), timeout=PATIENCE)
    expect(rows).to_have_count(0)


def test_one_is_parked_by_its_own_button(screen: Open, operator: OperatorClient, letters: MixedLetters) -> None:
    letters.transient("PodsDlq")
    letters.transient("PodsDlq")
    rows = looked_at(screen, operator, PHONE).locator("li")
    expect(rows).to_have_count(2)
    rows.first.get_by_role("button", name=WORDS["letter_park"]).click()
    expect(rows).to_have_count(1, timeout=PATIENCE)


def test_where_there_is_no_stage_there_are_no_letters(screen: Open, operator: OperatorClient) -> None:
    page, asked = screen(LAPTOP), list[str]()
    without_a_stage(page, asked)
    mission_control(page, operator)
    expect(page.locator(".alarms")).to_be_visible()
    expect(page.locator(".letters-panel")).to_be_hidden()
    assert not [url for url in asked if "letters" in url]
