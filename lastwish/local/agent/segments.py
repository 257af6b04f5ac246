"""Read one X-Ray segment document: the parts that the agent needs are parsed once, the rest stays text.

Format: "AWS X-Ray segment documents", X-Ray Developer Guide.
"""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lastwish.local.agent.validation import LARGEST, is_number, is_time

# Bytes of memory that a document takes beside its texts, and each annotation with its copy in the trace's summary.
# Measured, and rounded up.
OVERHEAD = 2000
OVERHEAD_OF_ANNOTATION = 250
MAX_DOCUMENT = 64 * 1024  # bytes, X-Ray's own bound
MAX_ANNOTATIONS = 50  # X-Ray's own bound, there of a trace
MAX_IDS = 2000
API_STAGE = "AWS::ApiGateway::Stage"
_TRACE_ID = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}")
_ID = re.compile(r"[0-9a-f]{16}")

Value = str | int | float | bool


class Malformed(ValueError):  # noqa: N818 - named for what it is
    """Not a segment document."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A document and its parsed parts. Times are seconds of the epoch; `end` is None while it is in progress.

    `ids` and `annotations` are those of the document and of all subsegments in it. `independent` is a subsegment that
    was sent without its segment. `http` has the keys of a summary: HttpMethod, HttpURL, HttpStatus.
    """

    document: str
    trace_id: str
    id: str
    parent_id: str | None
    independent: bool
    name: str
    origin: str | None
    start: float
    end: float | None
    ids: frozenset[str]
    fault: bool = False
    error: bool = False
    throttle: bool = False
    annotations: frozenset[tuple[str, Value]] = frozenset()
    http: dict[str, str | int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Estimated bytes of memory that it takes."""
        annotations = [each for pair in self.annotations for each in pair]
        texts = [self.document, self.name, self.origin, *self.http.values(), *self.ids, *annotations]
        sizes = map(sys.getsizeof, [*texts, self.ids, self.annotations])
        return sum(sizes) + OVERHEAD_OF_ANNOTATION * len(self.annotations) + OVERHEAD

    @property
    def service(self) -> str:
        """Name of the function: the annotation by Powertools, else the segment's name."""
        return next((str(value) for key, value in self.annotations if key == "Service"), self.name)


def parse(document: bytes | str) -> Segment:
    """Read one document. Raises Malformed, and nothing else, for any input."""
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
    ids = frozenset(each for part in parts if isinstance(each := part.get("id"), str) and _ID.fullmatch(each))
    annotations = frozenset(each for part in parts for each in _annotations(part))
    if len(ids) > MAX_IDS or len(annotations) > MAX_ANNOTATIONS:
        raise Malformed("it has too many subsegments or annotations")
    return Segment(
        document=text,
        trace_id=_text(root, "trace_id", _TRACE_ID),
        id=_text(root, "id", _ID),
        parent_id=_text(root, "parent_id", _ID) if root.get("parent_id") is not None else None,
        independent=root.get("type") == "subsegment",
        name=_text(root, "name"),
        origin=root["origin"] if isinstance(root.get("origin"), str) else None,
        start=_time(root, "start_time"),
        end=_time(root, "end_time") if root.get("end_time") is not None else None,
        ids=ids,
        fault=any(part.get("fault") is True for part in parts),
        error=any(part.get("error") is True for part in parts),
        throttle=any(part.get("throttle") is True for part in parts),
        annotations=annotations,
        http=_http(root.get("http")),
    )


def with_subsegments(root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a document and all subsegments below it."""
    pending = [root]
    while pending:
        part = pending.pop()
        yield part
        children = part.get("subsegments")
        pending += [child for child in children if isinstance(child, dict)] if isinstance(children, list) else []


def is_nested_at_most(root: dict[str, Any], levels: int) -> bool:
    """Return whether no subsegment lies deeper than so many levels below a document."""
    level = [root]
    for _ in range(levels):
        children = [part.get("subsegments") for part in level]
        level = [child for each in children if isinstance(each, list) for child in each if isinstance(child, dict)]
        if not level:
            return True
    return False


def _annotations(part: dict[str, Any]) -> Iterator[tuple[str, Value]]:
    annotations = part.get("annotations")
    if isinstance(annotations, dict):
        yield from ((key, value) for key, value in annotations.items() if _is_usable(value))


def _is_usable(value: object) -> bool:
    return isinstance(value, str | bool) or is_number(value, -LARGEST, LARGEST)


def _http(http: object) -> dict[str, str | int]:
    """Return the parts that a summary has; the rest stays in the document."""
    request, response = (http.get("request"), http.get("response")) if isinstance(http, dict) else (None, None)
    summary: dict[str, str | int] = {}
    for name, key in (("HttpMethod", "method"), ("HttpURL", "url")):
        if isinstance(request, dict) and isinstance(text := request.get(key), str):
            summary[name] = text
    if isinstance(response, dict) and isinstance(status := response.get("status"), int) and 100 <= status <= 999:
        summary["HttpStatus"] = status
    return summary


def _text(root: dict[str, Any], key: str, pattern: re.Pattern[str] | None = None) -> str:
    value = root.get(key)
    if not isinstance(value, str) or not (pattern is None or pattern.fullmatch(value)):
        raise Malformed(f"{key} is missing or unusable")
    return value


def _time(root: dict[str, Any], key: str) -> float:
    value = root.get(key)
    if not is_time(value):
        raise Malformed(f"{key} is missing or unusable")
    return float(value)
