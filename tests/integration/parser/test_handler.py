import json
from collections import Counter
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.envelope import read_story
from domain.events import WishAccepted, WishRejected
from tests.support import faults
from tests.support.aws import Aws
from tests.support.functions import Invoke, Log, load
from tests.support.samples import LambdaContext, envelope, sample, submitted
from tests.support.strategies import damaged_envelopes, is_sendable, messages

NOTHING_FAILED = {"batchItemFailures": []}


def test_a_good_wish_is_sent_on_with_its_acceptance(aws: Aws, parser: ModuleType, invoke: Invoke) -> None:
    assert invoke(parser, sample("parser-good-wish")) == NOTHING_FAILED
    [message] = aws.messages("Pods")
    submission, decision = read_story(message["Body"])
    assert submission.model_dump_json() == sample("parser-good-wish")["Records"][0]["body"]
    assert decision.event() == WishAccepted()
    assert decision.correlationid == submission.correlationid


def test_a_rejected_wish_is_sent_on_too(aws: Aws, parser: ModuleType, invoke: Invoke) -> None:
    record = sample("parser-mixed-batch")["Records"][2]
    invoke(parser, {"Records": [record]})
    [message] = aws.messages("Pods")
    assert read_story(message["Body"])[1].event() == WishRejected(reason="only-links")


def test_boarding_can_be_closed_by_a_parameter(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, invoke: Invoke
) -> None:
    monkeypatch.setenv("CLOSED_DESTINATIONS", "mars,jupiter")
    invoke(request.getfixturevalue("parser"), sample("parser-good-wish"))
    [message] = aws.messages("Pods")
    assert read_story(message["Body"])[1].event() == WishRejected(reason="boarding-closed")


def test_a_poison_message_goes_to_the_dead_letters_with_the_reason(
    aws: Aws, parser: ModuleType, invoke: Invoke
) -> None:
    event = sample("parser-poison-message")
    assert invoke(parser, event) == NOTHING_FAILED
    [letter] = aws.messages("InboxDlq")
    assert letter["Body"] == event["Records"][0]["body"]
    assert letter["MessageAttributes"]["reason"]["StringValue"].startswith("MalformedMessage: ")
    assert aws.messages("Pods") == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    bodies=st.lists(
        st.one_of(messages, damaged_envelopes(envelope(submitted())).filter(is_sendable)), min_size=1, max_size=5
    )
)
def test_any_message_is_sent_on_or_dead_lettered(
    aws: Aws, parser: ModuleType, invoke: Invoke, bodies: list[str]
) -> None:
    record = sample("parser-good-wish")["Records"][0]
    records = [{**record, "messageId": f"m{n}", "body": body} for n, body in enumerate(bodies)]
    assert invoke(parser, {"Records": records}) == NOTHING_FAILED
    letters, sent = aws.take("InboxDlq"), aws.take("Pods")
    assert len(sent) == len(bodies) - len(letters)
    assert all(is_sendable(message["Body"]) for message in sent)
    assert not Counter(letter["Body"] for letter in letters) - Counter(bodies)
    reasons = {letter["MessageAttributes"]["reason"]["StringValue"].partition(":")[0] for letter in letters}
    assert reasons <= {"MalformedMessage"}


def test_the_other_wishes_of_a_batch_with_a_poison_message_go_on(aws: Aws, parser: ModuleType, invoke: Invoke) -> None:
    assert invoke(parser, sample("parser-mixed-batch")) == NOTHING_FAILED
    assert len(aws.messages("Pods")) == 3
    assert len(aws.messages("InboxDlq")) == 2


def test_an_event_of_a_wrong_type_is_dead_lettered(aws: Aws, parser: ModuleType, invoke: Invoke) -> None:
    event = sample("parser-good-wish")
    event["Records"][0]["body"] = envelope(WishAccepted()).model_dump_json()
    invoke(parser, event)
    [letter] = aws.messages("InboxDlq")
    assert "does not belong in Inbox" in letter["MessageAttributes"]["reason"]["StringValue"]


def test_entries_that_sqs_refuses_are_delivered_again(aws: Aws, parser: ModuleType, invoke: Invoke) -> None:
    faults.batch_entries_fail(parser.sqs, bodies_with="only-links")
    event = sample("parser-mixed-batch")
    assert invoke(parser, event) == {"batchItemFailures": [{"itemIdentifier": event["Records"][2]["messageId"]}]}
    assert len(aws.messages("Pods")) == 2


def test_when_the_whole_send_fails_every_wish_is_delivered_again(aws: Aws, parser: ModuleType, invoke: Invoke) -> None:
    faults.unreachable(parser.sqs, "sqs.SendMessageBatch")
    event = sample("parser-duplicate")
    failed = [item["itemIdentifier"] for item in invoke(parser, event)["batchItemFailures"]]
    assert failed == [record["messageId"] for record in event["Records"]]


def test_a_poison_message_that_cannot_be_dead_lettered_is_delivered_again(
    aws: Aws, parser: ModuleType, invoke: Invoke
) -> None:
    faults.unreachable(parser.sqs, "sqs.SendMessage")
    event = sample("parser-poison-message")
    assert len(invoke(parser, event)["batchItemFailures"]) == 1


