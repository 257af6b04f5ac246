import html
import json
import re
from types import ModuleType
from typing import Any

import pytest

from domain.envelope import read_envelope
from domain.events import WishSubmitted
from tests.support import faults
from tests.support.aws import Aws
from tests.support.functions import Invoke, Log
from tests.support.http import BROWSER, get_event, header
from tests.support.samples import HOSTILE, WISH_ID, sample, short
from web.language import texts


def post(fields: Any, **headers: str) -> dict[str, Any]:
    event = sample("frontend-good-wish")
    event["headers"].update(headers)
    event["body"] = fields if isinstance(fields, str) else json.dumps(fields)
    return event


def store_a_wish(aws: Aws, worker: ModuleType, invoke: Invoke, event: str = "worker-good-wish") -> None:
    assert invoke(worker, sample(event)) == {"batchItemFailures": []}


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
    assert envelope.correlationid == "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
    assert isinstance(envelope.event(), WishSubmitted)


def test_a_form_is_sent_on_to_its_receipt(aws: Aws, frontend: ModuleType, invoke: Invoke) -> None:
    answer = invoke(frontend, sample("frontend-form-post"))
    assert answer["statusCode"] == 303
    [message] = aws.messages("Inbox")
    assert header(answer, "Location") == f"wishes/{read_envelope(message['Body']).subject}"


@pytest.mark.parametrize("text", HOSTILE, ids=short)
def test_only_the_sanitised_form_travels(aws: Aws, frontend: ModuleType, invoke: Invoke, text: str) -> None:
    invoke(frontend, post({"message": text, "destination": "mars", "name": text[:20]}))
    [message] = aws.messages("Inbox")
    event = read_envelope(message["Body"]).event()
    assert isinstance(event, WishSubmitted)
    assert event.message is not None
    assert "<" not in event.message
    assert html.unescape(event.message) == text


def test_the_same_key_gives_the_same_wish(frontend: ModuleType, invoke: Invoke) -> None:
    first, second = (invoke(frontend, sample("frontend-duplicate"))["body"] for _ in range(2))
    assert json.loads(first)["wish_id"] == json.loads(second)["wish_id"]


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
def test_a_form_sent_again_after_a_lost_answer_is_the_same_wish(
    aws: Aws, frontend: ModuleType, invoke: Invoke, key: str
) -> None:
    event = sample("frontend-form-post")
    event["body"] += key
    faults.answer_lost(frontend.inbox._client, "sqs.SendMessage")
    page = invoke(frontend, event)
    [kept] = re.findall(r'name="idempotency_key" value="([^"]+)"', page["body"])
    event["requestContext"]["requestId"] = "another-request"
    event["body"] = event["body"].removesuffix(key) + kept
    assert page["statusCode"] == 503
    assert invoke(frontend, event)["statusCode"] == 303
    assert len({read_envelope(message["Body"]).subject for message in aws.messages("Inbox")}) == 1


def test_the_form_shown_again_escapes_what_was_typed(frontend: ModuleType, invoke: Invoke) -> None:
    event = sample("frontend-form-post")
    event["body"] = (
        "message=%3C%2Ftextarea%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E&name=%22%3E%3Cblink%3E&destination=earth"
    )
    answer = invoke(frontend, event)
    assert answer["statusCode"] == 422
    assert "<script>alert" not in answer["body"]
    assert "<blink>" not in answer["body"]


