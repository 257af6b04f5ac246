"""The only door that phones get: forwards one API stage of the engine, and nothing else of it."""

import json
import logging
import re

import httpx
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from lastwish.local.proxy import upstream
from lastwish.local.proxy.api_request import Teller, Visit
from lastwish.local.proxy.gate import Gate, GateFull, Gates
from lastwish.local.proxy.ledger import Ledger
from lastwish.local.proxy.routes import Door, GatewayAnswer

log = logging.getLogger("lastwish.proxy")

MAX_BODY = 1024 * 1024
_QUERY = re.compile(rb"[!-~]*")


class TooLarge(Exception):  # noqa: N818 - a state of the request
    """The body is beyond what anybody may send."""


class Proxy:
    """ASGI application. `engine` is a client of the engine's endpoint; `stage_path` is where the API lives there.

    The `teller` tells the agent of every request that was answered.
    """

    def __init__(  # noqa: PLR0917 - put together in one place
        self,
        engine: httpx.AsyncClient,
        stage_path: str,
        door: Door,
        ledger: Ledger,
        gates: Gates,
        teller: Teller | None = None,
    ) -> None:
        self.engine = engine
        self.stage_path = stage_path.encode()
        self.door = door
        self.ledger = ledger
        self.gates = gates
        self.teller = teller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        route = self.door.route(request.method, scope["raw_path"], _host(request))
        if not _QUERY.fullmatch(scope["query_string"]):
            route = None
        visit = Visit(route.method if route else request.method, route.path if route else None)
        try:
            response = (
                await self._answer(request, visit, self.gates.of(route.path))
                if route
                else self._own("MISSING_AUTHENTICATION_TOKEN")
            )
        except ClientDisconnect:
            return
        response.raw_headers.append((b"x-amzn-trace-id", f"Root={visit.trace_id}".encode()))
        if self.teller:
            self.teller.tell(visit.ended(response.status_code))
        await response(scope, receive, send)

    async def _answer(self, request: Request, visit: Visit, gate: Gate) -> Response:
        raw_path: bytes = request.scope["raw_path"]
        try:
            # Read before the gate: a slow phone must not hold a place.
            body = await _body(request)
            async with gate.enter():
                answer = await self._forward(request, raw_path, body, visit)
        except TooLarge:
            return self._own("REQUEST_TOO_LARGE")
        except GateFull:
            return self._own("THROTTLED")
        except httpx.TimeoutException:
            return self._own("INTEGRATION_TIMEOUT")
        except httpx.TransportError as error:
            log.warning("the engine does not answer: %r", error)
            return self._own("INTEGRATION_FAILURE")
        return self._recorded(request.method, raw_path, answer)

    async def _forward(self, request: Request, raw_path: bytes, body: bytes, visit: Visit) -> httpx.Response:
        query = upstream.safe_query(request.scope["query_string"])
        # As raw bytes: what nobody parses again, nobody normalises into another path.
        target = self.stage_path + raw_path + (b"?" + query if query else b"")
        sent = httpx.Request(
            "GET" if request.method == "HEAD" else request.method,
            self.engine.base_url,
            headers=[*upstream.request_headers(request.headers.raw), (b"x-amzn-trace-id", visit.header)],
            content=body,
            extensions={"target": target, "timeout": self.engine.timeout.as_dict()},
        )
        return await self.engine.send(sent)

    def _recorded(self, method: str, raw_path: bytes, answer: httpx.Response) -> Response:
        """The engine's answer, once the ledger knows what it promises."""
        if (own := upstream.gateway_answer(answer, self.door)) is not None:
            if own.status != 401:  # which is how the console asks who is there
                log.warning("the engine answered %s to %s by itself", answer.status_code, method)
            return _response(own)
        if method == "POST" and raw_path == b"/wishes" and answer.status_code in (202, 303):
            try:
                self.ledger.record(_wish_id(answer), answer.status_code)
            except (OSError, ValueError):
                # Rather a wish sent twice, which its key makes one, than a promise that the audit cannot know.
                log.exception("a wish was accepted but the ledger could not record it")
                return self._own("INTEGRATION_FAILURE")
        response = Response(answer.content, answer.status_code)
        response.raw_headers = [*upstream.response_headers(answer), (b"content-length", b"%d" % len(answer.content))]
        return response

    def _own(self, kind: str) -> Response:
        return _response(self.door.answers[kind])


def _response(answer: GatewayAnswer) -> Response:
    return Response(answer.body, answer.status, headers=answer.headers)


def _host(request: Request) -> bytes:
    """The Host header, empty where there is none or more than one."""
    hosts = [value for name, value in request.headers.raw if name == b"host"]
    return hosts[0] if len(hosts) == 1 else b""


async def _body(request: Request) -> bytes:
    """The request's body. Raises TooLarge without reading on."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > MAX_BODY:
        raise TooLarge
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise TooLarge
    return bytes(body)


def _wish_id(answer: httpx.Response) -> str:
    """The id in a 202's body or a 303's Location. Raises ValueError when there is none."""
    if answer.status_code == 303:
        wish_id = answer.headers.get("location", "").partition("?")[0].rpartition("/")[2]
    else:
        body = json.loads(answer.content)
        wish_id = body.get("wish_id") if isinstance(body, dict) else None
    if not isinstance(wish_id, str) or not wish_id:
        raise ValueError("the answer names no wish")
    return wish_id