def test_a_failed_record_is_hidden_for_a_jittered_time(aws: Aws, parser: ModuleType, invoke: Invoke) -> None:
    pauses: list[int] = []
    parser.sqs.meta.events.register(
        "provide-client-params.sqs.ChangeMessageVisibilityBatch",
        lambda params, **_: pauses.extend(entry["VisibilityTimeout"] for entry in params["Entries"]),
    )
    faults.unreachable(parser.sqs, "sqs.SendMessageBatch")
    aws.sqs.send_message(QueueUrl=aws.urls["Inbox"], MessageBody=envelope(submitted()).model_dump_json())
    event = aws.deliver("Inbox")
    for receives in (1, 2, 5, 50):
        event["Records"][0]["attributes"]["ApproximateReceiveCount"] = str(receives)
        for _ in range(5):
            invoke(parser, event)
    assert len(pauses) == 20
    assert all(2 <= pause <= 4 for pause in pauses[:5])
    assert all(8 <= pause <= 16 for pause in pauses[5:10])
    assert all(150 <= pause <= 300 for pause in pauses[10:])
    assert len(set(pauses[10:])) > 1


def test_a_failing_back_off_changes_nothing(aws: Aws, parser: ModuleType, invoke: Invoke) -> None:
    faults.unreachable(parser.sqs, "sqs.SendMessageBatch")
    faults.unreachable(parser.sqs, "sqs.ChangeMessageVisibilityBatch")
    assert len(invoke(parser, sample("parser-good-wish"))["batchItemFailures"]) == 1


def test_each_wish_keeps_its_own_trace(aws: Aws, parser: ModuleType, invoke: Invoke) -> None:
    event = sample("parser-duplicate")
    invoke(parser, event)
    roots = [
        message["MessageAttributes"]["trace_header"]["StringValue"].split(";")[0] for message in aws.messages("Pods")
    ]
    assert sorted(roots) == [
        "Root=1-8d12f900-000000000000000000000001",
        "Root=1-8d12f900-000000000000000000000002",
    ]


def test_every_line_about_a_wish_names_it_and_none_its_text(parser: ModuleType, invoke: Invoke, log: Log) -> None:
    invoke(parser, sample("parser-mixed-batch"))
    lines = log.lines()
    out = json.dumps(lines)
    judged = [line for line in lines if line.get("message") == "wish judged"]
    accepted, rejected = sorted(judged, key=lambda line: line["outcome"])
    assert ([len(accepted["wish_ids"]), len(rejected["wish_ids"])], rejected["reason"]) == ([2, 1], "only-links")
    buried = [line for line in lines if line.get("message") == "record buried"]
    assert all(line["sqs_message_id"] for line in buried)
    assert "whales" not in out
    assert "alert" not in out
    assert "poison" not in out


def test_a_failed_send_is_logged_under_its_own_wish(parser: ModuleType, invoke: Invoke, log: Log) -> None:
    faults.batch_entries_fail(parser.sqs, bodies_with="only-links")
    invoke(parser, sample("parser-mixed-batch"))
    [failure] = [line for line in log.lines() if line.get("message") == "record failed"]
    assert failure["wish_id"] == "5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1c03"
    assert failure["reason"] == "send batch entry: InternalError"


@pytest.mark.parametrize(
    "strange",
    [
        {"messageAttributes": {"trace_header": {"binaryValue": "AAEC", "dataType": "Binary"}}},
        {"messageAttributes": None},
        {"messageAttributes": {"trace_header": {"stringValue": "Root=;;;", "dataType": "String"}}},
        {"attributes": {"AWSTraceHeader": "garbage"}},
        {"attributes": {"ApproximateReceiveCount": "many"}},
        {"attributes": {}},
    ],
)
def test_invalid_attributes_harm_neither_the_wish_nor_the_others(
    aws: Aws, parser: ModuleType, invoke: Invoke, strange: dict[str, Any]
) -> None:
    event = sample("parser-mixed-batch")
    for record in event["Records"][:2]:  # a good wish and a poison message
        record.update(strange)
    assert invoke(parser, event) == NOTHING_FAILED
    assert len(aws.messages("Pods")) == 3
    assert len(aws.messages("InboxDlq")) == 2


def test_an_invalid_receive_count_still_backs_off(aws: Aws, parser: ModuleType, invoke: Invoke) -> None:
    faults.unreachable(parser.sqs, "sqs.SendMessageBatch")
    event = sample("parser-good-wish")
    event["Records"][0]["attributes"] = {"ApproximateReceiveCount": "9" * 400}
    assert len(invoke(parser, event)["batchItemFailures"]) == 1


def test_a_record_without_time_left_is_delivered_again_untried(aws: Aws, parser: ModuleType) -> None:
    event = sample("parser-duplicate")
    answer = parser.handler(event, LambdaContext(remaining=8_000))
    assert len(answer["batchItemFailures"]) == 2
    assert aws.messages("Pods") == []


def test_a_wish_that_the_screening_finds_is_held(aws: Aws, parser: ModuleType, invoke: Invoke, log: Log) -> None:
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


def test_words_of_the_settings_are_held_too(aws: Aws, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELD_WORDS", "Teapot, whales")
    invoke(load("parser"), sample("parser-good-wish"))
    [message] = aws.messages("Pods")
    assert json.loads(message["Body"])[-1]["data"] == {"reason": "word"}
