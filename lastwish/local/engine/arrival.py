"""Tell a function when its request arrived at the proxy: `requestTimeEpoch`, which on AWS is API Gateway's receipt.

The proxy lets a crowd wait for a slot. Counted from the engine's receipt on, people who wait for ten seconds would look
served at once, and no objective would say that they wait.
"""

from contextvars import ContextVar
from functools import wraps
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from lastwish.local.door import ARRIVAL_HEADER, CALLER, PROXY
from lastwish.local.engine.patch import ministack_module, replace, require

_NAME = ARRIVAL_HEADER.encode()

_arrived: ContextVar[int | None] = ContextVar("lastwish_arrival_of_api_call", default=None)  # milliseconds of the epoch


def layer(app: ASGIApp) -> ASGIApp:
    """Return an ASGI layer that remembers the arrival of an API call while it is answered, and takes the header out."""

    async def keep_arrival(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        said = [value for name, value in scope["headers"] if name == _NAME and scope[CALLER] == PROXY]
        token = _arrived.set(int(said[0]) if said else None)
        headers = [(name, value) for name, value in scope["headers"] if name != _NAME]
        try:
            await app({**scope, "headers": headers}, receive, send)
        finally:
            _arrived.reset(token)

    return keep_arrival


def install() -> None:
    """Correct `ministack.services.apigateway_v1`. Raises EngineChanged."""
    api = ministack_module("services.apigateway_v1")
    require(api, "_build_lambda_event_v1")
    replace(api, "_build_lambda_event_v1", _with_arrival(api._build_lambda_event_v1))


def _with_arrival(build: Any) -> Any:
    @wraps(build)
    def event_of(*args: Any, **kwargs: Any) -> Any:
        event = build(*args, **kwargs)
        if (arrived := _arrived.get()) is not None:
            event["requestContext"]["requestTimeEpoch"] = arrived
        return event

    return event_of
