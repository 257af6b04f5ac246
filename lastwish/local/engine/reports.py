"""Answer one more path of the engine with a report, as JSON."""

from collections.abc import Callable

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send


def layer(app: ASGIApp, path: str, report: Callable[[], object], method: str = "GET") -> ASGIApp:
    """Return an ASGI layer that answers a path with what `report` gives, and passes every other request on."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (scope["method"], scope["path"]) == (method, path):
            await JSONResponse(report())(scope, receive, send)
        else:
            await app(scope, receive, send)

    return answer
