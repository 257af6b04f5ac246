"""What the functions really send to the X-Ray daemon's port, seen from outside: tracing is off but in Lambda."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

ROOT = "1-8d12f900-000000000000000000000001"
PARENT = "0000000000000001"
RECORD = """
from types import SimpleNamespace
from infra.tracing import current_header, tracer, wish_segment

@tracer.capture_lambda_handler
def handler(event, context):
    print("function", current_header())
    with wish_segment("parser", event["header"], wish_id="w", destination="mars") as header:
        print("handed on", header)
        if event.get("fail"):
            raise RuntimeError("what was typed")

handler(EVENT, SimpleNamespace(function_name="parser"))
"""


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
        "PYTHONPATH": os.pathsep.join(sys.path),
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
    """What arrived, by name. A datagram is a header line and a document."""
    found = [json.loads(daemon.recv(65536).split(b"\n", 1)[1]) for _ in range(count)]
    return {segment["name"]: segment for segment in found}


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


def test_an_error_is_marked_without_its_text(daemon: socket.socket) -> None:
    run(daemon, {"header": f"Root={ROOT};Parent={PARENT};Sampled=1", "fail": True})
    found = segments(daemon, 2)
    assert found["parser"]["fault"] is True
    [exception] = found["parser"]["cause"]["exceptions"]
    assert exception["type"] == "RuntimeError"
    assert exception["stack"]
    assert "typed" not in json.dumps(found)


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
