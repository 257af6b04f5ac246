"""Tests of the metrics for SLOs and alarms, as the functions write them to their log."""

import json
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

from domain.envelope import timestamp
from domain.errors import StoreUnavailable
from tests.support import faults
from tests.support.aws import Aws
from tests.support.functions import Invoke, Log
from tests.support.samples import LambdaContext, sample
from tests.support.wishes import batch, ids, stream_event


def sent(event: dict[str, Any], ago: timedelta) -> dict[str, Any]:
    """Return the same Pods batch, submitted this long ago."""
    then = timestamp(datetime.now(UTC) - ago)
    for record in event["Records"]:
        record["body"] = record["body"].replace("2045-01-01T12:00:00.000Z", then)
    return event


@pytest.mark.parametrize(("ago", "late", "skewed"), [(1, 0, 0), (40, 1, 0), (-60, 0, 1)])
def test_each_recorded_wish_is_late_or_not(
    worker: ModuleType, invoke: Invoke, log: Log, ago: int, late: int, skewed: int
) -> None:
    invoke(worker, sent(batch((ids(1)[0], "mars")), timedelta(seconds=ago)))
    found = log.metrics()
    assert (found["Late"], found["ClockSkew"]) == ([late], [skewed])
    assert [round(took / 1000) for took in found["SubmittedToBoarded"]] == [max(ago, 0)]
    assert (found["Recorded"], found["Boarded"]) == ([1], [1])


def test_a_redelivered_wish_is_a_duplicate_and_never_late(worker: ModuleType, invoke: Invoke, log: Log) -> None:
    event = sent(batch((ids(1)[0], "mars")), timedelta(seconds=1))
    invoke(worker, event)
    log.lines()
    invoke(worker, event)
    found = log.metrics()
    assert found["Duplicates"] == [1]
    assert not found.keys() & {"Late", "Boarded", "SubmittedToBoarded", "SeatsLeaked"}


def test_the_same_wish_twice_in_a_batch_leaks_no_seat(worker: ModuleType, invoke: Invoke, log: Log) -> None:
    [wish_id] = ids(1)
    invoke(worker, batch((wish_id, "mars"), (wish_id, "mars")))
    found = log.metrics()
    assert (found["Recorded"], found["Duplicates"], found["Boarded"]) == ([1], [1], [1])
    assert "SeatsLeaked" not in found
    assert worker.seats.marks() == {"mars": 1}


def test_a_write_that_the_sdk_sent_again_is_new_and_leaks_no_seat(worker: ModuleType, invoke: Invoke, log: Log) -> None:
    faults.sent_again(worker.dynamodb, "dynamodb.PutItem")
    invoke(worker, batch((ids(1)[0], "mars")))
    found = log.metrics()
    assert (found["Recorded"], found["Boarded"]) == ([1], [1])
    assert not found.keys() & {"Duplicates", "SeatsLeaked"}


def test_a_wish_without_a_seat_is_on_the_waiting_list(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, invoke: Invoke, log: Log
) -> None:
    monkeypatch.setenv("MARS_SEATS", "0")
    invoke(request.getfixturevalue("worker"), batch((ids(1)[0], "mars")))
    found = log.metrics()
    assert found["Waitlisted"] == [1]
    assert "Boarded" not in found


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ResourceNotFoundException", "StoreRefused"),
        ("ProvisionedThroughputExceededException", "StoreThrottled"),
        ("ExpiredTokenException", "CredentialsRefused"),
    ],
)
def test_a_failure_of_the_store_is_counted_once_by_its_kind(
    worker: ModuleType, invoke: Invoke, log: Log, code: str, kind: str
) -> None:
    faults.fails(worker.store._client, "dynamodb.PutItem", code)
    invoke(worker, batch((ids(1)[0], "mars")))
    kinds = {"StoreRefused", "StoreThrottled", "QueueRefused", "CredentialsRefused"}
    assert {name: values for name, values in log.metrics().items() if name in kinds} == {kind: [1]}


def test_a_wish_whose_batch_got_no_seats_is_in_the_log(worker: ModuleType, invoke: Invoke, log: Log) -> None:
    faults.fails(worker.seats._client, "dynamodb.UpdateItem", "InternalServerError")
    one, two = ids(2)
    assert len(invoke(worker, batch((one, "mars"), (two, "mars")))["batchItemFailures"]) == 2
    failed = [line for line in log.lines() if line.get("message") == "record failed"]
    assert [line["wish_id"] for line in failed] == [one, two]


