"""What each kind of fault does to a call, as the function sees it and as the engine has it afterwards."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from lastwish.local import faults
from lastwish.local.faults import Fault
from tests.support.engine_in_process import ITEM, KEY, Engine

BODIES = [str(number) for number in range(10)]
CALLER = """
import sys, boto3
client = boto3.client("dynamodb", "us-east-1", endpoint_url=sys.argv[1])
client.put_item(TableName="Store", Item={"stream": {"S": "wish#1"}})
"""


def hits(engine: Engine) -> int:
    return faults.active(engine.endpoint)[0].hits


def test_a_call_that_times_out_never_arrives(engine: Engine) -> None:
    faults.inject(engine.endpoint, Fault(kind="timeout"))
    with pytest.raises(ReadTimeoutError):
        engine.put()

    assert hits(engine) == 3
    assert faults.end(engine.endpoint) == 1
    assert engine.items() == []


def test_a_caller_that_waits_longer_than_the_timeout_gets_no_answer(engine: Engine) -> None:
    faults.inject(engine.endpoint, Fault(kind="timeout", delay_ms=10))
    with pytest.raises(ConnectionClosedError):
        engine.put()
    assert engine.items() == []


def test_a_lost_answer_is_tried_again_and_the_call_was_done(engine: Engine) -> None:
    faults.inject(engine.endpoint, Fault(kind="lose_answer"))
    with pytest.raises(ConnectionClosedError):
        engine.put()

    assert (hits(engine), engine.items()) == (3, [ITEM])


def test_a_write_that_arrives_twice_fails_at_its_own_condition(engine: Engine) -> None:
    faults.inject(engine.endpoint, Fault(kind="twice"))
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        engine.put(ConditionExpression="attribute_not_exists(#stream)", ExpressionAttributeNames={"#stream": "stream"})
    assert engine.items() == [ITEM]


def test_a_message_that_is_sent_twice_is_there_twice(engine: Engine) -> None:
    faults.inject(engine.endpoint, Fault(kind="twice"))
    engine.send(body="x")
    assert engine.take() == ["x", "x"]


def test_a_batch_of_messages_is_taken_partly(engine: Engine) -> None:
    faults.inject(engine.endpoint, Fault(kind="partial", seed=1))
    answer = engine.send_all(*BODIES)

    taken, failed = ({each["Id"] for each in answer[which]} for which in ("Successful", "Failed"))
    assert (taken | failed, taken & failed) == (set(BODIES), set())
    assert taken
    assert {each["Code"] for each in answer["Failed"]} == {"InternalError"}
    assert set(engine.take()) == taken


def test_the_only_message_of_a_batch_fails(engine: Engine) -> None:
    faults.inject(engine.endpoint, Fault(kind="partial"))
    answer = engine.send_all("x")
    assert ([each["Id"] for each in answer["Failed"]], answer["Successful"], engine.take()) == (["0"], [], [])


def test_a_batch_that_is_refused_as_a_whole_is_refused_as_a_whole(engine: Engine) -> None:
    faults.inject(engine.endpoint, Fault(kind="partial", seed=1))
    with pytest.raises(ClientError, match="NonExistentQueue"):
        engine.send_all(*BODIES, queue="unknown")


def keys(*numbers: int) -> list[Any]:
    return [{"stream": {"S": f"wish#{number}"}} for number in numbers]


def test_a_batch_of_items_is_written_and_read_partly(engine: Engine) -> None:
    faults.inject(engine.endpoint, Fault(kind="partial", seed=1))
    client, left = engine.client("dynamodb"), keys(*range(10))
    writes = {"Store": [{"PutRequest": {"Item": item}} for item in left]}
    unwritten = client.batch_write_item(RequestItems=writes)["UnprocessedItems"]["Store"]
    answer = client.batch_get_item(RequestItems={"Store": {"Keys": left, "ConsistentRead": True}})

    written = [each for each in left if {"PutRequest": {"Item": each}} not in unwritten]
    assert 0 < len(written) < 10
    unread = answer["UnprocessedKeys"]["Store"]
    assert (bool(unread["Keys"]), unread["ConsistentRead"]) == (True, True)
    assert all(each in written and each not in unread["Keys"] for each in answer["Responses"]["Store"])
    assert sorted(map(str, engine.items())) == sorted(map(str, written))


def test_a_batch_of_which_dynamodb_takes_nothing_is_throttled(engine: Engine) -> None:
    faults.inject(engine.endpoint, Fault(kind="partial"))
    with pytest.raises(ClientError, match="ThrottlingException"):
        engine.client("dynamodb").batch_get_item(RequestItems={"Store": {"Keys": keys(1)}})


@pytest.mark.parametrize("error", ["ResourceNotFoundException"])
def test_an_error_of_the_store_is_passed_on(engine: Engine, error: str) -> None:
    faults.inject(engine.endpoint, Fault(kind="partial", seed=1))
    with pytest.raises(ClientError, match=error):
        engine.client("dynamodb").batch_get_item(RequestItems={"None": {"Keys": keys(*range(10))}})


@pytest.mark.parametrize(("kind", "done"), [("kill_before", []), ("kill_after", [ITEM])])
def test_the_calling_process_is_killed(engine: Engine, kind: Any, done: list[Any]) -> None:
    faults.inject(engine.endpoint, Fault(kind=kind))
    env = os.environ | {"AWS_ACCESS_KEY_ID": f"{KEY}.worker", "AWS_SECRET_ACCESS_KEY": "-"}
    command = [sys.executable, "-c", CALLER, engine.endpoint.url]
    ended = subprocess.run(command, env=env, capture_output=True, timeout=60, check=False)

    assert (ended.returncode, ended.stderr) == (-9, b"")
    assert engine.items() == done


@pytest.mark.parametrize("kind", ["kill_before", "kill_after"])
def test_a_process_that_the_engine_did_not_start_is_not_killed(engine: Engine, kind: Any) -> None:
    faults.inject(engine.endpoint, Fault(kind=kind))
    engine.put()  # this very process: the engine is in it, and not above it
    assert (hits(engine), engine.items()) == (1, [ITEM])


def envelope(service: str) -> dict[str, str]:
    return {"source": f"lastwish/{service}", "time": "2045-01-01T00:00:00.000Z", "text": "é"}


def test_a_skewed_clock_is_ahead_in_what_its_function_wrote(engine: Engine) -> None:
    faults.inject(engine.endpoint, Fault(kind="skew_clock", caller="parser", delay_ms=90_000))
    story = [envelope("frontend"), envelope("parser")]
    engine.send_all(json.dumps(story), "not ours", "[3]", json.dumps(envelope("parser")))

    ahead = envelope("parser") | {"time": "2045-01-01T00:01:30.000Z"}
    said = engine.take()
    assert [json.loads(said[0]), *said[1:3], json.loads(said[3])] == [[story[0], ahead], "not ours", "[3]", ahead]


def test_a_lease_of_seats_finds_all_of_them_taken(engine: Engine) -> None:
    faults.inject(engine.endpoint, Fault(kind="refuse", error="sold_out"))
    client = engine.client("dynamodb")
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as failure:
        client.update_item(
            TableName="Store",
            Key=ITEM,
            UpdateExpression="ADD mars :mars",
            ConditionExpression="attribute_not_exists(mars) OR mars <= :mars_last",
            ExpressionAttributeValues={":mars": {"N": "3"}, ":mars_last": {"N": "97"}},
        )
    engine.put()  # no lease

    assert failure.value.response["Item"] == {"mars": {"N": "100"}}
    assert hits(engine) == 1
