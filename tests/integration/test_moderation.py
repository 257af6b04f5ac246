import json
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

from domain.envelope import timestamp, write_story
from domain.events import WishAccepted, WishHeld
from infra import settings
from infra.event_store import commit_of
from lastwish import generations
from projector.projecting import project
from tests.integration import faults
from tests.integration.conftest import Aws, Invoke, Log, load
from tests.integration.test_projector import stream_event
from tests.integration.test_reads import body, get
from tests.integration.test_worker import batch, ids
from tests.samples import LambdaContext, envelope, sample, submitted

NOT_THERE = "5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1cff"


class Show:
    """The chain behind the pods, the wall and the operator, with the stream carried by hand."""

    def __init__(self, aws: Aws, invoke: Invoke, functions: dict[str, ModuleType]) -> None:
        self.aws, self.invoke = aws, invoke
        self.worker, self.projector = functions["worker"], functions["projector"]
        self.frontend, self.console = functions["frontend"], functions["console"]
        self.seen: set[tuple[str, str]] = set()

    def board(self, *wish_ids: str, held: str | None = None) -> None:
        event = batch(*((wish_id, "mars") for wish_id in wish_ids))
        for record in event["Records"] if held else []:
            wish_id = json.loads(record["body"])[0]["subject"]
            decided = [submitted(), WishAccepted(), WishHeld.model_validate({"reason": held})]
            record["body"] = write_story([envelope(each, wish_id) for each in decided])
        self.invoke(self.worker, event)
        self.project()

    def project(self) -> None:
        new = [each for each in self.aws.stored() if (each["stream"]["S"], each["version"]["N"]) not in self.seen]
        self.seen |= {(each["stream"]["S"], each["version"]["N"]) for each in new}
        new.sort(key=lambda each: int(each["version"]["N"]))
        self.projector.handler(stream_event(new), LambdaContext())

    def wall(self, after: str = "", limit: str = "50") -> Any:
        return body(get(self.frontend, self.invoke, "/wishes", {"after": after, "limit": limit}))

    def on_the_wall(self) -> list[str]:
        return [wish["wish_id"] for wish in self.wall()["wishes"]]

    def act(self, wish_id: str, action: str) -> Any:
        event = {**sample("console-release"), "path": f"/ops/wishes/{wish_id}/{action}"}
        answer = self.invoke(self.console, event)
        self.project()
        return answer

    def panic(self, body: str) -> Any:
        return self.invoke(self.console, {**sample("console-panic"), "body": body})

    def queue(self) -> Any:
        return body(self.invoke(self.console, sample("console-queue")))


@pytest.fixture
def show(aws: Aws, invoke: Invoke) -> Show:
    return Show(aws, invoke, {name: load(name) for name in ("worker", "projector", "frontend", "console")})


@pytest.fixture
def delayed(show: Show, monkeypatch: pytest.MonkeyPatch) -> Show:
    """The same with five seconds before the wall shows a wish."""
    patient = show.worker.settings.model_copy(update={"wall_delay": 5})
    assert isinstance(patient, settings.WorkerSettings)
    monkeypatch.setattr(show.worker, "settings", patient)
    return show


def test_the_parser_holds_what_the_screening_finds(aws: Aws, parser: ModuleType, invoke: Invoke, log: Log) -> None:
    invoke(parser, sample("parser-held-wish"))
    [message] = aws.messages("Pods")
    story = json.loads(message["Body"])
    assert [each["type"] for each in story] == [
        "lastwish.wish.submitted.v1",
        "lastwish.wish.accepted.v1",
        "lastwish.wish.held.v1",
    ]
    assert story[2]["data"] == {"reason": "link"}
    assert "band.example" not in json.dumps(log.lines())


