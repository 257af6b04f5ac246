"""Let in who knows the key of this `up`, and no web page: the layer before the engine and before the agent.

Both answer on loopback, where every program of this machine, every other user of it and every page in its browser can
reach them, and the engine runs whatever code it is given. So a request must carry the key: as its access key id, or in
a header where nothing is signed. The key is a bearer secret: no signature is checked. It stands in files that only
their owner reads and in the environment of the stack's own processes.
"""

import json
import secrets
from hmac import compare_digest
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

KEY_HEADER = "x-lastwish-key"
ARRIVAL_HEADER = "x-lastwish-arrived"  # of the proxy alone: when a request was there, in milliseconds of the epoch
CALLER = "lastwish.caller"  # in the ASGI scope of a request that was let in
# Callers besides the functions. The first adds no name to the key: a command, `sam`, the AWS CLI.
COMMANDS, AGENT, PROXY, AUTHORIZER, PUT_BACK = "commands", "agent", "proxy", "authorizer", "put-back"

# Any port: a tunnel ends at another one. The last is this machine's name in a container of `sam local invoke`.
_HOSTS = frozenset({b"127.0.0.1", b"localhost", b"host.docker.internal"})
_CREDENTIAL = b"Credential="
_NAME = KEY_HEADER.encode()
_DENIED = "AccessDeniedException"
_XML = f"<ErrorResponse><Error><Code>{_DENIED}</Code><Message>{{}}</Message></Error></ErrorResponse>"


def new_key() -> str:
    """Return the key of one `up`. Twelve digits would choose an account in MiniStack; this begins with letters."""
    return "LW" + secrets.token_hex(16).upper()


def named(key: str, caller: str) -> str:
    """Return the key by which one caller is known, e.g. a function: whoever knows it can say another name."""
    return f"{key}.{caller}"


class Door:
    """ASGI layer that passes a request on only with the key, and notes its caller in the scope.

    Nothing but HTTP passes: the stack needs no web socket. What invites other pages (CORS) is taken out of answers.
    """

    def __init__(self, app: ASGIApp, key: str) -> None:
        if not key:
            raise ValueError("without a key everybody would be let in")
        self._app, self._key = app, key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        elif refusal := self._refusal(scope):
            await _refuse(scope, send, refusal)
        else:
            await self._app(scope, receive, _without_cors(send))

    def _refusal(self, scope: Scope) -> str | None:
        """Return why a request is not let in. Takes the key out of the headers of one that is."""
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        hosts = [value for name, value in headers if name == b"host"]
        if len(hosts) != 1 or hosts[0].rpartition(b":")[0] not in _HOSTS:
            return "this host name is not this machine's"
        ours = [value for name, value in headers if name == _NAME]
        # The proxy passes a browser's headers on, with the key. A page cannot send the key's header: it is in no
        # CORS answer.
        if not ours and any(name == b"origin" or name.startswith(b"sec-fetch-") for name, _ in headers):
            return "a web page has no access"
        caller = self._caller(ours or [_access_key(value) for name, value in headers if name == b"authorization"])
        if caller is None:
            return "only with the key of this stack: `lastwish status --json` prints it as credentials"
        scope[CALLER] = caller
        scope["headers"] = [(name, value) for name, value in headers if name != _NAME]
        return None

    def _caller(self, keys: list[bytes]) -> str | None:
        if len(keys) != 1:
            return None
        key, _, name = keys[0].partition(b".")
        return (name.decode("latin-1") or COMMANDS) if compare_digest(key, self._key) else None


def _access_key(authorization: bytes) -> bytes:
    """Return the access key id of a signature (AWS4-HMAC-SHA256 Credential=KEY/date/region/service/…)."""
    return authorization.partition(_CREDENTIAL)[2].partition(b"/")[0]


async def _refuse(scope: Scope, send: Send, why: str) -> None:
    """Answer 403 in the protocol of the request, so that an SDK shows the reason."""
    if any(name == b"content-type" and b"form-urlencoded" in value for name, value in scope["headers"]):
        kind, words = b"text/xml", _XML.format(why)
    else:
        kind, words = b"application/json", json.dumps({"__type": _DENIED, "message": why})
    headers = [
        (b"content-type", kind),
        (b"x-amzn-errortype", _DENIED.encode()),
        (b"content-length", b"%d" % len(words)),
    ]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": words.encode()})


def _without_cors(send: Send) -> Send:
    async def send_without_cors(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers: list[tuple[Any, Any]] = [
                each for each in message.get("headers", []) if not each[0].lower().startswith(b"access-control-")
            ]
            message = {**message, "headers": headers}
        await send(message)

    return send_without_cors
