"""The stage of a show: what it puts there, what the audience sees, and what comes back."""

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from lastwish.local import stage
from lastwish.local.processes import ProcessId
from lastwish.local.state import Home

CHOICES = {"worker-dies": "A worker dies", "store-slow": {"en": "The store is slow", "ja": "ストアが遅い"}}
GONE = ProcessId(os.getpid(), 1.0)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path)
    yield home
    stage.clear(home)


def votes(home: Home, seconds: float = 60) -> str:
    """Open a vote and return its id."""
    stage.open_vote(home, CHOICES, seconds)
    return seen(home)["vote"]["id"]  # type: ignore[no-any-return]


def seen(home: Home) -> stage.Seen:
    shown = stage.seen(home)
    assert shown is not None
    return shown


def test_without_a_show_there_is_nothing(home: Home) -> None:
    assert (stage.seen(home), stage.result(home)) == (None, None)


def test_a_vote_shows_its_choices_and_what_they_have(home: Home) -> None:
    vote = votes(home)
    stage.cast(home, vote, "store-slow", "wish-1")

    shown = seen(home)["vote"]
    assert [each["title"] for each in shown["choices"]] == list(CHOICES.values())
    assert shown["counts"] == {"worker-dies": 0, "store-slow": 1}
    assert 0 < shown["seconds_left"] <= 60
    assert "winner" not in seen(home)


def test_a_wish_has_one_vote_which_it_may_change(home: Home) -> None:
    vote = votes(home)
    for choice, wish in [("worker-dies", "wish-1"), ("worker-dies", "wish-2"), ("store-slow", "wish-1")]:
        stage.cast(home, vote, choice, wish)
    stage.cast(home, vote, "store-slow", "wish-1")

    assert seen(home)["vote"]["counts"] == {"worker-dies": 1, "store-slow": 1}


@pytest.mark.parametrize(
    ("cast", "winner"),
    [([], "worker-dies"), (["store-slow"], "store-slow"), (["store-slow", "worker-dies"], "worker-dies")],
    ids=["nobody votes", "a majority", "as many each"],
)
def test_the_choice_with_the_most_votes_wins_or_else_the_first(home: Home, cast: list[str], winner: str) -> None:
    vote = votes(home)
    for number, choice in enumerate(cast):
        stage.cast(home, vote, choice, f"wish-{number}")

    assert stage.result(home) == winner


def test_a_vote_that_is_over_has_a_winner_and_takes_no_more(home: Home) -> None:
    vote = votes(home, seconds=0)
    with pytest.raises(stage.VoteClosed):
        stage.cast(home, vote, "store-slow", "wish-1")

    assert seen(home)["vote"]["seconds_left"] == 0
    assert seen(home)["winner"] == {"id": "worker-dies", "title": "A worker dies"}


@pytest.mark.parametrize(("vote", "choice"), [("another", "worker-dies"), (None, "another")])
def test_another_vote_or_choice_is_none(home: Home, vote: str | None, choice: str) -> None:
    open_vote = votes(home)
    with pytest.raises(stage.NoSuchVote):
        stage.cast(home, vote or open_vote, choice, "wish-1")


def test_a_new_vote_begins_with_none(home: Home) -> None:
    stage.cast(home, votes(home), "store-slow", "wish-1")

    votes(home)
    assert stage.result(home) == "worker-dies"


@pytest.mark.parametrize("seconds", [60.0, None])
def test_what_is_broken_has_a_beginning_and_an_end(home: Home, seconds: float | None) -> None:
    stage.announce(home, "worker-dies", "A worker dies", seconds)
    running = seen(home)["drill"]
    stage.mended(home)
    mended = seen(home)["drill"]

    assert (running["id"], running["title"], running["ended"]) == ("worker-dies", "A worker dies", None)
    assert running["seconds_left"] is None if seconds is None else 0 < running["seconds_left"] <= seconds
    assert mended["seconds_left"] == 0
    assert mended["began"] == running["began"] <= mended["ended"]


def test_what_is_broken_for_a_time_is_mended_by_then(home: Home) -> None:
    stage.announce(home, "worker-dies", "A worker dies", 1e-9)
    ended = seen(home)["drill"]["ended"]
    stage.mended(home)

    assert ended == seen(home)["drill"]["ended"] is not None


def test_what_is_broken_ends_the_vote_about_it(home: Home) -> None:
    vote = votes(home)
    stage.announce(home, "store-slow", "The store is slow")

    assert seen(home)["vote"]["seconds_left"] == 0
    with pytest.raises(stage.VoteClosed):
        stage.cast(home, vote, "store-slow", "wish-1")


def test_a_vote_takes_away_what_was_broken_before(home: Home) -> None:
    stage.announce(home, "worker-dies", "A worker dies", 60)
    votes(home)

    assert "drill" not in seen(home)


def test_the_audience_does_not_see_the_presenters_part(home: Home) -> None:
    stage.put(home, show={"cue": {"say": "Now look surprised."}}, finale={"audit": "good"})

    assert seen(home) == {"finale": {"audit": "good"}}
    assert (stage.read(home) or {})["show"] == {"cue": {"say": "Now look surprised."}}


def test_a_part_can_be_taken_away(home: Home) -> None:
    stage.put(home, finale={"audit": "good"})
    stage.put(home, finale=None)

    assert seen(home) == {}


def test_orders_are_taken_once_and_in_their_order(home: Home) -> None:
    stage.order(home, "pause")
    stage.order(home, "next")
    stage.order(home, "pause")

    assert stage.take_orders(home) == ["pause", "next", "pause"]
    assert stage.take_orders(home) == []


def test_clear_leaves_nothing(home: Home) -> None:
    stage.cast(home, votes(home), "store-slow", "wish-1")
    stage.order(home, "pause")
    stage.clear(home)

    assert list(home.path.iterdir()) == []
    assert stage.take_orders(home) == []


def test_a_show_that_was_killed_has_no_stage_any_more(home: Home) -> None:
    votes(home)
    home.stage.write_text(json.dumps(json.loads(home.stage.read_text()) | {"writer": asdict(GONE)}))

    assert (stage.seen(home), stage.result(home)) == (None, None)
    stage.put(home, finale={"audit": "good"})
    assert seen(home) == {"finale": {"audit": "good"}}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", "{}", '{"writer": 7}', '{"writer": {"pid": "x", "create_time": 1}}', "[" * 99_999]
)
def test_a_damaged_stage_is_none(home: Home, text: str) -> None:
    votes(home)
    home.stage.write_text(text)

    assert (stage.seen(home), stage.result(home)) == (None, None)
    stage.put(home, finale={"audit": "good"})
    assert seen(home) == {"finale": {"audit": "good"}}


def test_both_files_are_for_their_owner_alone(home: Home) -> None:
    stage.cast(home, votes(home), "store-slow", "wish-1")

    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in home.path.iterdir()}
    assert modes == {"stage.json": 0o600, "stage.sqlite": 0o600}
