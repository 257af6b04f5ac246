"""Parse one line of a function's log: its own time, service, level, message and facts."""

import json
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

# What Lambda itself writes, in its text format: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
_PLATFORM = re.compile(r"(START|END|REPORT|INIT_START|INIT_REPORT|XRAY|EXTENSION|TELEMETRY)\b")
_CRASHED = re.compile(r"\[ERROR\]|Traceback|Task timed out|Runtime exited|errorMessage")
_NOT_FACTS = {"timestamp", "level", "service", "message"}


@dataclass(frozen=True)
class Line:
    """``ours`` is False for lines that Lambda writes around an invocation, and for metrics."""

    time: datetime
    service: str
    level: str
    message: str
    facts: dict[str, Any] = field(default_factory=dict)
    ours: bool = True

    def about(self, wish_id: str | None) -> "Line":
        """Return the line as of this wish alone, where it is about several wishes of a batch."""
        if wish_id not in self.facts.get("wish_ids", ()):
            return self
        others = {name: fact for name, fact in self.facts.items() if name != "wish_ids"}
        return replace(self, facts={"wish_id": wish_id} | others)

    def document(self) -> dict[str, Any]:
        """Return it as a JSON object, with all facts."""
        head = {"time": self.time.isoformat(timespec="milliseconds"), "service": self.service, "level": self.level}
        return {**head, "message": self.message, "facts": self.facts}


def read(text: str, milliseconds: int, service: str) -> Line:
    """Parse a line from CloudWatch Logs. Its own time counts: CloudWatch may only know when it arrived."""
    arrived = datetime.fromtimestamp(milliseconds / 1000, UTC)
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        return _text(text.rstrip(), arrived, service)
    facts = {name: fact for name, fact in said.items() if name not in _NOT_FACTS}
    if (
        "_aws" in said
    ):  # EMF: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
        return Line(arrived, service, "METRICS", ", ".join(_metrics(said)), {}, ours=False)
    level, message = str(said.get("level", "INFO")), str(said.get("message", ""))
    return Line(_own_time(said.get("timestamp")) or arrived, service, level, printable(message), facts)


def _text(text: str, arrived: datetime, service: str) -> Line:
    is_platform = bool(_PLATFORM.match(text))
    level = "PLATFORM" if is_platform else "ERROR" if _CRASHED.search(text) else "INFO"
    return Line(arrived, service, level, printable(text), ours=not is_platform)


def _metrics(said: dict[str, Any]) -> list[str]:
    names = [metric["Name"] for each in said["_aws"].get("CloudWatchMetrics", []) for metric in each.get("Metrics", [])]
    return [f"{name}={json.dumps(said.get(name))}" for name in names]


def _own_time(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def printable(text: str) -> str:
    """Replace control characters, so that foreign text cannot move a terminal's cursor."""
    return "".join(each if each.isprintable() else " " for each in text)