@pytest.mark.parametrize(
    ("event", "status", "kind"),
    [
        (post("{"), 400, "bad-request"),
        (post({"message": "x", "destination": "mars"}, **{"Idempotency-Key": "7"}), 400, "bad-request"),
        (get_event("/wishes/not-a-uuid"), 404, "not-found"),
        (get_event("/wishes/5D3C0BD67EF44C5E9A0B2F0F6A4B1C01"), 404, "not-found"),
        (get_event("/nowhere"), 404, "not-found"),
        (get_event("/assets/handler.py"), 404, "not-found"),
        (get_event("/assets/..%2fhandler.py"), 404, "not-found"),
        (get_event("/assets/" + "a" * 300 + ".js"), 404, "not-found"),
        ({**post("%%%"), "isBase64Encoded": True}, 400, "bad-request"),
        (get_event(f"/wishes/{WISH_ID}"), 404, "wish-not-found"),
        (post("x" * 8193), 413, "too-large"),
        (post("hello", **{"Content-Type": "text/plain"}), 415, "unsupported-media-type"),
        (post({"message": "x", "destination": "mars", "admin": 1}), 422, "invalid-wish"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_every_refusal_is_a_problem(
    frontend: ModuleType, invoke: Invoke, event: dict[str, Any], status: int, kind: str
) -> None:
    answer = invoke(frontend, event)
    problem = json.loads(answer["body"])
    assert answer["statusCode"] == problem["status"] == status
    assert header(answer, "Content-Type") == "application/problem+json"
    assert problem["type"] == f"urn:lastwish:problem:{kind}"


def test_nothing_refused_is_queued(aws: Aws, frontend: ModuleType, invoke: Invoke) -> None:
    invoke(frontend, post({"message": "", "destination": "mars"}))
    assert aws.messages("Inbox") == []


def test_an_unexpected_error_shows_nothing_of_itself(
    frontend: ModuleType, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(_: object) -> None:
        raise RuntimeError("the innermost secret")

    monkeypatch.setattr(frontend.store, "read", explode)
    answer = invoke(frontend, get_event(f"/wishes/{WISH_ID}"))
    assert answer["statusCode"] == 500
    assert "secret" not in answer["body"]
    assert "Traceback" not in answer["body"]


def test_a_wish_not_stored_yet_says_when_to_ask_again(frontend: ModuleType, invoke: Invoke) -> None:
    answer = invoke(frontend, get_event(f"/wishes/{WISH_ID}"))
    assert header(answer, "Retry-After") == "1"


def test_a_stored_wish_is_shown_with_its_history(
    aws: Aws, frontend: ModuleType, worker: ModuleType, invoke: Invoke
) -> None:
    store_a_wish(aws, worker, invoke)
    answer = invoke(frontend, get_event(f"/wishes/{WISH_ID}"))
    wish = json.loads(answer["body"])
    assert answer["statusCode"] == 200
    assert wish["status"] == "boarded"
    assert wish["message"] == "Tell the whales we are sorry."
    assert wish["destination"] == "jupiter"
    assert [(step["version"], step["type"].split(".")[2]) for step in wish["history"]] == [
        (1, "submitted"),
        (1, "accepted"),
        (1, "boarded"),
        (1, "shown"),
    ]
    assert (wish["seat"], wish["pod"], wish["arrives_on"], wish["visibility"]) == (1, 1, "2051-01-01", "shown")
    assert wish["trace_id"] == "1-8d12f900-000000000000000000000001"


def test_an_injected_wish_comes_back_unaltered_and_inert(
    aws: Aws, frontend: ModuleType, worker: ModuleType, invoke: Invoke
) -> None:
    store_a_wish(aws, worker, invoke, "worker-html-injection")
    typed = json.loads(sample("frontend-html-injection")["body"])
    path = "/wishes/5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1c02"
    wish = json.loads(invoke(frontend, get_event(path))["body"])
    page = invoke(frontend, get_event(path, BROWSER))["body"]
    assert (wish["message"], wish["name"]) == (typed["message"], typed["name"])
    assert wish["message_html"] in page
    assert typed["message"] not in page
    assert "<img" not in page


def test_the_receipt_of_a_travelling_wish_refreshes_itself(frontend: ModuleType, invoke: Invoke) -> None:
    answer = invoke(frontend, get_event(f"/wishes/{WISH_ID}", BROWSER))
    assert answer["statusCode"] == 404
    assert header(answer, "Retry-After")
    assert texts("en")["receipt"]["travelling"] in answer["body"]
    assert 'http-equiv="refresh"' in answer["body"]


def test_a_rejected_wish_tells_its_reason(aws: Aws, frontend: ModuleType, worker: ModuleType, invoke: Invoke) -> None:
    store_a_wish(aws, worker, invoke, "worker-rejected-wish")
    path = "/wishes/5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1c03"
    wish = json.loads(invoke(frontend, get_event(path))["body"])
    assert (wish["status"], wish["reason"], wish["visibility"]) == ("rejected", "only-links", "hidden")
    assert "only-links" in invoke(frontend, get_event(path, BROWSER))["body"]


def test_the_store_not_answering_is_a_503(aws: Aws, frontend: ModuleType, invoke: Invoke) -> None:
    faults.throttled(frontend.store._client, "dynamodb.Query")
    answer = invoke(frontend, get_event(f"/wishes/{WISH_ID}"))
    assert answer["statusCode"] == 503
    assert header(answer, "Retry-After")
    assert json.loads(answer["body"])["detail"].endswith("What was accepted is safe.")


def test_a_receipt_that_cannot_be_read_asks_again_and_never_for_the_wish(frontend: ModuleType, invoke: Invoke) -> None:
    faults.throttled(frontend.store._client, "dynamodb.Query")
    answer = invoke(frontend, get_event(f"/wishes/{WISH_ID}", BROWSER))
    words = texts("en")
    assert (answer["statusCode"], header(answer, "Retry-After")) == (503, "2")
    assert words["receipt"]["travelling_lead"] in html.unescape(answer["body"])
    assert words["errors"]["unavailable"] not in html.unescape(answer["body"])


def test_every_line_names_wish_and_request_and_none_the_text(frontend: ModuleType, invoke: Invoke, log: Log) -> None:
    body = json.loads(invoke(frontend, sample("frontend-html-injection"))["body"])
    lines = log.lines()
    logged = [line for line in lines if "message" in line]
    assert logged
    for line in logged:
        assert line["wish_id"] == body["wish_id"]
        assert line["correlation_id"] == "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
    assert "alert" not in json.dumps(lines)
