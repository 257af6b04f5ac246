"""Engine whose calls are journaled, for the tests of what the journal gets of them."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from lastwish.local import journal
from lastwish.local.engine.calls import Answer, Call
from lastwish.local.engine.journal import PATH, Journaling

NAMES = {"inbox": "lw-Inbox-1", "event_store": "lw-EventStore-1", "read_model": "lw-ReadModel-1"}
STORE, INBOX = NAMES["event_store"], f"http://127.0.0.1:4566/000000000000/{NAMES['inbox']}"
_PERMISSIONS: Any = tuple


class Engine:
    """The journaling of an engine, and what the engine answers; ``taken`` are the calls that reached it."""

    def __init__(self, file: Path) -> None:
        self.file, self.taken = file, list[Call]()
        self.journaling = Journaling(file)
        self.answer = Answer(200, [], b"{}")
        self.control("PUT", NAMES)

    def call(self, service: str, operation: str, request: Any, caller: str = "worker") -> Answer:
        body = request if isinstance(request, bytes) else json.dumps(request).encode()
        call = Call(caller, service, operation, "/", body, ("127.0.0.1", 1), _PERMISSIONS)
        return asyncio.run(self.journaling(call, self._take))

    async def _take(self, call: Call) -> Answer:
        self.taken.append(call)
        return self.answer

    def put(self, put: dict[str, Any], caller: str = "worker") -> Answer:
        return self.call("dynamodb", "PutItem", {"TableName": STORE, "Item": put}, caller)

    def send(self, sent: dict[str, Any], caller: str = "frontend") -> Answer:
        return self.call("sqs", "SendMessage", {"QueueUrl": INBOX, **sent}, caller)

    def control(self, method: str, body: object = None) -> Any:
        """Make a request of the journal's own path."""
        answered: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": json.dumps(body).encode()}

        async def send(message: Any) -> None:
            answered.append(message)

        scope = {"type": "http", "method": method, "path": PATH, "headers": [], "query_string": b""}
        asyncio.run(self.journaling.layer(_not_reached)(scope, receive, send))
        return json.loads(answered[1]["body"])

    def lines(self) -> list[Any]:
        return list(journal.read(self.file))

    def wishes(self) -> list[str]:
        return [line.wish_id for line in self.lines()]


async def _not_reached(*_: Any) -> None:
    pytest.fail("the engine was asked")
