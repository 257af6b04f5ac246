"""Forward one API stage of the engine, and nothing else of it: the proxy as an ASGI application."""

import json
import logging
import re

import httpx
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from lastwish.local.proxy import upstream
from lastwish.local.proxy.api_call import PROBE, ApiCall, Reporter
from lastwish.local.proxy.ballots import Ballots
from lastwish.local.proxy.concurrency import ConcurrencyLimit, Overloaded, RouteLimits
from lastwish.local.proxy.gateway import MALFORMED, Gateway, GatewayResponse
from lastwish.local.proxy.ledger import Ledger
from lastwish.local.proxy.request_body import TooLarge, read_body

log = logging.getLogger("lastwish.proxy")

# Far above a wish's 8 KiB, which the function itself refuses in words; small enough for thousands at once.
MAX_BODY = 64 * 1024
# API Gateway's bound for request line and header values.
MAX_HEAD = 10_240
_QUERY = re.compile(rb"[!-~]*")


class Proxy:
    """ASGI application. `engine` is a client of the engine with its key; `stage_path` is the API's path there.

    The `reporter` reports every answered request to the agent.
    """

    def __init__(  # noqa: PLR0917 - put together in one place
        self,
        engine: httpx.AsyncClient,
        stage_path: str,
        gateway: Gateway,
        ledger: Ledger,
        limits: RouteLimits,
        ballots: Ballots,
        reporter: Reporter | None = None,
    ) -> None:
        self.engine = engine
        self.stage_path = stage_path.encode()
        self.gateway = gateway
        self.ledger = ledger
        self.limits = limits
        self.ballots = ballots
        self.reporter = reporter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        route, path = None, scope["raw_path"]
        if _QUERY.fullmatch(scope["query_string"]):
            route = self.gateway.route(request.method, path, _host(request))
            if route is None and "text/html" in request.headers.get("accept", ""):  # a person gets a page
                route, path = self.gateway.nowhere(request.method, path)
        call = ApiCall(route.method if route else request.method, route.path if route else None)
        try:
            if _is_malformed(request):
                response = _response(MALFORMED)
            elif route:
                response = await self._respond(request, path, call, self.limits.of(route.path))
            else:
                response = self._gateway_response("MISSING_AUTHENTICATION_TOKEN")
        except ClientDisconnect:
            return
        response.raw_headers.append((b"x-amzn-trace-id", f"Root={call.trace_id}".encode()))
        if self.reporter and path != b"/" + PROBE.encode():
            self.reporter.send(call.complete(response.status_code))
        await response(scope, receive, send)

    async def _respond(self, request: Request, raw_path: bytes, call: ApiCall, limit: ConcurrencyLimit) -> Response:
        try:
            # Read before the limit: a slow phone must not hold a slot.
            body = await read_body(request, MAX_BODY)
            async with limit.slot():
                asked = self.ledger.ask() if request.method == "POST" and raw_path == b"/wishes" else None
                answer = await self._forward(request, raw_path, body, call)
        except TooLarge:
            return self._gateway_response("REQUEST_TOO_LARGE")
        except Overloaded:
            return self._gateway_response("THROTTLED")
        except httpx.TimeoutException:
            return self._gateway_response("INTEGRATION_TIMEOUT")
        except httpx.TransportError as error:
            log.warning("the engine does not answer: %r", error)
            return self._gateway_response("INTEGRATION_FAILURE")
        except OSError:
            log.exception("the ledger takes no line: no wish is passed on")
            return self._gateway_response("INTEGRATION_FAILURE")
        response = self._answered(request.method, answer)
        return response if asked is None else self._recorded(asked, answer, response)

    async def _forward(self, request: Request, raw_path: bytes, body: bytes, call: ApiCall) -> httpx.Response:
        query = upstream.safe_query(request.scope["query_string"])
        # As raw bytes: a path that is not parsed again cannot be normalised into another one.
        target = self.stage_path + raw_path + (b"?" + query if query else b"")
        forwarded = httpx.Request(
            "GET" if request.method == "HEAD" else request.method,
            self.engine.base_url,
            headers=[*upstream.request_headers(request.headers.raw), *call.headers],
            content=body,
            extensions={"target": target, "timeout": self.engine.timeout.as_dict()},
        )
        return await self.engine.send(forwarded)

    def _answered(self, method: str, answer: httpx.Response) -> Response:
        """Return the engine's answer for the client."""
        if (own := upstream.gateway_response(answer, self.gateway)) is not None:
            if own.status != 401:  # the console expects one when nobody is signed in
                log.warning("the engine answered %s to %s by itself", answer.status_code, method)
            return _response(own)
        response = Response(answer.content, answer.status_code)
        response.raw_headers = [*upstream.response_headers(answer), (b"content-length", b"%d" % len(answer.content))]
        return response

    def _recorded(self, asked: str, answer: httpx.Response, response: Response) -> Response:
        """Return the response to a wish, after it is in the ledger."""
        status = response.status_code
        try:
            wish_id = _wish_id(answer) if status in (202, 303) else None
            self.ledger.end(asked, status, wish_id)
        except (OSError, ValueError):
            # Better a wish sent twice, which its key makes one, than a promise that the audit cannot know.
            log.exception("a wish was answered but the ledger could not record it")
            return self._gateway_response("INTEGRATION_FAILURE")
        if wish_id:
            response.headers.append("set-cookie", self.ballots.cookie(wish_id))
        return response

    def _gateway_response(self, kind: str) -> Response:
        return _response(self.gateway.responses[kind])


def _response(response: GatewayResponse) -> Response:
    return Response(response.body, response.status, headers=response.headers)


def _host(request: Request) -> bytes:
    """Return the Host header, empty where there is none or more than one."""
    hosts = [value for name, value in request.headers.raw if name == b"host"]
    return hosts[0] if len(hosts) == 1 else b""


def _is_malformed(request: Request) -> bool:
    """Return whether this is no HTTP/1, has too large a head, or gives its body two lengths (RFC 9112, 6.3)."""
    scope = request.scope
    line = len(request.method) + len(scope["raw_path"]) + len(scope["query_string"])
    size = line + sum(len(name) + len(value) for name, value in request.headers.raw)
    two_lengths = {"content-length", "transfer-encoding"} <= set(request.headers.keys())
    return size > MAX_HEAD or two_lengths or not scope["http_version"].startswith("1.")


def _wish_id(answer: httpx.Response) -> str:
    """Return the id in a 202's body or a 303's Location. Raises ValueError where there is none."""
    if answer.status_code == 303:
        wish_id = answer.headers.get("location", "").partition("?")[0].rpartition("/")[2]
    else:
        body = json.loads(answer.content)
        wish_id = body.get("wish_id") if isinstance(body, dict) else None
    if not isinstance(wish_id, str) or not wish_id:
        raise ValueError("the answer names no wish")
    return wish_id
