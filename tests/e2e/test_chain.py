"""The promise, on the real template: every wish answered 202 is stored exactly once or sits visibly in a dead-letter
queue, and nothing that a person typed ever runs as code."""

import html
import json
import re
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest

from domain.commit import stream_of
from domain.envelope import Envelope
from domain.identity import keyed_wish_id, payload_digest
from lastwish.local.proxy.ledger import promised, read
from tests.support.deployed_chain import ENDS, DeployedChain
from tests.support.faulty_aws import Call
from tests.support.laptop import Stack, wait_until
from tests.support.samples import HOSTILE, envelope, short, submitted
from web.language import texts


@pytest.fixture(scope="module")
def chain(stack: Stack) -> Iterator[DeployedChain]:
    with DeployedChain(stack) as chain:
        yield chain


def test_a_wish_goes_all_the_way(chain: DeployedChain) -> None:
    wish_id = chain.post("Tell the whales we are sorry.", name="Ana")
    chain.wait_until_stored(wish_id)
    wish = chain.http.get(f"wishes/{wish_id}").json()
    assert (wish["status"], wish["message"], wish["name"]) == ("boarded", "Tell the whales we are sorry.", "Ana")
    assert [step["type"].split(".")[2] for step in wish["history"]] == ["submitted", "accepted", "boarded", "shown"]
    assert wish["trace_id"].startswith("1-")


def test_a_double_tap_is_one_commit(chain: DeployedChain) -> None:
    key = uuid.uuid4()
    wish_id = chain.post("Once is enough", key=key)
    assert chain.post("Once is enough", key=key) == wish_id
    chain.wait_until_stored(wish_id)
    chain.wait_until_idle()
    assert len(chain.commits(wish_id)) == 1


def test_a_key_reused_for_another_text_loses_neither(chain: DeployedChain) -> None:
    key = uuid.uuid4()
    first, second = chain.post("First", key=key), chain.post("Second", key=key)
    chain.wait_until_stored(first, second)
    assert first != second


def test_two_hundred_wishes_of_eight_clients_are_each_stored_once(chain: DeployedChain) -> None:
    with ThreadPoolExecutor(8) as clients:
        wish_ids = list(clients.map(lambda n: chain.post(f"Wish number {n}"), range(200)))
    assert len(set(wish_ids)) == 200
    chain.wait_until_stored(*wish_ids)
    chain.wait_until_idle()
    assert [len(chain.commits(wish_id)) for wish_id in wish_ids] == [1] * 200
    assert set(wish_ids) <= set(promised(chain.stack.home / "ledger.jsonl"))


def test_poison_reaches_the_dead_letters_and_its_neighbours_are_stored(chain: DeployedChain) -> None:
    good = [envelope(submitted(f"Neighbour {n}"), str(uuid.uuid4())) for n in range(3)]
    bodies = [one.model_dump_json() for one in good]
    bodies.insert(1, "this is not an envelope")
    entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)]
    chain.sqs.send_message_batch(QueueUrl=chain.stack.outputs["InboxUrl"], Entries=entries)
    chain.wait_until_stored(*(one.subject for one in good))
    assert wait_until(lambda: chain.waiting("InboxDlqUrl"), ENDS)
    [letter] = chain.dead_letters("InboxDlqUrl")
    assert letter["Body"] == "this is not an envelope"
    assert "MalformedMessage" in json.dumps(letter["MessageAttributes"])


def test_what_the_worker_cannot_read_reaches_its_own_dead_letters(chain: DeployedChain) -> None:
    lone: Envelope = envelope(submitted(), str(uuid.uuid4()))
    chain.sqs.send_message(QueueUrl=chain.stack.outputs["PodsUrl"], MessageBody=f"[{lone.model_dump_json()}]")
    assert wait_until(lambda: chain.waiting("PodsDlqUrl"), ENDS)
    [letter] = chain.dead_letters("PodsDlqUrl")
    assert "a submission, a verdict" in json.dumps(letter["MessageAttributes"])


