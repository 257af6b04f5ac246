import html
import json
from types import ModuleType

import pytest

from tests.support import faults
from tests.support.aws import Aws
from tests.support.chain import damage
from tests.support.functions import Invoke, Log
from tests.support.http import BROWSER, get_event, header
from tests.support.samples import WISH_ID, sample
from web.language import texts


def store_a_wish(aws: Aws, worker: ModuleType, invoke: Invoke, event: str = "worker-good-wish") -> None:
    assert invoke(worker, sample(event)) == {"batchItemFailures": []}


def test_a_wish_not_stored_yet_has_retry_after(frontend: ModuleType, invoke: Invoke) -> None:
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


def test_the_receipt_of_an_id_that_nobody_knows_promises_nothing(frontend: ModuleType, invoke: Invoke) -> None:
    page = html.unescape(invoke(frontend, get_event(f"/wishes/{WISH_ID}", BROWSER))["body"])
    sent, _, unknown = page.partition('id="travelling"')
    words = texts("en")["receipt"]
    assert words["unknown_lead"] in unknown
    assert words["travelling_lead"] not in unknown
    assert 'id="sent"' in sent  # which the style shows only after the form has said so


def test_the_receipt_of_a_rejected_wish_has_its_reason(
    aws: Aws, frontend: ModuleType, worker: ModuleType, invoke: Invoke
) -> None:
    store_a_wish(aws, worker, invoke, "worker-rejected-wish")
    path = "/wishes/5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1c03"
    wish = json.loads(invoke(frontend, get_event(path))["body"])
    assert (wish["status"], wish["reason"], wish["visibility"]) == ("rejected", "only-links", "hidden")
    assert wish["message"] is wish["message_html"] is None  # hidden, and so its text is nobody's to read
    page = invoke(frontend, get_event(path, BROWSER))["body"]
    assert "only-links" in page
    assert texts("en")["receipt"]["lead"]["only-links"] in page


def test_without_the_store_a_receipt_is_answered_503(aws: Aws, frontend: ModuleType, invoke: Invoke) -> None:
    faults.throttled(frontend.store._client, "dynamodb.Query")
    answer = invoke(frontend, get_event(f"/wishes/{WISH_ID}"))
    assert answer["statusCode"] == 503
    assert header(answer, "Retry-After")
    assert json.loads(answer["body"])["detail"].endswith("What was accepted is safe.")


def test_a_receipt_page_that_cannot_be_read_refreshes_itself_and_never_asks_to_send_again(
    frontend: ModuleType, invoke: Invoke
) -> None:
    faults.throttled(frontend.store._client, "dynamodb.Query")
    answer = invoke(frontend, get_event(f"/wishes/{WISH_ID}", BROWSER))
    words = texts("en")
    assert (answer["statusCode"], header(answer, "Retry-After")) == (503, "2")
    said = html.unescape(answer["body"]).partition('id="travelling"')[2]
    assert words["receipt"]["unreadable_lead"] in said
    assert words["receipt"]["unknown_lead"] not in said
    assert words["errors"]["unavailable"] not in html.unescape(answer["body"])


@pytest.mark.parametrize(("lang", "query"), [("ja", "?lang=ja"), ("en", ""), ("fr", "")])
def test_the_receipt_of_a_form_keeps_a_chosen_language(
    frontend: ModuleType, invoke: Invoke, lang: str, query: str
) -> None:
    event = sample("frontend-form-post")
    event["body"] = f"lang={lang}&message=x&destination=mars&idempotency_key="
    assert header(invoke(frontend, event), "Location").partition("wishes/")[2][36:] == query


@pytest.mark.parametrize("accept", ["application/json", BROWSER])
def test_a_wish_that_cannot_be_read_is_our_fault_and_the_log_names_it(
    aws: Aws, frontend: ModuleType, worker: ModuleType, invoke: Invoke, log: Log, accept: str
) -> None:
    store_a_wish(aws, worker, invoke)
    damage(aws, WISH_ID)
    log.lines()
    assert invoke(frontend, get_event(f"/wishes/{WISH_ID}", accept))["statusCode"] == 500
    [line] = [line for line in log.lines() if line.get("error") == "UnreadableCommit"]
    assert line["reason"] == f"version 1 of wish#{WISH_ID}: KeyError"
