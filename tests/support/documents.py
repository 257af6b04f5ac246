"""Segment documents as the X-Ray SDK sends them."""

import json
from typing import Any

TRACE = "1-6b02aedb-d3b035dfbaa768b8918bdfea"
API, FUNCTION, HANDLER, CALL, QUEUE = (digit * 16 for digit in "abcde")


def document(segment_id: str, start: float = 100.0, end: float | None = 101.0, **more: Any) -> dict[str, Any]:
    """One document; without an end it is in progress."""
    times = {"start_time": start} | ({"in_progress": True} if end is None else {"end_time": end})
    return {"trace_id": TRACE, "id": segment_id, "name": "a name"} | times | more


def handler(**more: Any) -> dict[str, Any]:
    """Return a function's own document: a subsegment without its segment."""
    noted = {"Service": "frontend", "ColdStart": False, "wish_id": "w1"}
    return document(HANDLER, **{"type": "subsegment", "parent_id": FUNCTION, "annotations": noted} | more)


def call(**more: Any) -> dict[str, Any]:
    """A call of AWS in it, which comes by itself."""
    return document(CALL, 100.2, 100.3, **{"type": "subsegment", "parent_id": HANDLER, "name": "sqs"} | more)


def datagram(body: dict[str, Any] | bytes) -> bytes:
    """As it comes over UDP."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return b'{"format": "json", "version": 1}\n' + text