def test_a_worker_killed_between_write_and_acknowledgement_leaves_one_commit(chain: DeployedChain) -> None:
    writes: list[str] = []
    killed: list[psutil.Process] = []

    def kill_after_the_first_write(call: Call) -> tuple[int, bytes]:
        answer = call.forward()
        if call.operation == "PutItem":
            writes.append(call.json["Item"]["stream"]["S"])
            if len(writes) == 1:
                killed.append(call.kill_caller())
        return answer

    with chain.visibility("PodsUrl", 2), chain.fault_for("WorkerFunction", kill_after_the_first_write):
        wish_id = chain.post("Survive me")
        assert wait_until(lambda: len(writes) >= 2, ENDS)
        chain.wait_until_idle()
    assert set(writes) == {stream_of(wish_id)}
    assert [process.is_running() for process in killed] == [False]
    assert len(chain.commits(wish_id)) == 1


def test_a_half_failed_send_of_the_parser_loses_no_wish(chain: DeployedChain) -> None:
    refused: set[str] = set()

    def refuse_every_other_wish_once(call: Call) -> tuple[int, bytes]:
        if call.operation != "SendMessageBatch":
            return call.forward()
        wishes = {each["Id"]: json.loads(each["MessageBody"])[0]["subject"] for each in call.json["Entries"]}
        fail = [key for key, wish in wishes.items() if wish not in refused and wish.endswith(tuple("02468ace"))]
        refused.update(wishes[key] for key in fail)
        taken = [each for each in call.json["Entries"] if each["Id"] not in fail]
        answer = {"Successful": [], "Failed": []}
        if taken:
            answer = json.loads(call.forward(json.dumps({**call.json, "Entries": taken}).encode())[1])
        failed = [{"Id": key, "SenderFault": False, "Code": "InternalError"} for key in fail]
        return 200, json.dumps({**answer, "Failed": failed}).encode()

    with chain.fault_for("ParserFunction", refuse_every_other_wish_once):
        wish_ids = [chain.post(f"Half of us {n}") for n in range(12)]
        chain.wait_until_stored(*wish_ids)
        chain.wait_until_idle()
    assert refused == {wish_id for wish_id in wish_ids if wish_id.endswith(tuple("02468ace"))}
    assert [len(chain.commits(wish_id)) for wish_id in wish_ids] == [1] * 12


def test_with_sqs_down_a_wish_is_refused_and_nothing_is_stored(chain: DeployedChain) -> None:
    ledger = chain.stack.home / "ledger.jsonl"
    before = read(ledger)
    key = str(uuid.uuid4())
    wish = {"message": "Nobody hears me", "destination": "mars"}
    with chain.endpoint("FrontendFunction", AWS_ENDPOINT_URL_SQS="http://127.0.0.1:9"):
        answer = chain.http.post("wishes", json=wish, headers={"Idempotency-Key": key})
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert promised(ledger) == before.wish_ids
    assert read(ledger).unknown_ends == before.unknown_ends + 1
    # A wish sent afterwards has gone all the way; had the refused one been queued, it would have too.
    chain.wait_until_stored(chain.post("Somebody hears me"))
    digest = payload_digest("mars", None, wish["message"])
    assert chain.commits(keyed_wish_id(uuid.UUID(key), digest)) == []


@pytest.mark.parametrize("text", HOSTILE, ids=short)
def test_hostile_text_comes_back_inert_and_unaltered(chain: DeployedChain, text: str) -> None:
    wish_id = chain.post(text, name=text[:40])
    chain.wait_until_stored(wish_id)
    wish = chain.http.get(f"wishes/{wish_id}").json()
    page = chain.http.get(f"wishes/{wish_id}", headers={"Accept": "text/html"}).text
    assert (wish["message"], wish["name"]) == (text, text[:40].strip())
    assert wish["message_html"] in page
    assert "<script>alert" not in page
    assert "onerror=alert(1)>" not in page


