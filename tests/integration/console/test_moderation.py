import json
from types import ModuleType
from typing import Any

import pytest

from domain.commit import wish_of
from tests.support import faults
from tests.support.aws import Aws
from tests.support.functions import Invoke, Log, load
from tests.support.http import body, get
from tests.support.samples import sample
from tests.support.show import Show
from tests.support.wishes import ids

NOT_THERE = "5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1cff"


@pytest.fixture
def show(aws: Aws, invoke: Invoke) -> Show:
    return Show(aws, invoke, {name: load(name) for name in ("worker", "projector", "frontend", "console")})


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


def test_the_console_lists_the_newest_first(show: Show) -> None:
    for start in range(0, 60, 10):
        show.board(*ids(60)[start : start + 10])
    latest = [each["shown_at"] for each in show.queue()["latest"]]
    assert len(latest) == 60
    assert latest == sorted(latest, reverse=True)


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
    rejected = wish_of(show.aws.stored()[0]["stream"]["S"])
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
