"""Tests of the datagrams that functions send to the X-Ray daemon, from a process with Lambda's variables.

By the X-Ray SDK and by OpenTelemetry, which a bundle may have in its place: both send the same.
"""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from unittest.mock import ANY

import pytest

from lastwish.local.agent.segments import parse, with_subsegments
from tests.support.swapped import swapped

ROOT = "1-8d12f900-000000000000000000000001"
PARENT = "0000000000000001"
FUNCTIONS_OWN = "1-8d12f900-00000000000000000000000f"
# Nobody listens where the call goes: it is recorded all the same.
QUICK = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_MAX_ATTEMPTS": "1"}
RECORD = """
from contextlib import suppress
from types import SimpleNamespace
import boto3
from infra.tracing import current_header, record_error, record_outcome, record_span, tracer, wish_segment

@tracer.capture_lambda_handler
def handler(event, context):
    print("function", current_header())
    if event.get("since"):
        event["header"] = record_span("Inbox", event["header"], event["since"], "AWS::SQS::Queue", receive_count=2)
    if event.get("answered"):
        record_error(RuntimeError("what was typed"))
    if event.get("together"):
        fail_together(event["header"])
    with wish_segment("parser", event["header"], wish_id="w", destination="mars") as header:
        print("handed on", header)
        if event.get("calls"):
            record_outcome("boarded")
            call(event.get("endpoint", "http://127.0.0.1:9"), event["calls"])
        if event.get("fail"):
            raise RuntimeError("what was typed")

def fail_together(header):
    refused = RuntimeError("what was typed")
    for wish in ("one", "two"):
        with suppress(RuntimeError), wish_segment(wish, header):
            raise refused

def call(endpoint, times):
    dynamodb = boto3.client("dynamodb", region_name="us-east-1", endpoint_url=endpoint)
    for _ in range(times):
        with suppress(Exception):
            dynamodb.put_item(TableName="EventStore", Item={"stream": {"S": "what was typed"}})

handler(EVENT, SimpleNamespace(function_name="parser"))
"""