GOOD = {"message": "x", "destination": "mars"}
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("POST", "wishes", "{", JSON, 400),
        ("POST", "wishes", json.dumps(GOOD), {**JSON, "Idempotency-Key": "seven"}, 400),
        ("GET", "nowhere", None, {}, 404),
        ("DELETE", "wishes", None, {}, 404),
        ("GET", "wishes/not-a-uuid", None, {}, 404),
        ("GET", "wishes/5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1cfe", None, {}, 404),
        ("POST", "wishes", "x" * 8193, JSON, 413),
        ("POST", "wishes", "hello", {"Content-Type": "text/plain"}, 415),
        ("POST", "wishes", json.dumps({"destination": "mars"}), JSON, 422),
        ("POST", "wishes", json.dumps({**GOOD, "admin": 1}), JSON, 422),
    ],
)
def test_every_error_of_the_table_is_a_problem(
    chain: DeployedChain, method: str, path: str, body: str | None, headers: dict[str, str], status: int
) -> None:
    answer = chain.http.request(method, path, content=body, headers=headers)
    problem = answer.json()
    assert answer.status_code == problem["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"].startswith("urn:lastwish:problem:")
    assert "Traceback" not in answer.text


BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    "path", ["nowhere", "a/b/c", "wishes/", "wishes/1/2", "%63onsole", "wall/panic", "_ministack/health"]
)
@pytest.mark.parametrize("lang", ["en", "ja"])
def test_an_unknown_path_shows_people_a_page_whose_links_are_right(chain: DeployedChain, path: str, lang: str) -> None:
    answer = chain.http.get(path, headers={**BROWSER, "Accept-Language": lang})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert texts(lang)["errors"]["not-found"] in html.unescape(answer.text)
    (style,) = re.findall(r'href="([^"]+style[^"]+)"', answer.text)
    assert chain.http.get(answer.url.join(style)).headers["content-type"].startswith("text/css")


def test_a_form_post_is_sent_to_its_receipt(chain: DeployedChain) -> None:
    answer = chain.http.post("wishes", data={**GOOD, "name": "Ana", "idempotency_key": ""})
    assert answer.status_code == 303
    receipt = httpx.URL(chain.stack.url).join("wishes").join(answer.headers["location"])
    page = chain.http.get(receipt, headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")


def test_the_pages_and_health_are_there(chain: DeployedChain) -> None:
    assert chain.http.get("health").json() == {"status": "ok"}
    assert "<form" in chain.http.get("").text
    assert chain.http.get("assets/form.js").status_code == 200


def test_a_wish_reaches_the_wall_and_the_manifest(chain: DeployedChain) -> None:
    before = chain.http.get("manifest").json()["destinations"]["jupiter"]
    wish_id = chain.post("See me on the wall", destination="jupiter")
    chain.wait_until_stored(wish_id)
    seen: dict[str, dict[str, object]] = {}
    cursor = ""

    def is_on_the_wall() -> bool:
        nonlocal cursor
        page = chain.http.get("wishes", params={"after": cursor, "limit": "100"}).json()
        seen.update({wish["wish_id"]: wish for wish in page["wishes"]})
        cursor = page["cursor"]
        return wish_id in seen

    assert wait_until(is_on_the_wall, ENDS)
    after = chain.http.get("manifest").json()["destinations"]["jupiter"]
    assert seen[wish_id]["message"] == "See me on the wall"
    assert (after["boarded"] - before["boarded"], before["seats_left"] - after["seats_left"]) == (1, 1)


def test_every_seat_is_given_once(chain: DeployedChain) -> None:
    pages = chain.dynamodb.get_paginator("scan").paginate(TableName=chain.stack.outputs["EventStoreName"])
    seats = [
        (item["events"]["L"][0]["M"]["data"]["M"]["destination"]["S"], event["M"]["data"]["M"]["seat"]["N"])
        for page in pages
        for item in page["Items"]
        for event in item["events"]["L"]
        if event["M"]["type"]["S"] == "lastwish.wish.boarded.v2"
    ]
    assert len(seats) > 200
    assert len(set(seats)) == len(seats)