def test_the_words_of_this_event_are_held_too(aws: Aws, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELD_WORDS", "Teapot, whales")
    invoke(load("parser"), sample("parser-good-wish"))
    [message] = aws.messages("Pods")
    assert json.loads(message["Body"])[-1]["data"] == {"reason": "word"}


def test_a_held_wish_boards_and_is_on_no_wall(show: Show) -> None:
    show.invoke(show.worker, sample("worker-held-wish"))
    show.project()
    wish = body(get(show.frontend, show.invoke, "/wishes/5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1c01"))
    assert (wish["status"], wish["visibility"], wish["seat"]) == ("boarded", "held", 1)
    assert show.on_the_wall() == []
    assert [(each["wish_id"], each["reason"]) for each in show.queue()["held"]] == [(wish["wish_id"], "link")]


def test_a_released_wish_is_on_the_wall_and_off_the_queue(show: Show) -> None:
    (wish_id,) = ids(1)
    show.board(wish_id, held="word")
    assert body(show.act(wish_id, "release")) == {"wish_id": wish_id, "status": "boarded", "visibility": "shown"}
    assert show.on_the_wall() == [wish_id]
    assert show.queue()["held"] == []
    assert body(show.act(wish_id, "release"))["visibility"] == "shown"
    assert show.on_the_wall() == [wish_id]


@pytest.mark.parametrize("action", ["hide", "erase"])
def test_what_is_taken_down_leaves_the_wall_and_whoever_shows_it_is_told(show: Show, action: str) -> None:
    first, second = ids(2)
    show.board(first, second)
    cursor = show.wall()["cursor"]
    assert body(show.act(first, action))["visibility"] == "hidden"
    assert show.on_the_wall() == [second]
    news = show.wall(after=cursor)
    assert (news["wishes"], news["withdrawn"]) == ([], [first])


def test_what_was_hidden_by_mistake_comes_back(show: Show) -> None:
    (wish_id,) = ids(1)
    show.board(wish_id)
    cursor = show.wall()["cursor"]
    show.act(wish_id, "hide")
    show.act(wish_id, "release")
    news = show.wall(after=cursor)
    assert ([wish["wish_id"] for wish in news["wishes"]], news["withdrawn"]) == ([wish_id], [])


def test_an_erased_wish_has_no_text_left_anywhere(show: Show) -> None:
    (wish_id,) = ids(1)
    show.board(wish_id, held="word")
    assert body(show.act(wish_id, "erase")) == {"wish_id": wish_id, "status": "erased", "visibility": "hidden"}
    tables = [show.aws.dynamodb.scan(TableName=name)["Items"] for name in ("EventStore", "ReadModel")]
    assert "Look after my dog" not in json.dumps(tables)
    assert show.queue()["held"] == []


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
    _let_time_pass(monkeypatch, seconds=6)
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
    _let_time_pass(monkeypatch, seconds=6)
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
    generations.flip(show.aws.dynamodb, "ReadModel", fresh.generations(), 2)
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
    monkeypatch.setattr(delayed.worker, "settings", delayed.worker.settings.model_copy(update={"wall_delay": 5}))
    for start in range(1, 149, 50):
        delayed.board(*crowd[start : start + 50])
    seen = {wish["wish_id"] for wish in delayed.wall(after="latest", limit="100")["wishes"]}
    assert seen == {shown, crowd[0]}


def test_the_console_lists_the_newest_first(show: Show) -> None:
    for start in range(0, 60, 10):
        show.board(*ids(60)[start : start + 10])
    latest = [each["shown_at"] for each in show.queue()["latest"]]
    assert len(latest) == 60
    assert latest == sorted(latest, reverse=True)


def test_the_latest_of_an_empty_wall_are_none(show: Show) -> None:
    assert show.wall(after="latest")["cursor"] == "1-0-0"


def test_panic_blanks_the_wall_at_once_and_brings_it_back(show: Show) -> None:
    (wish_id,) = ids(1)
    show.board(wish_id)
    assert body(show.panic('{"on": true}')) == {"on": True}
    page = show.wall()
    assert page == {"wishes": [], "withdrawn": [], "cursor": "1-0-0", "more": False, "blank": True}
    assert show.queue()["blank"] is True
    assert body(show.panic('{"on": false}')) == {"on": False}
    assert [wish["wish_id"] for wish in show.wall(after=page["cursor"])["wishes"]] == [wish_id]


@pytest.mark.parametrize("sent", ["", "[]", "{}", '{"on": 1}', '{"on": "true"}', "not json", "[" * 5000])
def test_panic_wants_a_yes_or_no(show: Show, sent: str) -> None:
    assert show.panic(sent)["statusCode"] == 400
    assert show.queue()["blank"] is False


def test_what_is_not_stored_cannot_be_released(show: Show) -> None:
    assert show.act(NOT_THERE, "release")["statusCode"] == 404
    assert show.act("nonsense", "release")["statusCode"] == 404
    assert show.act(NOT_THERE, "frame")["statusCode"] == 404


def test_a_rejected_or_erased_wish_cannot_be_released(show: Show) -> None:
    show.invoke(show.worker, sample("worker-rejected-wish"))
    rejected = show.aws.stored()[0]["stream"]["S"].removeprefix("wish#")
    (erased,) = ids(1)
    show.board(erased)
    show.act(erased, "erase")
    assert [show.act(each, "release")["statusCode"] for each in (rejected, erased)] == [409, 409]


@pytest.mark.parametrize(
    "event",
    [
        sample("console-without-role"),
        {**sample("console-release"), "requestContext": sample("console-without-role")["requestContext"]},
        {**sample("console-panic"), "requestContext": sample("console-without-role")["requestContext"]},
        {**sample("console-queue"), "requestContext": sample("frontend-receipt")["requestContext"]},
        {**sample("console-queue"), "path": "/console", "requestContext": sample("frontend-receipt")["requestContext"]},
    ],
)
def test_who_is_no_operator_is_refused(show: Show, event: dict[str, Any]) -> None:
    (wish_id,) = ids(1)
    show.board(wish_id, held="word")
    answer = show.invoke(show.console, event)
    assert answer["statusCode"] == 403
    assert json.loads(answer["body"])["type"] == "urn:lastwish:problem:forbidden"
    assert show.on_the_wall() == []


@pytest.mark.parametrize("groups", ["operators", "audience,operators", "[audience operators]", "[operators]"])
def test_groups_come_in_several_spellings(show: Show, groups: str) -> None:
    event = sample("console-queue")
    event["requestContext"]["authorizer"]["claims"]["cognito:groups"] = groups
    assert show.invoke(show.console, event)["statusCode"] == 200


@pytest.mark.parametrize("groups", ["", "non-operators", "operators-of-cranes", "[operatorsx]"])
def test_a_group_that_only_sounds_alike_is_none(show: Show, groups: str) -> None:
    event = sample("console-queue")
    event["requestContext"]["authorizer"]["claims"]["cognito:groups"] = groups
    assert show.invoke(show.console, event)["statusCode"] == 403


def test_when_the_store_is_silent_the_operator_is_told(show: Show) -> None:
    (wish_id,) = ids(1)
    show.board(wish_id, held="word")
    faults.unreachable(show.console.dynamodb, "dynamodb.PutItem")
    assert show.act(wish_id, "release")["statusCode"] == 503
    assert show.on_the_wall() == []


def test_an_operators_deed_is_logged_with_their_name_and_without_the_text(show: Show, log: Log) -> None:
    (wish_id,) = ids(1)
    show.board(wish_id, held="word")
    log.lines()
    show.act(wish_id, "hide")
    lines = log.lines()
    (deed,) = [each for each in lines if each.get("message") == "moderated"]
    assert (deed["operator"], deed["action"], deed["wish_id"]) == ("presenter", "hide", wish_id)
    assert "Look after my dog" not in json.dumps(lines)


def test_the_time_of_showing_is_when_it_may_be_seen(show: Show) -> None:
    (wish_id,) = ids(1)
    show.board(wish_id, held="word")
    before = datetime.now(UTC)
    show.act(wish_id, "release")
    shown_at = datetime.fromisoformat(show.wall()["wishes"][0]["shown_at"])
    assert timestamp(before) <= timestamp(shown_at)
