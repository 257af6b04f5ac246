"""The console erases as the command does, test_erase.py; here is what an operator sees of it."""

import html
import json

import pytest

from console import moderation
from infra import erasure
from tests.support import faults
from tests.support.chain import batch_with_message
from tests.support.functions import Log
from tests.support.http import BROWSER, body, get
from tests.support.moderated_wall import ModeratedWall
from tests.support.wishes import ids
from web.language import texts

SECRET = "The code of the vault is under the third stone"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "_PAUSE", 0)


def dead_letter(wall: ModeratedWall, wish_id: str, queue: str = "PodsDlq") -> None:
    letter = batch_with_message(wish_id, SECRET)["Records"][0]["body"]
    wall.aws.sqs.send_message(QueueUrl=wall.aws.urls[queue], MessageBody=letter)


def test_it_removes_the_dead_letters_too(wall: ModeratedWall) -> None:
    (wish_id,) = ids(1)
    wall.board(wish_id)
    queues = ("InboxDlq", "PodsDlq", "Parked")
    for queue in queues:
        dead_letter(wall, wish_id, queue)
    assert body(wall.moderate(wish_id, "erase"))["status"] == "erased"
    assert [wall.aws.messages(queue) for queue in queues] == [[], [], []]


def test_it_removes_the_row_of_a_generation_that_a_killed_rebuild_left(wall: ModeratedWall) -> None:
    (wish_id,) = ids(1)
    wall.board(wish_id)
    rows = wall.aws.dynamodb.scan(TableName="ReadModel")["Items"]
    [row] = [row for row in rows if row["sk"]["S"] == wish_id]
    old = row | {"pk": {"S": row["pk"]["S"].replace("1#", "2#", 1)}}
    pointer = {"current": {"N": "1"}, "live": {"NS": ["1"]}, "last": {"N": "2"}}
    for item in (old, {"pk": {"S": "pointer"}, "sk": {"S": "-"}} | pointer):
        wall.aws.dynamodb.put_item(TableName="ReadModel", Item=item)
    assert wall.moderate(wish_id, "erase")["statusCode"] == 200
    assert "Look after my dog" not in json.dumps(wall.aws.dynamodb.scan(TableName="ReadModel")["Items"])


def test_a_wish_that_is_only_a_dead_letter_is_erased_for_good(wall: ModeratedWall) -> None:
    (wish_id,) = ids(1)
    dead_letter(wall, wish_id)
    answer = body(wall.moderate(wish_id, "erase"))
    assert answer == {"wish_id": wish_id, "status": "erased", "visibility": "hidden"}
    wall.invoke(wall.worker, batch_with_message(wish_id, SECRET))  # SQS delivers it late
    wall.project()
    assert wall.shown() == []
    assert body(wall.moderate(wish_id, "erase"))["status"] == "erased"
    wish = body(get(wall.frontend, wall.invoke, f"/wishes/{wish_id}"))
    assert (wish["status"], wish["visibility"], wish["seat"], wish["message"]) == ("erased", "hidden", None, None)
    assert [step["type"] for step in wish["history"]] == ["lastwish.wish.submitted.v1", "lastwish.wish.erased.v1"]
    page = get(wall.frontend, wall.invoke, f"/wishes/{wish_id}", Accept=BROWSER)
    assert texts("en")["receipt"]["erased"] in html.unescape(page["body"])


def test_what_it_cannot_reach_in_time_it_does_not_call_erased(
    wall: ModeratedWall, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    monkeypatch.setattr(moderation, "_PATIENCE", 0)
    (wish_id,) = ids(1)
    wall.board(wish_id)
    dead_letter(wall, wish_id)
    wall.aws.messages("PodsDlq")  # somebody reads them: they are invisible
    answer = wall.moderate(wish_id, "erase")
    assert (answer["statusCode"], json.loads(answer["body"])["detail"]) == (
        503,
        "Text of this wish may be left. Wait a moment and erase it again.",
    )
    assert answer["multiValueHeaders"]["Retry-After"] == ["2"]
    assert SECRET not in json.dumps(log.lines())
    assert wall.shown() == []


def test_without_the_queues_it_is_not_called_erased_either(wall: ModeratedWall) -> None:
    (wish_id,) = ids(1)
    wall.board(wish_id)
    faults.unreachable(wall.console.sqs, "sqs.ReceiveMessage")
    assert wall.moderate(wish_id, "erase")["statusCode"] == 503


def test_a_wish_that_nobody_knows_cannot_be_erased(wall: ModeratedWall) -> None:
    assert wall.moderate(ids(1)[0], "erase")["statusCode"] == 404
