"""What the engine journals of calls: before the caller hears, nothing that was refused, no erased text."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from lastwish.local.door import PUT_BACK
from lastwish.local.engine.calls import Answer
from lastwish.local.engine.journal import Journaling
from lastwish.local.engine.patch import ministack_module
from lastwish.local.journal import Pointer, Sent, Stored
from tests.support.journaling import INBOX, NAMES, STORE, Engine
from tests.support.journals import ERASED, TRACE, boarded, item, message, stored
from tests.support.wishes import ids

ADA, BOB, EVE = ids(3)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path / "journal.jsonl")


def test_a_message_is_journaled_as_it_was_sent(engine: Engine) -> None:
    assert engine.send(message(ADA)).status == 200

    [line] = engine.lines()
    assert isinstance(line, Sent)
    assert (line.wish_id, line.body, line.trace_header) == (ADA, message(ADA)["MessageBody"], TRACE)
    assert line.attributes == message(ADA)["MessageAttributes"]


def test_of_a_batch_only_what_was_taken_is_journaled(engine: Engine) -> None:
    engine.answer = Answer(200, [], json.dumps({"Successful": [{"Id": "1"}], "Failed": [{"Id": "0"}]}).encode())
    entries = [{"Id": str(n), **message(wish)} for n, wish in enumerate((ADA, BOB))]
    # As MiniStack's reader names it: a batch needs the permission of a single message.
    engine.call("sqs", "SendMessage", {"QueueUrl": INBOX, "Entries": entries})

    assert engine.wishes() == [BOB]


def test_the_older_protocol_of_sqs_is_journaled_too(engine: Engine) -> None:
    attribute = {"Name": "trace_header", "Value.DataType": "String", "Value.StringValue": TRACE}
    form = {"Action": "SendMessage", "QueueUrl": INBOX, "MessageBody": message(ADA)["MessageBody"]}
    form |= {f"MessageAttribute.1.{name}": value for name, value in attribute.items()}
    engine.answer = Answer(200, [], b"<SendMessageResponse/>")
    engine.call("sqs", "SendMessage", urlencode(form, quote_via=quote, safe=":/").encode())

    [line] = engine.lines()
    assert (line.wish_id, line.attributes) == (ADA, message(ADA)["MessageAttributes"])


def test_a_batch_in_the_older_protocol_is_journaled_too(engine: Engine) -> None:
    form = {"Action": "SendMessageBatch", "QueueUrl": INBOX}
    for n, wish in enumerate((ADA, BOB), start=1):
        form |= {f"SendMessageBatchRequestEntry.{n}.Id": wish}
        form |= {f"SendMessageBatchRequestEntry.{n}.MessageBody": message(wish)["MessageBody"]}
    taken = f"<SendMessageBatchResultEntry><Id>{BOB}</Id></SendMessageBatchResultEntry>"
    engine.answer = Answer(200, [], f"{taken}<BatchResultErrorEntry><Id>{ADA}</Id></BatchResultErrorEntry>".encode())
    engine.call("sqs", "SendMessageBatch", urlencode(form, quote_via=quote, safe=":/").encode())

    assert engine.wishes() == [BOB]


def test_a_commit_is_journaled_as_it_was_stored(engine: Engine) -> None:
    engine.put(item(ADA, boarded(3)))

    [line] = engine.lines()
    assert isinstance(line, Stored)
    assert (line.wish_id, line.version, line.seat, line.item) == (ADA, 1, 3, item(ADA, boarded(3)))


def test_commits_in_transactions_and_batches_are_journaled(engine: Engine) -> None:
    puts = [{"Put": {"TableName": table, "Item": item(ADA, boarded(1))}} for table in ("other", STORE)]
    engine.call("dynamodb", "TransactWriteItems", {"TransactItems": [*puts, {"Delete": {"TableName": STORE}}]})
    writes = [{"PutRequest": {"Item": item(wish, boarded(2))}} for wish in (BOB, EVE)]
    engine.answer = Answer(200, [], json.dumps({"UnprocessedItems": {STORE: writes[1:]}}).encode())
    engine.call("dynamodb", "BatchWriteItem", {"RequestItems": {STORE: [*writes, {"DeleteRequest": {}}], "other": []}})

    assert engine.wishes() == [ADA, BOB]


def test_a_table_named_by_its_arn_is_known(engine: Engine) -> None:
    arn = f"arn:aws:dynamodb:us-east-1:000000000000:table/{STORE}"
    engine.call("dynamodb", "PutItem", {"TableName": arn, "Item": item(ADA, boarded(1))})
    assert engine.wishes() == [ADA]


@pytest.mark.parametrize(
    ("service", "operation", "request_"),
    [
        ("sqs", "SendMessage", {"QueueUrl": INBOX.replace("Inbox", "Pods"), **message(ADA, NAMES["inbox"])}),
        ("sqs", "ReceiveMessage", {"QueueUrl": INBOX}),
        ("dynamodb", "PutItem", {"TableName": "other", "Item": item(ADA, boarded(1, STORE))}),
        ("dynamodb", "PutItem", {"TableName": STORE, "Item": {"stream": {"S": "no commit"}}}),
        ("dynamodb", "GetItem", {"TableName": STORE}),
        ("lambda", "Invoke", {"FunctionName": STORE}),
    ],
)
def test_what_is_no_message_of_inbox_and_no_commit_passes(
    engine: Engine, service: str, operation: str, request_: Any
) -> None:
    assert engine.call(service, operation, request_).status == 200
    assert (engine.lines(), len(engine.taken)) == ([], 1)


def test_what_the_engine_refused_is_not_journaled(engine: Engine) -> None:
    engine.answer = Answer(400)

    assert engine.put(item(ADA, boarded(1))).status == 400
    assert engine.lines() == []


def test_nothing_is_journaled_before_the_names_are_told(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "journal.jsonl")
    engine.journaling = Journaling(engine.file)
    engine.send(message(ADA))

    assert engine.lines() == []


def test_what_is_put_back_is_not_journaled_a_second_time(engine: Engine) -> None:
    engine.send(message(ADA), PUT_BACK)
    engine.put(item(ADA, boarded(1)), PUT_BACK)

    assert (engine.lines(), len(engine.taken)) == ([], 2)


def test_a_changed_pointer_of_the_read_model_is_journaled(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    key = {"pk": {"S": "pointer"}, "sk": {"S": "-"}}
    blank = {**key, "blank": {"BOOL": True}}
    tables = {NAMES["read_model"]: {"items": {"pointer": {"-": blank}}}}
    monkeypatch.setattr(ministack_module("services.dynamodb"), "_tables", tables)
    engine.call("dynamodb", "UpdateItem", {"TableName": NAMES["read_model"], "Key": key})

    [line] = engine.lines()
    assert isinstance(line, Pointer)
    assert line.item == blank


def test_the_journal_is_emptied_through_the_engine(engine: Engine) -> None:
    engine.send(message(ADA))

    assert engine.control("DELETE") == {"forgotten": 1}
    engine.send(message(BOB))
    assert engine.wishes() == [BOB]


# --- erasure ----------------------------------------------------------------------------------------------------------


def test_a_commit_that_erases_takes_the_text_out_of_earlier_lines(engine: Engine) -> None:
    for wish in (ADA, BOB):
        engine.send(message(wish, f"secret of {wish}"))
        engine.put(item(wish, boarded(1, f"secret of {wish}")))
    engine.put(item(ADA, [ERASED], 2))

    text = engine.file.read_text()
    assert f"secret of {ADA}" not in text
    assert text.count(f"secret of {BOB}") == 2
    assert engine.wishes() == [ADA, ADA, BOB, BOB, ADA]


def test_a_wish_that_was_never_stored_is_erased_as_well(engine: Engine) -> None:
    engine.send(message(ADA, "a secret"))
    engine.put(item(ADA, [ERASED], 1))

    assert "a secret" not in engine.file.read_text()


@pytest.mark.parametrize("caller", ["console", PUT_BACK])
def test_an_erased_wish_that_is_sent_again_leaves_no_text(engine: Engine, caller: str) -> None:
    engine.put(item(ADA, [ERASED], 1), caller)
    engine.send(message(ADA, "a secret"))

    assert engine.wishes()[-1] == ADA
    assert "a secret" not in engine.file.read_text()


def test_erasure_fails_and_goes_on_failing_while_the_journal_keeps_the_text(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.send(message(ADA, "a secret"))
    with monkeypatch.context() as broken:
        broken.setattr(os, "pwrite", _no_space)
        assert engine.put(item(ADA, [ERASED], 1)).status == 500
        scrub = {"TableName": STORE, "Key": {"stream": {"S": f"wish#{ADA}"}}}
        assert engine.call("dynamodb", "UpdateItem", scrub).status == 500
    assert "a secret" in engine.file.read_text()

    assert engine.call("dynamodb", "UpdateItem", scrub).status == 200
    assert "a secret" not in engine.file.read_text()


def test_a_damaged_line_stops_neither_an_erasure_nor_the_calls_after_it(engine: Engine) -> None:
    with engine.file.open("ab") as file:
        file.write(b'{"v":1,"kind":"sent","wish_id":"\xff\xfe","types":[]}\n')
    engine.send(message(ADA, "a secret"))

    assert engine.put(item(ADA, [ERASED], 1)).status == 200
    assert b"a secret" not in engine.file.read_bytes()
    assert engine.send(message(BOB)).status == 200


def test_an_emptied_journal_gets_nothing_of_an_erasure_that_was_under_way(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.send(message(BOB))
    engine.send(message(ADA, "a secret"))
    clearing, overwrite = Thread(target=engine.control, args=("DELETE",)), os.pwrite

    def overwrite_late(*arguments: Any) -> int:
        clearing.start()
        clearing.join(0.5)  # it has to wait for this erasure
        return overwrite(*arguments)

    monkeypatch.setattr(os, "pwrite", overwrite_late)
    engine.put(item(ADA, [ERASED], 1))
    clearing.join()
    engine.send(message(EVE))

    assert engine.wishes() == [EVE]


# --- a disk that is full ----------------------------------------------------------------------------------------------


def test_who_cannot_be_journaled_gets_an_error_and_a_log_line(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as full:
        full.setattr(os, "write", _no_space)
        answer = engine.send(message(ADA, "a secret"))

    assert (answer.status, len(engine.taken)) == (500, 1)
    assert json.loads(answer.body)["__type"] == "InternalServerError"
    log = capsys.readouterr().out
    assert "No space left" in log
    assert "a secret" not in log


@pytest.mark.parametrize("again", [Engine.send, Engine.put], ids=["a message", "a commit"])
def test_no_later_call_passes_before_the_missing_line_is_written(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, again: Callable[[Engine, Any], Answer]
) -> None:
    request = message(BOB) if again is Engine.send else item(BOB, boarded(2))
    with monkeypatch.context() as full:
        full.setattr(os, "write", _no_space)
        engine.put(item(ADA, boarded(1)))
        assert again(engine, request).status == 500
        assert len(engine.taken) == 1

    assert again(engine, request).status == 200
    assert engine.wishes() == [ADA, BOB]
    assert engine.lines()[0].item == stored(ADA, boarded(1)).item


def _no_space(*_: Any) -> int:
    raise OSError(28, "No space left on device")
