import json
from collections import Counter
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import faults
from tests.support.aws import Aws
from tests.support.functions import Invoke, Log, load
from tests.support.samples import WISH_ID, sample, story
from tests.support.strategies import damaged_stories, is_sendable, messages
from tests.support.wishes import batch, ids

NOTHING_FAILED = {"batchItemFailures": []}


def test_a_decided_wish_becomes_one_commit(aws: Aws, worker: ModuleType, invoke: Invoke) -> None:
    assert invoke(worker, sample("worker-good-wish")) == NOTHING_FAILED
    [item] = aws.stored()
    assert item["stream"] == {"S": "wish#5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1c01"}
    assert item["version"] == {"N": "1"}
    assert [event["M"]["type"]["S"] for event in item["events"]["L"]] == [
        "lastwish.wish.submitted.v1",
        "lastwish.wish.accepted.v1",
        "lastwish.wish.boarded.v2",
        "lastwish.wish.shown.v2",
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


def test_a_write_whose_response_was_lost_is_one_commit(aws: Aws, worker: ModuleType, invoke: Invoke) -> None:
    faults.answer_lost(worker.store._client, "dynamodb.PutItem")
    event = sample("worker-good-wish")
    assert len(invoke(worker, event)["batchItemFailures"]) == 1
    assert invoke(worker, event) == NOTHING_FAILED
    assert len(aws.stored()) == 1


def test_a_poison_message_is_dead_lettered_and_the_other_wishes_are_stored(
    aws: Aws, worker: ModuleType, invoke: Invoke
) -> None:
    assert invoke(worker, sample("worker-mixed-batch")) == NOTHING_FAILED
    assert len(aws.stored()) == 3
    reasons = [letter["MessageAttributes"]["reason"]["StringValue"] for letter in aws.messages("PodsDlq")]
    assert len(reasons) == 2
    assert all(reason.startswith("MalformedMessage: ") for reason in reasons)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies=st.lists(st.one_of(messages, damaged_stories(story()).filter(is_sendable)), min_size=1, max_size=5))
def test_any_message_is_stored_or_dead_lettered(
    aws: Aws, worker: ModuleType, invoke: Invoke, bodies: list[str]
) -> None:
    record = sample("worker-good-wish")["Records"][0]
    records = [{**record, "messageId": f"m{n}", "body": body} for n, body in enumerate(bodies)]
    assert invoke(worker, {"Records": records}) == NOTHING_FAILED
    letters = aws.take("PodsDlq")
    reasons = {letter["MessageAttributes"]["reason"]["StringValue"].partition(":")[0] for letter in letters}
    assert reasons <= {"MalformedMessage"}
    stored = {item["stream"]["S"] for item in aws.stored()}
    others = Counter(bodies) - Counter(letter["Body"] for letter in letters)
    assert others.total() == len(bodies) - len(letters)
    assert {f"wish#{json.loads(body)[0]['subject']}" for body in others} <= stored


def test_a_throttled_store_means_delivery_again(aws: Aws, worker: ModuleType, invoke: Invoke) -> None:
    faults.throttled(worker.store._client, "dynamodb.PutItem")
    event = sample("worker-duplicate")
    assert len(invoke(worker, event)["batchItemFailures"]) == 2
    assert aws.messages("PodsDlq") == []


def test_an_unstorable_commit_is_dead_lettered(aws: Aws, worker: ModuleType, invoke: Invoke) -> None:
    faults.refused(worker.store._client, "dynamodb.PutItem")
    assert invoke(worker, sample("worker-good-wish")) == NOTHING_FAILED
    [letter] = aws.messages("PodsDlq")
    assert letter["MessageAttributes"]["reason"]["StringValue"] == "UnstorableCommit: ValidationException"


