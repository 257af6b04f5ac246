import base64
import html
import json
from typing import Any

import pytest

from domain.commit import wish_of
from tests.support import faults
from tests.support.chain import damage
from tests.support.functions import Log
from tests.support.http import BROWSER, body, get, header
from tests.support.moderated_wall import ModeratedWall
from tests.support.samples import sample
from tests.support.wishes import ids
from web.language import texts

NOT_THERE = "5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1cff"


def test_a_held_wish_boards_and_is_not_on_the_wall(wall: ModeratedWall) -> None:
    wall.invoke(wall.worker, sample("worker-held-wish"))
    wall.project()
    wish = body(get(wall.frontend, wall.invoke, "/wishes/5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1c01"))
    assert (wish["status"], wish["visibility"], wish["seat"]) == ("boarded", "held", 1)
    assert wall.shown() == []
    assert [(each["wish_id"], each["reason"]) for each in wall.queue()["held"]] == [(wish["wish_id"], "link")]


def test_a_released_wish_is_on_the_wall_and_off_the_queue(wall: ModeratedWall) -> None:
    (wish_id,) = ids(1)
    wall.board(wish_id, held="word")
    assert body(wall.moderate(wish_id, "release")) == {"wish_id": wish_id, "status": "boarded", "visibility": "shown"}
    assert wall.shown() == [wish_id]
    assert wall.queue()["held"] == []
    assert body(wall.moderate(wish_id, "release"))["visibility"] == "shown"
    assert wall.shown() == [wish_id]


@pytest.mark.parametrize("action", ["hide", "erase"])
def test_a_hidden_or_erased_wish_leaves_the_wall_and_its_feed_names_it(wall: ModeratedWall, action: str) -> None:
    first, second = ids(2)
    wall.board(first, second)
    cursor = wall.feed()["cursor"]
    assert body(wall.moderate(first, action))["visibility"] == "hidden"
    assert wall.shown() == [second]
    news = wall.feed(after=cursor)
    assert (news["wishes"], news["withdrawn"]) == ([], [first])


def test_a_hidden_wish_can_be_released_again(wall: ModeratedWall) -> None:
    (wish_id,) = ids(1)
    wall.board(wish_id)
    cursor = wall.feed()["cursor"]
    wall.moderate(wish_id, "hide")
    wall.moderate(wish_id, "release")
    news = wall.feed(after=cursor)
    assert ([wish["wish_id"] for wish in news["wishes"]], news["withdrawn"]) == ([wish_id], [])


def receipt(wall: ModeratedWall, wish_id: str) -> tuple[dict[str, Any], str]:
    """Return what everybody who knows the id gets: the document and the page."""
    path = f"/wishes/{wish_id}"
    page = get(wall.frontend, wall.invoke, path, Accept=BROWSER)
    return body(get(wall.frontend, wall.invoke, path)), html.unescape(page["body"])


def test_the_text_of_a_hidden_wish_is_at_its_receipt_for_nobody_until_it_is_released(wall: ModeratedWall) -> None:
    (wish_id,) = ids(1)
    wall.board(wish_id)
    typed, _ = receipt(wall, wish_id)
    wall.moderate(wish_id, "hide")
    wish, page = receipt(wall, wish_id)
    assert wish["visibility"] == "hidden"
    assert [wish[field] for field in ("name", "name_html", "message", "message_html")] == [None] * 4
    assert texts("en")["receipt"]["wall"]["hidden"] in page
    assert typed["message"] not in json.dumps(wish) + page
    wall.moderate(wish_id, "release")
    wish, page = receipt(wall, wish_id)
    assert (wish["visibility"], wish["message"]) == ("shown", typed["message"])
    assert typed["message"] in page


