from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

from domain.envelope import timestamp
from infra import settings
from infra.event_store import commit_of
from lastwish.aws.generations import GenerationStore
from projector.projecting import project
from tests.support.aws import Aws
from tests.support.functions import Invoke
from tests.support.http import body, get
from tests.support.moderated_wall import ModeratedWall
from tests.support.samples import LambdaContext
from tests.support.wishes import ids, store, stream_event

DELAY = 600  # seconds


@pytest.fixture
def delayed(wall: ModeratedWall, monkeypatch: pytest.MonkeyPatch) -> ModeratedWall:
    """Return the wall with a delay before it shows a wish, longer than any test takes."""
    patient = wall.worker.settings.model_copy(update={"wall_delay": DELAY})
    assert isinstance(patient, settings.WorkerSettings)
    monkeypatch.setattr(wall.worker, "settings", patient)
    return wall


def test_a_wish_waits_before_the_wall_shows_it(delayed: ModeratedWall) -> None:
    (wish_id,) = ids(1)
    delayed.board(wish_id)
    wish = body(get(delayed.frontend, delayed.invoke, f"/wishes/{wish_id}"))
    page = delayed.feed()
    assert (wish["visibility"], page["wishes"], page["cursor"]) == ("pending", [], "1-0-0")
    assert [each["visibility"] for each in delayed.queue()["latest"]] == ["pending"]


def test_an_entry_that_is_not_due_delays_no_other_and_is_not_missed(
    delayed: ModeratedWall, monkeypatch: pytest.MonkeyPatch
) -> None:
    early, held, late = ids(3)
    delayed.board(early)
    delayed.board(held, held="word")
    delayed.moderate(held, "release")
    page = delayed.feed()
    assert ([wish["wish_id"] for wish in page["wishes"]], page["cursor"]) == ([held], "1-0-1")
    delayed.board(late)
    _let_time_pass(monkeypatch, seconds=DELAY + 1)
    page = delayed.feed(after=page["cursor"])
    assert [wish["wish_id"] for wish in page["wishes"]] == [early, late]
    assert delayed.feed(after=page["cursor"])["wishes"] == []