def test_an_unexpected_error_means_delivery_again_and_is_logged_without_its_text(
    worker: ModuleType, invoke: Invoke, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    def explode(*_: object) -> bool:
        raise RuntimeError("quoting what was typed")

    monkeypatch.setattr(worker.store, "append", explode)
    assert len(invoke(worker, sample("worker-good-wish"))["batchItemFailures"]) == 1
    lines = log.lines()
    [failure] = [line for line in lines if line.get("message") == "record failed"]
    assert failure["error"] == "RuntimeError"
    assert failure["wish_id"] == "5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1c01"
    assert any("explode" in frame for frame in failure["stack"])
    assert "typed" not in json.dumps(lines)


def test_wishes_that_no_seat_could_be_leased_for_fail_each_with_the_line_that_raised(
    worker: ModuleType, invoke: Invoke, log: Log
) -> None:
    faults.throttled(worker.dynamodb, "dynamodb.BatchGetItem")
    other = "5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1c02"
    assert len(invoke(worker, batch((WISH_ID, "mars"), (other, "mars")))["batchItemFailures"]) == 2
    one, two = [line["stack"] for line in log.lines() if line.get("message") == "record failed"]
    assert one[-1].startswith("infra/event_store.py:")
    assert one[-1].endswith(" in stored")
    assert one == two


def seats_of(aws: Aws) -> list[tuple[str, int | None]]:
    """Destination and seat of each stored wish, in the order of the seats; no seat means that it waits."""
    found = []
    for item in aws.stored():
        events = [event["M"] for event in item["events"]["L"]]
        boarded = [event for event in events if event["type"]["S"] == "lastwish.wish.boarded.v2"]
        seat = int(boarded[0]["data"]["M"]["seat"]["N"]) if boarded else None
        found.append((events[0]["data"]["M"]["destination"]["S"], seat))
    return sorted(found, key=str)


def test_each_wish_of_a_batch_gets_a_seat_of_its_own(aws: Aws, worker: ModuleType, invoke: Invoke) -> None:
    one, two, three, four = ids(4)
    invoke(worker, batch((one, "mars"), (two, "jupiter"), (three, "mars"), (four, "mars")))
    assert seats_of(aws) == [("jupiter", 1), ("mars", 1), ("mars", 2), ("mars", 3)]


def test_a_rejected_wish_takes_no_seat(aws: Aws, worker: ModuleType, invoke: Invoke) -> None:
    invoke(worker, sample("worker-rejected-wish"))
    assert worker.seats.marks() == {}


def test_a_redelivery_takes_no_second_seat(aws: Aws, worker: ModuleType, invoke: Invoke) -> None:
    invoke(worker, sample("worker-duplicate"))
    invoke(worker, sample("worker-good-wish"))
    assert worker.seats.marks() == {"jupiter": 1}


def test_when_all_seats_are_taken_the_rest_is_waitlisted(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, invoke: Invoke
) -> None:
    monkeypatch.setenv("MARS_SEATS", "2")
    invoke(request.getfixturevalue("worker"), batch(*((wish_id, "mars") for wish_id in ids(4))))
    assert seats_of(aws) == [("mars", 1), ("mars", 2), ("mars", None), ("mars", None)]


def test_without_the_seats_table_nothing_is_stored_and_all_is_delivered_again(
    aws: Aws, worker: ModuleType, invoke: Invoke
) -> None:
    faults.throttled(worker.dynamodb, "dynamodb.UpdateItem")
    assert len(invoke(worker, sample("worker-duplicate"))["batchItemFailures"]) == 2
    assert aws.stored() == []


def test_a_failed_append_leaks_its_seat_but_never_sells_it_twice(aws: Aws, worker: ModuleType, invoke: Invoke) -> None:
    faults.throttled(worker.dynamodb, "dynamodb.PutItem", times=1)
    [first, second] = ids(2)
    event = batch((first, "mars"), (second, "mars"))
    again = invoke(worker, event)["batchItemFailures"]
    invoke(worker, {"Records": [each for each in event["Records"] if {"itemIdentifier": each["messageId"]} in again]})
    assert sorted(seat or 0 for _, seat in seats_of(aws)) == [2, 3]
    assert worker.seats.marks() == {"mars": 3}


def test_a_seat_leased_for_a_wish_that_is_stored_meanwhile_is_given_back(
    aws: Aws, worker: ModuleType, invoke: Invoke, log: Log
) -> None:
    event = sample("worker-good-wish")
    faults.meanwhile(worker.dynamodb, "dynamodb.PutItem", lambda: invoke(load("worker"), event))
    assert invoke(worker, event) == NOTHING_FAILED
    assert seats_of(aws) == [("jupiter", 2)]
    assert worker.seats.free("jupiter") == [1]
    assert log.metrics()["SeatsLeaked"] == [1]
