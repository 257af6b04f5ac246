"""Traces of functions that MiniStack's real module calls."""

import asyncio
from typing import Any

import pytest

from lastwish.local.engine import tracing

ROOT = "Root=1-6b02aedb-d3b035dfbaa768b8918bdfea"
STAGE = "/_aws/execute-api/abc/local/wishes"


def traced(functions: Any, path: str, header: str | None, mode: str = "Active") -> str | None:
    """Return the header that a function gets while this request is answered."""
    got: list[str | None] = []

    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        config = {"TracingConfig": {"Mode": mode}}
        got.append(await asyncio.to_thread(functions._xray_trace_id_for_invocation, config))

    headers = [(b"x-amzn-trace-id", header.encode())] if header else []
    scope = {"type": "http", "path": path, "headers": headers}
    asyncio.run(tracing.layer(app)(scope, None, None))  # type: ignore[arg-type]
    return got[0]


def test_a_function_behind_the_api_continues_the_calls_trace(functions: Any) -> None:
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
