"""The wall when clocks disagree: no wish is lost, and none keeps the others from the wall."""

from typing import Any

import pytest

import projector.projecting
import web.wall
from infra.event_store import commit_of
from lastwish.aws.generations import GenerationStore
from projector.projecting import project
from tests.support.clocks import set_clock
from tests.support.moderated_wall import ModeratedWall
from tests.support.wishes import batch, ids

DELAY = 5  # seconds
OFF = 600


@pytest.fixture
def delayed(wall: ModeratedWall, monkeypatch: pytest.MonkeyPatch) -> ModeratedWall:
    set_delay(wall, monkeypatch, DELAY)
    return wall


def set_delay(wall: ModeratedWall, monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    monkeypatch.setattr(wall.worker, "settings", wall.worker.settings.model_copy(update={"wall_delay": seconds}))


def shown(page: dict[str, Any]) -> list[str]:
    return [wish["wish_id"] for wish in page["wishes"]]


def board_first_by_a_clock(wall: ModeratedWall, monkeypatch: pytest.MonkeyPatch, off: float, count: int = 8) -> None:
    """Board wishes one by one, the first of them by a worker whose clock is off by so many seconds."""
    for number, wish_id in enumerate(ids(count)):
        set_clock(monkeypatch, wall.worker, 0 if number else off)
        wall.board(wish_id)


def board_with_a_long_wait_first(wall: ModeratedWall, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Board wishes one by one, the first of them before the delay was taken away. Return all ids."""
    for number, wish_id in enumerate(ids(8)):
        set_delay(wall, monkeypatch, 0 if number else OFF)
        wall.board(wish_id)
    return ids(8)


def test_a_wish_stamped_by_a_fast_clock_hides_none_and_shows_with_the_others(
    delayed: ModeratedWall, monkeypatch: pytest.MonkeyPatch
) -> None:
    board_first_by_a_clock(delayed, monkeypatch, OFF)
    assert shown(delayed.feed()) == []
    set_clock(monkeypatch, web.wall, DELAY + 1)
    assert shown(delayed.feed()) == ids(8)


def test_a_rebuild_gives_the_same_wall_as_the_stream_did(
    delayed: ModeratedWall, monkeypatch: pytest.MonkeyPatch
) -> None:
    board_first_by_a_clock(delayed, monkeypatch, OFF)
    commits = [commit_of(item) for item in delayed.aws.stored()]
    model = delayed.projector.read_model
    project(delayed.projector.store, model, 2, commits)
    GenerationStore(delayed.aws.dynamodb, "ReadModel").flip(model.generations(), 2)
    set_clock(monkeypatch, web.wall, DELAY + 1)
    page = delayed.feed()
    assert (page["cursor"], sorted(shown(page))) == ("2-1-0", ids(8))


def test_a_wish_stamped_by_a_slow_clock_takes_no_time_from_the_others(
    delayed: ModeratedWall, monkeypatch: pytest.MonkeyPatch
) -> None:
    board_first_by_a_clock(delayed, monkeypatch, -OFF)
    assert shown(delayed.feed()) == ids(1)
    set_clock(monkeypatch, web.wall, DELAY + 1)
    assert shown(delayed.feed(after="1-1-0")) == ids(8)[1:]


@pytest.mark.parametrize("off", [-OFF, OFF])
def test_the_projectors_clock_does_not_matter(
    delayed: ModeratedWall, monkeypatch: pytest.MonkeyPatch, off: int
) -> None:
    for module in (projector.handler, projector.projecting):
        set_clock(monkeypatch, module, off)
    board_first_by_a_clock(delayed, monkeypatch, OFF)
    assert shown(delayed.feed()) == []
    set_clock(monkeypatch, web.wall, DELAY + 1)
    assert shown(delayed.feed()) == ids(8)


def test_a_fast_clock_delays_no_other_wish_of_the_same_slice(
    delayed: ModeratedWall, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_clock(monkeypatch, delayed.worker, OFF)
    delayed.invoke(delayed.worker, batch((ids(1)[0], "mars")))
    set_clock(monkeypatch, delayed.worker, 0)
    delayed.board(*ids(8)[1:])
    set_clock(monkeypatch, web.wall, DELAY + 1)
    page = delayed.feed()
    assert (page["cursor"], sorted(shown(page))) == ("1-1-0", ids(8))


def test_a_wish_that_waits_longer_hides_none_and_is_not_missed(
    wall: ModeratedWall, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *others = board_with_a_long_wait_first(wall, monkeypatch)
    page = wall.feed()
    assert (shown(page), page["cursor"], page["more"]) == (others, "1-0-0", False)
    set_clock(monkeypatch, web.wall, OFF + 1)
    page = wall.feed(after=page["cursor"])
    assert (shown(page), page["cursor"]) == ([first, *others], "1-8-0")


def test_a_wall_that_begins_at_the_end_does_not_miss_a_wish_that_waits_longer(
    wall: ModeratedWall, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *others = board_with_a_long_wait_first(wall, monkeypatch)
    page = wall.feed(after="latest")
    assert shown(page) == others
    set_clock(monkeypatch, web.wall, OFF + 1)
    assert shown(wall.feed(after=page["cursor"])) == [first, *others]


def test_a_full_page_behind_a_wish_that_waits_does_not_ask_for_more_at_once(
    wall: ModeratedWall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cursor stays before the wish: the same page would come again and again."""
    _, *others = board_with_a_long_wait_first(wall, monkeypatch)
    page = wall.feed(limit="3")
    assert (shown(page), page["cursor"], page["more"]) == (others[:2], "1-0-0", False)
    page = wall.feed(after="1-1-0", limit="3")
    assert (shown(page), page["cursor"], page["more"]) == (others[:3], "1-4-0", True)


def test_a_wall_that_is_loaded_anew_does_not_wait_for_a_wish_that_a_page_has_passed(
    wall: ModeratedWall, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, *others = board_with_a_long_wait_first(wall, monkeypatch)
    page = wall.feed(after="latest", limit="3")
    assert (shown(page), page["cursor"]) == (others[-3:], "1-8-0")
