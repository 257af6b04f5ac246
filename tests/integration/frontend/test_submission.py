import html
import json
import re
from types import ModuleType

import pytest

from domain.envelope import read_envelope
from domain.events import WishSubmitted
from tests.support import faults
from tests.support.aws import Aws
from tests.support.functions import Invoke, Log
from tests.support.http import header, post_event
from tests.support.samples import HOSTILE, sample, short


def test_a_wish_is_answered_202_and_queued(aws: Aws, frontend: ModuleType, invoke: Invoke) -> None:
    answer = invoke(frontend, sample("frontend-good-wish"))
    body = json.loads(answer["body"])
    assert answer["statusCode"] == 202
    assert body == {
        "wish_id": body["wish_id"],
        "status": "submitted",
        "links": {"self": f"wishes/{body['wish_id']}"},
    }
    [message] = aws.messages("Inbox")
    envelope = read_envelope(message["Body"])
    assert envelope.subject == body["wish_id"]
    assert envelope.correlationid == "DGz3BHVbIAMFW5Q="
    assert isinstance(envelope.event(), WishSubmitted)


def test_a_form_is_sent_on_to_its_receipt(aws: Aws, frontend: ModuleType, invoke: Invoke) -> None:
    answer = invoke(frontend, sample("frontend-form-post"))
    assert answer["statusCode"] == 303
    [message] = aws.messages("Inbox")
    assert header(answer, "Location") == f"wishes/{read_envelope(message['Body']).subject}"


@pytest.mark.parametrize("text", HOSTILE, ids=short)
def test_only_the_sanitised_text_is_queued(aws: Aws, frontend: ModuleType, invoke: Invoke, text: str) -> None:
    invoke(frontend, post_event({"message": text, "destination": "mars", "name": text[:20]}))
    [message] = aws.messages("Inbox")
    event = read_envelope(message["Body"]).event()
    assert isinstance(event, WishSubmitted)
    assert event.message is not None
    assert "<" not in event.message
    assert html.unescape(event.message) == text


def test_the_same_key_gives_the_same_wish(frontend: ModuleType, invoke: Invoke) -> None:
    first, second = (invoke(frontend, sample("frontend-duplicate"))["body"] for _ in range(2))
    assert json.loads(first)["wish_id"] == json.loads(second)["wish_id"]


@pytest.mark.parametrize("key", ["", " ", "seven"])
def test_a_key_header_that_is_no_uuid_is_refused_also_when_it_is_empty(
    aws: Aws, frontend: ModuleType, invoke: Invoke, key: str
) -> None:
    answer = invoke(frontend, post_event({"message": "x", "destination": "mars"}, **{"Idempotency-Key": key}))
    assert (answer["statusCode"], json.loads(answer["body"])["type"]) == (400, "urn:lastwish:problem:bad-request")
    assert aws.messages("Inbox") == []


def test_without_an_acknowledgement_there_is_no_202(aws: Aws, frontend: ModuleType, invoke: Invoke) -> None:
    faults.unreachable(frontend.inbox._client, "sqs.SendMessage")
    answer = invoke(frontend, sample("frontend-good-wish"))
    assert answer["statusCode"] == 503
    assert header(answer, "Retry-After") == "2"
    assert header(answer, "Content-Type") == "application/problem+json"
    assert aws.messages("Inbox") == []


def test_a_person_without_script_keeps_the_text_when_sqs_is_down(
    aws: Aws, frontend: ModuleType, invoke: Invoke
) -> None:
    faults.unreachable(frontend.inbox._client, "sqs.SendMessage")
    answer = invoke(frontend, sample("frontend-form-post"))
    assert answer["statusCode"] == 503
    assert header(answer, "Content-Type").startswith("text/html")
    assert "Water my olive tree, please." in answer["body"]
    assert "美咲" in answer["body"]


@pytest.mark.parametrize("key", ["", "8e03978e-40d5-43dd-bc93-6894a57f9324"], ids=["without a key", "with a key"])
def test_a_form_sent_again_after_a_lost_response_is_the_same_wish(
    aws: Aws, frontend: ModuleType, invoke: Invoke, key: str
) -> None:
    event = sample("frontend-form-post")
    event["body"] += key
    faults.answer_lost(frontend.inbox._client, "sqs.SendMessage")
    page = invoke(frontend, event)
    [kept] = re.findall(r'name="idempotency_key" value="([^"]+)"', page["body"])
    event["requestContext"]["extendedRequestId"] = "another-request"
    event["body"] = event["body"].removesuffix(key) + kept
    assert page["statusCode"] == 503
    assert invoke(frontend, event)["statusCode"] == 303
    assert len({read_envelope(message["Body"]).subject for message in aws.messages("Inbox")}) == 1


def test_a_client_cannot_choose_the_id_of_its_request(aws: Aws, frontend: ModuleType, invoke: Invoke, log: Log) -> None:
    ours = {"J-D5rG9QFiAFnVg=", "K_D5rG9QFiAFnVg="}
    for request in ours:
        event = sample("frontend-good-wish")
        event["requestContext"] |= {"requestId": "chosen-by-a-header", "extendedRequestId": request}
        invoke(frontend, event)
    assert {read_envelope(message["Body"]).correlationid for message in aws.messages("Inbox")} == ours
    assert {line["correlation_id"] for line in log.lines() if line.get("message") == "wish submitted"} == ours


def test_the_form_shown_again_escapes_what_was_typed(frontend: ModuleType, invoke: Invoke) -> None:
    event = sample("frontend-form-post")
    event["body"] = (
        "message=%3C%2Ftextarea%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E&name=%22%3E%3Cblink%3E&destination=earth"
    )
    answer = invoke(frontend, event)
    assert answer["statusCode"] == 422
    assert "<script>alert" not in answer["body"]
    assert "<blink>" not in answer["body"]


def test_a_refused_wish_is_not_queued(aws: Aws, frontend: ModuleType, invoke: Invoke) -> None:
    invoke(frontend, post_event({"message": "", "destination": "mars"}))
    assert aws.messages("Inbox") == []


def test_every_log_line_has_wish_and_request_and_none_the_text(frontend: ModuleType, invoke: Invoke, log: Log) -> None:
    body = json.loads(invoke(frontend, sample("frontend-html-injection"))["body"])
    lines = log.lines()
    logged = [line for line in lines if "message" in line]
    assert logged
    for line in logged:
        assert line["wish_id"] == body["wish_id"]
        assert line["correlation_id"] == "DGz3BHVbIAMFW5Q="
    assert "alert" not in json.dumps(lines)
