"""Report the depth of the engine's queues at `GET /_lastwish/queues`, for the metrics that SQS publishes on AWS.

The SQS API does not serve for this: it does not report the age of the oldest message, and a receive would count.
"""

import time
from typing import Any

from starlette.types import ASGIApp

from lastwish.local.engine import reports
from lastwish.local.engine.patch import ministack_module, require

PATH = "/_lastwish/queues"


def layer(app: ASGIApp) -> ASGIApp:
    """Return an ASGI layer that answers PATH and passes every other request on. Raises EngineChanged."""
    sqs = ministack_module("services.sqs")
    require(sqs, "_queues")

    return reports.layer(app, PATH, lambda: [measure(queue, time.time()) for queue in sqs._queues.values()])


def measure(queue: Any, now: float) -> dict[str, str | int | float]:
    """Return `{"name", "visible", "in_flight", "delayed", "oldest_s"}`; the age counts messages in flight too."""
    messages = list(queue["messages"])
    hidden = [message for message in messages if message["visible_at"] > now]
    delayed = sum(not message["receive_count"] for message in hidden)
    return {
        "name": queue["name"],
        "visible": len(messages) - len(hidden),
        "in_flight": len(hidden) - delayed,
        "delayed": delayed,
        "oldest_s": max((round(now - message["sent_at"], 3) for message in messages), default=0.0),
    }
