"""Depth of the queues, as the engine reports it."""

import asyncio
import json
from typing import Any

from lastwish.local.engine import queues


def test_a_queue_is_measured_without_receiving() -> None:
    messages = [
        {"visible_at": 90.0, "receive_count": 0, "sent_at": 90.0},
        {"visible_at": 95.0, "receive_count": 4, "sent_at": 40.0},
        {"visible_at": 130.0, "receive_count": 1, "sent_at": 95.0},
        {"visible_at": 110.0, "receive_count": 0, "sent_at": 99.0},
    ]

    assert queues.measure({"name": "Inbox", "messages": messages}, 100.0) == {
        "name": "Inbox",
        "visible": 2,
        "in_flight": 1,
        "delayed": 1,
        "oldest_s": 60.0,
    }
    assert queues.measure({"name": "Pods", "messages": []}, 100.0)["oldest_s"] == 0


def test_only_one_path_more_is_answered() -> None:
    answered: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        answered.append(scope["path"])

    async def send(message: Any) -> None:
        answered.append(json.loads(message["body"]) if "body" in message else message["status"])

    for path in (queues.PATH, "/"):
        asyncio.run(queues.layer(app)({"type": "http", "method": "GET", "path": path}, None, send))

    assert answered == [200, [], "/"]
