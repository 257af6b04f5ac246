from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.envelope import timestamp
from infra import settings
from infra.event_store import commit_of
from infra.generations import GenerationStore
from projector.projecting import project
from tests.support.aws import Aws
from tests.support.functions import Invoke, load
from tests.support.http import body, get
from tests.support.show import Show
from tests.support.wishes import ids

DELAY = 600  # seconds


@pytest.fixture
def show(aws: Aws, invoke: Invoke) -> Show:
    return Show(aws, invoke, {name: load(name) for name in ("worker", "projector", "frontend", "console")})


@pytest.fixture
def delayed(show: Show, monkeypatch: pytest.MonkeyPatch) -> Show:
    """The same with a while before the wall shows a wish, longer than any test takes."""
    patient = show.worker.settings.model_copy(update={"wall_delay": DELAY})
    assert isinstance(patient, settings.WorkerSettings)
    monkeypatch.setattr(show.worker, "settings", patient)
    return show


def test_a_wish_waits_before_the_wall_shows_it(delayed: Show) -> None:
    (wish_id,) = ids(1)
    delayed.board(wish_id)
    wish = body(get(delayed.frontend, delayed.invoke, f"/wishes/{wish_id}"))
    page = delayed.wall()
    assert (wish["visibility"], page["wishes"], page["cursor"]) == ("pending", [], "1-0-0")
    assert [each["visibility"] for each in delayed.queue()["latest"]] == ["pending"]


def test_what_is_not_due_holds_up_nothing_and_is_not_missed(delayed: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    early, held, late = ids(3)
    delayed.board(early)
    delayed.board(held, held="word")
    delayed.act(held, "release")
    page = delayed.wall()
    assert ([wish["wish_id"] for wish in page["wishes"]], page["cursor"]) == ([held], "1-0-1")
    delayed.board(late)
    _let_time_pass(monkeypatch, seconds=DELAY + 1)
    page = delayed.wall(after=page["cursor"])
    assert [wish["wish_id"] for wish in page["wishes"]] == [early, late]
    assert delayed.wall(after=page["cursor"])["wishes"] == []


def _let_time_pass(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(UTC) + timedelta(seconds=seconds)

    monkeypatch.setattr("web.wall.datetime", Later)


def test_a_pending_wish_can_be_hidden_before_anybody_sees_it(delayed: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    (wish_id,) = ids(1)
    delayed.board(wish_id)
    delayed.act(wish_id, "hide")
    _let_time_pass(monkeypatch, seconds=DELAY + 1)
    page = delayed.wall()
    assert (page["wishes"], page["withdrawn"], page["cursor"]) == ([], [wish_id], "1-2-1")


def test_an_operators_word_does_not_wait_behind_a_crowd_that_is_not_due(delayed: Show) -> None:
    first, *crowd = ids(151)
    delayed.board(first, held="word")
    for start in range(0, 150, 50):
        delayed.board(*crowd[start : start + 50])
    cursor = delayed.wall()["cursor"]
    delayed.act(first, "release")
    assert [wish["wish_id"] for wish in delayed.wall(after=cursor)["wishes"]] == [first]
    delayed.act(first, "hide")
    assert delayed.wall(after=cursor)["withdrawn"] == [first]


def test_rows_that_lag_behind_the_feed_hold_the_cursor(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    """DynamoDB's reads are eventually consistent: an entry may be there before its rows are."""
    wish_id, held = ids(2)
    show.board(held, held="word")
    (stale,) = show.frontend.read_model.rows(1, _places(show, held)).items()
    show.board(wish_id)
    show.act(held, "release")
    rows = show.frontend.read_model.rows
    monkeypatch.setattr(show.frontend.read_model, "rows", lambda *_: dict([stale]))
    assert show.wall() == {"wishes": [], "withdrawn": [], "cursor": "1-1-0", "more": False, "blank": False}
    monkeypatch.setattr(show.frontend.read_model, "rows", rows)
    assert [wish["wish_id"] for wish in show.wall(after="1-1-0")["wishes"]] == [wish_id, held]


def _places(show: Show, wish_id: str) -> list[str]:
    items = show.aws.dynamodb.scan(TableName="ReadModel")["Items"]
    return [f"{item['pk']['S'].partition('#')[2]}/{wish_id}" for item in items if item["sk"]["S"] == wish_id]


def test_what_was_hidden_before_a_rebuild_is_withdrawn_after_it(show: Show) -> None:
    (wish_id,) = ids(1)
    show.board(wish_id)
    show.act(wish_id, "hide")
    fresh = show.projector.read_model
    commits = [commit_of(item) for item in show.aws.stored()]
    project(show.projector.store, fresh, 2, commits)
    GenerationStore(show.aws.dynamodb, "ReadModel").flip(fresh.generations(), 2)
    page = show.wall(after="1-2-1")
    assert (page["wishes"], page["withdrawn"]) == ([], [wish_id])


def test_whoever_lags_behind_is_told_that_there_is_more(show: Show) -> None:
    for wish_id in ids(5):
        show.board(wish_id)
    told = []
    cursor = ""
    for _ in range(4):
        page = show.wall(after=cursor, limit="2")
        told.append((len(page["wishes"]), page["more"]))
        cursor = page["cursor"]
    assert told == [(2, True), (2, True), (1, False), (0, False)]


def test_the_wall_begins_near_the_end(show: Show) -> None:
    for wish_id in ids(5):
        show.board(wish_id)
    assert [wish["wish_id"] for wish in show.wall(after="latest", limit="2")["wishes"]] == ids(5)[3:]


def test_the_newest_are_among_the_latest_however_many_came_at_once(show: Show) -> None:
    for start in range(0, 60, 10):
        show.board(*ids(60)[start : start + 10])
    page = show.wall(after="latest", limit="25")
    assert [wish["wish_id"] for wish in page["wishes"]] == ids(60)[40:]
    assert show.wall(after=page["cursor"])["wishes"] == []


def test_one_slice_that_is_larger_than_the_limit_is_not_left_out(show: Show) -> None:
    show.board(*ids(30))
    assert len(show.wall(after="latest", limit="1")["wishes"]) == 30


def test_a_crowd_that_is_not_due_does_not_hide_the_latest(delayed: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    shown, *crowd = ids(150)
    delayed.board(shown, held="word")
    delayed.act(shown, "release")
    monkeypatch.setattr(delayed.worker, "settings", delayed.worker.settings.model_copy(update={"wall_delay": 0}))
    delayed.board(crowd[0])
    monkeypatch.setattr(delayed.worker, "settings", delayed.worker.settings.model_copy(update={"wall_delay": DELAY}))
    for start in range(1, 149, 50):
        delayed.board(*crowd[start : start + 50])
    seen = {wish["wish_id"] for wish in delayed.wall(after="latest", limit="100")["wishes"]}
    assert seen == {shown, crowd[0]}


def test_the_latest_of_an_empty_wall_are_none(show: Show) -> None:
    assert show.wall(after="latest")["cursor"] == "1-0-0"


def test_the_time_of_showing_is_when_it_may_be_seen(show: Show) -> None:
    (wish_id,) = ids(1)
    show.board(wish_id, held="word")
    before = datetime.now(UTC)
    show.act(wish_id, "release")
    shown_at = datetime.fromisoformat(show.wall()["wishes"][0]["shown_at"])
    assert timestamp(before) <= timestamp(shown_at)
