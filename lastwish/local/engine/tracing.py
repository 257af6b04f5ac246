"""The trace of an API call goes on in the function that it calls.

MiniStack begins a new trace with every invocation. On AWS the function's is that of API Gateway's header: the same
root, and a parent of its own, the function's segment. Only calls of an API stage count, as the SDK in a function sends
the same header with everything it asks for.
"""

import re
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from lastwish.local.engine.correcting import part, replace

App = Callable[[Any, Any, Any], Awaitable[None]]

_ROOT = re.compile(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}")
_STAGES = "/_aws/execute-api/"

# MiniStack copies the context into the thread that runs the function. Its poller of queues and streams has none of it.
_root: ContextVar[str | None] = ContextVar("lastwish_root_of_api_call", default=None)


def carrying(app: App) -> App:
    """The ASGI application, which then knows the trace of the API call that it is answering."""

    async def traced(scope: Any, receive: Any, send: Any) -> None:
        token = _root.set(_root_of(scope))
        try:
            await app(scope, receive, send)
        finally:
            _root.reset(token)

    return traced


def _root_of(scope: Any) -> str | None:
    """`Root=1-…` of the header, for a call of an API stage that has one."""
    if scope["type"] != "http" or not scope["path"].startswith(_STAGES):
        return None
    headers = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-amzn-trace-id"]
    found = _ROOT.search(headers[0]) if headers else None
    return found and found[0]


def install() -> None:
    """Correct `ministack.services.lambda_svc`. Raises EngineChanged."""
    functions = part("services.lambda_svc")
    of_its_own = functions._xray_trace_id_for_invocation

    def header(config: dict[str, Any], inbound_trace_header: str | None = None) -> str | None:
        made: str | None = of_its_own(config, inbound_trace_header)
        root = _root.get()
        return _ROOT.sub(root, made) if made and root else made

    replace(functions, "_xray_trace_id_for_invocation", header)