def _let_time_pass(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(UTC) + timedelta(seconds=seconds)

    monkeypatch.setattr("web.wall.datetime", Later)


def test_a_pending_wish_can_be_hidden_before_anybody_sees_it(
    delayed: ModeratedWall, monkeypatch: pytest.MonkeyPatch
) -> None:
    (wish_id,) = ids(1)
    delayed.board(wish_id)
    delayed.moderate(wish_id, "hide")
    _let_time_pass(monkeypatch, seconds=DELAY + 1)
    page = delayed.feed()
    assert (page["wishes"], page["withdrawn"], page["cursor"]) == ([], [wish_id], "1-2-1")


def test_a_released_wish_does_not_wait_for_wishes_that_are_not_due(delayed: ModeratedWall) -> None:
    first, *crowd = ids(151)
    delayed.board(first, held="word")
    for start in range(0, 150, 50):
        delayed.board(*crowd[start : start + 50])
    cursor = delayed.feed()["cursor"]
    delayed.moderate(first, "release")
    assert [wish["wish_id"] for wish in delayed.feed(after=cursor)["wishes"]] == [first]
    delayed.moderate(first, "hide")
    assert delayed.feed(after=cursor)["withdrawn"] == [first]


def test_rows_that_lag_behind_the_feed_hold_the_cursor(wall: ModeratedWall, monkeypatch: pytest.MonkeyPatch) -> None:
    """DynamoDB's reads are eventually consistent: an entry may be there before its rows are."""
    wish_id, held = ids(2)
    wall.board(held, held="word")
    (stale,) = wall.frontend.read_model.rows(1, _places(wall, held)).items()
    wall.board(wish_id)
    wall.moderate(held, "release")
    rows = wall.frontend.read_model.rows
    monkeypatch.setattr(wall.frontend.read_model, "rows", lambda *_: dict([stale]))
    assert wall.feed() == {"wishes": [], "withdrawn": [], "cursor": "1-1-0", "more": False, "blank": False}
    monkeypatch.setattr(wall.frontend.read_model, "rows", rows)
    assert [wish["wish_id"] for wish in wall.feed(after="1-1-0")["wishes"]] == [wish_id, held]


def _places(wall: ModeratedWall, wish_id: str) -> list[str]:
    items = wall.aws.dynamodb.scan(TableName="ReadModel")["Items"]
    return [f"{item['pk']['S'].partition('#')[2]}/{wish_id}" for item in items if item["sk"]["S"] == wish_id]


def test_a_wish_hidden_before_a_rebuild_is_withdrawn_after_it(wall: ModeratedWall) -> None:
    (wish_id,) = ids(1)
    wall.board(wish_id)
    wall.moderate(wish_id, "hide")
    fresh = wall.projector.read_model
    commits = [commit_of(item) for item in wall.aws.stored()]
    project(wall.projector.store, fresh, 2, commits)
    GenerationStore(wall.aws.dynamodb, "ReadModel").flip(fresh.generations(), 2)
    page = wall.feed(after="1-2-1")
    assert (page["wishes"], page["withdrawn"]) == ([], [wish_id])


def test_a_client_that_lags_behind_is_told_that_there_is_more(wall: ModeratedWall) -> None:
    for wish_id in ids(5):
        wall.board(wish_id)
    told = []
    cursor = ""
    for _ in range(4):
        page = wall.feed(after=cursor, limit="2")
        told.append((len(page["wishes"]), page["more"]))
        cursor = page["cursor"]
    assert told == [(2, True), (2, True), (1, False), (0, False)]


def test_the_wall_starts_near_the_end_of_the_feed(wall: ModeratedWall) -> None:
    for wish_id in ids(5):
        wall.board(wish_id)
    assert [wish["wish_id"] for wish in wall.feed(after="latest", limit="2")["wishes"]] == ids(5)[3:]


def test_the_latest_include_the_newest_after_a_burst(wall: ModeratedWall) -> None:
    for start in range(0, 60, 10):
        wall.board(*ids(60)[start : start + 10])
    page = wall.feed(after="latest", limit="25")
    assert sorted(wish["wish_id"] for wish in page["wishes"]) == ids(60)[40:]  # those of a slice are in no order
    assert wall.feed(after=page["cursor"])["wishes"] == []


def test_one_slice_that_is_larger_than_the_limit_is_not_left_out(wall: ModeratedWall) -> None:
    wall.board(*ids(30))
    assert len(wall.feed(after="latest", limit="1")["wishes"]) == 30


def test_wishes_that_are_not_due_do_not_hide_the_latest(
    delayed: ModeratedWall, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, *crowd = ids(150)
    delayed.board(shown, held="word")
    delayed.moderate(shown, "release")
    monkeypatch.setattr(delayed.worker, "settings", delayed.worker.settings.model_copy(update={"wall_delay": 0}))
    delayed.board(crowd[0])
    monkeypatch.setattr(delayed.worker, "settings", delayed.worker.settings.model_copy(update={"wall_delay": DELAY}))
    for start in range(1, 149, 50):
        delayed.board(*crowd[start : start + 50])
    seen = {wish["wish_id"] for wish in delayed.feed(after="latest", limit="100")["wishes"]}
    assert seen == {shown, crowd[0]}


def test_the_latest_of_an_empty_wall_are_none(wall: ModeratedWall) -> None:
    assert wall.feed(after="latest")["cursor"] == "1-0-0"


def test_shown_at_is_the_time_from_which_a_wish_may_be_seen(wall: ModeratedWall) -> None:
    (wish_id,) = ids(1)
    wall.board(wish_id, held="word")
    before = datetime.now(UTC)
    wall.moderate(wish_id, "release")
    shown_at = datetime.fromisoformat(wall.feed()["wishes"][0]["shown_at"])
    assert timestamp(before) <= timestamp(shown_at)


@pytest.fixture
def shown(aws: Aws, worker: ModuleType, projector: ModuleType, invoke: Invoke) -> list[str]:
    """Five wishes on the wall, shown one after the other."""
    for item in store(aws, worker, invoke, 5):
        projector.handler(stream_event([item]), LambdaContext())
    return ids(5)


def test_before_the_first_wish_all_counts_are_zero(frontend: ModuleType, invoke: Invoke) -> None:
    ship = {"boarded": 0, "waitlisted": 0, "rejected": 0, "seats_left": 1000}
    assert body(get(frontend, invoke, "/manifest")) == {
        "destinations": {"mars": ship, "jupiter": ship},
        "generation": 1,
    }
    assert body(get(frontend, invoke, "/wishes")) == {
        "wishes": [],
        "withdrawn": [],
        "cursor": "1-0-0",
        "more": False,
        "blank": False,
    }


def test_the_manifest_counts(frontend: ModuleType, invoke: Invoke, shown: list[str]) -> None:
    mars = body(get(frontend, invoke, "/manifest"))["destinations"]["mars"]
    assert mars == {"boarded": 5, "waitlisted": 0, "rejected": 0, "seats_left": 995}


def test_a_cursor_reads_the_feed_page_by_page(frontend: ModuleType, invoke: Invoke, shown: list[str]) -> None:
    seen, cursor = [], ""
    for _ in range(4):
        page = body(get(frontend, invoke, "/wishes", {"after": cursor, "limit": "2"}))
        seen.append([wish["wish_id"] for wish in page["wishes"]])
        cursor = page["cursor"]
    assert seen == [shown[:2], shown[2:4], shown[4:], []]


def test_a_wish_in_the_feed_has_the_text_as_it_was_typed(
    frontend: ModuleType, invoke: Invoke, shown: list[str]
) -> None:
    wish = body(get(frontend, invoke, "/wishes", {"limit": "1"}))["wishes"][0]
    assert sorted(wish) == ["destination", "message", "name", "shown_at", "wish_id"]
    assert (wish["message"], wish["name"], wish["destination"]) == ("Look after my dog", None, "mars")


def test_a_cursor_of_another_generation_starts_at_the_beginning(
    frontend: ModuleType, invoke: Invoke, shown: list[str]
) -> None:
    page = body(get(frontend, invoke, "/wishes", {"after": "7-3-0"}))
    assert [wish["wish_id"] for wish in page["wishes"]] == shown


@pytest.mark.parametrize(
    "query",
    [
        {"after": "x"},
        {"after": "1-"},
        {"after": "1-2"},
        {"after": "1-2-3-4"},
        {"after": "1-٣-0"},
        {"limit": "0"},
        {"limit": "101"},
    ],
)
def test_an_invalid_query_is_refused(frontend: ModuleType, invoke: Invoke, query: dict[str, str]) -> None:
    assert get(frontend, invoke, "/wishes", query)["statusCode"] == 422


@pytest.mark.parametrize("path", ["/manifest", "/wishes"])
def test_a_current_etag_gets_304(frontend: ModuleType, invoke: Invoke, shown: list[str], path: str) -> None:
    answer = get(frontend, invoke, path)
    etag = answer["multiValueHeaders"]["ETag"][0]
    again = get(frontend, invoke, path, **{"If-None-Match": etag})
    assert "s-maxage=1" in answer["multiValueHeaders"]["Cache-Control"][0]
    assert (again["statusCode"], again["body"]) == (304, "")


@pytest.mark.parametrize("path", ["/manifest", "/wishes"])
def test_a_read_makes_the_same_calls_at_any_size(
    aws: Aws, frontend: ModuleType, worker: ModuleType, projector: ModuleType, invoke: Invoke, path: str
) -> None:
    calls: list[str] = []
    frontend.dynamodb.meta.events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))
    counts = []
    for items in ([], store(aws, worker, invoke, 60)):
        projector.handler(stream_event(items), LambdaContext())
        calls.clear()
        body(get(frontend, invoke, path, {"limit": "1"}))
        counts.append(sorted(calls))
    assert "Scan" not in counts[1]
    assert len(counts[1]) <= 5