@pytest.mark.parametrize("action", ["hide", "erase"])
def test_no_public_answer_holds_the_text_of_a_wish_that_was_taken_down(wall: ModeratedWall, action: str) -> None:
    first, second = ids(2)
    wall.board(first, second)
    cursor = wall.feed()["cursor"]
    (text,) = {wish["message"] for wish in wall.feed()["wishes"]}  # both say the same
    wall.moderate(first, action)
    wall.moderate(second, action)
    public = [wall.feed(), wall.feed("latest"), wall.feed(cursor), *receipt(wall, first), *receipt(wall, second)]
    assert text not in json.dumps(public)


@pytest.mark.parametrize("accept", ["application/json", BROWSER])
def test_no_cache_keeps_a_receipt(wall: ModeratedWall, accept: str) -> None:
    (wish_id,) = ids(1)
    wall.board(wish_id)
    answer = get(wall.frontend, wall.invoke, f"/wishes/{wish_id}", Accept=accept)
    assert header(answer, "Cache-Control") == "no-store"


def test_an_erased_wish_has_no_text_left_anywhere(wall: ModeratedWall) -> None:
    (wish_id,) = ids(1)
    wall.board(wish_id, held="word")
    assert body(wall.moderate(wish_id, "erase")) == {"wish_id": wish_id, "status": "erased", "visibility": "hidden"}
    tables = [wall.aws.dynamodb.scan(TableName=name)["Items"] for name in ("EventStore", "ReadModel")]
    assert "Look after my dog" not in json.dumps(tables)
    assert wall.queue()["held"] == []


def test_the_console_lists_the_newest_first(wall: ModeratedWall) -> None:
    for start in range(0, 60, 10):
        wall.board(*ids(60)[start : start + 10])
    latest = [each["shown_at"] for each in wall.queue()["latest"]]
    assert len(latest) == 60
    assert latest == sorted(latest, reverse=True)


def test_panic_blanks_the_wall_at_once_and_brings_it_back(wall: ModeratedWall) -> None:
    (wish_id,) = ids(1)
    wall.board(wish_id)
    assert body(wall.panic('{"on": true}')) == {"on": True}
    page = wall.feed()
    assert page == {"wishes": [], "withdrawn": [], "cursor": "1-0-0", "more": False, "blank": True}
    assert wall.queue()["blank"] is True
    assert body(wall.panic('{"on": false}')) == {"on": False}
    assert [wish["wish_id"] for wish in wall.feed(after=page["cursor"])["wishes"]] == [wish_id]


@pytest.mark.parametrize("sent", ["", "[]", "{}", '{"on": 1}', '{"on": "true"}', "not json", "[" * 5000])
def test_panic_needs_true_or_false(wall: ModeratedWall, sent: str) -> None:
    assert wall.panic(sent)["statusCode"] == 400
    assert wall.queue()["blank"] is False


def test_a_wish_that_is_not_stored_cannot_be_released(wall: ModeratedWall) -> None:
    assert wall.moderate(NOT_THERE, "release")["statusCode"] == 404
    assert wall.moderate("nonsense", "release")["statusCode"] == 404
    assert wall.moderate(NOT_THERE, "frame")["statusCode"] == 404


def test_a_rejected_or_erased_wish_cannot_be_released(wall: ModeratedWall) -> None:
    wall.invoke(wall.worker, sample("worker-rejected-wish"))
    rejected = wish_of(wall.aws.stored()[0]["stream"]["S"])
    (erased,) = ids(1)
    wall.board(erased)
    wall.moderate(erased, "erase")
    assert [wall.moderate(each, "release")["statusCode"] for each in (rejected, erased)] == [409, 409]


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
def test_only_operators_may_moderate(wall: ModeratedWall, event: dict[str, Any]) -> None:
    (wish_id,) = ids(1)
    wall.board(wish_id, held="word")
    answer = wall.invoke(wall.console, event)
    assert answer["statusCode"] == 403
    assert json.loads(answer["body"])["type"] == "urn:lastwish:problem:forbidden"
    assert wall.shown() == []


