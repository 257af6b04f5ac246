"""One line of a function's log: when by its own clock, which service, how bad, what, and the facts it carries."""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

# What Lambda itself writes, in its text format: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
_PLATFORM = re.compile(r"(START|END|REPORT|INIT_START|INIT_REPORT|XRAY|EXTENSION|TELEMETRY)\b")
_CRASHED = re.compile(r"\[ERROR\]|Traceback|Task timed out|Runtime exited|errorMessage")
_TOLD_ELSEWHERE = {"timestamp", "level", "service", "message"}
# The same in every line of a function, or told by X-Ray: of no interest to who looks for a fault.
_BESIDE_THE_POINT = {
    "location", "cold_start", "function_name", "function_memory_size", "function_arn", "function_request_id",
    "xray_trace_id", "sampling_rate", "stack",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """``ours`` is False for what Lambda writes around an invocation, and for metrics."""

    time: datetime
    service: str
    level: str
    message: str
    facts: dict[str, Any] = field(default_factory=dict)
    ours: bool = True

    def document(self) -> dict[str, Any]:
        """As JSON, with all facts."""
        told = {"time": self.time.isoformat(timespec="milliseconds"), "service": self.service, "level": self.level}
        return {**told, "message": self.message, "facts": self.facts}

    @property
    def words(self) -> str:
        """The facts that matter, in the order in which they were logged. JSON keeps control characters harmless."""
        facts = [
            (name, fact) for name, fact in self.facts.items() if name not in _BESIDE_THE_POINT and fact is not None
        ]
        return " ".join(f"{name}={fact if _is_plain(fact) else json.dumps(fact)}" for name, fact in facts)


def _is_plain(fact: object) -> bool:
    return isinstance(fact, str) and fact.isprintable() and " " not in fact


def read(text: str, milliseconds: int, service: str) -> Line:
    """A line as CloudWatch Logs has it. Its own time counts, since CloudWatch may only know when it came."""
    came = datetime.fromtimestamp(milliseconds / 1000, UTC)
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        return _text(text.rstrip(), came, service)
    facts = {name: fact for name, fact in said.items() if name not in _TOLD_ELSEWHERE}
    if (
        "_aws" in said
    ):  # EMF: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
        return Line(came, service, "METRICS", ", ".join(_metrics(said)), {}, ours=False)
    level, message = str(said.get("level", "INFO")), str(said.get("message", ""))
    return Line(_own_time(said.get("timestamp")) or came, service, level, _printable(message), facts)


def _text(text: str, came: datetime, service: str) -> Line:
    is_platform = bool(_PLATFORM.match(text))
    level = "PLATFORM" if is_platform else "ERROR" if _CRASHED.search(text) else "INFO"
    return Line(came, service, level, _printable(text), ours=not is_platform)


def _metrics(said: dict[str, Any]) -> list[str]:
    names = [metric["Name"] for each in said["_aws"].get("CloudWatchMetrics", []) for metric in each.get("Metrics", [])]
    return [f"{name}={json.dumps(said.get(name))}" for name in names]


def _own_time(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _printable(text: str) -> str:
    """Somebody else's text must not move the cursor of a terminal."""
    return "".join(each if each.isprintable() else " " for each in text)
