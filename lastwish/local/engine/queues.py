"""What lies in the engine's queues, at `GET /_lastwish/queues`, for the metrics that SQS itself publishes on AWS.

Not by way of the SQS API: it does not tell the age of the oldest message, and to receive one would count as a receive.
"""

import json
import time
from typing import Any

from lastwish.local.engine.correcting import needs, part
from lastwish.local.engine.tracing import App

PATH = "/_lastwish/queues"


def answering(app: App) -> App:
    """The ASGI application with this one answer more. Raises EngineChanged."""
    sqs = part("services.sqs")
    needs(sqs, "_queues")

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await app(scope, receive, send)
            return
        body = json.dumps([look(queue, time.time()) for queue in sqs._queues.values()]).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return answer


def look(queue: Any, now: float) -> dict[str, str | int | float]:
    """`{"name", "visible", "in_flight", "delayed", "oldest_s"}`; the age is that of any message, taken or not."""
    messages = list(queue["messages"])
    hidden = [each for each in messages if each["visible_at"] > now]
    delayed = sum(not each["receive_count"] for each in hidden)
    return {
        "name": queue["name"],
        "visible": len(messages) - len(hidden),
        "in_flight": len(hidden) - delayed,
        "delayed": delayed,
        "oldest_s": max((round(now - each["sent_at"], 3) for each in messages), default=0.0),
    }
