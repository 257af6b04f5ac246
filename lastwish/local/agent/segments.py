"""One X-Ray segment document, as a sender hands it over: what is asked of it is read once, the rest stays text.

Format: "AWS X-Ray segment documents", X-Ray Developer Guide.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

# What a document costs in memory beside its text, in bytes: measured, and generous.
OVERHEAD = 3000
MAX_DOCUMENT = 64 * 1024  # bytes, X-Ray's own bound
API_STAGE = "AWS::ApiGateway::Stage"
_TRACE_ID = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}")
_ID = re.compile(r"[0-9a-f]{16}")

Value = str | int | float | bool


class Malformed(ValueError):  # noqa: N818 - named for what it is
    """Not a segment document."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A document and what is in it. Times are seconds of the epoch; `end` is None while it is in progress.

    `ids` are those of the document and of all subsegments in it, `annotations` those of all of them too. `loose` is a
    subsegment that came without its segment.
    """

    document: str
    trace_id: str
    id: str
    parent_id: str | None
    loose: bool
    name: str
    origin: str | None
    start: float
    end: float | None
    ids: frozenset[str]
    fault: bool = False
    error: bool = False
    throttle: bool = False
    annotations: frozenset[tuple[str, Value]] = frozenset()
    http: dict[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes."""
        return len(self.document) + OVERHEAD

    @property
    def service(self) -> str:
        """The function that it is about: what Powertools notes, else its name."""
        return next((str(value) for key, value in self.annotations if key == "Service"), self.name)


def parse(document: bytes | str) -> Segment:
    """Read one document. Raises Malformed, and nothing else, whatever it is given."""
    if len(document) > MAX_DOCUMENT:
        raise Malformed("it is too large")
    try:
        text = document if isinstance(document, str) else document.decode()
        root = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"it is no JSON: {type(error).__name__}") from None
    if not isinstance(root, dict):
        raise Malformed("it is no object")
    parts = list(with_subsegments(root))
    return Segment(
        document=text,
        trace_id=_text(root, "trace_id", _TRACE_ID),
        id=_text(root, "id", _ID),
        parent_id=_text(root, "parent_id", _ID) if root.get("parent_id") is not None else None,
        loose=root.get("type") == "subsegment",
        name=_text(root, "name"),
        origin=root["origin"] if isinstance(root.get("origin"), str) else None,
        start=_time(root, "start_time"),
        end=_time(root, "end_time") if root.get("end_time") is not None else None,
        ids=frozenset(part["id"] for part in parts if isinstance(part.get("id"), str)),
        fault=any(part.get("fault") is True for part in parts),
        error=any(part.get("error") is True for part in parts),
        throttle=any(part.get("throttle") is True for part in parts),
        annotations=frozenset(each for part in parts for each in _annotations(part)),
        http=root["http"] if isinstance(root.get("http"), dict) else {},
    )


def with_subsegments(root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A document and everything below it."""
    waiting = [root]
    while waiting:
        part = waiting.pop()
        yield part
        below = part.get("subsegments")
        waiting += [each for each in below if isinstance(each, dict)] if isinstance(below, list) else []


def _annotations(part: dict[str, Any]) -> Iterator[tuple[str, Value]]:
    noted = part.get("annotations")
    if isinstance(noted, dict):
        usable = (str, int, float)
        yield from ((key, value) for key, value in noted.items() if isinstance(value, usable) and _finite(value))


def _finite(value: Value) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def _text(root: dict[str, Any], key: str, pattern: re.Pattern[str] | None = None) -> str:
    value = root.get(key)
    if not isinstance(value, str) or not (pattern is None or pattern.fullmatch(value)):
        raise Malformed(f"{key} is missing or unusable")
    return value


def _time(root: dict[str, Any], key: str) -> float:
    value = root.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Malformed(f"{key} is missing or unusable")
    return float(value)