def test_a_queue_that_does_not_answer_is_counted(frontend: ModuleType, invoke: Invoke, log: Log) -> None:
    faults.unreachable(frontend.inbox._client, "sqs.SendMessage")
    assert invoke(frontend, sample("frontend-good-wish"))["statusCode"] == 503
    assert log.metrics()["QueueRefused"] == [1]


def test_a_fan_out_that_fails_is_counted(parser: ModuleType, invoke: Invoke, log: Log) -> None:
    faults.unreachable(parser.pods._client, "sqs.SendMessageBatch")
    invoke(parser, sample("parser-good-wish"))
    assert log.metrics()["QueueRefused"] == [1]


@pytest.mark.parametrize("operation", ["GetItem", "TransactWriteItems"])
@pytest.mark.parametrize(
    ("code", "kind"), [("ExpiredTokenException", "CredentialsRefused"), ("ThrottlingException", "StoreThrottled")]
)
def test_a_failure_in_any_call_of_the_projector_is_counted_by_its_kind(
    aws: Aws, worker: ModuleType, projector: ModuleType, invoke: Invoke, log: Log, operation: str, code: str, kind: str
) -> None:
    invoke(worker, sample("worker-good-wish"))
    log.lines()
    faults.fails(projector.read_model._client, f"dynamodb.{operation}", code)
    with pytest.raises(StoreUnavailable):
        projector.handler(stream_event(aws.stored()), LambdaContext())
    assert log.metrics()[kind] == [1]


def test_a_transaction_that_was_throttled_is_no_conflict(
    aws: Aws, worker: ModuleType, projector: ModuleType, invoke: Invoke, log: Log
) -> None:
    invoke(worker, sample("worker-good-wish"))
    log.lines()
    reasons = [{"Code": "None"}, {"Code": "ThrottlingError"}]
    faults.fails(
        projector.read_model._client,
        "dynamodb.TransactWriteItems",
        "TransactionCanceledException",
        CancellationReasons=reasons,
    )
    with pytest.raises(StoreUnavailable):
        projector.handler(stream_event(aws.stored()), LambdaContext())
    assert log.metrics()["StoreThrottled"] == [1]


@pytest.mark.parametrize("code", ["AccessDenied", "ExpiredToken"])
def test_credentials_that_are_refused_are_counted_as_such_at_every_queue(
    frontend: ModuleType, parser: ModuleType, invoke: Invoke, log: Log, code: str
) -> None:
    faults.fails(frontend.inbox._client, "sqs.SendMessage", code)
    faults.fails(parser.pods._client, "sqs.SendMessageBatch", code)
    invoke(frontend, sample("frontend-good-wish"))
    assert log.metrics()["CredentialsRefused"] == [1]
    invoke(parser, sample("parser-good-wish"))
    found = log.metrics()
    assert found["CredentialsRefused"] == [1]
    assert "QueueRefused" not in found


def test_unprocessed_keys_count_as_throttling(worker: ModuleType, invoke: Invoke, log: Log) -> None:
    worker.store._client.meta.events.register(
        "after-call.dynamodb.BatchGetItem", lambda parsed, **_: parsed.update(UnprocessedKeys={"EventStore": {}})
    )
    invoke(worker, batch((ids(1)[0], "mars")))
    assert log.metrics()["StoreThrottled"] == [1]


def test_a_projector_that_cannot_write_counts_the_failure(
    aws: Aws, worker: ModuleType, projector: ModuleType, invoke: Invoke, log: Log
) -> None:
    invoke(worker, sample("worker-good-wish"))
    log.lines()
    faults.fails(projector.read_model._client, "dynamodb.TransactWriteItems", "ResourceNotFoundException")
    with pytest.raises(Exception, match="ResourceNotFound"):
        projector.handler(stream_event(aws.stored()), LambdaContext())
    assert log.metrics()["StoreRefused"] == [1]


def test_a_rejection_is_counted_by_its_reason(parser: ModuleType, invoke: Invoke, log: Log) -> None:
    invoke(parser, {"Records": [sample("parser-mixed-batch")["Records"][2]]})
    found = log.metrics()
    assert (found["Rejected"], found["Rejected/only-links"]) == ([1], [1])


