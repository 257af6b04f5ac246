"""A proxy between raw ASGI requests and a stand-in for the engine at the HTTP seam."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from starlette.types import ASGIApp

from lastwish.local.proxy.api_call import CompletedCall
from lastwish.local.proxy.app import Proxy
from lastwish.local.proxy.ballots import Ballots
from lastwish.local.proxy.concurrency import ConcurrencyLimit, RouteLimits
from lastwish.local.proxy.gateway import Gateway, read
from lastwish.local.proxy.ledger import Ledger
from lastwish.local.proxy.server import assemble
from lastwish.local.state import Home
from tests.support import ROOT

BALLOTS = Ballots("the key of a stack")
WISH = "7f2c5bd6-14a4-4b9d-a64f-05f6c5be9dcf"


@dataclass
class Got:
    """Answer that a client of the proxy gets."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, object]:
        assert self.headers["content-type"] == "application/problem+json"
        document: dict[str, object] = json.loads(self.body)
        return document


@dataclass
class Bench:
    """A proxy, the requests that reached the engine behind it, its ledger, and its reports to the agent."""

    ledger: Path
    engine: Callable[[httpx.Request], httpx.Response]
    limit: ConcurrencyLimit = field(default_factory=ConcurrencyLimit)
    gateway: Gateway = field(default_factory=lambda: read(ROOT / "template.yaml"))
    reached: list[httpx.Request] = field(default_factory=list)
    reports: list[CompletedCall] = field(default_factory=list)

    def send(self, call: CompletedCall) -> None:
        """Take a report, in the place of the proxy's Reporter."""
        self.reports.append(call)

    def ask(
        self, method: str, path: bytes, headers: dict[str, str] | None = None, body: bytes = b"", query: bytes = b""
    ) -> Got:
        return asyncio.run(self.asking(method, path, headers, [body], query))

    async def asking(
        self, method: str, path: bytes, headers: dict[str, str] | None, body: list[bytes], query: bytes = b""
    ) -> Got:
        ledger = Ledger(self.ledger)
        async with httpx.AsyncClient(
            transport=httpx.MockTransport(self._reach), base_url="http://127.0.0.1:4566"
        ) as engine:
            limits = RouteLimits(self.limit)
            at = "/_aws/execute-api/abc/local"
            proxy = Proxy(engine, at, self.gateway, ledger, limits, BALLOTS, self)  # type: ignore[arg-type]
            return await _ask(assemble(proxy, Home(self.ledger.parent)), method, path, headers or {}, body, query)

    def _reach(self, request: httpx.Request) -> httpx.Response:
        self.reached.append(request)
        return self.engine(request)


async def _ask(
    proxy: ASGIApp, method: str, path: bytes, headers: dict[str, str], body: list[bytes], query: bytes
) -> Got:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {"type": "http", "http_version": "1.1", "method": method, "raw_path": path, "path": "?"}
    scope |= {"query_string": query, "headers": raw}
    chunks = [{"type": "http.request", "body": each, "more_body": True} for each in body]
    incoming = iter([*chunks, {"type": "http.request", "body": b"", "more_body": False}])
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return next(incoming)

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    await proxy(scope, receive, send)  # type: ignore[arg-type]
    start, *rest = sent
    answered = {name.decode(): value.decode() for name, value in start["headers"]}  # type: ignore[attr-defined]
    return Got(start["status"], answered, b"".join(each["body"] for each in rest))  # type: ignore[arg-type,misc]


def accepted(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(202, json={"wish_id": WISH, "status": "submitted"})