def signed_in(groups: Any, told: str, token_use: str = "id") -> dict[str, Any]:
    """Return a request with a token of these groups, which API Gateway has checked and ``told`` us as this text."""
    event = sample("console-queue")
    event["requestContext"]["authorizer"]["claims"] |= {"cognito:groups": told, "token_use": token_use}
    payload = base64.urlsafe_b64encode(json.dumps({"cognito:groups": groups}).encode()).decode().rstrip("=")
    event["headers"]["Authorization"] = f"Bearer e30.{payload}.c2ln"
    return event


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        (["operators"], "operators"),
        (["crew", "operators"], "crew,operators"),
        (["operators"], "[operators]"),
        (["crew", "operators"], "[crew operators]"),
    ],
)
def test_an_operator_is_recognised_in_every_format(wall: ModeratedWall, groups: list[str], told: str) -> None:
    assert wall.invoke(wall.console, signed_in(groups, told))["statusCode"] == 200


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        ([], ""),
        (["non-operators"], "non-operators"),
        (["operators-of-cranes"], "operators-of-cranes"),
        (["operatorsx"], "[operatorsx]"),
        (["x,operators"], "x,operators"),
        (["x,operators"], "[x,operators]"),
        (["x operators"], "[x operators]"),
        (["operators,"], "operators,"),
    ],
)
def test_a_group_with_a_similar_name_gives_no_rights(wall: ModeratedWall, groups: list[str], told: str) -> None:
    assert wall.invoke(wall.console, signed_in(groups, told))["statusCode"] == 403


@pytest.mark.parametrize("told", ["audience", "", "audience,crew"])
def test_a_token_other_than_the_one_that_was_checked_gives_no_rights(wall: ModeratedWall, told: str) -> None:
    assert wall.invoke(wall.console, signed_in(["operators"], told))["statusCode"] == 403


@pytest.mark.parametrize("token_use", ["access", "refresh", ""])
def test_only_an_id_token_gives_rights(wall: ModeratedWall, token_use: str) -> None:
    assert wall.invoke(wall.console, signed_in(["operators"], "operators", token_use))["statusCode"] == 403


@pytest.mark.parametrize("groups", ["operators", [["operators"]], [1], 1, None])
def test_groups_that_are_no_list_of_names_give_no_rights(wall: ModeratedWall, groups: Any) -> None:
    assert wall.invoke(wall.console, signed_in(groups, "operators"))["statusCode"] == 403


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer x", "Bearer a.b.c", "Bearer e30.W10.c2ln", "Bearer e30.é.c2ln", "Bearer e30.MQ.x"]
)
def test_a_token_that_cannot_be_read_gives_no_rights(wall: ModeratedWall, header: str) -> None:
    event = sample("console-queue")
    event["headers"]["Authorization"] = header
    assert wall.invoke(wall.console, event)["statusCode"] == 403


def test_without_the_store_an_action_is_answered_503(wall: ModeratedWall) -> None:
    (wish_id,) = ids(1)
    wall.board(wish_id, held="word")
    faults.unreachable(wall.console.dynamodb, "dynamodb.PutItem")
    assert wall.moderate(wish_id, "release")["statusCode"] == 503
    assert wall.shown() == []


@pytest.mark.parametrize("action", ["release", "hide", "erase"])
def test_an_action_on_a_wish_that_cannot_be_read_changes_nothing_and_is_our_fault(
    wall: ModeratedWall, action: str
) -> None:
    (wish_id,) = ids(1)
    wall.board(wish_id, held="word")
    damage(wall.aws, wish_id)
    before = wall.aws.stored()
    assert wall.moderate(wish_id, action)["statusCode"] == 500
    assert wall.aws.stored() == before


def test_an_action_is_logged_with_the_operators_name_and_without_the_text(wall: ModeratedWall, log: Log) -> None:
    (wish_id,) = ids(1)
    wall.board(wish_id, held="word")
    log.lines()
    wall.moderate(wish_id, "hide")
    lines = log.lines()
    (deed,) = [each for each in lines if each.get("message") == "moderated"]
    assert (deed["operator"], deed["action"], deed["wish_id"]) == ("presenter", "hide", wish_id)
    assert "Look after my dog" not in json.dumps(lines)