@pytest.fixture(scope="module", params=["xray", "otel"])
def code(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where Python finds the function's code, as in a bundle of this tracing."""
    if request.param == "xray":
        return os.pathsep.join(sys.path)
    return os.pathsep.join([str(swapped(tmp_path_factory.mktemp("bundle")) / "src"), *sys.path])


@pytest.fixture(autouse=True)
def _found_by_python(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", code)


@pytest.fixture
def daemon() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(10)
        yield listener


def run(daemon: socket.socket, event: dict[str, Any], **env: str) -> str:
    """Run the handler above as Lambda would; what it printed."""
    lambda_env = {
        "LAMBDA_TASK_ROOT": "/var/task",
        "AWS_LAMBDA_FUNCTION_NAME": "parser",
        "_X_AMZN_TRACE_ID": "Root=1-8d12f900-00000000000000000000000f;Parent=000000000000000f;Sampled=1",
        "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{daemon.getsockname()[1]}",
    }
    done = subprocess.run(
        [sys.executable, "-c", RECORD.replace("EVENT", repr(event))],
        env=os.environ | lambda_env | env,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def segments(daemon: socket.socket, count: int) -> dict[str, dict[str, Any]]:
    """Return what is in so many documents, by name. A datagram is a header line and a document."""
    received = [daemon.recv(65536).split(b"\n", 1)[1] for _ in range(count)]
    documents = [json.loads(parse(each).document) for each in received]
    return {part["name"]: part for document in documents for part in with_subsegments(document)}


def test_a_wish_gets_a_segment_in_its_own_trace(daemon: socket.socket) -> None:
    run(daemon, {"header": f"Root={ROOT};Parent={PARENT};Sampled=1"})
    wish = segments(daemon, 2)["parser"]
    assert (wish["trace_id"], wish["parent_id"]) == (ROOT, PARENT)
    assert wish["annotations"] == {"wish_id": "w", "destination": "mars"}
    assert wish.get("type") != "subsegment"


def test_the_next_hop_hangs_below_this_one(daemon: socket.socket) -> None:
    out = run(daemon, {"header": f"Root={ROOT};Parent={PARENT};Sampled=1"})
    wish = segments(daemon, 2)["parser"]
    assert f"handed on Root={ROOT};Parent={wish['id']};Sampled=1" in out


def test_the_function_keeps_its_own_trace_beside_it(daemon: socket.socket) -> None:
    out = run(daemon, {"header": f"Root={ROOT};Parent={PARENT};Sampled=1"})
    function = segments(daemon, 2)["## handler"]
    assert function["trace_id"] == "1-8d12f900-00000000000000000000000f"
    assert f"function Root=1-8d12f900-00000000000000000000000f;Parent={function['id']}" in out


def test_a_call_to_aws_inside_hangs_below_the_wishs_segment(daemon: socket.socket) -> None:
    run(daemon, {"header": f"Root={ROOT};Parent={PARENT};Sampled=1", "calls": 1}, **QUICK)
    found = segments(daemon, 2)
    assert (found["dynamodb"]["trace_id"], found["dynamodb"]["parent_id"]) == (ROOT, found["parser"]["id"])
    assert found["dynamodb"]["aws"]["table_name"] == "EventStore"
    assert found["dynamodb"]["aws"]["operation"] == "PutItem"
    assert "typed" not in json.dumps(found)


def test_a_call_to_aws_outside_stays_in_the_functions_own_trace(daemon: socket.socket) -> None:
    run(daemon, {"header": f"Root={ROOT};Parent={PARENT};Sampled=0", "calls": 1}, **QUICK)
    found = segments(daemon, 1)
    assert found["dynamodb"]["trace_id"] == found["## handler"]["trace_id"] == FUNCTIONS_OWN


def test_many_calls_of_a_function_are_sent_before_they_are_too_much_for_one_document(daemon: socket.socket) -> None:
    run(daemon, {"header": "", "calls": 40}, **QUICK)
    first = json.loads(daemon.recv(65536).split(b"\n", 1)[1])
    assert (first["name"], first["trace_id"]) == ("dynamodb", FUNCTIONS_OWN)


def test_the_outcome_is_an_annotation(daemon: socket.socket) -> None:
    run(daemon, {"header": f"Root={ROOT};Parent={PARENT};Sampled=1", "calls": 1}, **QUICK)
    assert segments(daemon, 2)["parser"]["annotations"]["outcome"] == "boarded"


def test_the_time_in_the_queue_is_a_segment_between_two_hops(daemon: socket.socket) -> None:
    run(daemon, {"header": f"Root={ROOT};Parent={PARENT};Sampled=1", "since": 1.5})
    found = segments(daemon, 3)
    queue = found["Inbox"]
    assert (queue["trace_id"], queue["parent_id"], queue["origin"]) == (ROOT, PARENT, "AWS::SQS::Queue")
    assert queue["start_time"] == 1.5
    assert queue["end_time"] > queue["start_time"]
    assert queue["annotations"] == {"receive_count": 2}
    assert found["parser"]["parent_id"] == queue["id"]


@pytest.mark.parametrize(("code", "fault"), [("ConditionalCheckFailedException", None), ("ValidationException", True)])
def test_a_condition_that_does_not_hold_is_an_answer_and_no_fault(
    daemon: socket.socket, code: str, fault: bool | None
) -> None:
    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.dumps({"__type": code, "message": "what was typed"}).encode()
            self.send_response(400)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with HTTPServer(("127.0.0.1", 0), Refusing) as dynamodb:
        threading.Thread(target=dynamodb.handle_request, daemon=True).start()
        endpoint = f"http://127.0.0.1:{dynamodb.server_port}"
        run(daemon, {"header": f"Root={ROOT};Parent={PARENT};Sampled=1", "calls": 1, "endpoint": endpoint}, **QUICK)
    found = segments(daemon, 2)
    assert (found["dynamodb"].get("fault"), found["dynamodb"]["error"]) == (fault, True)
    assert "typed" not in json.dumps(found)


def test_an_error_is_marked_without_its_text(daemon: socket.socket) -> None:
    run(daemon, {"header": f"Root={ROOT};Parent={PARENT};Sampled=1", "fail": True})
    found = segments(daemon, 2)
    assert found["parser"]["fault"] is True
    [exception] = found["parser"]["cause"]["exceptions"]
    assert exception["type"] == "RuntimeError"
    assert exception["stack"][-1] == {"path": "<string>", "line": ANY, "label": "handler"}
    assert "typed" not in json.dumps(found)


def test_each_wish_of_a_batch_that_fails_by_one_error_has_its_class_and_stack(daemon: socket.socket) -> None:
    run(daemon, {"header": f"Root={ROOT};Parent={PARENT};Sampled=1", "together": True})
    found = segments(daemon, 4)
    raised = [found[wish]["cause"]["exceptions"][0] for wish in ("one", "two")]
    assert [(each["type"], each["stack"][-1]["label"]) for each in raised] == [("RuntimeError", "fail_together")] * 2


def test_an_error_that_a_function_answers_is_in_its_trace(daemon: socket.socket) -> None:
    run(daemon, {"header": "", "answered": True})
    function = segments(daemon, 1)["## handler"]
    assert function["fault"] is True
    assert [each["type"] for each in function["cause"]["exceptions"]] == ["RuntimeError"]
    assert "typed" not in json.dumps(function)


@pytest.mark.parametrize(
    "header", [f"Root={ROOT};Parent={PARENT};Sampled=0", "", None], ids=["unsampled", "empty", "none"]
)
def test_what_is_not_traced_is_handed_on_as_it_came(daemon: socket.socket, header: str | None) -> None:
    out = run(daemon, {"header": header})
    assert list(segments(daemon, 1)) == ["## handler"]
    assert f"handed on {header}" in out


def test_outside_lambda_nothing_is_sent(daemon: socket.socket) -> None:
    out = run(daemon, {"header": f"Root={ROOT};Parent={PARENT};Sampled=1"}, AWS_SAM_LOCAL="true")
    daemon.settimeout(0.2)
    with pytest.raises(TimeoutError):
        daemon.recv(65536)
    assert "function None" in out
