"""Putting back, on moto: again after it was cut short, and when the engine does not take something."""

from pathlib import Path
from typing import Any

import pytest

from infra.read_model import ReadModel
from infra.seats import Seats
from lastwish.errors import AwsError, EngineFailed
from lastwish.local import put_back as module
from lastwish.local.engine import process as engine
from lastwish.local.put_back import PutBack, put_back
from lastwish.local.state import Home, State
from tests.support.aws import Aws
from tests.support.faults import batch_entries_fail, throttled
from tests.support.journals import ERASED, boarded, item, message, sent, stored, write_journal
from tests.support.samples import submitted
from tests.support.wishes import ids

ADA, BOB, EVE = ids(3)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.create()
    return home


@pytest.fixture
def state(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> State:
    """A stack on moto, whose engine keeps no journal."""
    clients = {"sqs": aws.sqs, "dynamodb": aws.dynamodb}
    monkeypatch.setattr(module, "engine_client", lambda service, _: clients[service])
    tables = {f"{name}Name": name for name in ("EventStore", "ReadModel", "Seats")}
    return State("http://127.0.0.1:1/", "http://127.0.0.1:2", {**tables, "InboxUrl": aws.urls["Inbox"]}, key="LWKEY")


def test_a_new_stack_has_nothing_to_put_back(aws: Aws, state: State, home: Home) -> None:
    write_journal(home.journal)

    assert put_back(state, home) == PutBack()
    assert ReadModel(aws.dynamodb, "ReadModel").generations().current == 1
    assert aws.dynamodb.scan(TableName="Seats")["Count"] == 0


def test_a_second_time_changes_nothing_that_is_there(aws: Aws, state: State, home: Home) -> None:
    write_journal(home.journal, stored(ADA, boarded(3)), stored(BOB, boarded(1)), stored(BOB, [ERASED], 2))
    first = put_back(state, home)
    tables = [aws.dynamodb.scan(TableName=name)["Items"] for name in ("EventStore", "ReadModel", "Seats")]
    # A worker that lives by now leased one more.
    Seats(aws.dynamodb, "Seats", {"mars": 10}).lease({"mars": 1})

    assert put_back(state, home) == first
    again = [aws.dynamodb.scan(TableName=name)["Items"] for name in ("EventStore", "ReadModel", "Seats")]
    assert again[:2] == tables[:2]
    seats = Seats(aws.dynamodb, "Seats", {"mars": 10})
    assert (seats.marks(), seats.free("mars")) == ({"mars": 4}, [2])


def test_a_wish_that_was_stored_as_erased_is_put_back_as_it_was(aws: Aws, state: State, home: Home) -> None:
    events = [submitted("never stored").model_copy(update={"message": None}), ERASED]
    write_journal(home.journal, stored(ADA, events).without_text())
    put_back(state, home)

    assert aws.stored() == [item(ADA, events)]


def test_a_message_comes_back_with_its_body_and_its_attributes(aws: Aws, state: State, home: Home) -> None:
    write_journal(home.journal, sent(ADA), sent(BOB), stored(BOB, boarded(1)), sent(ADA))
    done = put_back(state, home)

    assert (done.messages, done.unanswered) == (1, 1)
    [back] = aws.messages("Inbox")
    assert back["Body"] == message(ADA)["MessageBody"]
    assert back["MessageAttributes"]["trace_header"]["StringValue"] == sent(ADA).trace_header


def test_two_messages_about_one_wish_come_back_both(aws: Aws, state: State, home: Home) -> None:
    write_journal(home.journal, sent(ADA, "one"), sent(ADA, "another"))

    assert put_back(state, home).messages == 2


def test_the_same_commit_twice_in_the_journal_is_put_once(aws: Aws, state: State, home: Home) -> None:
    write_journal(home.journal, stored(ADA, boarded(1)), stored(ADA, boarded(1)))

    assert put_back(state, home).commits == 1
    assert aws.stored() == [item(ADA, boarded(1))]


def test_a_later_commit_whose_first_is_lost_keeps_no_seat(aws: Aws, state: State, home: Home) -> None:
    """Its wish boards anew, from its message."""
    write_journal(home.journal, sent(ADA), stored(ADA, boarded(9)[2:3], 2), stored(BOB, boarded(2)))
    done = put_back(state, home)

    assert (done.commits, done.messages) == (2, 1)
    assert Seats(aws.dynamodb, "Seats", {}).marks() == {"mars": 2}


def test_what_inbox_does_not_take_is_an_error(aws: Aws, state: State, home: Home) -> None:
    write_journal(home.journal, sent(ADA, "fine"), sent(BOB, "refused"))
    batch_entries_fail(aws.sqs, bodies_with="refused")

    with pytest.raises(AwsError, match="does not take back 1 of"):
        put_back(state, home)


def test_a_store_that_does_not_answer_is_an_error(aws: Aws, state: State, home: Home) -> None:
    write_journal(home.journal, stored(ADA, boarded(1)))
    throttled(aws.dynamodb, "dynamodb.BatchWriteItem")

    with pytest.raises(AwsError, match="does not answer as it should"):
        put_back(state, home)


def test_an_engine_without_its_journal_is_an_error() -> None:
    outputs: Any = {"InboxUrl": "http://127.0.0.1:9/0/Inbox", "EventStoreName": "E", "ReadModelName": "R"}
    nobody = State("http://127.0.0.1:9/", "http://127.0.0.1:9", outputs, key="LWKEY")

    with pytest.raises(EngineFailed, match="does not answer /_lastwish/journal"):
        engine.start_journal(nobody.aws, outputs)


def test_each_thing_worth_knowing_is_said() -> None:
    assert PutBack().words() == []
    said = PutBack(1234, 17, 2, torn=True, unreadable=[3, 5]).words()
    assert "1,234 commits, 17 messages" in said[0]
    assert "cut off" in said[1]
    assert said[2].endswith("3, 5")
