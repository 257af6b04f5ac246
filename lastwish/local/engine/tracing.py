"""Continue the trace of an API call in the function that it calls.

MiniStack begins a new trace with every invocation. On AWS the function gets API Gateway's trace: the same root, and the
function's segment as parent. Only calls of an API stage count, since the SDK in a function sends the same header with
every request.
"""

import re
from contextvars import ContextVar
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from lastwish.local.engine.patch import ministack_module, replace

_ROOT = re.compile(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}")
STAGES = "/_aws/execute-api/"

# MiniStack copies the context into the thread that runs the function. Its poller of queues and streams has no root.
_root: ContextVar[str | None] = ContextVar("lastwish_root_of_api_call", default=None)


def layer(app: ASGIApp) -> ASGIApp:
    """Return an ASGI layer that remembers the trace of the API call while it is answered."""

    async def keep_trace(scope: Scope, receive: Receive, send: Send) -> None:
        token = _root.set(_root_of(scope))
        try:
            await app(scope, receive, send)
        finally:
            _root.reset(token)

    return keep_trace


def _root_of(scope: Scope) -> str | None:
    """Return `Root=1-…` of the trace header, for a call of an API stage that has one."""
    if scope["type"] != "http" or not scope["path"].startswith(STAGES):
        return None
    headers = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-amzn-trace-id"]
    match = _ROOT.search(headers[0]) if headers else None
    return match and match[0]


def install() -> None:
    """Correct `ministack.services.lambda_svc`. Raises EngineChanged."""
    functions = ministack_module("services.lambda_svc")
    new_header = functions._xray_trace_id_for_invocation

    def trace_header(config: dict[str, Any], inbound_trace_header: str | None = None) -> str | None:
        header: str | None = new_header(config, inbound_trace_header)
        root = _root.get()
        return _ROOT.sub(root, header) if header and root else header

    replace(functions, "_xray_trace_id_for_invocation", trace_header)
