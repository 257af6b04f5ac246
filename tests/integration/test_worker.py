import json
from types import ModuleType

import pytest

from tests.integration import faults
from tests.integration.conftest import Aws, Invoke, Log
from tests.samples import sample

NOTHING_FAILED = {"batchItemFailures": []}


def test_a_decided_wish_becomes_one_commit(aws: Aws, worker: ModuleType, invoke: Invoke) -> None:
    assert invoke(worker, sample("worker-good-wish")) == NOTHING_FAILED
    [item] = aws.stored()
    assert item["stream"] == {"S": "wish#5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1c01"}
    assert item["version"] == {"N": "1"}
    assert [event["M"]["type"]["S"] for event in item["events"]["L"]] == [
        "lastwish.wish.submitted.v1",
        "lastwish.wish.accepted.v1",
        "lastwish.wish.boarded.v1",
    ]


def test_each_event_keeps_the_time_of_its_decision(aws: Aws, worker: ModuleType, invoke: Invoke) -> None:
    invoke(worker, sample("worker-good-wish"))
    [item] = aws.stored()
    times = [event["M"]["time"]["S"] for event in item["events"]["L"]]
    assert times[:2] == ["2045-01-01T00:00:00.000Z", "2045-01-01T00:00:00.180Z"]
    assert times[2] == item["time"]["S"]


def test_a_rejected_wish_is_stored_with_its_reason(aws: Aws, worker: ModuleType, invoke: Invoke) -> None:
    invoke(worker, sample("worker-rejected-wish"))
    [item] = aws.stored()
    assert item["events"]["L"][-1]["M"]["data"] == {"M": {"reason": {"S": "only-links"}}}


def test_a_redelivered_commit_changes_nothing(aws: Aws, worker: ModuleType, invoke: Invoke) -> None:
    assert invoke(worker, sample("worker-duplicate")) == NOTHING_FAILED
    before = aws.stored()
    assert invoke(worker, sample("worker-good-wish")) == NOTHING_FAILED
    assert aws.stored() == before
    assert len(before) == 1


def test_a_write_whose_answer_was_lost_is_one_commit(aws: Aws, worker: ModuleType, invoke: Invoke) -> None:
    faults.answer_lost(worker.store._client, "dynamodb.PutItem")
    event = sample("worker-good-wish")
    assert len(invoke(worker, event)["batchItemFailures"]) == 1
    assert invoke(worker, event) == NOTHING_FAILED
    assert len(aws.stored()) == 1


def test_poison_goes_to_the_dead_letters_and_its_neighbours_are_stored(
    aws: Aws, worker: ModuleType, invoke: Invoke
) -> None:
    assert invoke(worker, sample("worker-mixed-batch")) == NOTHING_FAILED
    assert len(aws.stored()) == 3
    reasons = [letter["MessageAttributes"]["reason"]["StringValue"] for letter in aws.messages("PodsDlq")]
    assert len(reasons) == 2
    assert all(reason.startswith("MalformedMessage: ") for reason in reasons)


def test_a_throttled_store_means_delivery_again(aws: Aws, worker: ModuleType, invoke: Invoke) -> None:
    faults.throttled(worker.store._client, "dynamodb.PutItem")
    event = sample("worker-duplicate")
    assert len(invoke(worker, event)["batchItemFailures"]) == 2
    assert aws.messages("PodsDlq") == []


def test_what_the_store_can_never_take_is_buried(aws: Aws, worker: ModuleType, invoke: Invoke) -> None:
    faults.refused(worker.store._client, "dynamodb.PutItem")
    assert invoke(worker, sample("worker-good-wish")) == NOTHING_FAILED
    [letter] = aws.messages("PodsDlq")
    assert letter["MessageAttributes"]["reason"]["StringValue"] == "UnstorableCommit: ValidationException"


def test_an_error_nobody_foresaw_is_delivered_again_and_logged_without_its_text(
    worker: ModuleType, invoke: Invoke, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    def explode(_: object) -> bool:
        raise RuntimeError("quoting what was typed")

    monkeypatch.setattr(worker.store, "append", explode)
    assert len(invoke(worker, sample("worker-good-wish"))["batchItemFailures"]) == 1
    lines = log.lines()
    [failure] = [line for line in lines if line.get("message") == "record failed"]
    assert failure["error"] == "RuntimeError"
    assert failure["wish_id"] == "5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1c01"
    assert any("explode" in frame for frame in failure["stack"])
    assert "typed" not in json.dumps(lines)
