"""Alarms and drills in a channel: posted, muted, on again, over."""

import pytest
from slack_sdk import WebClient

from lastwish.shipping.chat.board import HOUR, Board
from lastwish.shipping.chat.messages import Channel
from lastwish.shipping.chat.people import ChatError
from lastwish.shipping.chat.watch import Signal
from tests.support.clocks import Clock
from tests.support.slack import Slack

SOLD_OUT = Signal("prod alarm sold-out", "No seat is left.", "https://last.example/sold-out.md")
KEY = "prod alarm sold-out"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def board(client: WebClient, clock: Clock) -> Board:
    return Board(Channel(client, "C0ALARMS"), clock)


def posted(slack: Slack) -> list[str]:
    return [str(each["posted"]) for each in slack.posts()]


def test_what_is_on_is_posted_once_with_its_runbook_and_a_button(board: Board, slack: Slack) -> None:
    board.look("prod", [SOLD_OUT])
    board.look("prod", [SOLD_OUT])
    board.look("staging", [])
    (alarm,) = posted(slack)
    assert slack.shows(alarm)["channel"] == "C0ALARMS"
    assert (
        slack.words(alarm) == "prod alarm sold-out is on\nNo seat is left.\n<https://last.example/sold-out.md|runbook>"
    )
    assert slack.buttons(alarm)["mute"]["value"] == KEY


def test_what_is_over_says_so_in_its_message_and_in_the_thread(board: Board, slack: Slack) -> None:
    board.look("prod", [SOLD_OUT])
    board.look("prod", [])
    (alarm,) = posted(slack)
    assert "is over: it is off again" in slack.words(alarm)
    assert slack.buttons(alarm) == {}
    assert slack.replies_to(alarm) == "it is off again"


def test_a_muted_alarm_posts_nothing_for_an_hour_and_then_only_if_it_is_still_on(
    board: Board, slack: Slack, clock: Clock
) -> None:
    board.look("prod", [SOLD_OUT])
    assert board.mute(KEY, "ana") == "muted by ana until 14:46 UTC"
    (alarm,) = posted(slack)
    assert "prod alarm sold-out muted by ana until 14:46 UTC" in slack.words(alarm)
    assert slack.buttons(alarm) == {}

    for signals in ([], [SOLD_OUT], [], [SOLD_OUT]):  # it flaps
        board.look("prod", signals)
    clock.now += HOUR - 1
    board.look("prod", [SOLD_OUT])
    assert posted(slack) == [alarm]
    assert not slack.posts(alarm)

    clock.now += 1
    board.look("prod", [SOLD_OUT])
    board.look("prod", [SOLD_OUT])
    again = posted(slack)[1:]
    assert len(again) == 1
    assert "is still on" in slack.words(again[0])
    assert "mute" in slack.buttons(again[0])


def test_an_alarm_that_is_off_at_the_end_of_its_mute_posts_nothing_and_may_ring_again(
    board: Board, slack: Slack, clock: Clock
) -> None:
    board.look("prod", [SOLD_OUT])
    board.mute(KEY, "ana")
    board.look("prod", [])
    clock.now += HOUR
    board.look("prod", [])
    assert len(posted(slack)) == 1
    board.look("prod", [SOLD_OUT])
    assert "prod alarm sold-out is on" in slack.words(posted(slack)[1])


def test_what_is_off_cannot_be_muted(board: Board) -> None:
    with pytest.raises(ChatError, match="off already"):
        board.mute(KEY, "ana")


def test_what_slack_does_not_take_is_posted_at_the_next_look(board: Board, slack: Slack) -> None:
    slack.refuses["chat.postMessage"] = "internal_error"
    board.look("prod", [SOLD_OUT])
    slack.refuses.clear()
    board.look("prod", [SOLD_OUT])
    assert len(posted(slack)) == 1
