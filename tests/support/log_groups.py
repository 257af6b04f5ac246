"""Log groups of functions, with what they logged."""

import json
from datetime import datetime, timedelta
from typing import Any

import boto3


class LogGroups:
    """Log groups at AWS as moto knows it, each named as its function. Times are seconds since ``now``."""

    def __init__(self, now: datetime, suffix: str = "") -> None:
        self.now = now
        self._client, self._suffix, self._known = boto3.client("logs"), suffix, set[str]()

    def create(self, group: str) -> None:
        if group not in self._known:
            self._client.create_log_group(logGroupName=group)
            self._client.create_log_stream(logGroupName=group, logStreamName="s")
            self._known.add(group)

    def write(self, service: str, message: str, at: float = 0, came: float | None = None, **facts: Any) -> None:
        """Write a line: what it says, when by the function's own clock, and when CloudWatch has it from."""
        group = f"{service}{self._suffix}"
        self.create(group)
        moment = self.now + timedelta(seconds=at)
        said = {"level": "INFO", "message": message, "timestamp": moment.isoformat(), **facts}
        text = message if message.startswith("START") else json.dumps(said)
        stamp = self.now + timedelta(seconds=at if came is None else came)
        event = {"timestamp": int(stamp.timestamp() * 1000), "message": text}
        self._client.put_log_events(logGroupName=group, logStreamName="s", logEvents=[event])
