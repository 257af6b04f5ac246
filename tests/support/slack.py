"""A Slack that the SDK really connects to: its web API over HTTP, and Socket Mode over a websocket.

It answers what Slack's documentation says, records each call, and sends what people type and press down the socket.
"""

import asyncio
import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from lastwish.local.network import bind, url_of
from tests.support.laptop import wait_until

BOT, APP = "xoxb-1-fake", "xapp-1-fake"
type Said = dict[str, Any]


@dataclass
class Slack:
    """``calls`` are method and arguments, in order. ``refuses`` are methods and the error that Slack gives them.

    ``limits`` are methods and how often Slack says of them that they come too fast.
    """

    url: str = ""
    calls: list[tuple[str, Said]] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)
    replies: list[str] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    acks: dict[str, Said] = field(default_factory=dict)
    sockets: list[WebSocket] = field(default_factory=list)
    loop: asyncio.AbstractEventLoop | None = None

    # --- what people do -----------------------------------------------------------------------------------------------
    def types(self, user: str, text: str, channel: str = "C0GENERAL") -> Said:
        """Somebody types `/lastwish TEXT`."""
        told = {"command": "/lastwish", "text": text, "user_id": user, "channel_id": channel, "trigger_id": "1.2.3"}
        return self.send("slash_commands", told | {"team_id": "T1", "response_url": f"{self.url}answers"})

    def answers_to(self, user: str, text: str) -> str:
        """Somebody types `/lastwish TEXT`. Return what they alone are answered."""
        before = len(self.replies)
        self.types(user, text)
        assert wait_until(lambda: len(self.replies) > before, 20)
        return self.replies[-1]

    def presses(self, user: str, button: Said) -> Said:
        """Somebody presses a button, as it stands in a message."""
        action = {"type": "button", "action_id": button["action_id"], "value": button["value"], "block_id": "b"}
        told = {"type": "block_actions", "user": {"id": user}, "team": {"id": "T1"}, "trigger_id": "1.2.3"}
        return self.send("interactive", told | {"actions": [action], "response_url": f"{self.url}answers"})

    def submits(self, user: str, view: Said, **answer: Any) -> Said:
        """Somebody fills in a dialog. Return what keeps it open; empty: it closed."""
        state = {"values": {"field": {"field": answer}}}
        told = {"type": "view_submission", "user": {"id": user}, "team": {"id": "T1"}}
        return self.send("interactive", told | {"view": {**view, "id": "V1", "state": state}})

    def send(self, kind: str, payload: Said) -> Said:
        """Send an envelope, and return the answer that the app acknowledged it with."""
        key = str(uuid.uuid4())
        envelope = {"type": kind, "envelope_id": key, "payload": payload, "accepts_response_payload": True}
        self.say(json.dumps(envelope))
        assert wait_until(lambda: key in self.acks, 20), f"nobody acknowledged {kind}"
        return self.acks.pop(key)

    def say(self, text: str) -> None:
        self._run(self.sockets[-1].send_text(text))

    def hang_up(self) -> None:
        """Close the socket, as Slack does now and then."""
        self._run(self.sockets[-1].close())

    def _run(self, what: Any) -> None:
        assert self.loop is not None
        asyncio.run_coroutine_threadsafe(what, self.loop).result(10)

    # --- what there is to see -----------------------------------------------------------------------------------------
    def posts(self, thread: str | None = None) -> list[Said]:
        """Messages of a thread, or those in no thread."""
        return [said for method, said in self.calls if method == "chat.postMessage" and said.get("thread_ts") == thread]

    def replies_to(self, message: str) -> str:
        return "\n".join(each["text"] for each in self.posts(message))

    def shows(self, message: str) -> Said:
        """A message as it is now."""
        return [said for _, said in self.calls if message in (said.get("ts"), said.get("posted"))][-1]

    def buttons(self, message: str) -> dict[str, Said]:
        blocks = self.shows(message)["blocks"]
        return {each["action_id"]: each for block in blocks for each in block.get("elements", [])}

    def words(self, message: str) -> str:
        blocks = self.shows(message)["blocks"]
        return "\n".join(block["text"]["text"] for block in blocks if block["type"] == "section")

    def dialog(self) -> Said:
        """The dialog that was opened last."""
        view: Said = [said["view"] for method, said in self.calls if method == "views.open"][-1]
        return json.loads(view) if isinstance(view, str) else view

    # --- the server ---------------------------------------------------------------------------------------------------
    async def api(self, request: Request) -> JSONResponse:
        method, body = request.path_params["method"], await request.body()
        is_json = request.headers["content-type"].startswith("application/json")
        said = json.loads(body) if is_json else dict(parse_qsl(body.decode()))
        self.tokens[method] = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.limits.get(method):
            self.limits[method] -= 1
            return JSONResponse({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": "1"})
        if method in self.refuses:
            return JSONResponse({"ok": False, "error": self.refuses[method]})
        told: Said = {"ok": True}
        if method == "apps.connections.open":
            told["url"] = f"ws{self.url.removeprefix('http')}link?ticket=1"
        elif method == "auth.test":
            told |= {"team": "Mars", "team_id": "T1", "user": "lastwish", "user_id": "U0BOT", "bot_id": "B1"}
        elif method == "chat.postMessage":
            said["posted"] = f"17.{len(self.calls):06}"
            told |= {"channel": said["channel"], "ts": said["posted"]}
        elif method == "chat.update":
            told |= {"channel": said["channel"], "ts": said["ts"]}
        self.calls.append((method, said))
        return JSONResponse(told)

    async def answers(self, request: Request) -> JSONResponse:
        self.replies.append((await request.json())["text"])
        return JSONResponse({"ok": True})

    async def link(self, socket: WebSocket) -> None:
        await socket.accept()
        self.loop = asyncio.get_running_loop()
        self.sockets.append(socket)
        await socket.send_text(json.dumps({"type": "hello", "num_connections": 1}))
        try:
            while True:
                told = json.loads(await socket.receive_text())
                self.acks[told["envelope_id"]] = told.get("payload", {})
        except (WebSocketDisconnect, RuntimeError):
            pass


@contextmanager
def a_slack() -> Iterator[Slack]:
    """Run one for the block."""
    slack, bound = Slack(), bind(0)
    slack.url = url_of(bound)
    routes = [
        Route("/api/{method}", slack.api, methods=["POST"]),
        Route("/answers", slack.answers, methods=["POST"]),
        WebSocketRoute("/link", slack.link),
    ]
    config = uvicorn.Config(Starlette(routes=routes), ws="wsproto", log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([bound])))
    thread.start()
    try:
        yield slack
    finally:
        server.should_exit = True
        thread.join()
        bound.close()
