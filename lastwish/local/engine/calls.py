"""See each AWS call at the engine, with its caller, service, operation and resources: the one place for that.

Whoever wants to count, record, delay, refuse or repeat calls is an `Interceptor` and stands in server.py's list. Calls
of API Gateway's stage are among them, as `execute-api`. What the engine does inside is not: its polls of queues and
streams, the deletes of what was processed, the deliveries.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Protocol
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lastwish.local.door import CALLER
from lastwish.local.engine.patch import ministack_module, require
from lastwish.local.engine.tracing import STAGES

type Permissions = tuple[tuple[str, str], ...]

_OWN_PATHS = ("/_ministack/", "/_lastwish/")
# The queues refuse what does not come by TLS. Here the connection is loopback, and never leaves the machine.
_AS_BY_TLS = (b"x-forwarded-proto", b"https")


@dataclass(frozen=True)
class Call:
    """One AWS call: `service` and `operation` as in `dynamodb`, `PutItem`; of an API's stage `execute-api`, `Invoke`.

    `caller` is a function's name, or `commands`, `agent` or `proxy`. `client` is the address and port that it came
    from, from which its process can be found. `needed` finds out the permissions.
    """

    caller: str
    service: str
    operation: str
    path: str
    body: bytes
    client: tuple[str, int]
    needed: Callable[[], Permissions]
    trace: str = ""

    @cached_property
    def permissions(self) -> Permissions:
        """Pairs of IAM action and ARN (`*` for no certain resource) that it needs, in a transaction one for each item.

        Found out when asked for: it takes as long as all the rest.
        """
        return self.needed()

    @property
    def resources(self) -> list[str]:
        """ARNs that it names, each once."""
        return list(dict.fromkeys(resource for _, resource in self.permissions))


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer to a call: status, headers as ASGI has them, body.

    If it is `cut_off`, the connection is closed after it: after a body that is shorter than announced, the caller has
    no answer.
    """

    status: int
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    cut_off: bool = False


type Proceed = Callable[[Call], Awaitable[Answer]]


class Interceptor(Protocol):
    """Takes part in each call: `proceed` passes it on. It may be called never, once or more often."""

    async def __call__(self, call: Call, proceed: Proceed) -> Answer:
        """Return the answer for the caller."""


class _Gone(Exception):  # noqa: N818 - named for what happened
    """Caller went away before it had sent its whole request."""


def layer(app: ASGIApp, interceptors: Sequence[Interceptor]) -> ASGIApp:
    """Return an ASGI layer that shows each call to all interceptors, the first one outermost. Raises EngineChanged."""
    read = _Reader()

    async def intercept(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_OWN_PATHS):
            await app(scope, receive, send)
            return
        try:
            body = await _body(receive)
        except _Gone:
            return

        async def in_engine(call: Call) -> Answer:
            return await _answer(app, scope, receive, call.body)

        proceed: Proceed = in_engine
        for interceptor in reversed(interceptors):
            proceed = _bound(interceptor, proceed)
        answer = await proceed(read.call(scope, body))
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": answer.body, "more_body": answer.cut_off})

    return intercept


def _bound(interceptor: Interceptor, proceed: Proceed) -> Proceed:
    async def run(call: Call) -> Answer:
        return await interceptor(call, proceed)

    return run


class _Reader:
    """Reads a request by the functions by which the engine checks permissions under AUTH."""

    def __init__(self) -> None:
        self._router, self._iam = ministack_module("core.router"), ministack_module("core.iam_actions")
        self._scopes = ministack_module("core.responses")
        require(self._router, "detect_service", "extract_region")
        require(self._iam, "extract_iam_action", "extract_resource_arn")
        require(self._iam, "dynamodb_resource_arns", "dynamodb_transaction_checks")
        require(self._scopes, "get_account_id")

    def call(self, scope: Scope, body: bytes) -> Call:
        """Return the call of a request."""
        caller, path, client = scope[CALLER], scope["path"], tuple(scope["client"])
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        trace = headers.get("x-amzn-trace-id", "")
        if path.startswith(STAGES):
            return Call(caller, "execute-api", "Invoke", path, body, client, tuple, trace)
        text = scope["query_string"].decode("latin-1")
        query: dict[str, Any] = parse_qs(text, keep_blank_values=True) if text else {}
        request = (scope["method"], path, headers, body, query)
        service = self._router.detect_service(scope["method"], path, headers, query)
        action = self._iam.extract_iam_action(service, *request) or f"{service}:"
        namespace, _, permission = action.partition(":")
        # Not each operation has a permission of its own: SendMessageBatch needs that of SendMessage.
        operation = headers.get("x-amz-target", permission).rpartition(".")[2]
        needed = partial(self._permissions, service, action, request)
        return Call(caller, namespace, operation, path, body, client, needed, trace)

    def _permissions(self, service: str, action: str, request: Any) -> Permissions:
        _, _, headers, body, query = request
        where = (self._router.extract_region(headers, query), self._scopes.get_account_id())
        names = json.loads(body)["Names"] if action == "ssm:GetParameters" else []
        requests = [(*request[:3], json.dumps({"Name": name}).encode(), query) for name in names] or [request]
        if service != "dynamodb":
            return tuple((action, self._iam.extract_resource_arn(service, *one, *where)) for one in requests)
        each = self._iam.dynamodb_transaction_checks(action, body, *where)
        return tuple(each) or tuple((action, arn) for arn in self._iam.dynamodb_resource_arns(body, *where) or ["*"])


async def _body(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _Gone
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


async def _answer(app: ASGIApp, scope: Scope, receive: Receive, body: bytes) -> Answer:
    """Run a call in the engine and return its whole answer."""
    unread = [body]
    status, headers, parts = 500, list[tuple[bytes, bytes]](), list[bytes]()

    async def replay() -> Message:
        return {"type": "http.request", "body": unread.pop(), "more_body": False} if unread else await receive()

    async def collect(message: Message) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status, headers = message["status"], list(message.get("headers", []))
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app({**scope, "headers": [*scope["headers"], _AS_BY_TLS]}, replay, collect)
    return Answer(status, headers, b"".join(parts))
