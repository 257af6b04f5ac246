"""What is corrected in MiniStack besides its alarms, in its real modules, and that a changed one is refused."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from lastwish.local.engine import invocations, queues, tracing
from lastwish.local.engine.correcting import EngineChanged, part, replace

ROOT = "Root=1-6b02aedb-d3b035dfbaa768b8918bdfea"
STAGE = "/_aws/execute-api/abc/local/wishes"


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    module = part("services.lambda_svc")
    for name in ("_xray_trace_id_for_invocation", "_execute_function_dispatch", "_emit_lambda_metrics"):
        monkeypatch.setattr(module, name, getattr(module, name))
    yield module
    part("services.cloudwatch").reset()


def traced(functions: Any, path: str, header: str | None, mode: str = "Active") -> str | None:
    """The header that a function gets which is called while this request is answered."""
    got: list[str | None] = []

    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        config = {"TracingConfig": {"Mode": mode}}
        got.append(await asyncio.to_thread(functions._xray_trace_id_for_invocation, config))

    headers = [(b"x-amzn-trace-id", header.encode())] if header else []
    scope = {"type": "http", "path": path, "headers": headers}
    asyncio.run(tracing.carrying(app)(scope, None, None))  # type: ignore[arg-type]
    return got[0]


def test_a_function_behind_the_api_goes_on_with_the_calls_trace(functions: Any) -> None:
    tracing.install()

    header = traced(functions, STAGE, f"{ROOT};Parent=aaaaaaaaaaaaaaaa;Sampled=1")

    assert header
    assert header.startswith(f"{ROOT};Parent=")
    assert "aaaaaaaaaaaaaaaa" not in header
    assert header.endswith(";Sampled=1")


@pytest.mark.parametrize(
    ("path", "header"),
    [
        ("/", f"{ROOT};Parent=aaaaaaaaaaaaaaaa;Sampled=1"),
        ("/2015-03-31/functions/x/invocations", ROOT),
        (STAGE, None),
        (STAGE, "Root=1-2-3"),
        (STAGE, "Self=1"),
    ],
)
def test_every_other_invocation_begins_a_trace(functions: Any, path: str, header: str | None) -> None:
    tracing.install()

    begun = traced(functions, path, header)

    assert begun
    assert begun.startswith("Root=1-")
    assert ROOT not in begun


def test_a_function_that_is_not_traced_stays_so(functions: Any) -> None:
    tracing.install()

    assert traced(functions, STAGE, ROOT, mode="PassThrough") is None


def stored(metric: str) -> dict[float, float]:
    """How often each value of a metric of the function was measured."""
    cloudwatch = part("services.cloudwatch")
    points = cloudwatch._metrics.get(("AWS/Lambda", metric, "FunctionName=worker")) or []
    return {point["Value"]: point["Count"] for point in points}


@pytest.mark.parametrize(("result", "errors"), [({"body": {}}, 0.0), ({"body": {}, "error": True}, 1.0)])
def test_every_invocation_is_measured(functions: Any, result: dict[str, Any], errors: float) -> None:
    functions._execute_function_dispatch = lambda func, config, event, request_id, started: result
    invocations.install()

    functions._execute_function_dispatch({}, {"FunctionName": "worker"}, {}, "id", 0.0)

    assert (stored("Invocations"), stored("Errors"), stored("Throttles")) == ({1.0: 1}, {errors: 1}, {0.0: 1})
    assert stored("Duration")


def test_an_invocation_by_the_api_of_lambda_does_not_count_twice(functions: Any) -> None:
    invocations.install()

    functions._emit_lambda_metrics("worker", 5.0, error=False, throttle=False)

    assert not stored("Invocations")


def test_a_crowds_invocations_are_few_points() -> None:
    cloudwatch = part("services.cloudwatch")
    for _ in range(1000):
        invocations.record(cloudwatch, "worker", "Errors", 0.0, 100.5)
    invocations.record(cloudwatch, "worker", "Errors", 1.0, 101.5)

    assert stored("Errors") == {0.0: 1000, 1.0: 1}
    cloudwatch.reset()


def test_a_queue_is_looked_at_without_receiving() -> None:
    messages = [
        {"visible_at": 90.0, "receive_count": 0, "sent_at": 90.0},
        {"visible_at": 95.0, "receive_count": 4, "sent_at": 40.0},
        {"visible_at": 130.0, "receive_count": 1, "sent_at": 95.0},
        {"visible_at": 110.0, "receive_count": 0, "sent_at": 99.0},
    ]

    assert queues.look({"name": "Inbox", "messages": messages}, 100.0) == {
        "name": "Inbox",
        "visible": 2,
        "in_flight": 1,
        "delayed": 1,
        "oldest_s": 60.0,
    }
    assert queues.look({"name": "Pods", "messages": []}, 100.0)["oldest_s"] == 0


def test_only_one_path_more_is_answered() -> None:
    answered: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        answered.append(scope["path"])

    async def send(message: Any) -> None:
        answered.append(json.loads(message["body"]) if "body" in message else message["status"])

    for path in (queues.PATH, "/"):
        asyncio.run(queues.answering(app)({"type": "http", "path": path}, None, send))

    assert answered == [200, [], "/"]


def test_a_function_that_is_gone_is_refused() -> None:
    with pytest.raises(EngineChanged, match="no gone any more"):
        replace(ModuleType("theirs"), "gone", lambda: None)


def test_a_function_that_takes_other_arguments_is_refused() -> None:
    theirs = ModuleType("theirs")
    theirs.evaluate = lambda alarm, now: None  # type: ignore[attr-defined]

    with pytest.raises(EngineChanged, match="takes other arguments"):
        replace(theirs, "evaluate", lambda alarm: None)


def test_a_module_that_is_gone_is_refused() -> None:
    with pytest.raises(EngineChanged, match=r"no ministack\.services\.gone"):
        part("services.gone")


def test_a_full_collection_visits_only_what_came_since_the_last() -> None:
    """In a process of its own, in which the engine's is started all but for its answering."""
    program = """
import gc
import ministack.app
from lastwish.local.engine import server

ministack.app.main = lambda: None
server.main()
kept = [[number] for number in range(100_000)]
gc.collect()
print(len(gc.get_objects()) < 1000, gc.get_freeze_count() > 100_000)
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["True", "True"]