def test_a_refusal_is_counted_by_its_problem(frontend: ModuleType, invoke: Invoke, log: Log) -> None:
    invoke(frontend, {**sample("frontend-good-wish"), "body": "{}"})
    found = log.metrics()
    assert (found["Refused"], found["Refused/invalid-wish"]) == ([1], [1])


@pytest.mark.parametrize(
    ("message", "counted"), [("<b onclick=x>", [1]), ("</p>", [1]), ("<!--", [1]), ("I <3 you & 1 < 2", [])]
)
def test_sanitised_markup_is_counted(
    frontend: ModuleType, invoke: Invoke, log: Log, message: str, counted: list[float]
) -> None:
    body = json.dumps({"message": message, "destination": "mars"})
    assert invoke(frontend, {**sample("frontend-good-wish"), "body": body})["statusCode"] == 202
    assert log.metrics().get("Sanitised", []) == counted


@pytest.mark.parametrize(("ago", "stale"), [(1, 0), (20, 1)])
def test_each_projected_commit_is_stale_or_not(
    aws: Aws, worker: ModuleType, projector: ModuleType, invoke: Invoke, log: Log, ago: int, stale: int
) -> None:
    invoke(worker, sample("worker-good-wish"))
    [item] = aws.stored()
    committed = datetime.now(UTC) - timedelta(seconds=ago)
    item["time"] = {"S": timestamp(committed)}
    log.lines()
    projector.handler(stream_event([item]), LambdaContext())
    most = (datetime.now(UTC) - committed) / timedelta(milliseconds=1)
    found = log.metrics()
    assert found["Stale"] == [stale]
    [took] = found["CommitToWall"]
    assert ago * 1000 <= took <= most + 2  # the time is cut to milliseconds, the figure rounded


def test_wishes_of_a_batch_with_the_same_outcome_share_a_line(worker: ModuleType, invoke: Invoke, log: Log) -> None:
    one, two, three = ids(3)
    invoke(worker, batch((one, "mars")))
    log.lines()
    invoke(worker, batch((one, "mars"), (two, "mars"), (three, "mars")))
    told = [(line["message"], line["outcome"], line["wish_ids"]) for line in log.lines() if "wish_ids" in line]
    assert told == [("wish was recorded before", "duplicate", [one]), ("wish recorded", "boarded", [two, three])]


def test_a_late_wish_has_a_line_that_says_how_late(worker: ModuleType, invoke: Invoke, log: Log) -> None:
    late, ordinary = ids(2)
    event = sent(batch((late, "mars")), timedelta(seconds=40))
    event["Records"] += sent(batch((ordinary, "mars")), timedelta(seconds=1))["Records"]
    invoke(worker, event)
    told = {line["wish_ids"][0]: line.get("late_s") for line in log.lines() if "wish_ids" in line}
    assert told[late] in (40, 41)
    assert told[ordinary] is None


def test_no_outcome_is_told_again_in_the_next_batch(worker: ModuleType, invoke: Invoke, log: Log) -> None:
    one, two = ids(2)
    for wish_id in (one, two):
        invoke(worker, batch((wish_id, "mars")))
    assert [line["wish_ids"] for line in log.lines() if "wish_ids" in line] == [[one], [two]]


def test_only_a_line_about_trouble_has_what_lambda_tells_of_the_invocation(
    worker: ModuleType, invoke: Invoke, log: Log
) -> None:
    of_lambda = {"function_request_id", "function_arn", "location"}
    invoke(worker, batch((ids(1)[0], "mars")))
    [ordinary] = [line for line in log.lines() if line.get("message") == "wish recorded"]
    assert not of_lambda & ordinary.keys()
    faults.fails(worker.store._client, "dynamodb.PutItem", "InternalServerError")
    invoke(worker, batch((ids(2)[1], "mars")))
    [failed] = [line for line in log.lines() if line.get("message") == "record failed"]
    assert list(failed)[:5] == ["correlation_id", "wish_id", "timestamp", "level", "service"]
    assert of_lambda <= failed.keys()


def test_the_projector_names_each_wish(
    aws: Aws, worker: ModuleType, projector: ModuleType, invoke: Invoke, log: Log
) -> None:
    invoke(worker, batch((ids(1)[0], "mars")))
    log.lines()
    projector.handler(stream_event(aws.stored()), LambdaContext())
    [line] = [line for line in log.lines() if line.get("message") == "wish projected"]
    assert line["wish_ids"] == ids(1)
